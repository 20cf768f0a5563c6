// What every page can do: theme, shortcuts, dialogs, forms that are sent once, rows, drafts that save themselves, and
// words for everything that can go wrong on the way. Behaviour hangs on data attributes; see templates/components/README.md.
(function () {
  "use strict";

  const words = (name) => document.body.dataset[`words${name}`] || "";
  const cookie = (name) => document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
  const on = (type, selector, act, capture) =>
    document.addEventListener(type, (event) => {
      const target = event.target instanceof Element ? event.target.closest(selector) : null;
      if (target) act(event, target);
    }, capture);

  // ---- the token of every form ----
  // Signing in changes it, on another tab too. A page that was open before goes on with one of the new kind, masked as the
  // server does it, so that it is still a token of this page alone. A page of somebody else keeps the old one and is refused.
  const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const tokens = "input[name=csrfmiddlewaretoken]";
  let known = cookie("csrftoken");

  const isOthers = () => Boolean(document.body.dataset.user) && cookie("mesoclinic_user") !== document.body.dataset.user;

  function renewTokens() {
    const secret = cookie("csrftoken");
    if (!secret || secret === known || isOthers()) return;
    known = secret;
    const mask = Array.from(crypto.getRandomValues(new Uint8Array(secret.length)), (number) => number % LETTERS.length);
    const masked = [...secret].map((letter, at) => LETTERS[(LETTERS.indexOf(letter) + mask[at]) % LETTERS.length]);
    const token = [...mask.map((number) => LETTERS[number]), ...masked].join("");
    for (const field of document.querySelectorAll(tokens)) field.value = token;
  }

  function csrfToken() {
    renewTokens();
    return document.querySelector(tokens)?.value || cookie("csrftoken") || "";
  }

  document.addEventListener("submit", renewTokens, true);

  // ---- paper ----
  // Whose sheet it is, on every one after the first (`--running` in the print rules); a page of nobody has its title there.
  function nameSheets() {
    const name = document.querySelector("[data-running]")?.dataset.running || document.title;
    document.documentElement.style.setProperty("--running", JSON.stringify(name.replace(/\s+/g, " ").trim()));
  }

  nameSheets();
  window.addEventListener("beforeprint", nameSheets);

  // ---- toasts ----
  const LEVEL_ICONS = { success: "check-circle-fill", info: "info-circle-fill", warning: "exclamation-triangle-fill", danger: "exclamation-octagon-fill" };

  function icon(name) {
    const address = document.querySelector(".icon use")?.getAttribute("href")?.split("#")[0];
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon notice-icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    if (address) use.setAttribute("href", `${address}#${name}`);
    svg.append(use);
    return svg;
  }

  function toast(level, text) {
    const box = document.getElementById("toasts");
    if (!box || !text || [...box.children].some((shown) => shown.textContent.trim() === text)) return;
    const notice = document.createElement("div");
    notice.className = `notice notice-${level}`;
    const body = document.createElement("div");
    body.className = "notice-body";
    body.textContent = text;
    notice.append(icon(LEVEL_ICONS[level] || LEVEL_ICONS.info), body);
    box.append(notice);
    setTimeout(() => notice.remove(), level === "danger" ? 12000 : 6000);
  }

  on("click", "[data-dismiss]", (_event, button) => button.closest("[data-notice]")?.remove());
  document.addEventListener("toast", (event) => toast(event.detail.level || "info", event.detail.text || event.detail.value));

  // The bar with Undo goes when its minute is over; the server counts it too.
  for (const bar of document.querySelectorAll("[data-gone-after]")) setTimeout(() => bar.remove(), Number(bar.dataset.goneAfter) * 1000);

  // ---- theme ----
  on("click", "[data-theme-choice] button", (_event, button) => {
    window.mesoclinicTheme(button.value);
    for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
  });

  // ---- keys ----
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable], dialog[open]")) return;
    const target = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input, textarea, select")) { target.focus(); target.select?.(); } else target.click();
  });

  // ---- forms are sent once ----
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]") || event.defaultPrevented || event.submitter?.formTarget) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    // Marked, not disabled: a disabled button's name and value would not be sent.
    form.setAttribute("aria-busy", "true");
    event.submitter?.setAttribute("aria-busy", "true");
    // A download or an answer without a new page must not lock the form for ever.
    setTimeout(() => { release(form); pageName = ""; }, 15000);
    form.elements.page_name?.remove();
    if (form.method === "post" && !form.target) form.append(nameOfPage());
  });

  // A page that one goes back to is made anew by the server. The name it keeps, which says nothing, and which it shares with the
  // page that refused its form, tells that it was sent and saved before.
  const isAnew = performance.getEntriesByType("navigation")[0]?.type === "navigate";
  let pageName = (!isAnew && history.state?.page) || document.documentElement.dataset.answered || "";

  function nameOfPage() {
    pageName ||= [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    history.replaceState({ ...history.state, page: pageName }, "");
    return Object.assign(document.createElement("input"), { type: "hidden", name: "page_name", value: pageName });
  }

  function release(form) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
    for (const busy of form.elements) busy.removeAttribute("aria-busy");
  }

  // The back button shows the page from memory: its forms must work again.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));
  // A page that answered a form is asked for anew when one comes back to it: the browser would show a question of its own in
  // its place. Only when it is left, so that loading it again still sends what was typed.
  const answered = document.documentElement.dataset.answered;
  const leaveAsPage = () => { if (answered !== undefined) history.replaceState({ ...history.state, page: pageName }, "", location.href); };
  document.addEventListener("submit", leaveAsPage);
  on("click", "a[href]", leaveAsPage);
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt?.closest?.("form[data-once]");
    if (form) release(form);
  });

  on("change", "form[data-submit-on-change]", (_event, form) => form.requestSubmit());
  on("click", "[data-print]", () => window.print());
  on("click", "[data-copy]", (_event, button) => navigator.clipboard?.writeText(button.dataset.copy));
  on("click", "tr[data-href]", (event, row) => {
    if (event.target.closest("a, button, input, label, select, form")) return;
    if (!window.getSelection().toString()) window.location.assign(row.dataset.href);
  });

  // ---- dialogs ----
  on("click", "[data-dialog-open]", (_event, button) => document.getElementById(button.dataset.dialogOpen)?.showModal());
  on("click", "[data-dialog-close]", (event, button) => { event.preventDefault(); button.closest("dialog")?.close(); });
  on("click", "dialog", (event, dialog) => {
    if (event.target !== dialog) return;
    const box = dialog.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside && !dialog.querySelector("form")) dialog.close();
  });
  on("click", "[data-dialog-url]", (event, link) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || !window.htmx) return;
    event.preventDefault();
    const dialog = document.getElementById("dialog");
    window.htmx.ajax("GET", link.dataset.dialogUrl || link.href, { target: dialog, swap: "innerHTML" }).then(() => {
      if (dialog.childElementCount) { if (!dialog.open) dialog.showModal(); dialog.querySelector("[autofocus]")?.focus(); }
    });
  });
  for (const dialog of document.querySelectorAll("dialog[data-open]")) dialog.showModal();

  // ---- first wrong field ----
  document.querySelector("main [autofocus][aria-invalid=true]")?.focus();

  // ---- rows of a formset ----
  const FORM_FIELDS = "input, select, textarea";

  function total(rows) {
    return rows.querySelector(`input[name="${rows.dataset.rows}-TOTAL_FORMS"]`);
  }

  function numberRows(rows) {
    let place = 0;
    for (const row of rows.querySelectorAll("[data-rows-list] > [data-row]")) {
      const order = row.querySelector("[data-row-order] input");
      if (order) order.value = row.hidden ? "" : String(place += 1);
    }
    rows.dispatchEvent(new Event("change", { bubbles: true }));
  }

  on("click", "[data-rows-add]", (event, button) => {
    event.preventDefault();
    const rows = button.closest("[data-rows]");
    const count = total(rows);
    const html = rows.querySelector("[data-rows-template]").innerHTML.replaceAll("__prefix__", count.value);
    const list = rows.querySelector("[data-rows-list]");
    list.insertAdjacentHTML("beforeend", html);
    count.value = String(Number(count.value) + 1);
    const row = list.lastElementChild;
    window.htmx?.process(row);
    [...row.querySelectorAll(FORM_FIELDS)].find((field) => field.type !== "hidden" && field.offsetParent)?.focus();
    numberRows(rows);
  });
  on("click", "[data-row-remove]", (event, button) => {
    event.preventDefault();
    const rows = button.closest("[data-rows]");
    const row = button.closest("[data-row]");
    const mark = row.querySelector("[data-row-delete] input");
    if (mark) mark.checked = true;
    else for (const field of row.querySelectorAll(FORM_FIELDS)) if (field.type !== "hidden") field.value = "";
    row.hidden = true;
    rows.querySelector("[data-rows-add]")?.focus();
    numberRows(rows);
  });
  function move(event, button, up) {
    event.preventDefault();
    const row = button.closest("[data-row]");
    let other = row;
    do other = up ? other.previousElementSibling : other.nextElementSibling; while (other?.hidden);
    if (!other) return;
    if (up) other.before(row); else other.after(row);
    button.focus();
    numberRows(row.closest("[data-rows]"));
  }
  on("click", "[data-row-up]", (event, button) => move(event, button, true));
  on("click", "[data-row-down]", (event, button) => move(event, button, false));

  // ---- drafts save themselves ----
  const waiting = new WeakMap();

  function say(form, state, text) {
    const place = form.querySelector("[data-save-state]");
    if (!place) return;
    place.dataset.state = state;
    place.textContent = text;
  }

  async function save(form) {
    say(form, "saving", words("Saving"));
    form.dataset.unsaved = "yes";
    try {
      const headers = { "X-CSRFToken": csrfToken(), "X-Autosave": "1" };
      const answer = await fetch(form.dataset.autosave || form.action, {
        method: "POST",
        body: new FormData(form),
        headers,
        credentials: "same-origin",
      });
      if (!answer.ok || answer.redirected) throw answer;
      delete form.dataset.unsaved;
      say(form, "saved", `${words("Saved")} ${new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })}`);
    } catch (failure) {
      say(form, "failed", words("Unsaved"));
      toast("danger", explain(failure instanceof Response ? failure.status : 0));
    }
  }

  function later(form) {
    if (form.dataset.sent) return;
    clearTimeout(waiting.get(form));
    form.dataset.unsaved = "yes";
    waiting.set(form, setTimeout(() => save(form), 1500));
  }

  on("input", "form[data-autosave]", (_event, form) => later(form));
  on("change", "form[data-autosave]", (_event, form) => later(form));
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    clearTimeout(waiting.get(event.target));
    delete event.target.dataset.unsaved;
  });
  window.addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[data-unsaved]")) event.preventDefault();
  });

  // ---- htmx: the token goes along, failures are said in words ----
  function explain(status) {
    if (status === 0) return words("Offline");
    if (status === 401) return words("SignedOut");
    if (status === 403) return words(isOthers() ? "Others" : "Refused");
    if (status === 404 || status === 410) return words("Missing");
    if (status === 414) return words("TooLong");
    return words("Failed");
  }

  // What is typed is asked about in an address, and an address has an end. A form keeps every word that was typed; only as many
  // are asked about as anything is found by.
  const ASKED = 200;

  document.addEventListener("htmx:configRequest", (event) => {
    const { verb, elt, formData } = event.detail;
    if (verb === "get") {
      const isCut = elt.closest("[data-asks-typed]");
      for (const [name, value] of isCut ? [...formData] : []) if (value.length > ASKED) formData.set(name, value.slice(0, ASKED));
      return;
    }
    event.detail.headers["X-CSRFToken"] = csrfToken();
    if (event.detail.formData?.has("csrfmiddlewaretoken")) event.detail.formData.set("csrfmiddlewaretoken", csrfToken());
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // A refusal with a form in it is shown like any answer.
    if ([409, 422].includes(event.detail.xhr.status)) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
  document.addEventListener("htmx:responseError", (event) => toast("danger", explain(event.detail.xhr.status)));
  // A record says itself that it keeps what is typed and tries again: two voices would contradict each other.
  const offline = (level) => { if (!document.querySelector("form[data-record]")) toast(level, words("Offline")); };
  document.addEventListener("htmx:sendError", () => offline("danger"));
  document.addEventListener("htmx:timeout", () => offline("danger"));
  window.addEventListener("offline", () => offline("warning"));

  window.mesoclinic = { toast, csrfToken, explain };
})();
