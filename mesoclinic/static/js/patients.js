// Finding patients by keyboard: arrows walk from the search field through the found lines, Escape goes back to it; and
// "No, a new one" puts away the likely twins of a patient being registered.
(function () {
  "use strict";

  document.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp" && event.key !== "Escape") return;
    const hits = [...document.querySelectorAll("#found .hit")];
    const field = document.querySelector("[data-search] input[type=search]");
    if (!hits.length || !field) return;
    const at = hits.indexOf(document.activeElement);
    if (at < 0 && document.activeElement !== field) return;
    if (event.key === "Escape") { if (at >= 0) { event.preventDefault(); field.focus(); } return; }
    event.preventDefault();
    const next = event.key === "ArrowDown" ? at + 1 : at - 1;
    if (next < 0) field.focus(); else hits[Math.min(next, hits.length - 1)].focus();
  });

  // Enter opens the best hit at once; without one the form is sent as usual.
  document.addEventListener("submit", (event) => {
    if (!event.target.closest("[data-search]")) return;
    const best = document.querySelector("#found .hit");
    if (best) { event.preventDefault(); window.location.assign(best.href); }
  });

  let dismissed = "";
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-twins-dismiss]");
    if (!button) return;
    const box = document.getElementById("twins");
    dismissed = names(box);
    box.replaceChildren();
  });
  const names = (box) => [...box.querySelectorAll(".hit")].map((hit) => hit.href).join(" ");
  document.addEventListener("htmx:afterSwap", (event) => {
    const box = event.target;
    if (box.id === "twins" && dismissed && names(box) === dismissed) box.replaceChildren();
  });
})();
