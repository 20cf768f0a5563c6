"""Turn a course report into what the page template draws: titled sections of facts, tables, charts and texts.

Everything here is ready to read; the template only sets type. Empty columns, rows and sections are left out.
"""

from typing import Any

from sessions.printing.document import CourseReport, Variant
from sessions.printing.numbers import number
from sessions.printing.pieces import (
    Rows,
    clinic_data,
    colon,
    comma,
    facts_said,
    heading,
    joined,
    make_printable,
    shortened,
)
from sessions.printing.report_sections import sections
from sessions.printing.variants import plain
from sessions.printing.words import ENGLISH, Words, print_day


def course_data(report: CourseReport, words: Words = ENGLISH, *, on_paper: bool = True) -> dict[str, Any]:
    """Give the JSON-ready data of `course.typ` and of the page with the same content.

    On paper, what no vendored font can show is made printable; a screen has fonts of its own.
    """
    words = plain(words, report.variant)
    patient = report.patient
    printed = words["printed_by" if report.printed_by else "printed"]
    course = f"{words['course']} {report.course_number}" if report.course_number else ""
    data = {
        "language": report.language,
        "paper": report.paper,
        "title": " – ".join(filter(None, [_kind(report, words), patient.name, course])),
        "kind": _kind(report, words),
        "to": words["for_whom"].format(name=report.to) if report.to else "",
        "course": course,
        "clinic": clinic_data(report.clinic),
        "running": joined([shortened(patient.name, 60), *_two_identifiers(report, words)]),
        "printed": printed.format(day=print_day(report.printed_on, words), who=report.printed_by),
        "page_of": words["page_of"],
        "is_tight": report.variant is Variant.SHEET,
        "patient": {"name": heading(patient.name), "below": joined([patient.other_name, patient.species])},
        "patient_facts": facts_said(_patient_rows(report, words)),
        "treatment": words["treatment"],
        "treatment_facts": facts_said(_treatment_rows(report, words)),
        "glance": _glance(report, words),
        "warning": _unsigned(report, words),
        "sections": sections(report, words),
    }
    shown: dict[str, Any] = make_printable(data) if on_paper else data
    return shown


# --- the head ------------------------------------------------------------------------------------------------------


def _kind(report: CourseReport, words: Words) -> str:
    key = "report" if report.variant is Variant.FULL else f"report_{report.variant}"
    return words[f"{key}_animal" if report.variant is Variant.PATIENT and report.patient.parties else key]


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
        weight = said.format(kg=number(patient.weight_kg, words), day=day)
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
        [words["state"], colon(report.state, report.state_reason, words)],
    ]


def _glance(report: CourseReport, words: Words) -> str:
    if report.variant is Variant.SHEET:
        said = (
            words["sheet_session"].format(number=one.number, day=print_day(one.performed_on, words))
            if one.number
            else print_day(one.performed_on, words)
            for one in report.sessions
        )
        return comma(said)
    done = sum(not session.withdrawn for session in report.sessions)
    if report.planned_sessions is None:
        return words["at_a_glance_open"].format(done=done)
    return words["at_a_glance"].format(done=done, planned=report.planned_sessions)


def _unsigned(report: CourseReport, words: Words) -> str:
    unsigned = [session for session in report.sessions if session.signature is None]
    numbers = [
        str(session.number) if session.number else print_day(session.performed_on, words) for session in unsigned
    ]
    return words["unsigned_records"].format(numbers=comma(numbers)) if numbers else ""
