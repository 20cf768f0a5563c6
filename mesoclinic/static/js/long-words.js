// What is typed is asked about in an address, and an address has an end. A form keeps every word that was typed; only as many
// are asked about as anything is found by.
(function () {
  "use strict";

  const ASKED = 200;

  document.addEventListener("htmx:configRequest", (event) => {
    const { verb, elt, formData } = event.detail;
    if (verb !== "get" || !elt.closest("[data-asks-typed]")) return;
    for (const [name, value] of [...formData]) if (value.length > ASKED) formData.set(name, value.slice(0, ASKED));
  });

  // Still too long is no fault of the server's, and is said in other words than those.
  window.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status !== 414) return;
    event.stopPropagation();
    window.mesoclinic.toast("warning", document.body.dataset.wordsTooLong);
  }, true);
})();
