"""Turn a course report into what the page template draws: titled sections of facts, tables, charts and texts.

Everything here is ready to read; the template only sets type. Empty columns, rows and sections are left out.
"""

from collections.abc import Iterable
from typing import Any

from sessions.printing.charts import (
    ScorePoint,
    StripDay,
    number,
    plan_strip,
    plan_strip_text,
    score_chart,
    score_chart_text,
)
from sessions.printing.document import CourseReport, PlannedDay, ScoreSeries, Timing
from sessions.printing.pieces import (
    Block,
    Rows,
    change,
    comma,
    facts_said,
    heading,
    joined,
    make_printable,
    shortened,
    table,
    window,
)
from sessions.printing.session_layout import overrides_said, session_block
from sessions.printing.words import ENGLISH, Words, print_day


def course_data(report: CourseReport, words: Words = ENGLISH, *, on_paper: bool = True) -> dict[str, Any]:
    """Give the JSON-ready data of `course.typ` and of the page with the same content.

    On paper, what no vendored font can show is made printable; a screen has fonts of its own.
    """
    patient = report.patient
    printed = words["printed_by" if report.printed_by else "printed"]
    course = f"{words['course']} {report.course_number}"
    data = {
        "language": report.language,
        "paper": report.paper,
        "title": f"{words['report']} – {patient.name} – {course}",
        "kind": words["report"],
        "course": course,
        "clinic": {"name": report.clinic.name, "lines": _clinic_lines(report)},
        "running": joined([shortened(patient.name, 60), *_two_identifiers(report, words)]),
        "printed": printed.format(day=print_day(report.printed_on, words), who=report.printed_by),
        "page_of": words["page_of"],
        "patient": {"name": heading(patient.name), "below": joined([patient.other_name, patient.species])},
        "patient_facts": facts_said(_patient_rows(report, words)),
        "treatment": words["treatment"],
        "treatment_facts": facts_said(_treatment_rows(report, words)),
        "glance": _glance(report, words),
        "warning": _unsigned(report, words),
        "sections": [section for section in _sections(report, words) if section["blocks"]],
    }
    shown: dict[str, Any] = make_printable(data) if on_paper else data
    return shown


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


# --- the head ------------------------------------------------------------------------------------------------------


def _clinic_lines(report: CourseReport) -> list[str]:
    clinic = report.clinic
    return [line for line in (*clinic.address, joined([clinic.phone, clinic.email])) if line]


def _two_identifiers(report: CourseReport, words: Words) -> list[str]:
    patient = report.patient
    born = [words["born"].format(day=print_day(patient.born_on, words))] if patient.born_on else []
    return [*born, *(f"{one.scheme} {one.value}" for one in patient.identifiers)][:2]


def _patient_rows(report: CourseReport, words: Words) -> Rows:
    patient = report.patient
    weight = ""
    if patient.weight_kg is not None:
        said = words["estimated" if patient.weight_estimated else "measured"] if patient.weighed_on else "{kg} kg"
        day = print_day(patient.weighed_on, words) if patient.weighed_on else ""
        weight = said.format(kg=number(patient.weight_kg), day=day)
    born = words["born"].format(day=print_day(patient.born_on, words)) if patient.born_on else ""
    return [
        [words["identifiers"], joined([born, *(f"{one.scheme} {one.value}" for one in patient.identifiers)])],
        [words["sex"], patient.sex],
        [words["weight"], weight],
        *([party.role, party.name] for party in patient.parties),
        [words["stable"], patient.stable],
        [words["allergies"], patient.allergies],
        [words["flags"], joined(patient.flags)],
    ]


def _treatment_rows(report: CourseReport, words: Words) -> Rows:
    protocol = report.protocol
    version = words["version"].format(version=protocol.version) if protocol.version else ""
    started = print_day(report.started_on, words) if report.started_on else ""
    return [
        [words["indication"], joined([comma([report.indication, report.side]), report.indication_note])],
        [words["protocol"], comma([protocol.name, version])],
        [words["technique"], protocol.technique],
        [words["cadence"], protocol.cadence],
        [words["source"], protocol.citation],
        [words["started"], started],
        [words["lead"], report.lead],
        [words["tried_before"], report.tried_before],
        [words["combined_with"], report.combined_with],
        [words["state"], report.state],
    ]


