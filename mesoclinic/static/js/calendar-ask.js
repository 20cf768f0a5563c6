// What follows from a change, asked in the calendar's dialog before anything is saved, and drawn behind it as ghosts.
(() => {
  "use strict";

  const calendar = window.mesoclinic.calendar;
  const dialog = document.getElementById("dialog");
  if (!calendar || !dialog) return;
  const CHANGES = /\/appointments\/[0-9a-f-]{36}\/(move|cancel|no-show|not-treated)\/$|\/courses\/[0-9a-f-]{36}\/sessions\/\d+\/skip\/$/;
  const changes = (address) => CHANGES.test(new URL(address, window.location.href).pathname);

  // ---- the question ----
  function ask(html) {
    dialog.innerHTML = html;
    const form = dialog.querySelector("form");
    if (!form.elements.next) form.append(field("next", calendar.said.here));
    calendar.showDialog("[autofocus]");
    document.querySelector(".calendar-frame").scrollIntoView({ block: "start" });
    choose();
  }

  function field(name, value) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    return input;
  }

  // The choice made so far: its new times as ghosts, the old ones faint, and the first day on which something changes.
  function choose() {
    const choice = dialog.querySelector("[data-ripple] input[name=future]:checked");
    if (!choice) return;
    const ghosts = JSON.parse(choice.dataset.ghosts || "[]");
    calendar.drawGhosts(ghosts, JSON.parse(choice.dataset.leaving || "[]"));
    calendar.look(ghosts[0]?.[2].slice(0, 10));
  }

  dialog.addEventListener("change", (event) => { if (event.target.name === "future") choose(); });
  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("[data-look]");
    if (button) calendar.look(button.dataset.look);
  });
  dialog.addEventListener("close", () => {
    if (dialog.querySelector("form[data-sent]")) return;
    calendar.drawGhosts([], []);
    calendar.look();
    calendar.load();
  });

  // ---- what changes a visit or leaves one out stays in the dialog: the calendar is seen behind the question ----
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("#dialog a[href], .due-skip");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.button || link.hasAttribute("data-dialog-close")) return;
    if (!changes(link.href)) return;
    event.preventDefault();
    calendar.fetchDialog(link.href, "[autofocus], input:not([type=hidden])");
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!dialog.contains(form) || form.method !== "post" || form.matches("[data-ripple]")) return;
    if (!changes(form.action)) return;
    event.preventDefault();
    if (form.dataset.asked) return;
    form.dataset.asked = "yes";
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        credentials: "same-origin",
        redirect: "manual",
        headers: { "HX-Request": "true" },
        body: new URLSearchParams(new FormData(form, event.submitter)),
      });
      if (answer.type === "opaqueredirect") { window.location.assign(calendar.said.here); return; }
      if (![200, 409].includes(answer.status)) throw answer;
      const html = await answer.text();
      if (html.includes("data-ripple")) { ask(html); return; }
      dialog.innerHTML = html;
      calendar.showDialog("[aria-invalid], .error-summary a, input:not([type=hidden])");
    } catch (failure) {
      delete form.dataset.asked;
      window.mesoclinic.toast("danger", window.mesoclinic.explain(failure instanceof Response ? failure.status : 0));
    }
  }, true);

  calendar.ask = ask;
})();
