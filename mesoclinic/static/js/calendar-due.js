// The list of sessions to book beside the calendar: dragged in by mouse, pen or finger, booked where they are let go.
(() => {
  "use strict";

  if (!window.mesoclinic.calendar) return;
  const { said, byRoom, piece, wall, clock, columnOf, dateFromPoint, load } = window.mesoclinic.calendar;

  // By pointer, so that mouse, pen and finger are one: the grip drags, the words are a link.
  let carried = null;

  function carry(down) {
    const item = down.target.closest?.(".due-one");
    if (!item || down.button || down.target.closest(".due-skip") || (down.pointerType !== "mouse" && !down.target.closest(".due-grip"))) return;
    if (down.pointerType !== "mouse") down.preventDefault();
    carried = { item, x: down.clientX, y: down.clientY, chip: null };
  }

  function carryOn(move) {
    if (!carried) return;
    if (!carried.chip) {
      if (Math.hypot(move.clientX - carried.x, move.clientY - carried.y) < 6) return;
      carried.chip = piece("div", "due-chip", carried.item.dataset.name);
      document.body.append(carried.chip);
      carried.item.classList.add("is-carried");
    }
    move.preventDefault();
    carried.chip.style.setProperty("translate", `${move.clientX + 8}px ${move.clientY + 8}px`);
    const at = dateFromPoint(move.clientX, move.clientY);
    carried.chip.textContent = at ? `${clock(snapped(at.date))} ${carried.item.dataset.name}` : carried.item.dataset.name;
  }

  function snapped(date) {
    const step = Math.min(Math.max(Number(said.step) || 5, 5), 60) * 60000;
    return new Date(Math.floor(date.getTime() / step) * step);
  }

  async function drop(up) {
    if (!carried) return;
    const { item, chip } = carried;
    carried = null;
    if (!chip) return;
    chip.remove();
    item.classList.remove("is-carried");
    item.addEventListener("click", (click) => click.preventDefault(), { once: true, capture: true });
    setTimeout(() => item.dispatchEvent(new Event("click", { cancelable: true })), 0);
    const place = up.type === "pointerup" ? dateFromPoint(up.clientX, up.clientY) : null;
    if (place) await bookDropped(item, snapped(place.date), place.resource);
  }

  // One tap books; whatever needs a word more (a reason, another time) is asked on the booking page.
  async function bookDropped(item, date, resource) {
    const [on, at] = wall(date).split("T");
    const page = `${item.dataset.due}?${new URLSearchParams({ on, at, ...columnOf(resource), from_on: on })}`;
    if (byRoom) { window.location.assign(page); return; }
    const bytes = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const asked = { slot: "", on, at, with_whom: resource?.id || "", booking_token: bytes };
    try {
      const answer = await fetch(item.dataset.due, {
        method: "POST",
        credentials: "same-origin",
        redirect: "manual",
        headers: { "X-CSRFToken": window.mesoclinic.csrfToken() },
        body: new URLSearchParams(asked),
      });
      if (answer.type !== "opaqueredirect") { window.location.assign(page); return; }
      window.mesoclinic.toast("success", said.wordsDropped);
      item.remove();
      load();
    } catch {
      window.mesoclinic.toast("danger", window.mesoclinic.explain(0));
    }
  }

  document.querySelector(".due-side-list")?.addEventListener("pointerdown", carry);
  document.addEventListener("pointermove", carryOn, { passive: false });
  document.addEventListener("pointerup", drop);
  document.addEventListener("pointercancel", drop);
})();