def _glance(report: CourseReport, words: Words) -> str:
    done = sum(not session.withdrawn for session in report.sessions)
    if report.planned_sessions is None:
        return words["at_a_glance_open"].format(done=done)
    return words["at_a_glance"].format(done=done, planned=report.planned_sessions)


def _unsigned(report: CourseReport, words: Words) -> str:
    numbers = [str(session.number) for session in report.sessions if session.signature is None]
    return words["unsigned_records"].format(numbers=comma(numbers)) if numbers else ""


# --- the sections --------------------------------------------------------------------------------------------------


def _sections(report: CourseReport, words: Words) -> Iterable[Block]:
    yield {"title": words["overrides"], "blocks": _listed(overrides_said(report.overrides, words))}
    yield {"title": words["plan"], "blocks": _plan(report, words)}
    scores = [block for place, series in enumerate(report.scores) for block in _scores(series, place, words)]
    yield {"title": words["scores"], "blocks": scores}
    sessions = [session_block(session, words) for session in report.sessions]
    yield {"title": words["sessions"], "blocks": sessions or [{"kind": "text", "text": words["none_yet"]}]}
    yield {"title": words["adverse_events"], "blocks": _adverse_events(report, words)}
    yield {"title": words["next"], "blocks": _next(report, words)}
    yield {"title": words["signatures"], "blocks": _signatures(report, words)}


def _plan(report: CourseReport, words: Words) -> list[Block]:
    strip = plan_strip(strip_days(report), title=words["plan"], words=words)
    chart = [{"kind": "chart", "svg": strip, "alt": plan_strip_text(strip_days(report), words)}] if strip else []
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


def _scores(series: ScoreSeries, place: int, words: Words) -> list[Block]:
    points = series_points(series)
    svg = score_chart(
        points,
        title=series.scale,
        low=series.low,
        high=series.high,
        band=series.less_is_better,
        words=words,
        name=f"score-chart-{place + 1}",
    )
    rows = [
        [
            str(point.number),
            print_day(point.on, words),
            number(point.before),
            number(point.after),
            change(point.before, point.after),
            point.rated_by,
        ]
        for point in series.points
    ]
    columns = [
        (words["number"], "right", "auto"),
        (words["day"], "left", "auto"),
        (words["before"], "right", "auto"),
        (words["after"], "right", "auto"),
        (words["change"], "right", "auto"),
        (words["rated_by"], "left", "1fr"),
    ]
    numbers = table(columns, rows)
    if not numbers:
        return []
    chart = [{"kind": "chart", "svg": svg, "alt": score_chart_text(points, words)}] if svg else []
    return [{"kind": "heading", "text": heading(series.scale)}, *chart, *numbers]


def _listed(items: list[str]) -> list[Block]:
    return [{"kind": "list", "items": items}] if items else []


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


def _next(report: CourseReport, words: Words) -> list[Block]:
    rows = [
        [
            str(one.number),
            print_day(one.due_on, words),
            window(one.earliest_on, one.latest_on, words),
            joined([one.appointment, words["subject_to_review"] if one.held else ""]),
        ]
        for one in report.next_sessions
    ]
    columns = [
        (words["number"], "right", "auto"),
        (words["due"], "left", "auto"),
        (words["window"], "left", "auto"),
        (words["appointment"], "left", "1fr"),
    ]
    return table(columns, rows)


def _signatures(report: CourseReport, words: Words) -> list[Block]:
    signed = [(session.number, session.signature) for session in report.sessions if session.signature is not None]
    rows = [[str(n), signature.by, signature.at, signature.short_hash] for n, signature in signed]
    columns = [
        (words["number"], "right", "auto"),
        (words["signed_by"], "left", "1fr"),
        (words["signed_on"], "left", "auto"),
        (words["check"], "left", "auto"),
    ]
    return table(columns, rows)
