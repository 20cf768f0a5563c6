// Which days, hours and columns the calendar draws: those of its feed, and those where what a choice would change stands.
(() => {
  "use strict";

  const [WHO, ROOM, START, END, WHO_NAME, ROOM_NAME] = [0, 1, 2, 3, 6, 7]; // of a ghost
  const two = (number) => String(number).padStart(2, "0");
  const dayOf = (wall) => wall.slice(0, 10);

  // The days drawn, from the first one on: [["2026-03-02", 1], …] with their day of the week.
  function daysFrom(first, count) {
    return [...Array(count).keys()].map((n) => {
      const day = new Date(`${first}T12:00`);
      day.setDate(day.getDate() + n);
      return [`${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`, day.getDay()];
    });
  }

  // Days of the week on which nobody works and nobody comes are not drawn, unless a choice would bring somebody there.
  function idleDays(feed, ghosts, shown, byRoom) {
    const columns = (byRoom ? feed.r : feed.p).length;
    const busy = new Set([...feed.v, ...ghosts].map((one) => dayOf(one[START])));
    const isShut = (day) => feed.s.filter(([, from, until]) => from === `${day}T00:00` && until.endsWith("T00:00")).length === columns;
    const idle = daysFrom(shown, 7).filter(([day]) => isShut(day) && !busy.has(day)).map(([, weekday]) => weekday);
    return idle.length < 7 ? idle : [];
  }

  // The first and the last hour drawn: one before and one after what stands there.
  function hours(feed, ghosts) {
    const firsts = ghosts.map((one) => Number(one[START].slice(11, 13)));
    const lasts = ghosts.map((one) => (dayOf(one[START]) === dayOf(one[END])
      ? Number(one[END].slice(11, 13)) + (one[END].endsWith(":00") ? 0 : 1)
      : 24));
    return [Math.max(Math.min(feed.h[0], ...firsts.map((hour) => hour - 1)), 0), Math.min(Math.max(feed.h[1], ...lasts.map((hour) => hour + 1)), 24)];
  }

  // The columns asked for, and one more for whoever would come into play, whatever the filters ask for.
  function withColumnsOf(ghosts, columns, byRoom, nowhere) {
    const known = new Map(columns.map((one) => [one.id, one]));
    for (const one of ghosts) {
      const id = byRoom ? one[ROOM] || nowhere.id : one[WHO];
      if (!known.has(id)) known.set(id, id === nowhere.id ? nowhere : { id, title: byRoom ? one[ROOM_NAME] : one[WHO_NAME] });
    }
    return [...known.values()];
  }

  const includes = (first, count, day) => daysFrom(first, count).some(([one]) => one === day);

  function within(ghosts, first, count) {
    return ghosts.filter((one) => includes(first, count, dayOf(one[START])));
  }

  window.mesoclinic.calendarDays = { idleDays, hours, withColumnsOf, within, includes };
})();
