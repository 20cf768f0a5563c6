// All records of a round on one page: one is shown at a time, each saves itself (record.js), and none needs the network
// to be shown. What is kept stays in the forms; nothing of a patient is stored in the browser.
(() => {
  "use strict";

  const page = document.querySelector("[data-round-records]");
  if (!page) return;
  const words = document.querySelector("[data-tab-words]").dataset;
  const sections = [...page.querySelectorAll("[data-round-record]")];
  const tabs = [...page.querySelectorAll("[data-round-tab]")];
  const SAME = ["is_dry", "technique", "device", "device_number", "needle", "needle_length_mm", "depth_mm", "shots", "aftercare"];
  const SAME_LINE = ["role", "strength", "strength_unit", "syringe", "prepared_ml", "given_ml", "lot", "lot_number", "expires_on"];
  const SAME_PLACE = ["region", "side", "row", "technique", "depth_mm", "points", "volume_per_point_ml", "syringe"];

  // ---- one at a time ----
  const tabOf = (section) => tabs.find((tab) => tab.dataset.roundTab === section.dataset.roundRecord);
  const formOf = (section) => section.querySelector("form[data-record]");
  const isOpen = (section) => formOf(section) && tabOf(section).dataset.state !== "done";

  function show(section, focus) {
    for (const one of sections) one.hidden = one !== section;
    for (const tab of tabs) {
      if (tab === tabOf(section)) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    }
    tabOf(section).scrollIntoView({ block: "nearest", inline: "nearest" });
    nameBefore(section);
    if (!focus) return;
    window.scrollTo(0, page.offsetTop);
    section.focus({ preventScroll: true });
  }

  page.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-round-tab]");
    if (tab) {
      event.preventDefault();
      history.replaceState(history.state, "", tab.getAttribute("href"));
      show(sections.find((one) => tabOf(one) === tab), true);
    }
    const next = event.target.closest("[data-round-next]");
    if (next) goOn(next.closest("[data-round-record]"));
  });

  function goOn(section) {
    const at = sections.indexOf(section);
    const following = [...sections.slice(at + 1), ...sections.slice(0, at)].find(isOpen);
    if (following) show(following, true);
  }

  // ---- how each stands ----
  function mark(section, state) {
    const tab = tabOf(section);
    tab.dataset.state = state;
    const place = tab.querySelector("[data-tab-state]");
    place.textContent = words[state] || place.textContent;
  }

  page.addEventListener("input", (event) => {
    const section = event.target.closest("[data-round-record]");
    if (section && event.target.form && event.target.form === formOf(section)) mark(section, "typing");
  });

  page.addEventListener("recordstate", (event) => {
    const section = event.target.closest("[data-round-record]");
    const { name, text } = event.detail;
    mark(section, name);
    if (name === "refused") window.mesoclinic.toast("danger", `${section.getAttribute("aria-label")}: ${text}`);
    if (name !== "done") return;
    formOf(section).hidden = true;
    section.querySelector(".round-record-tools").hidden = true;
    section.querySelector("[data-round-done]").hidden = false;
    if (!section.hidden) goOn(section);
  });

  // ---- as for the one before ----
  const named = (scope, name) => [...scope.querySelectorAll(`[name$="-${name}"]`)];
  const rowsOf = (form, prefix) =>
    [...form.querySelectorAll(`[data-rows="${prefix}"] [data-rows-list] > [data-row]`)].filter((row) => !row.hidden);

  function read(fields) {
    if (!fields.length) return "";
    if (fields[0].type === "radio") return fields.find((one) => one.checked)?.value || "";
    return fields[0].type === "checkbox" ? (fields[0].checked ? "on" : "") : fields[0].value;
  }

  function write(fields, value) {
    for (const field of fields) {
      if (field.type === "radio") field.checked = field.value === value;
      else if (field.type === "checkbox") field.checked = value === "on";
      else field.value = value;
    }
  }

  const pick = (names, get) => Object.fromEntries(names.map((name) => [name, get(name)]));

  function valuesOf(section) {
    const kept = section.querySelector("[data-round-values] script");
    if (kept) return JSON.parse(kept.textContent);
    const form = formOf(section);
    return form && {
      fields: pick(SAME, (name) => read([...form.querySelectorAll(`[name="${name}"]`)])),
      lines: rowsOf(form, "lines").map((row) => pick(["substance", ...SAME_LINE], (name) => read(named(row, name)))),
      sites: rowsOf(form, "sites").map((row) => pick(SAME_PLACE, (name) => read(named(row, name)))),
    };
  }

  function before(section) {
    const earlier = sections.slice(0, sections.indexOf(section)).reverse();
    return earlier.find((one) => valuesOf(one));
  }

  function nameBefore(section) {
    const button = section.querySelector("[data-as-before]");
    const source = button && before(section);
    if (!button) return;
    button.hidden = !source;
    const name = button.querySelector("[data-as-before-words]");
    if (source) name.textContent = name.dataset.asBeforeWords.replace("{name}", source.getAttribute("aria-label"));
  }

  // Rows of the same substance keep their place; others come and go with the buttons of the list.
  function fillRows(form, prefix, wanted, names, isSame) {
    const list = form.querySelector(`[data-rows="${prefix}"]`);
    const free = rowsOf(form, prefix);
    const found = wanted.map((one) => {
      const at = free.findIndex((row) => isSame(row, one));
      return at < 0 ? null : free.splice(at, 1)[0];
    });
    for (const row of free) row.querySelector("[data-row-remove]").click();
    wanted.forEach((one, at) => {
      let row = found[at];
      if (!row) {
        list.querySelector("[data-rows-add]").click();
        row = rowsOf(form, prefix).at(-1);
      }
      for (const name of names) if (name in one) write(named(row, name), one[name]);
    });
  }

  page.addEventListener("click", (event) => {
    const button = event.target.closest("[data-as-before]");
    if (!button) return;
    const section = button.closest("[data-round-record]");
    const [form, source] = [formOf(section), before(section)];
    const values = valuesOf(source);
    for (const name of SAME) write([...form.querySelectorAll(`[name="${name}"]`)], values.fields[name] || "");
    const lines = values.lines.map((line) => ({ ...line, given_ml: line.prepared_ml }));
    fillRows(form, "lines", lines, ["substance", ...SAME_LINE], (row, one) => read(named(row, "substance")) === one.substance);
    fillRows(form, "sites", values.sites, SAME_PLACE, (row, one) => read(named(row, "region")) === one.region && read(named(row, "side")) === one.side);
    button.focus();
    form.dispatchEvent(new Event("input", { bubbles: true }));
    window.mesoclinic.toast("success", button.dataset.words.replace("{name}", source.getAttribute("aria-label")));
  });

  // ---- without a network the page is all there is ----
  const isOffline = () => navigator.onLine === false;
  document.addEventListener("submit", (event) => {
    const staysHere = event.target.matches("[data-done]") && !event.submitter?.name;
    if (staysHere || !isOffline()) return;
    event.preventDefault();
    window.mesoclinic.toast("warning", document.body.dataset.wordsOffline || "");
  }, true);
  window.addEventListener("beforeunload", (event) => { if (isOffline()) event.preventDefault(); });

  page.classList.add("is-live");
  const asked = sections.find((one) => `#${one.id}` === window.location.hash);
  const first = asked || sections.find(isOpen) || sections[0];
  if (first) show(first, false);
})();
