// The record of a session saves itself while it is typed. Nothing is kept in the browser: when the network is gone the
// words stay in the form, saving is tried again, and leaving the page is asked about first.
// A page may hold several, as that of a round does; each waits and saves for itself.
function keepRecord(form) {
  "use strict";

  const state = form.querySelector("[data-save-state]");
  const WAIT = 2000;
  const RETRY = [3000, 6000, 12000, 20000];
  let timer = 0;
  let failures = 0;
  let saving = false;
  let again = false;
  let stopped = false;
  let tapped = 0; // when *done* was tapped, until the server has heard of it
  let onward = null; // the button that leads away from the page, until the server has what was typed

  function say(name, text) {
    form.dispatchEvent(new CustomEvent("recordstate", { bubbles: true, detail: { name, text } }));
    if (!state) return;
    state.dataset.state = name;
    state.textContent = text;
  }

  const time = () => new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

  function later(wait) {
    if (stopped) return;
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  }

  async function save() {
    if (stopped || form.dataset.sent) return;
    if (saving) { again = true; return; }
    saving = true;
    again = false;
    say("saving", form.dataset.wordsSaving);
    try {
      const headers = { "X-CSRFToken": window.mesoclinic.csrfToken(), "X-Autosave": "1" };
      const body = new FormData(form);
      if (tapped) body.set("waited_seconds", String(Math.round((Date.now() - tapped) / 1000)));
      const answer = await fetch(tapped ? form.dataset.done : form.action, {
        method: "POST",
        body,
        headers,
        credentials: "same-origin",
        redirect: "manual",
      });
      await take(answer);
    } catch (_offline) {
      retry(form.dataset.wordsRetry);
    } finally {
      saving = false;
    }
    if (again && !stopped) later(onward ? 0 : WAIT);
  }

  async function take(answer) {
    if (answer.status === 409) { stopped = true; choose(await answer.text()); return; }
    if (answer.status === 422) {
      refused(await answer.json());
      return;
    }
    if (answer.type === "opaqueredirect" || answer.status === 401) { retry(form.dataset.wordsSignedOut); return; }
    if (!answer.ok) { retry(window.mesoclinic.explain(answer.status)); return; }
    const kept = await answer.json();
    failures = 0;
    if ("done" in kept) { finished(kept); return; }
    form.elements.edit_count.value = kept.edit_count;
    if (!again) delete form.dataset.unsaved;
    mark(kept.errors);
    const wrong = Object.keys(kept.errors).length;
    say(wrong ? "look" : "saved", wrong ? form.dataset.wordsLook : `${form.dataset.wordsSaved} ${time()}`);
    if (onward && !again) go();
  }

  // Without a network the browser would put its own page in the place of this one, and what was typed would be gone.
  function leave(button) {
    if (onward) return;
    onward = button;
    clearTimeout(timer);
    save();
  }

  function go() {
    stop();
    form.requestSubmit(onward);
  }

  // Nothing was kept. Unless the draft is over, what is typed is still to be saved: the next change tries again.
  function refused(refusal) {
    onward = null;
    mark(refusal.errors);
    say("failed", refusal.message);
    if (failures === 0) window.mesoclinic.toast("danger", refusal.message);
    failures += 1;
    if (refusal.is_over) stop();
  }

  function finished(kept) {
    tapped = 0;
    if (kept.done) { stop(); say("done", ""); return; }
    mark(kept.errors);
    const words = [...kept.problems, ...Object.values(kept.errors)][0] || form.dataset.wordsLook;
    say("refused", words);
    again = true; // what was typed is still to be kept
  }

  function stop() {
    stopped = true;
    clearTimeout(timer);
    delete form.dataset.unsaved;
  }

  function retry(words) {
    onward = null;
    say("failed", words);
    if (failures === 0) window.mesoclinic.toast("warning", words);
    later(RETRY[Math.min(failures, RETRY.length - 1)]);
    failures += 1;
  }

  function choose(html) {
    say("failed", "");
    const dialog = document.getElementById("dialog");
    dialog.innerHTML = html;
    delete form.dataset.unsaved;
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.showModal();
  }

  // What is wrong stands beside its field, once, whoever said it: the page that was refused or a save since. It goes when
  // the field is right. Nothing new is said of a field that is being typed in.
  const NOTES = ".live-error, .field-errors[id$=_error]";
  const uid = form.elements.uid?.value || "";
  const nameOf = (note) => note.id.slice(`${uid}id_`.length, -"_error".length);
  const fieldsOf = (name) => [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
  const isTypedIn = (field) => field === document.activeElement && !["radio", "checkbox"].includes(field.type);

  function mark(errors) {
    for (const note of form.querySelectorAll(NOTES)) if (!(nameOf(note) in errors)) unmark(note);
    for (const [name, words] of Object.entries(errors)) {
      const fields = fieldsOf(name);
      const standing = document.getElementById(`${uid}id_${name}_error`);
      if (!fields.length || (!standing && fields.some(isTypedIn))) continue;
      const note = document.createElement("p");
      note.className = "live-error";
      note.id = `${uid}id_${name}_error`;
      note.textContent = words;
      if (standing) standing.replaceWith(note); else place(note, fields);
      for (const field of fields) if (field.type !== "hidden") field.setAttribute("aria-invalid", "true");
      describe(fields, note.id, true);
      note.closest("details")?.setAttribute("open", "");
    }
    const list = document.querySelector(`[data-wrong-of="${form.id}"]`);
    for (const link of list?.querySelectorAll("li > a") || []) {
      const name = document.getElementById(link.hash.slice(1))?.name;
      if (name && !(name in errors)) link.parentElement.remove();
    }
    if (!Object.keys(errors).length) list?.remove();
  }

  function unmark(note) {
    const fields = fieldsOf(nameOf(note));
    for (const field of fields) {
      field.removeAttribute("aria-invalid");
      field.classList.remove("is-invalid");
      field.closest(".field-wrong")?.classList.remove("field-wrong");
    }
    describe(fields, note.id, false);
    note.remove();
  }

  function place(note, fields) {
    const field = fields[0];
    if (field.type === "hidden") field.closest("[data-row]")?.querySelector(".site-line, .row-fields").append(note); // points of a map
    else (field.closest(".scale-steps, .toggles, .tick, .toggle, .big-tick") || field).after(note);
  }

  // Of several to choose from, the group is described.
  function describe(fields, id, is) {
    const owner = (fields.length > 1 && fields[0].closest("fieldset")) || fields[0];
    if (!owner || owner.type === "hidden") return;
    const ids = (owner.getAttribute("aria-describedby") || "").split(" ").filter((other) => other && other !== id);
    if (is) ids.push(id);
    if (ids.length) owner.setAttribute("aria-describedby", ids.join(" ")); else owner.removeAttribute("aria-describedby");
  }

  let asking = 0;
  function changed(event) {
    if (event.target.closest?.("[data-rows-template]")) return;
    form.dataset.unsaved = "yes";
    later(WAIT);
    if (event.target.closest?.(".mix-check")) return;
    clearTimeout(asking);
    asking = setTimeout(() => form.dispatchEvent(new Event("recordchanged", { bubbles: true })), 350);
  }
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => {
    if (stopped) return;
    event.preventDefault();
    if (!form.dataset.done || event.submitter?.name) { leave(event.submitter); return; }
    // Saved and done without leaving the page of the round.
    if (event.submitter?.hasAttribute("formaction")) tapped ||= Date.now();
    form.dataset.unsaved = "yes";
    again = saving;
    save();
  });
  // The composer, or a scanned pack, changes the mix without leaving the page: that is typed like anything else. What was
  // typed while the answer was on its way is not in it: it is asked for again.
  const isMix = (event) => "mix" in (event.detail.target?.dataset || {});
  let typed = 0;
  let asked = 0;
  form.addEventListener("input", () => { typed += 1; });
  form.addEventListener("htmx:beforeRequest", (event) => { if (isMix(event)) asked = typed; });
  form.addEventListener("htmx:beforeSwap", (event) => {
    if (!isMix(event) || asked === typed) return;
    event.detail.shouldSwap = false;
    const by = event.detail.requestConfig.elt;
    setTimeout(() => { if (by.matches("button")) by.click(); else by.dispatchEvent(new Event("change", { bubbles: true })); }, 350);
  });
  form.addEventListener("htmx:afterSwap", (event) => {
    if (!isMix(event)) return;
    changed(event);
    if (document.activeElement !== document.body) return;
    const open = [...event.detail.target.querySelectorAll("select[name$=-substance], input[name$=-prepared_ml]")];
    const next = open.find((field) => !field.value && field.offsetParent);
    (next || event.detail.target.querySelector("[data-mix-origin]"))?.focus();
  });
  // Where the mix comes from now is told by the check, and goes to the head of the mix: unless that is gone meanwhile.
  form.addEventListener("htmx:afterSwap", (event) => {
    const told = event.detail.target.querySelector("[data-mix-moves]");
    if (!told) return;
    told.removeAttribute("data-mix-moves");
    form.querySelector(".mix-origin").replaceWith(told);
  });
  // What is asked before lines go comes before the first field that is wrong, which takes the cursor with the swap.
  form.addEventListener("htmx:afterSettle", (event) => {
    if (isMix(event)) event.detail.target.querySelector("[data-mix-question]")?.focus();
  });
  // A scanner ends what it types with Enter: that is the pack, not the end of the record.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("input[name$=-lot_number]")) return;
    event.preventDefault();
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
  });
  form.addEventListener("htmx:sendError", (event) => {
    if (isMix(event)) window.mesoclinic.toast("warning", form.dataset.wordsRetry);
  });
  window.addEventListener("online", () => { if (form.dataset.unsaved) later(200); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden && form.dataset.unsaved) save(); });

  // What was drawn up is given unless somebody says otherwise: it follows while both are the same before one is changed.
  const givenOf = (field) => field.name?.endsWith("-prepared_ml") && form.elements[field.name.replace("prepared_ml", "given_ml")];
  form.addEventListener("focusin", (event) => {
    const given = givenOf(event.target);
    if (given && given.value === event.target.value) given.dataset.follows = "yes";
  });
  form.addEventListener("input", (event) => {
    const field = event.target;
    const given = givenOf(field);
    if (given && (given.value === "" || given.dataset.follows)) { given.value = field.value; given.dataset.follows = "yes"; }
  });
  form.addEventListener("input", (event) => { if (event.isTrusted && event.target.name?.endsWith("-given_ml")) delete event.target.dataset.follows; });

  // A tap on a chosen score takes it back; a chip fills its field.
  let pressed = null;
  form.addEventListener("pointerdown", (event) => {
    const radio = event.target.closest?.(".step")?.querySelector("input");
    pressed = radio?.checked ? radio : null;
  });
  form.addEventListener("click", (event) => {
    const chip = event.target.closest?.("[data-fill]");
    if (chip) {
      const field = document.getElementById(chip.dataset.fill);
      field.value = chip.dataset.value;
      if (chip.dataset.fillUnit) document.getElementById(chip.dataset.fillUnit).value = chip.dataset.unit;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (event.target === pressed && event.target.type === "radio") {
      event.target.checked = false;
      pressed = null;
      event.target.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });

  // From the first prick to relief: one tap starts the clock, the next fills in its seconds.
  for (const clock of form.querySelectorAll("[data-relief-clock]")) {
    let begun = 0;
    let ticking = 0;
    const seconds = () => Math.round((Date.now() - begun) / 1000);
    const show = () => { clock.lastElementChild.textContent = begun ? `${clock.dataset.wordsStop} · ${seconds()} s` : clock.dataset.wordsStart; };
    clock.hidden = false;
    clock.addEventListener("click", () => {
      clearInterval(ticking);
      if (begun) {
        const field = document.getElementById(clock.dataset.reliefClock);
        field.value = String(seconds());
        begun = 0;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      } else {
        begun = Date.now();
        ticking = setInterval(show, 1000);
      }
      show();
    });
  }

  // "Nothing has changed" and an answer of yes exclude each other.
  form.addEventListener("change", (event) => {
    const clear = form.elements.checklist_clear;
    if (event.target === clear && clear.checked) {
      for (const box of form.querySelectorAll("[name=checklist_yes]:checked")) box.checked = false;
    } else if (event.target.name === "checklist_yes" && event.target.checked) clear.checked = false;
  });

  // A new line offers the lots of its substance only.
  form.addEventListener("change", (event) => {
    const select = event.target;
    if (select.tagName !== "SELECT" || !select.name.endsWith("-substance")) return;
    const lots = form.elements[select.name.replace("substance", "lot")];
    const name = select.selectedOptions[0]?.textContent;
    for (const group of lots?.querySelectorAll("optgroup") || []) group.hidden = group.disabled = group.label !== name;
    if (lots?.selectedOptions[0]?.parentElement.disabled) lots.value = "";
  });

  window.addEventListener("beforeunload", (event) => { if (form.dataset.unsaved && !form.dataset.sent) event.preventDefault(); });
}
document.querySelectorAll("form[data-record]").forEach(keepRecord);
