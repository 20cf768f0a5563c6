// How one visit of the calendar looks and is read out: the sign of its status, its words in a line or two.
(() => {
  "use strict";

  const box = document.getElementById("calendar");
  if (!box) return;
  const said = box.dataset;
  const isWeek = said.view === "week";
  const ICONS = {
    offered: "hourglass-split",
    booked: "calendar-check",
    arrived: "door-open",
    in_progress: "play-circle-fill",
    fulfilled: "check-circle-fill",
    not_treated: "slash-circle",
    cancelled: "x-circle-fill",
    no_show: "person-x",
    ghost: "arrow-right",
  };

  const two = (number) => String(number).padStart(2, "0");
  const clock = (date) => `${two(date.getHours())}:${two(date.getMinutes())}`;
  const minutesBetween = (from, until) => Math.round((until - from) / 60000);
  const words = (status) => box.getAttribute(`data-words-${status}`) || status;

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${said.icons}#${name}`);
    svg.append(use);
    return svg;
  }

  function piece(tag, className, ...children) {
    const element = document.createElement(tag);
    element.className = className;
    element.append(...children);
    return element;
  }

  // A line of text takes a quarter of an hour: what is shorter is set smaller, what is longer has room for a second line.
  function content({ event }) {
    if (event.display === "background") return event.classNames.includes("way") ? { domNodes: [piece("span", "way-words", event.title)] } : "";
    const { status, where, marks, travel } = event.extendedProps;
    const minutes = minutesBetween(event.start, event.end);
    const sign = icon(ICONS[status] || "circle");
    const signs = [...(marks.includes("c") ? [icon("check-lg")] : []), ...(marks.includes("o") ? [icon("chat-dots")] : [])];
    const more = isWeek ? [clock(event.start), where] : [where];
    if (travel) more.push(`${travel} ${said.wordsTravel}`);
    if (marks.includes("s")) more.push(said.wordsSqueezed);
    if (marks.includes("o")) more.push(said.wordsOther_time);
    if (marks.includes("r")) more.push(said.wordsReview);
    const name = piece("span", `visit-name${isWeek && minutes >= 45 ? " is-tall" : ""}`, event.title);
    const rest = piece("div", "visit-more", more.filter(Boolean).join(" · "));
    const head = piece("div", `visit-head${minutes < 15 ? " is-tiny" : ""}`);
    if (isWeek && minutes >= 30) {
      rest.prepend(sign, ...signs);
      head.append(name);
    } else if (isWeek) head.append(name, sign, ...signs);
    else head.append(sign, piece("span", "visit-time", clock(event.start)), name, ...signs);
    if (minutes >= 30) return { domNodes: [head, rest] };
    if (!isWeek) head.append(rest);
    return { domNodes: [head] };
  }

  function label(event) {
    const { status, where, marks } = event.extendedProps;
    const group = marks.includes("g") ? said.wordsRound : "";
    const reply = marks.includes("o") ? said.wordsOther_time : marks.includes("c") ? said.wordsConfirmed : "";
    const { who } = event.extendedProps;
    return [`${clock(event.start)}–${clock(event.end)}`, event.title, words(status), reply, who, where, group].filter(Boolean).join(", ");
  }

  window.mesoclinic.calendarVisit = { two, clock, minutesBetween, piece, content, label };
})();
