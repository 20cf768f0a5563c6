// The calendar of days and weeks: draws the feed, moves visits by mouse, touch and keyboard, and can take it back.
(() => {
  "use strict";

  const box = document.getElementById("calendar");
  if (!box || !window.EventCalendar) return;
  const said = box.dataset;
  const { two, clock, minutesBetween, piece, content, label } = window.mesoclinic.calendarVisit;
  const NO_ID = "00000000-0000-0000-0000-000000000000";
  const MOVABLE = ["offered", "booked", "arrived"];
  const days = window.mesoclinic.calendarDays;
  const undoBar = document.getElementById("calendar-undo");
  const byRoom = said.by === "room";
  const language = document.documentElement.lang || "en";
  const locale = language === "en" ? "en-GB" : language; // days before months, as everywhere else here
  const isWeek = said.view === "week";
  const filters = document.querySelector("[data-calendar-filters]");
  let people = [];
  let rooms = [];
  let columns = [];
  let busy = false;
  let undoTimer = 0;
  let shown = said.on; // the first day drawn; another than the page's while a question shows what it would change
  let isStale = false; // the calendar is to be made anew
  let fed = null; // the feed as it came last
  let drawn = []; // its events
  let ghosts = [];
  let leaving = new Set(); // visits that a choice would take away from where they are

  const wall = (date) =>
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
  const siteNow = () => {
    const [hours, minutes] = said.offset.slice(1).split(":").map(Number);
    const east = (hours * 60 + minutes) * (said.offset[0] === "-" ? -1 : 1);
    const now = new Date();
    return new Date(now.getTime() + (east + now.getTimezoneOffset()) * 60000);
  };
  const visitUrl = (id) => said.visit.replace(NO_ID, id);

  // ---- from the feed's short rows to events ----
  const NOWHERE = "nowhere"; // the column of visits without a room

  function visitEvent([id, who, start, end, status, patient, where, moves, marks, travel, room]) {
    return {
      id,
      resourceIds: [byRoom ? rooms[room]?.id || NOWHERE : people[who].id],
      start,
      end,
      title: patient,
      editable: Boolean(said.book) && MOVABLE.includes(status),
      durationEditable: Boolean(said.book) && MOVABLE.includes(status),
      classNames: [
        "visit",
        `visit-${status}`,
        ...(marks.includes("g") ? ["visit-round"] : []),
      ],
      extendedProps: { status, where: byRoom && room >= 0 ? people[who].title : where, moves, marks, travel, who: people[who].title },
    };
  }

  // What the filters ask for; a visit that is not asked for is not drawn.
  function isAsked([, who, , , status, , , , , , room, kind]) {
    const asked = filters ? Object.fromEntries(new FormData(filters)) : {};
    return (!asked.practitioner || people[who].id === asked.practitioner)
      && (!asked.room || rooms[room]?.id === asked.room)
      && (!asked.status || status === asked.status)
      && (!asked.kind || kind === asked.kind);
  }

  function columnsOf(feed) {
    const asked = filters ? Object.fromEntries(new FormData(filters)) : {};
    if (!byRoom) return people.filter((one) => !asked.practitioner || one.id === asked.practitioner);
    const somewhere = rooms.filter((one) => !asked.room || one.id === asked.room);
    const hasOthers = !asked.room && feed.v.some((visit) => visit[10] < 0);
    return hasOthers || !somewhere.length ? [...somewhere, { id: NOWHERE, title: said.wordsNobody }] : somewhere;
  }

  function shutEvent([column, start, end], index) {
    return { id: `shut-${index}`, resourceIds: [(byRoom ? rooms : people)[column].id], start, end, display: "background", classNames: ["shut"] };
  }

  // The way to the first visit of a round, and back from the last.
  function wayEvent([column, start, end], index) {
    return { id: `way-${index}`, resourceIds: [people[column].id], start, end, title: said.wordsWay, display: "background", classNames: ["way"] };
  }

  // ---- the visit's dialog ----
  function showDialog(focus) {
    const dialog = document.getElementById("dialog");
    if (!dialog.childElementCount) return;
    if (!dialog.open) dialog.showModal();
    dialog.querySelector(focus)?.focus();
  }

  function fetchDialog(address, focus) {
    if (!window.htmx) { window.location.assign(address); return; }
    window.htmx.ajax("GET", address, { target: "#dialog", swap: "innerHTML" }).then(() => showDialog(focus));
  }

  const here = `next=${encodeURIComponent(said.here)}`;
  const open = (id) => fetchDialog(`${visitUrl(id)}?${here}`, "[autofocus]");
  const openMove = (id) => fetchDialog(`${visitUrl(id)}move/?${here}`, "input[name=at]");

  // ---- moving ----
  async function post(address, values) {
    const answer = await fetch(address, {
      method: "POST",
      credentials: "same-origin",
      headers: { "X-CSRFToken": window.mesoclinic.csrfToken(), Accept: "application/json" },
      body: new URLSearchParams(values),
    });
    if (answer.redirected || ![200, 409, 422].includes(answer.status)) throw answer;
    return { done: answer.ok, ...(await answer.json()) };
  }

  async function moved(info) {
    const { event } = info;
    const before = info.oldEvent;
    const column = info.newResource?.id || (byRoom ? "" : event.resourceIds[0]);
    if (byRoom && info.newResource && NOWHERE === column) {
      info.revert();
      window.mesoclinic.toast("warning", said.wordsNo_room);
      return;
    }
    busy = true;
    try {
      const answer = await post(`${visitUrl(event.id)}move/`, {
        starts: wall(event.start),
        minutes: minutesBetween(event.start, event.end),
        [byRoom ? "room" : "practitioner"]: column,
        seen_moves: before.extendedProps.moves,
      });
      if (answer.ask) {
        info.revert();
        window.mesoclinic.calendar.ask(answer.ask);
      } else if (answer.done) {
        offerUndo(answer.words, answer.undo);
      } else {
        info.revert();
        window.mesoclinic.toast("warning", answer.words);
      }
    } catch (failure) {
      info.revert();
      window.mesoclinic.toast("danger", window.mesoclinic.explain(failure instanceof Response ? failure.status : 0));
    }
    busy = false;
    load();
  }

  function offerUndo(text, batch) {
    undoBar.querySelector(".notice-body").textContent = text;
    undoBar.hidden = false;
    document.getElementById("undo")?.remove();
    clearTimeout(undoTimer);
    undoTimer = setTimeout(() => { undoBar.hidden = true; }, 60000);
    undoBar.querySelector("button").onclick = async () => {
      undoBar.hidden = true;
      try {
        const answer = await post(said.undo.replace(NO_ID, batch), {});
        window.mesoclinic.toast(answer.done ? "success" : "warning", answer.words);
      } catch (failure) {
        window.mesoclinic.toast("danger", window.mesoclinic.explain(failure instanceof Response ? failure.status : 0));
      }
      load();
    };
  }

  const columnOf = (resource) => {
    if (!byRoom) return { practitioner: resource?.id || "" };
    return resource && resource.id !== NOWHERE ? { where: `room-${resource.id}` } : {};
  };

  // ---- the calendar itself ----
  const options = {
    view: said.view === "week" ? "resourceTimeGridWeek" : "resourceTimeGridDay",
    date: said.chosen, // a week too wide for the screen is scrolled to this day
    firstDay: 1,
    datesAboveResources: true,
    headerToolbar: { start: "", center: "", end: "" },
    height: "auto",
    allDaySlot: false,
    nowIndicator: true,
    // "Now" is the site's, wherever the browser stands; times come and go as the site's wall time. The library takes an
    // offset of nothing for no offset at all: a minute moves its line by a pixel.
    timeZone: /[1-9]/.test(said.offset) ? said.offset : "+00:01",
    locale: locale,
    slotDuration: "00:15",
    slotLabelInterval: "01:00",
    slotHeight: 21,
    columnWidth: `minmax(${isWeek ? "4.85rem" : "9rem"}, 1fr)`,
    snapDuration: { minutes: Math.min(Math.max(Number(said.step) || 5, 5), 60) },
    slotLabelFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
    dayHeaderFormat: { weekday: "short", day: "numeric", month: "short" },
    longPressDelay: 400,
    eventStartEditable: true,
    eventDurationEditable: true,
    eventContent: content,
    eventDidMount({ event, el }) {
      if (event.display === "background") return;
      el.setAttribute("aria-label", label(event));
      if (event.extendedProps.status === "ghost") { el.dataset.ghost = event.extendedProps.number; return; }
      el.tabIndex = 0;
      el.title = label(event);
      el.dataset.visit = event.id;
      el.dataset.movable = MOVABLE.includes(event.extendedProps.status) && said.book ? "yes" : "";
    },
    eventClick: ({ event }) => { if (event.display !== "background") open(event.id); },
    eventDrop: moved,
    eventResize: moved,
    dateClick({ date, resource }) {
      if (!said.book) return;
      const now = siteNow();
      if (date < new Date(now - 5 * 60000) && date.toDateString() !== now.toDateString()) {
        window.mesoclinic.toast("warning", said.wordsPast);
        return;
      }
      const [on, at] = wall(date).split("T");
      window.location.assign(`${said.book}?${new URLSearchParams({ on, at, ...columnOf(resource), from_on: on })}`);
    },
  };
  let calendar = null; // made with the first feed: what it is scrolled to depends on its days and columns

  box.addEventListener("keydown", (key) => {
    const visit = key.target.closest?.(".visit[data-visit]");
    if (!visit || (key.key !== "Enter" && key.key !== " ")) return;
    key.preventDefault();
    key.stopPropagation();
    if (visit.dataset.movable && key.key === "Enter") openMove(visit.dataset.visit); else open(visit.dataset.visit);
  }, true);

  // Today is opened an hour before now; another day where its work begins, an hour after what is drawn.
  function openedAt(first) {
    const now = siteNow();
    return days.includes(shown, isWeek ? 7 : 1, wall(now).slice(0, 10)) ? Math.max(now.getHours() - 1, 0) : first + 1;
  }

  async function load() {
    if (busy || document.querySelector(".ec-dragging, .ec-ghost, dialog[open]")) return;
    await reload();
  }

  async function reload() {
    try {
      const address = said.feed.replace(/on=[\d-]+$/, `on=${shown}`);
      const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw answer;
      draw(await answer.json());
    } catch {
      window.mesoclinic.toast("danger", said.wordsFailed);
    }
  }

  // `anew`: days, hours or columns that differ need another calendar, not other options of this one.
  function draw(feed, anew = false) {
    fed = feed;
    people = feed.p.map(([id, title]) => ({ id, title }));
    rooms = feed.r.map(([id, title]) => ({ id, title }));
    const seen = days.within(ghosts, shown, isWeek ? 7 : 1);
    columns = days.withColumnsOf(seen, columnsOf(feed), byRoom, { id: NOWHERE, title: said.wordsNobody });
    const [first, last] = days.hours(feed, seen);
    const known = new Set(columns.map((one) => one.id));
    const events = [...feed.s.map(shutEvent), ...feed.w.map(wayEvent), ...feed.v.filter(isAsked).map(visitEvent)];
    drawn = events.filter((one) => known.has(one.resourceIds[0]));
    const now = {
      hiddenDays: isWeek ? days.idleDays(feed, seen, shown, byRoom) : [],
      slotMinTime: `${two(first)}:00`,
      slotMaxTime: `${two(last)}:00`,
      resources: columns,
    };
    const all = withGhosts();
    const differs = ([name, value]) => JSON.stringify(value) !== JSON.stringify(options[name]);
    if (calendar && (isStale || (anew && Object.entries(now).some(differs)))) {
      window.EventCalendar.destroy(calendar);
      calendar = null;
    }
    isStale = false;
    if (calendar) {
      // What is as it was is left alone: new days would scroll back to today under the reader's eyes.
      for (const [name, value] of Object.entries(now).filter(differs)) calendar.setOption(name, value);
      calendar.setOption("events", all);
    } else {
      calendar = window.EventCalendar.create(box, { ...options, ...now, scrollTime: `${two(openedAt(first))}:00`, events: all });
      letKeysScroll(box.querySelector(".ec-main"));
      watchEdges();
    }
    Object.assign(options, now);
    const shut = document.getElementById("calendar-shut");
    const lines = Object.entries(feed.d).map(([day, why]) => {
      const name = new Date(`${day}T12:00`).toLocaleDateString(locale, { weekday: "long", day: "numeric", month: "long" });
      return `${name}: ${said.wordsClosed}${why ? ` (${why})` : ""}`;
    });
    shut.textContent = lines.join(" · ");
    shut.hidden = !lines.length;
    box.dataset.ready = "yes";
  }

  // ---- what a choice would change, drawn before it is made ----
  function withGhosts() {
    const standing = drawn.map((one) => (leaving.has(one.id) ? { ...one, classNames: [...one.classNames, "visit-leaving"] } : one));
    return [...standing, ...ghosts.map(ghostEvent)];
  }

  function ghostEvent([who, room, start, end, number, id]) {
    return {
      id: `ghost-${number}`,
      resourceIds: [byRoom ? room || NOWHERE : who],
      start,
      end,
      title: `${said.wordsGhost} ${number}`,
      editable: false,
      classNames: ["visit", "visit-ghost"],
      extendedProps: { status: "ghost", where: "", marks: "", travel: 0, number, id },
    };
  }

  function drawGhosts(list, gone) {
    ghosts = list;
    leaving = new Set(gone);
    if (fed) draw(fed, true);
  }

  // Draw another day or week behind the dialog; without a day, the page's own again. It is made anew: the library
  // leaves the names of its columns, as they are read out, on the days of before.
  async function look(day) {
    const asked = new Date(`${day || said.on}T12:00`);
    if (day && isWeek) asked.setDate(asked.getDate() - ((asked.getDay() + 6) % 7));
    const from = wall(asked).slice(0, 10);
    options.date = day || said.chosen;
    if (from !== shown) {
      shown = from;
      isStale = true;
      await reload();
    }
    if (day) requestAnimationFrame(goToGhost);
  }

  function goToGhost() {
    const main = box.querySelector(".ec-main");
    const here = ghosts.find((one) => one[2].startsWith(options.date));
    const ghost = here && main.querySelector(`.visit-ghost[data-ghost="${here[4]}"]`);
    goTo(main, options.date);
    if (ghost) main.scrollTop += ghost.getBoundingClientRect().top - main.getBoundingClientRect().top - main.clientHeight / 3;
  }

  // A day without visits holds nothing to stop at: the hours below are reached by arrow keys all the same.
  function letKeysScroll(main) {
    main.tabIndex = 0;
    main.setAttribute("aria-label", said.wordsCalendar);
  }

  // ---- a week wider than the screen: scrolled to the day asked for; a shade and a button show what is beyond ----
  const hoursOf = (main) => main.querySelector(".ec-sidebar").offsetWidth;

  function goTo(main, day) {
    const head = main.querySelector(`.ec-header time[datetime="${day}"]`)?.closest("[role=columnheader]");
    if (head) main.scrollLeft += head.getBoundingClientRect().left - main.getBoundingClientRect().left - hoursOf(main);
  }

  function watchEdges() {
    const main = box.querySelector(".ec-main");
    const edges = [...document.querySelectorAll("[data-calendar-edge]")];
    const show = () => {
      const beyond = { before: main.scrollLeft > 2, after: main.scrollLeft + main.clientWidth < main.scrollWidth - 2 };
      for (const edge of edges) edge.hidden = !beyond[edge.dataset.calendarEdge];
    };
    for (const edge of edges) {
      const way = edge.dataset.calendarEdge === "after" ? 1 : -1;
      edge.onclick = () => main.scrollBy({ left: way * main.clientWidth * 0.7 });
    }
    main.addEventListener("scroll", show, { passive: true });
    let isNew = true;
    const sizes = new ResizeObserver(() => {
      if (isNew) goTo(main, options.date);
      isNew = false;
      box.parentElement.style.setProperty("--calendar-height", `${main.clientHeight}px`);
      box.parentElement.style.setProperty("--calendar-hours", `${hoursOf(main)}px`);
      show();
    });
    sizes.observe(main);
    sizes.observe(main.firstElementChild);
  }

  window.mesoclinic.calendar = {
    said, byRoom, NOWHERE, piece, wall, clock, columnOf, fetchDialog, showDialog, drawGhosts, look, load,
    dateFromPoint: (x, y) => calendar?.dateFromPoint(x, y),
  };

  load();
  setInterval(() => { if (!document.hidden) load(); }, 60000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) load(); });
})();
