"""Turn a course report into what the page template draws: titled sections of facts, tables, charts and texts.

Everything here is ready to read; the template only sets type. Empty columns, rows and sections are left out.
"""

from collections.abc import Iterable
from decimal import Decimal
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
from sessions.printing.document import CourseReport, PlannedDay, ScoreSeries, SessionPart, Timing
from sessions.printing.pieces import (
    Block,
    Rows,
    change,
    colon,
    comma,
    facts_said,
    heading,
    joined,
    make_printable,
    ml,
    shortened,
    table,
    window,
)
from sessions.printing.words import ENGLISH, Words, print_day


def course_data(report: CourseReport, words: Words = ENGLISH) -> dict[str, Any]:
    """Give the JSON-ready data of `course.typ`."""
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
        "sections": [section for section in _sections(report, words) if section["blocks"]],
    }
    shown: dict[str, Any] = make_printable(data)
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
    done = len(report.sessions)
    if report.planned_sessions is None:
        return words["at_a_glance_open"].format(done=done)
    return words["at_a_glance"].format(done=done, planned=report.planned_sessions)


# --- the sections --------------------------------------------------------------------------------------------------


def _sections(report: CourseReport, words: Words) -> Iterable[Block]:
    yield {"title": words["plan"], "blocks": _plan(report, words)}
    yield {"title": words["scores"], "blocks": [block for series in report.scores for block in _scores(series, words)]}
    sessions = [_session(session, words) for session in report.sessions]
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


def _scores(series: ScoreSeries, words: Words) -> list[Block]:
    points = series_points(series)
    svg = score_chart(
        points, title=series.scale, low=series.low, high=series.high, band=series.less_is_better, words=words
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


def _session(session: SessionPart, words: Words) -> Block:
    signature = session.signature
    signed = words["not_signed"]
    if signature is not None:
        hash_text = f"{words['check']} {signature.short_hash}" if signature.short_hash else ""
        signed = joined([f"{words['signed_by']} {signature.by}", signature.at, hash_text])
    remarks = [
        joined([colon(o.rule, o.reason), o.by, print_day(o.on, words) if o.on else ""]) for o in session.overrides
    ]
    addenda = [joined([colon(a.kind, a.text), a.by, print_day(a.on, words)]) for a in session.addenda]
    return {
        "kind": "session",
        "title": words["session"].format(number=session.number),
        "day": print_day(session.performed_on, words),
        "by": session.performed_by,
        "together": len(session.mix) + len(session.sites) + 2 * (len(remarks) + len(addenda)) <= 16
        and len(session.notes) < 800,
        "right": f"{session.shots} {words['shots'].lower()}" if session.shots else "",
        "blocks": [*_mix(session, words), *_sites(session, words), *_session_facts(session, words)],
        "lists": [
            {"title": words[key], "items": items}
            for key, items in (("overrides", remarks), ("addenda", addenda))
            if items
        ],
        "signed": signed,
    }


def _mix(session: SessionPart, words: Words) -> list[Block]:
    rows = [
        [
            line.syringe,
            line.substance,
            line.strength,
            ml(line.given_ml),
            ml(line.wasted_ml),
            line.dose,
            line.lot,
            print_day(line.expires_on, words) if line.expires_on else "",
        ]
        for line in session.mix
    ]
    total = sum((line.given_ml or Decimal(0) for line in session.mix), Decimal(0))
    columns = [
        (words["syringe"], "left", "auto"),
        (words["substance"], "left", "1fr"),
        (words["strength"], "left", "auto"),
        (words["given"], "right", "auto"),
        (words["wasted"], "right", "auto"),
        (words["dose"], "right", "auto"),
        (words["lot"], "left", "auto"),
        (words["expires"], "left", "auto"),
    ]
    if len(rows) > 1 and total:
        rows.append(["", words["total"], "", ml(total), "", "", "", ""])
        return table(columns, rows, total=True)
    return table(columns, rows)


def _sites(session: SessionPart, words: Words) -> list[Block]:
    rows = [
        [
            comma([site.region, site.side, site.row]) + (f" ({words['reactive']})" if site.reactive else ""),
            site.technique,
            f"{site.depth_mm} mm" if site.depth_mm else "",
            "" if site.shots is None else str(site.shots),
            ml(site.volume_per_point_ml),
            site.syringe,
        ]
        for site in session.sites
    ]
    columns = [
        (words["region"], "left", "1fr"),
        (words["technique"], "left", "auto"),
        (words["depth"], "right", "auto"),
        (words["shots"], "right", "auto"),
        (words["per_point"], "right", "auto"),
        (words["syringe"], "left", "auto"),
    ]
    return table(columns, rows)


def _session_facts(session: SessionPart, words: Words) -> list[Block]:
    scores = [
        [
            score.scale,
            comma([joined([" → ".join(filter(None, (number(score.before), number(score.after))))]), score.rated_by]),
        ]
        for score in session.scores
    ]
    rows = facts_said(
        [
            [words["technique"], session.technique],
            [words["device"], comma([session.device, session.needle])],
            [words["weight_used"], f"{number(session.weight_kg)} kg" if session.weight_kg is not None else ""],
            *scores,
            [
                words["relief"],
                "" if session.relief_seconds is None else words["seconds"].format(n=session.relief_seconds),
            ],
            [words["effect"], session.effect],
            [words["notes"], session.notes],
        ]
    )
    return [{"kind": "facts", "rows": rows}] if rows else []


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
            joined([one.appointment, words["held"] if one.held else ""]),
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
