// Finding patients by keyboard, in the bar on top and on the list: arrows walk from the field through the found lines,
// Enter opens the best one, Escape goes back; and "No, a new one" puts away the likely twins of a new patient.
// A [data-search="#id"] holds a search field; the element it names holds what was found.
(function () {
  "use strict";

  const results = (box) => document.querySelector(box.dataset.search);
  const hitsOf = (box) => [...(results(box)?.querySelectorAll(".hit") || [])];
  const fieldOf = (box) => box.querySelector("input[type=search]");
  const boxOf = (element) => [...document.querySelectorAll("[data-search]")].find(
    (box) => fieldOf(box) === element || results(box)?.contains(element));

  document.addEventListener("keydown", (event) => {
    if (!["ArrowDown", "ArrowUp", "Escape"].includes(event.key)) return;
    const active = document.activeElement;
    const box = boxOf(active);
    if (!box) return;
    const hits = hitsOf(box);
    const at = hits.indexOf(active);
    if (event.key === "Escape") {
      if (at >= 0) fieldOf(box).focus();
      if (box.hasAttribute("data-drops")) results(box).replaceChildren();
      return;
    }
    if (!hits.length) return;
    event.preventDefault();
    const next = event.key === "ArrowDown" ? at + 1 : at - 1;
    if (next < 0) fieldOf(box).focus(); else hits[Math.min(next, hits.length - 1)].focus();
  });

  // Enter opens the best hit of what is typed; while the answer is on its way the form is sent as usual.
  document.addEventListener("submit", (event) => {
    const box = event.target.closest("[data-search]");
    const list = box && results(box)?.querySelector("[data-hits]");
    const best = list && list.dataset.hits === fieldOf(box).value.trim() && list.querySelector(".hit");
    if (best) { event.preventDefault(); window.location.assign(best.href); }
  });

  // What drops down goes away when one clicks or tabs elsewhere.
  for (const type of ["click", "focusin"]) {
    document.addEventListener(type, (event) => {
      for (const box of document.querySelectorAll("[data-search][data-drops]"))
        if (!box.contains(event.target) && !results(box).contains(event.target)) results(box).replaceChildren();
    });
  }

  const names = (box) => [...box.querySelectorAll(".hit")].map((hit) => hit.href).join(" ");
  let dismissed = "";
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-twins-dismiss]")) return;
    const box = document.getElementById("twins");
    dismissed = names(box);
    box.replaceChildren();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const box = event.target;
    if (box.id === "twins" && dismissed && names(box) === dismissed) box.replaceChildren();
  });
})();
