// Today refreshes by itself, and never under somebody's hands: it waits while a dialog is open, a form is being sent or a
// field is being filled; what was folded out and the place of the focus are kept.
(function () {
  "use strict";

  const region = document.getElementById("today");
  if (!region) return;
  const mine = (event) => event.detail.elt === region;
  let folds = [];
  let place = null;

  function isBusy() {
    const at = document.activeElement;
    return document.hidden
      || document.querySelector("dialog[open], form[data-sent]")
      || (region.contains(at) && at.matches("input, select, textarea"))
      || [...region.querySelectorAll("input[type=checkbox]")].some((box) => box.checked !== box.defaultChecked)
      || !window.getSelection().isCollapsed;
  }

  // A control is known again by where it leads, whatever the list around it has become.
  const key = (element) => element.id || element.getAttribute("href") || element.form?.getAttribute("action") || element.textContent.trim();

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (mine(event) && isBusy()) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== region) return;
    // Signed out meanwhile: the answer is the page to sign in, which belongs to the whole window.
    if (new URL(event.detail.xhr.responseURL).pathname !== window.location.pathname) {
      event.detail.shouldSwap = false;
      window.location.reload();
      return;
    }
    if (isBusy()) { event.detail.shouldSwap = false; return; }
    folds = [...region.querySelectorAll("details[open][id]")].map((fold) => fold.id);
    place = region.contains(document.activeElement) ? key(document.activeElement) : null;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== region) return;
    for (const id of folds) document.getElementById(id)?.setAttribute("open", "");
    if (place === null) return;
    const again = [...region.querySelectorAll("a, button, summary")].find((element) => key(element) === place);
    again?.focus({ preventScroll: true });
  });
})();
