"""A course report for who reads it: the whole, or only what the patient, a colleague or an insurer is to be given. Pure.

What somebody is not given is taken out of the data, so neither the page nor the PDF can show it.
"""

from collections.abc import Iterable
from dataclasses import replace

from sessions.printing.document import (
    CourseReport,
    MixLine,
    PatientPart,
    PlannedDay,
    ProtocolPart,
    Seal,
    SessionPart,
    Signature,
    SiteLine,
    Variant,
)
from sessions.printing.words import Words

PLAIN = "plain_"


def for_variant(report: CourseReport, variant: Variant, *, to: str = "") -> CourseReport:
    """Take out what this reader is not given; `to` is who it is for, by name."""
    made = replace(report, variant=variant, to=to)
    if variant is Variant.FULL:
        return made
    # A record of the wrong patient is about somebody else.
    own = tuple(_brief(session) for session in report.sessions if not session.withdrawn)
    made = replace(made, sessions=own, overrides=(), seal=_sealed(report))
    if variant is Variant.REFERRAL:
        return replace(made, plan=())
    if variant is Variant.PATIENT:
        return _for_patient(made)
    if variant is Variant.SHEET:
        return _sheet(made, report)
    return _for_insurer(made)


def signed_under(sessions: Iterable[SessionPart]) -> list[tuple[int, str, Signature]]:
    """List every signature of sessions and of what was added to them: number, kind of addendum, signature."""
    return [
        (session.number, kind, signature)
        for session in sessions
        for kind, signature in (("", session.signature), *((one.kind, one.signature) for one in session.addenda))
        if signature is not None
    ]


def _sealed(report: CourseReport) -> Seal | None:
    """Keep the signatures of what is left out: the seal is over them too, and they say nothing medical."""
    unseen = tuple(signed_under(session for session in report.sessions if session.withdrawn))
    return replace(report.seal, unseen=unseen) if report.seal else None


def plain(words: Words, variant: Variant) -> Words:
    """Give a patient the everyday word where there is one."""
    if variant not in (Variant.PATIENT, Variant.SHEET):
        return words
    return {**words, **{key.removeprefix(PLAIN): text for key, text in words.items() if key.startswith(PLAIN)}}


def _brief(session: SessionPart) -> SessionPart:
    """One line of a table: the mix, the places and how many points, what was added later."""
    return replace(
        session,
        checks="",
        device="",
        needle="",
        depth="",
        behaviour="",
        effect="",
        sedation="",
        sedation_lines=(),
        notes="",
        aftercare="",
        weight_kg=None,
        weight_estimated=False,
        mix=tuple(_given(one) for one in session.mix),
        sites=tuple(
            SiteLine(region=one.region, side=one.side, shots=one.shots, reactive=one.reactive) for one in session.sites
        ),
        body=(),
        relief_seconds=None,
        overrides=(),
        addenda=tuple(replace(one, findings=()) for one in session.addenda),
        amended=tuple(one for one in session.amended if one.what == "shots"),
    )


def _given(line: MixLine) -> MixLine:
    return MixLine(
        substance=line.substance, given_ml=line.given_ml, given_signed_ml=line.given_signed_ml, dose=line.dose
    )


def _for_patient(report: CourseReport) -> CourseReport:
    return replace(
        report,
        patient=replace(report.patient, flags=()),
        protocol=replace(report.protocol, version="", citation=""),
        tried_before="",
        state_reason="",
        plan=tuple(_day(day) for day in report.plan),
    )


def _sheet(made: CourseReport, report: CourseReport) -> CourseReport:
    """The last session that counts, what to heed after it, and the dates to come: one page to take home."""
    own = [session for session in report.sessions if not session.withdrawn]
    last = max(own, key=lambda one: (one.performed_on, one.number), default=None)
    return replace(
        made,
        patient=replace(made.patient, flags=(), allergies="", weight_kg=None),
        protocol=ProtocolPart(name=""),
        indication_note="",
        tried_before="",
        combined_with="",
        started_on=None,
        state="",
        state_reason="",
        plan=(),
        sessions=() if last is None else (replace(_brief(last), scores=(), body=last.body),),
        scores=(),
        effects=(),
        body=(),
        adverse_events=(),
        competition=(),
        next_sessions=tuple(one for one in made.next_sessions if one.appointment) or made.next_sessions[:1],
        seal=None,
    )


def _for_insurer(report: CourseReport) -> CourseReport:
    """What was done when, by whom, and with what result: no medicines, places, allergies or notes; prices are nowhere."""
    patient = report.patient
    return replace(
        report,
        patient=PatientPart(
            name=patient.name,
            species=patient.species,
            other_name=patient.other_name,
            born_on=patient.born_on,
            sex=patient.sex,
            identifiers=patient.identifiers,
        ),
        protocol=replace(report.protocol, citation=""),
        indication_note="",
        tried_before="",
        combined_with="",
        state_reason="",
        aftercare="",
        plan=tuple(_day(day) for day in report.plan),
        sessions=tuple(
            replace(
                session,
                mix=(),
                sites=(),
                scores=(),
                shots_told=None,
                amended=(),
                addenda=tuple(replace(one, text="", reason="", by="") for one in session.addenda),
            )
            for session in report.sessions
        ),
        effects=(),
        body=(),
        adverse_events=(),
        competition=(),
        competition_dates=(),
        competition_days=(),
        next_sessions=(),
    )


def _day(day: PlannedDay) -> PlannedDay:
    return replace(day, note="", phase=None)
