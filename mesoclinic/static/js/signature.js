// A signature by finger, pen or mouse: strokes of whole numbers on the pad. Who cannot draw types the name beside it.
(() => {
  "use strict";

  const box = document.querySelector("[data-signature]");
  if (!box) return;
  const pad = box.querySelector("[data-signature-pad]");
  const path = box.querySelector("[data-signature-path]");
  const clear = box.querySelector("[data-signature-clear]");
  const field = document.getElementById(box.dataset.signature);
  const { width, height } = pad.viewBox.baseVal;
  const MOST_POINTS = 5000;
  let strokes = [];
  let drawing = null; // the pointer that draws; a palm beside it draws nothing

  try { strokes = JSON.parse(field.value || "[]"); } catch (_unreadable) { strokes = []; }

  function spot(event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(pad.getScreenCTM().inverse());
    const inside = (value, most) => Math.round(Math.min(Math.max(value, 0), most));
    return [inside(at.x, width), inside(at.y, height)];
  }

  function add(event) {
    const points = strokes.at(-1);
    const [x, y] = spot(event);
    const last = points.at(-1);
    if (last && Math.hypot(last[0] - x, last[1] - y) < 2) return;
    if (strokes.reduce((sum, one) => sum + one.length, 0) < MOST_POINTS) points.push([x, y]);
  }

  function draw() {
    path.setAttribute("d", strokes.map((points) => `M${points.map((point) => point.join(" ")).join(" L")}`).join(" "));
    clear.disabled = !strokes.length;
  }

  function keep() {
    field.value = strokes.length ? JSON.stringify(strokes) : "";
    draw();
  }

  pad.addEventListener("pointerdown", (event) => {
    if (drawing !== null || event.button !== 0) return;
    event.preventDefault();
    drawing = event.pointerId;
    pad.setPointerCapture(event.pointerId);
    strokes.push([]);
    add(event);
    draw();
  });
  pad.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing) return;
    for (const one of event.getCoalescedEvents?.() || [event]) add(one);
    draw();
  });
  const end = (event) => {
    if (event.pointerId !== drawing) return;
    drawing = null;
    keep();
  };
  pad.addEventListener("pointerup", end);
  pad.addEventListener("pointercancel", end);
  clear.addEventListener("click", () => { strokes = []; keep(); });

  box.hidden = false;
  draw();
})();
