"""The sections of a course report: what each is called and the pieces it is made of. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sessions.printing.body_drawing import LARGE, SMALL, body_drawing, body_said
from sessions.printing.charts import (
    ScorePoint,
    StripDay,
    plan_strip,
    plan_strip_text,
    score_chart,
    score_chart_text,
)
from sessions.printing.document import (
    CourseReport,
    MixLine,
    NextSession,
    PlannedDay,
    ScorePointPart,
    ScoreSeries,
    SessionPart,
    Timing,
    Variant,
)
from sessions.printing.numbers import number
from sessions.printing.owner_sections import competition, given_last
from sessions.printing.pieces import Block, change, colon, comma, heading, joined, listed, ml, table, was, window
from sessions.printing.qr import qr_svg
from sessions.printing.repeats import told_once
from sessions.printing.response import response_said
from sessions.printing.session_layout import overrides_said, session_block
from sessions.printing.variants import signed_under
from sessions.printing.words import ENGLISH, Words, print_day

NO_BREAK = "\u00a0"
BRIEF_CHART = 500  # of 640: how wide a chart is where a report is to stay short

Sections = tuple[tuple[str, Callable[[CourseReport, Words], list[Block]]], ...]


def days_off(day: PlannedDay, words: Words = ENGLISH) -> str:
    """Say how a planned day went: `on time`, `2 days late`, `missed` …"""
    if day.timing in (Timing.EARLY, Timing.LATE) and day.days_off:
        n = abs(day.days_off)
        return words[f"{'day' if n == 1 else 'days'}_{day.timing}"].format(n=n)
    return words[day.timing]


def strip_days(report: CourseReport) -> list[StripDay]:
    """Give the plan as the strip chart takes it."""
    return [
        StripDay(day.number, day.due_on, day.earliest_on, day.latest_on, day.done_on, str(day.timing))
        for day in report.plan
    ]


def series_points(series: ScoreSeries) -> list[ScorePoint]:
    """Give a series of scores as the chart takes it."""
    return [ScorePoint(str(point.number), point.before, point.after) for point in series.points]


def _plan(report: CourseReport, words: Words) -> list[Block]:
    strip = plan_strip(strip_days(report), title=words["plan"], words=words)
    alt = plan_strip_text(strip_days(report), words)
    chart = [{"kind": "chart", "svg": strip, "alt": alt, **_width(report)}] if strip else []
    rows = [
        [
            str(day.number),
            "" if day.phase is None else str(day.phase),
            print_day(day.due_on, words),
            window(day.earliest_on, day.latest_on, words),
            print_day(day.done_on, words) if day.done_on else "",
            days_off(day, words),
            day.note,
        ]
        for day in report.plan
    ]
    columns = [
        *((words[key], "right", "auto") for key in ("number", "phase")),
        *((words[key], "left", "auto") for key in ("due", "window", "done", "timing")),
        (words["note"], "left", "1fr"),
    ]
    return [*chart, *table(columns, rows)]


def _width(report: CourseReport) -> Block:
    return {} if report.variant is Variant.FULL else {"width": str(BRIEF_CHART)}


def _all_scores(report: CourseReport, words: Words) -> list[Block]:
    return [block for place, series in enumerate(report.scores) for block in _scores(report, series, place, words)]


def _scores(report: CourseReport, series: ScoreSeries, place: int, words: Words) -> list[Block]:
    effects = {one.number: (one.days, one.said) for one in report.effects} if place == 0 else {}
    shown = _with_effects(series, report) if effects else series
    points = [
        replace(point, effect_days=effects[one.number][0], effect=effects[one.number][1])
        if one.number in effects
        else point
        for one, point in zip(shown.points, series_points(shown), strict=True)
    ]
    svg = score_chart(
        points,
        title=series.scale,
        low=series.low,
        high=series.high,
        band=series.is_judged,
        words=words,
        name=f"score-chart-{place + 1}",
    )
    rows = [
        [
            str(point.number),
            print_day(point.on, words),
            number(point.before, words),
            number(point.after, words),
            change(point.before, point.after, words),
            effects.get(point.number, (None, ""))[1],
            point.rated_by,
        ]
        for point in shown.points
    ]
    columns = [
        (words["number"], "right", "auto"),
        (words["day"], "left", "auto"),
        (words["before"], "right", "auto"),
        (words["after"], "right", "auto"),
        (words["change"], "right", "auto"),
        (words["effect_lane"], "right", "auto"),
        (words["rated_by"], "left", "1fr"),
    ]
    numbers = table(columns, rows)
    if not numbers:
        return []
    chart = [{"kind": "chart", "svg": svg, "alt": score_chart_text(points, words), **_width(report)}] if svg else []
    return [{"kind": "heading", "text": heading(series.scale)}, *chart, *numbers]


def _with_effects(series: ScoreSeries, report: CourseReport) -> ScoreSeries:
    """Add the sessions of which only the effect is known, so that it has its place on the time line."""
    known = {point.number for point in series.points}
    days = {session.number: session.performed_on for session in report.sessions if not session.withdrawn}
    more = [
        ScorePointPart(number=one.number, on=days[one.number])
        for one in report.effects
        if one.number not in known and one.number in days
    ]
    return replace(series, points=tuple(sorted((*series.points, *more), key=lambda point: (point.number, point.on))))


def _response(report: CourseReport, words: Words) -> list[Block]:
    done = any(not session.withdrawn for session in report.sessions)
    said = response_said(report, words) if done else ""
    return [{"kind": "said", "text": said}] if said else []


def _overrides(report: CourseReport, words: Words) -> list[Block]:
    return listed(overrides_said(report.overrides, words))


def _sessions(report: CourseReport, words: Words) -> list[Block]:
    told = told_once(_advised_once(report), words)
    blocks = [session_block(session, words, place, same) for place, (session, same) in enumerate(told, 1)]
    return blocks or [{"kind": "text", "text": words["none_yet"]}]


def _advised_once(report: CourseReport) -> list[SessionPart]:
    """Leave out what every session advised, where it stands at the end of the report."""
    every = {session.aftercare for session in report.sessions if not session.withdrawn} == {report.aftercare}
    return [
        replace(session, aftercare="") if every and session.aftercare == report.aftercare else session
        for session in report.sessions
    ]


def _body_all(report: CourseReport, words: Words) -> list[Block]:
    """Draw the points of all sessions over each other; of one session they stand there."""
    if report.variant is Variant.FULL and sum(bool(session.body) for session in report.sessions) < 2:
        return []
    box = LARGE if report.variant is Variant.FULL else SMALL
    svg, width = body_drawing(report.body, words, title=words["body_all"], name="body-all", box=box, faint=True)
    return [{"kind": "chart", "svg": svg, "alt": body_said(report.body, words), "width": str(width)}] if svg else []


def _afterwards(report: CourseReport, words: Words) -> list[Block]:
    return [{"kind": "said", "text": report.aftercare}] if report.aftercare else []


def _adverse_events(report: CourseReport, words: Words) -> list[Block]:
    rows = [
        [print_day(e.on, words), "" if e.session is None else str(e.session), e.what, e.severity, e.outcome]
        for e in report.adverse_events
    ]
    columns = [
        (words["day"], "left", "auto"),
        (words["chart_axis"], "right", "auto"),
        (words["adverse_event"], "left", "1fr"),
        (words["severity"], "left", "auto"),
        (words["outcome"], "left", "1fr"),
    ]
    return table(columns, rows)


def _booked(report: CourseReport, words: Words) -> list[Block]:
    """The sessions to come that have a time, else the next one alone: the plan above holds them all."""
    booked = [one for one in report.next_sessions if one.appointment]
    return _coming(booked or report.next_sessions[:1], words)


def _next(report: CourseReport, words: Words) -> list[Block]:
    return _coming(report.next_sessions, words)


def _appointments(report: CourseReport, words: Words) -> list[Block]:
    return _coming([one for one in report.next_sessions if one.appointment], words)


def _to_book(report: CourseReport, words: Words) -> list[Block]:
    return _coming([one for one in report.next_sessions if not one.appointment], words)


def _coming(sessions: Sequence[NextSession], words: Words) -> list[Block]:
    """Tell sessions to come; of one that is not booked no day stands in a column that could be read as its time."""
    rows = [
        [
            str(one.number or ""),
            print_day(one.due_on, words) if one.due_on and one.appointment else "",
            window(one.earliest_on, one.latest_on, words),
            joined([one.appointment or _still_to_book(one, words), words["subject_to_review"] if one.held else ""]),
        ]
        for one in sessions
    ]
    columns = [
        (words["number"], "right", "auto"),
        (words["due"], "left", "auto"),
        (words["window"], "left", "auto"),
        (words["appointment" if any(one.appointment for one in sessions) else "state"], "left", "1fr"),
    ]
    return table(columns, rows)


def _still_to_book(one: NextSession, words: Words) -> str:
    if one.due_on is not None:
        return words["to_be_booked_about"].format(day=print_day(one.due_on, words))
    return words["to_be_booked_paused" if one.paused else "to_be_booked"]


def _signers(report: CourseReport, words: Words) -> list[Block]:
    """Name who signed which sessions; when, and under which checksum, stands with each of them."""
    signed: dict[str, list[str]] = {}
    for session in report.sessions:
        if session.signature is not None:
            signed.setdefault(session.signature.by, []).append(str(session.number))
    rows = [[by, comma(numbers)] for by, numbers in signed.items()]
    columns = [(words["signed_by"], "left", "auto"), (words["sessions"], "left", "1fr")]
    return [*table(columns, rows), *_seal(report, words)]


def _signatures(report: CourseReport, words: Words) -> list[Block]:
    """List every signature the seal is over, those of corrections and of what is not shown too."""
    signed = [*signed_under(report.sessions), *(report.seal.unseen if report.seal else ())]
    rows = [[str(n), kind, one.by, one.at, one.short_hash] for n, kind, one in sorted(signed, key=lambda row: row[0])]
    columns = [
        (words["number"], "right", "auto"),
        (words["kind"], "left", "auto"),
        (words["signed_by"], "left", "1fr"),
        (words["signed_on"], "left", "auto"),
        (words["check"], "left", "auto"),
    ]
    return [*table(columns, rows), *_seal(report, words)]


def _seal(report: CourseReport, words: Words) -> list[Block]:
    if report.seal is None:
        return []
    svg = qr_svg(report.seal.address, words["seal_title"])
    return [
        {
            "kind": "seal",
            "svg": svg,
            "alt": words["seal_title"],
            "href": report.seal.address,
            "text": words["seal_said"],
        }
    ]


def _opening(report: CourseReport, words: Words) -> list[Block]:
    """Begin a letter: whom it is about, since when and for what."""
    since = print_day(report.started_on, words) if report.started_on else ""
    about = comma([report.indication, report.side])
    text = words["letter_opening" if since else "letter_opening_undated"]
    return [{"kind": "said", "text": text.format(name=report.patient.name, day=since, indication=about)}]


def _closing(report: CourseReport, words: Words) -> list[Block]:
    return [{"kind": "said", "text": f"{words['letter_closing']}\n{report.lead or report.clinic.name}"}]


def _given(report: CourseReport, words: Words) -> list[Block]:
    """Tell the sessions a row each: of one line, or with what was injected, who did it below the day."""
    is_tall = any(session.mix for session in report.sessions)
    rows = [
        [
            str(session.number),
            "\n".join([print_day(session.performed_on, words), *([session.performed_by] if is_tall else [])]),
            "" if is_tall else session.performed_by,
            session.technique,
            "\n".join(_medicine(line, words) for line in session.mix),
            "\n".join(dict.fromkeys(comma([site.region, site.side]) for site in session.sites)),
            str(session.shots) if session.shots else "",
            "\n".join(_added(session, words)),
        ]
        for session in report.sessions
    ]
    columns = [
        (words["number"], "right", "auto"),
        (joined([words["day"], words["who"] if is_tall else ""]), "left", "auto"),
        (words["who"], "left", "auto"),
        (words["technique"], "left", "auto"),
        (words["mix"], "left", "1fr"),
        (words["sites"], "left", "1fr"),
        (words["shots"], "right", "auto"),
        (words["note"], "left", "1fr"),
    ]
    return table(columns, rows) or [{"kind": "text", "text": words["none_yet"]}]


def _medicine(line: MixLine, words: Words) -> str:
    """Name a medicine with its amounts, each kept on one line."""
    given = was(ml(line.given_ml, words), ml(line.given_signed_ml, words), words)
    amounts = [given, f"({line.dose})" if line.dose else ""]
    return " ".join([line.substance, *(one.replace(" ", NO_BREAK) for one in amounts if one)])


def _added(session: SessionPart, words: Words) -> list[str]:
    late = [words["late_entry"]] if session.late_entry else []
    unsigned = [words["not_signed"]] if session.signature is None else []
    return [*unsigned, *late, *(colon(one.kind, one.text, words) for one in session.addenda)]


FULL: Sections = (
    *(("response", _response), ("overrides", _overrides), ("plan", _plan), ("scores", _all_scores)),
    *(("body_all", _body_all), ("sessions", _sessions), ("adverse_events", _adverse_events)),
    *(("afterwards", _afterwards), ("competition", competition), ("next", _booked), ("signatures", _signers)),
)
SECTIONS: Mapping[Variant, Sections] = {
    Variant.FULL: FULL,
    Variant.PATIENT: (
        *(("response", _response), ("next", _appointments), ("to_book", _to_book), ("afterwards", _afterwards)),
        *(("competition", competition), ("sessions", _given), ("scores", _all_scores), ("body_all", _body_all)),
        *(("adverse_events", _adverse_events), ("plan", _plan), ("signatures", _signatures)),
    ),
    Variant.REFERRAL: (
        *(("", _opening), ("response", _response), ("sessions", _given), ("scores", _all_scores)),
        *(("body_all", _body_all), ("adverse_events", _adverse_events), ("afterwards", _afterwards)),
        *(("competition", competition), ("next", _next), ("", _closing), ("signatures", _signatures)),
    ),
    Variant.SHEET: (
        *(("sheet_given", given_last), ("afterwards", _afterwards), ("competition", competition)),
        *(("sheet_next", _appointments), ("to_book", _to_book)),
    ),
    Variant.INSURER: (("sessions", _given), ("response", _response), ("plan", _plan), ("signatures", _signatures)),
}


def sections(report: CourseReport, words: Words) -> list[Block]:
    """Give the sections that have something to say to this reader, in their order; a key is also that of the title."""
    made = [
        {"title": words[key] if key else "", "blocks": build(report, words)} for key, build in SECTIONS[report.variant]
    ]
    return [section for section in made if section["blocks"]]
