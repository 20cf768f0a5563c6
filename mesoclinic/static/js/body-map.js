// The body map of a record: a tap is a point of the place it lies in, and the places below are what is saved.
function keepBodyMap(map) {
  "use strict";

  const rows = map?.closest("form")?.querySelector("[data-rows='sites']");
  if (!rows) return;
  const SPACING = 10; // between the needles of a plate, in units of the drawing
  const REACH = 9; // how far from a point a finger still means it
  const SVG = "http://www.w3.org/2000/svg";
  const views = [...map.querySelectorAll("svg[data-view]")];
  const undo = map.querySelector("[data-body-undo]");
  const asLast = map.querySelector("[data-body-last]");
  const steps = []; // what each tap changed, the last one last
  let from = null;
  let where = ""; // the places of the last change and what each holds now

  // ---- the places below: one for each zone tapped into ----
  const shown = () => [...rows.querySelectorAll("[data-rows-list] > [data-row]")].filter((row) => !row.hidden);
  const field = (row, name) => row.querySelector(`[name$="-${name}"]`);

  // Points that cannot be read, as the server says beside them, are none here: the next tap begins anew.
  function pointsOf(row) {
    try { return JSON.parse(field(row, "map_points").value || "[]"); } catch (_unreadable) { return []; }
  }

  // What is set beside the map goes with the points tapped next: another depth in the same zone is another group.
  const WITH = ["technique", "depth_mm", "volume_per_point_ml"];
  const number = (text) => Number(String(text).replace(",", ".")) || 0;
  const isSame = (name, one, other) => (name === "technique" ? one === other : number(one) === number(other));

  function wanted() {
    const asked = (name) => map.querySelector(`[data-body-with="${name}"]`)?.value.trim() || "";
    return WITH.map((name) => [name, asked(name)]).filter(([, value]) => value);
  }

  function fits(row) {
    const isEmpty = !field(row, "points").value;
    return wanted().every(([name, value]) => isSame(name, field(row, name).value, value) || (isEmpty && !field(row, name).value));
  }

  function known(zone) {
    const { zone: name, side } = zone.dataset;
    return shown().find((row) => field(row, "region").value === name && field(row, "side").value === side && fits(row));
  }

  function rowOf(zone) {
    const { zone: name, side } = zone.dataset;
    const row = known(zone) || shown().find((one) => !field(one, "region").value) || newRow();
    field(row, "region").value = name;
    field(row, "side").value = side;
    for (const [what, value] of wanted()) field(row, what).value = value;
    if (wanted().length) row.querySelector("details")?.setAttribute("open", "");
    const volume = field(row, "volume_per_point_ml");
    volume.value ||= shown().map((one) => field(one, "volume_per_point_ml").value).find(Boolean) || "";
    return row;
  }

  function newRow() {
    const [at, focused] = [[window.scrollX, window.scrollY], document.activeElement];
    rows.querySelector("[data-rows-add]").click();
    focused.focus({ preventScroll: true });
    window.scrollTo(...at);
    return shown().at(-1);
  }

  // The number of points follows the map unless somebody typed another one.
  function keep(row, points) {
    const count = field(row, "points");
    const before = pointsOf(row).length;
    const follows = !count.value || Number(count.value) === before || Number(count.value) < points.length;
    field(row, "map_points").value = points.length ? JSON.stringify(points) : "";
    if (follows) count.value = points.length || "";
    count.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function change(work) {
    const before = shown().map((row) => [row, field(row, "map_points").value, field(row, "points").value, field(row, "is_reactive").checked]);
    where = "";
    work();
    steps.push(before);
    draw();
  }

  function takeBack() {
    const before = new Map((steps.pop() || []).map(([row, ...held]) => [row, held]));
    where = "";
    for (const row of shown()) {
      const [points, count, stings] = before.get(row) || ["", "", false];
      field(row, "is_reactive").checked = stings;
      field(row, "map_points").value = points;
      field(row, "points").value = count;
      if (!before.has(row)) row.querySelector("[data-row-remove]").click();
    }
    rows.dispatchEvent(new Event("input", { bubbles: true }));
    draw();
  }

  // ---- where points fall ----
  const cornersOf = (zone) => zone.getAttribute("points").split(" ").map((pair) => pair.split(",").map(Number));

  function holds(zone, x, y) {
    const corners = cornersOf(zone);
    return corners.reduce((inside, [a, b], n) => {
      const [c, d] = corners[(n + 1) % corners.length];
      return b > y !== d > y && x < ((c - a) * (y - b)) / (d - b) + a ? !inside : inside;
    }, false);
  }

  function add(svg, points) {
    const zones = [...svg.querySelectorAll("[data-zone]")];
    const found = new Map();
    for (const [x, y] of points) {
      const zone = zones.find((one) => holds(one, x, y));
      if (zone) found.set(zone, [...(found.get(zone) || []), [svg.dataset.view, Math.round(x), Math.round(y)]]);
    }
    for (const [zone, taken] of found) give(zone, taken);
  }

  function give(zone, taken) {
    const row = rowOf(zone);
    const points = [...pointsOf(row), ...taken];
    keep(row, points);
    where += `${zone.getAttribute("aria-label")}: ${points.length} · `;
  }

  function lineOf([x, y], [u, v]) {
    const count = Math.min(Math.max(Number(map.querySelector("[data-line-count]").value) || 2, 2), 60);
    return Array.from({ length: count }, (_one, n) => [x + ((u - x) * n) / (count - 1), y + ((v - y) * n) / (count - 1)]);
  }

  function gridOf([x, y]) {
    const size = (name) => Math.min(Math.max(Number(map.querySelector(`[data-grid-${name}]`).value) || 1, 1), 20);
    const [down, across] = [size("rows"), size("columns")];
    return Array.from({ length: down * across }, (_one, n) => [
      x + ((n % across) - (across - 1) / 2) * SPACING,
      y + (Math.floor(n / across) - (down - 1) / 2) * SPACING,
    ]);
  }

  // ---- drawing ----
  function circle(x, y, stings) {
    const dot = document.createElementNS(SVG, "circle");
    for (const [name, value] of Object.entries({ cx: x, cy: y, r: 3 })) dot.setAttribute(name, value);
    if (stings) dot.classList.add("is-stung");
    return dot;
  }

  const say = (said, words) => said.replace(/\{(\w+)\}/g, (_all, name) => words[name]);
  const milliliters = (value) => value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 2 });

  // What stands in the places, whether tapped or typed: each with its own sum, and all together.
  function sum() {
    let [points, volume] = [0, 0];
    for (const row of shown()) {
      const [count, each] = [number(field(row, "points").value), number(field(row, "volume_per_point_ml").value)];
      points += count;
      volume += count * each;
      const place = row.querySelector("[data-site-sum]");
      const words = { points: count, each: milliliters(each), ml: milliliters(count * each) };
      if (place) place.textContent = count && each ? say(map.dataset.wordsSite, words) : "";
    }
    const all = map.closest("form").querySelector("[data-sites-total]");
    const words = { points, ml: milliliters(volume) };
    if (all) all.textContent = points ? say(volume ? map.dataset.wordsAllVolume : map.dataset.wordsAll, words) : "";
  }

  function draw() {
    let [points, volume] = [0, 0];
    const dots = Object.fromEntries(views.map((svg) => [svg.dataset.view, []]));
    for (const row of shown()) {
      const own = pointsOf(row);
      points += own.length;
      volume += own.length * number(field(row, "volume_per_point_ml").value);
      const isMarked = own.some((point) => point[3]);
      const isWhole = field(row, "is_reactive").checked && !isMarked;
      for (const [view, x, y, stings] of own) dots[view]?.push(circle(x, y, stings || isWhole));
    }
    for (const svg of views) svg.querySelector("[data-dots]").replaceChildren(...dots[svg.dataset.view]);
    const words = { points, ml: milliliters(volume) };
    const counted = volume ? map.dataset.wordsVolume : map.dataset.wordsTotal;
    const said = points ? counted : map.dataset.wordsNone;
    map.querySelector("[data-body-total]").textContent = where + say(said, words);
    sum();
    undo.disabled = !steps.length;
  }

  // ---- by hand ----
  function spot(svg, event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [at.x, at.y];
  }

  function near(row, svg, [x, y]) {
    return pointsOf(row).findIndex(([view, u, v]) => view === svg.dataset.view && Math.hypot(u - x, v - y) < 4);
  }

  function tap(svg, at) {
    const row = shown().find((one) => near(one, svg, at) >= 0); // a tap on a point takes it away
    change(() => {
      if (row) keep(row, pointsOf(row).toSpliced(near(row, svg, at), 1));
      else add(svg, [at]);
    });
  }

  // A point that stung is marked by a tap on it, and the place with it; a place ticked whole stings in all its points.
  function sting(svg, at) {
    const [row, point] = nearest(svg, at);
    if (!row) return;
    change(() => {
      const points = pointsOf(row).map((one, n) => (n === point ? [...one.slice(0, 3), ...(one[3] ? [] : [1])] : one));
      field(row, "is_reactive").checked = points.some((one) => one[3]);
      keep(row, points);
    });
  }

  function nearest(svg, [x, y]) {
    let [found, best] = [[], REACH];
    for (const row of shown()) {
      for (const [n, [view, u, v]] of pointsOf(row).entries()) {
        const far = Math.hypot(u - x, v - y);
        if (view === svg.dataset.view && far < best) [found, best] = [[row, n], far];
      }
    }
    return found;
  }

  function unmark(row) {
    const points = pointsOf(row);
    if (points.some((one) => one[3])) keep(row, points.map((one) => one.slice(0, 3)));
  }

  for (const svg of views) {
    svg.addEventListener("pointerdown", (event) => {
      if (map.dataset.tool !== "line") return;
      from = spot(svg, event);
      svg.setPointerCapture(event.pointerId);
    });
    svg.addEventListener("pointerup", (event) => {
      if (!from) return;
      const start = from;
      from = null;
      change(() => add(svg, lineOf(start, spot(svg, event))));
    });
    svg.addEventListener("pointercancel", () => { from = null; });
    svg.addEventListener("click", (event) => {
      if (map.dataset.tool === "point") tap(svg, spot(svg, event));
      if (map.dataset.tool === "sting") sting(svg, spot(svg, event));
      if (map.dataset.tool === "grid") change(() => add(svg, gridOf(spot(svg, event))));
    });
    // By keyboard: the arrows go from zone to zone, and one takes points beside its middle, one after the other.
    svg.addEventListener("keydown", (event) => {
      const zone = event.target.closest("[data-zone]");
      const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!zone || !(way || event.key === "Enter" || event.key === " ")) return;
      event.preventDefault();
      if (way) { goOn(svg, zone, way); return; }
      const row = known(zone);
      if (map.dataset.tool === "sting") {
        if (row) field(row, "is_reactive").click();
        return;
      }
      const point = beside(zone, row ? pointsOf(row).length : 0);
      change(() => give(zone, [[svg.dataset.view, ...point]]));
    });
  }

  // The next of the points of a spiral around the middle that lie in the zone; once these are taken, a closer one.
  function beside(zone, taken) {
    const [x, y] = zone.dataset.middle.split(",").map(Number);
    let left = taken;
    for (let step = 4; step > 0.5; step /= 1.5) {
      for (let n = 0; step * Math.sqrt(n) < 300; n += 1) {
        const [u, v] = [x + step * Math.sqrt(n) * Math.cos(2.4 * n), y + step * Math.sqrt(n) * Math.sin(2.4 * n)].map(Math.round);
        if (holds(zone, u, v)) left -= 1;
        if (left < 0) return [u, v];
      }
    }
    return [x, y].map(Math.round);
  }

  function goOn(svg, zone, way) {
    const zones = [...svg.querySelectorAll("[data-zone]")];
    const next = zones.at((zones.indexOf(zone) + way) % zones.length);
    zone.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  }

  map.addEventListener("change", (event) => {
    event.stopPropagation(); // which view and what a tap draws are nothing to save
    if ("bodyViews" in event.target.dataset) {
      for (const frame of map.querySelectorAll("[data-body-frame]")) frame.hidden = frame.dataset.bodyFrame !== event.target.value;
    }
    if (!("bodyTools" in event.target.dataset)) return;
    map.dataset.tool = event.target.value;
    for (const own of map.querySelectorAll("[data-for-tool]")) own.hidden = own.dataset.forTool !== event.target.value;
  });
  map.addEventListener("input", (event) => event.stopPropagation());
  undo.addEventListener("click", takeBack);
  asLast.addEventListener("click", () => change(() => {
    for (const svg of views) {
      const points = [...svg.querySelectorAll("[data-last] circle")].map((dot) => [Number(dot.getAttribute("cx")), Number(dot.getAttribute("cy"))]);
      add(svg, points);
    }
    asLast.hidden = true;
  }));
  rows.addEventListener("change", (event) => {
    // Ticked or not, a place speaks for all its points again.
    if (event.target.matches('[name$="-is_reactive"]')) unmark(event.target.closest("[data-row]"));
    draw();
  });
  rows.addEventListener("input", draw);

  asLast.hidden = !map.querySelector("[data-last] circle");
  map.hidden = false;
  draw();
}
document.querySelectorAll("[data-body-map]").forEach(keepBodyMap);
