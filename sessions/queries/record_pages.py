"""What the pages of a record show beside its own words: the patient, last time, what comes next, what was added."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core.models import User
from mesoclinic.core.wording import with_colon
from patients.queries import patients
from protocols.dosing import Strength, StrengthUnit
from protocols.services.catalogue import shipped_catalogue
from sessions.models import (
    Addendum,
    Administration,
    AdverseEvent,
    Appointment,
    InjectionSite,
    PlannedSession,
    ReportHandout,
    SessionRecord,
    Signature,
)
from sessions.models.courses import PlannedStatus
from sessions.models.signatures import AddendumKind
from sessions.queries import body_maps, corrections
from sessions.queries import records as reads
from sessions.queries.body_maps import Drawing
from sessions.queries.given_before import GivenBefore, given_before
from sessions.queries.handouts import handouts_of_record
from sessions.queries.mix_sources import MixSources, sources_of_all
from sessions.queries.plans import course_plans
from sessions.queries.reactions import reactions
from sessions.queries.records import After
from sessions.queries.scale_words import scale_label, value_words
from sessions.recording import shots_in_all, text_of


@dataclass(frozen=True)
class LastTime:
    """The session before, in a few lines."""

    record: SessionRecord
    lines: tuple[str, ...]


@dataclass(frozen=True)
class FormPage:
    banner: patients.Banner
    last: LastTime | None
    body_map: list[Drawing] = field(default_factory=list)
    sources: MixSources = field(default_factory=dict)


@dataclass(frozen=True)
class ReadPage:
    banner: patients.Banner
    lines: list[dict[str, Any]]
    body_map: list[Drawing]
    sites: list[InjectionSite]
    shots: int
    shots_signed: int
    scores: list[tuple[str, str]]
    answers: list[str]
    reactions: list[AdverseEvent]
    addenda: list[Addendum]
    shown: SessionRecord
    corrected: dict[str, Addendum]
    withdrawal: Addendum | None
    signature: Signature | None
    next_session: PlannedSession | None
    gate_open: bool
    is_signer: bool
    signs_for_other: bool
    giver_can_sign: bool  # whoever gave it is still here to sign it
    handouts: list[ReportHandout]  # of this session, not of its course
    given: GivenBefore  # what the horse was given, by the rules of its competitions to come


def before_start(visit: Appointment, today: date) -> FormPage:
    """Return what is shown before a record is begun. At most thirteen SQL statements."""
    patient = patients.kept(visit.patient)
    course = visit.planned_session.course if visit.planned_session_id else None
    return FormPage(patients.banner(patient, today), _last_times([After(patient, course)])[0])


def form_page(record: SessionRecord, today: date, known: patients.Known | None = None) -> FormPage:
    """Return what stands around the form. At most seventeen SQL statements, thirteen for known files."""
    return form_pages([record], today, known)[record.pk]


def form_pages(
    records: Sequence[SessionRecord], today: date, known: patients.Known | None = None
) -> dict[int, FormPage]:
    """Return what stands around each of these forms, by the key of its record. As many SQL statements for any number."""
    shown = {record.pk: reads.patient_of(record) for record in records}
    banners = patients.banners(list({one.pk: one for one in shown.values()}.values()), today, known)
    lasts = _last_times([After(shown[record.pk], record.course, record) for record in records], known)
    last_of = dict(zip(records, lasts, strict=True))
    before = {record: last and last.record for record, last in last_of.items()}
    maps, sources = body_maps.blank_maps(before, known), sources_of_all(before)
    return {
        record.pk: FormPage(banners[shown[record.pk].pk], last, maps[record.pk], sources[record.pk])
        for record, last in last_of.items()
    }


def _last_times(asked: Sequence[After], known: patients.Known | None = None) -> list[LastTime | None]:
    found = reads.last_records(asked, known)
    said = summaries(record for record in found if record is not None)
    return [None if record is None else LastTime(record, said[record.pk]) for record in found]


def summaries(records: Iterable[SessionRecord]) -> dict[int, tuple[str, ...]]:
    """Say finished records in a few lines each, by key: the mix, where, how it went, reactions.

    Five SQL statements for any number; what they read stays with the records.
    """
    rows = list(records)
    mix = Prefetch("administrations", Administration.objects.select_related("substance", "lot").order_by("position"))
    prefetch_related_objects(rows, mix, "injection_sites", "scores", "adverse_events", "addenda")
    return {record.pk: tuple(line for line in _summary(record) if line) for record in rows}


def _summary(record: SessionRecord) -> list[str]:
    lines = corrections.right_lines(record)
    mix, sedation = (
        " + ".join(f"{row.substance} {text_of(row.given_ml)} mL" for row in lines if row.is_sedation is wanted)
        for wanted in (False, True)
    )
    places = ", ".join(str(site) for site in record.injection_sites.all())
    told = corrections.right_values(record).shots
    count = shots_in_all(told, (site.points for site in record.injection_sites.all()))
    shots = ngettext("%(n)d shot", "%(n)d shots", count) % {"n": count} if count else ""
    relief = _("relief after %(n)d s") % {"n": record.relief_seconds} if record.relief_seconds else ""
    reactions = ", ".join(event.kind for event in record.adverse_events.all())
    return [
        mix or (_("Dry: needle without a mix") if record.is_dry else ""),
        with_colon(_("Sedation"), sedation) if sedation else "",
        " · ".join(part for part in (places, shots) if part),
        " · ".join(part for part in (*score_words(record), relief) if part),
        _("Reaction: %(what)s") % {"what": reactions} if reactions else "",
    ]


def score_words(record: SessionRecord) -> list[str]:
    """Say each scale as "Pain (0–10): 7 → 3". One SQL statement."""
    return [with_colon(scale, words) for scale, words in score_facts(record)]


def score_facts(record: SessionRecord) -> list[tuple[str, str]]:
    """Return each scale with its value before → after. One SQL statement."""
    scales: dict[str, dict[str, str]] = {}
    species = record.patient.species
    for score in record.scores.all():
        scales.setdefault(scale_label(score, species), {})[score.moment] = value_words(score, species)
    return [(scale, " → ".join(v for v in (s.get("before"), s.get("after")) if v)) for scale, s in scales.items()]


def _administrations(record: SessionRecord):
    return record.administrations.select_related("substance", "lot").order_by("position")


def read_page(record: SessionRecord, user: User, today: date) -> ReadPage:
    """Return everything the page of a finished record shows. At most twenty-three SQL statements, one more for a horse,
    nine where it competes under a body's rules.
    """
    patient = reads.patient_of(record)
    rows = list(_administrations(record))
    added = list(reads.addenda(record))
    right = corrections.standing(added)
    shown = corrections.amended(record, right)
    own = getattr(user, "practitioner", None)
    sites = list(record.injection_sites.select_related("technique"))
    return ReadPage(
        banner=patients.banner(patient, today),
        lines=[_line(row, right) for row in rows],
        body_map=body_maps.drawn_map(record),
        sites=sites,
        shots=shots_in_all(shown.shots, (site.points for site in sites)),
        shots_signed=shots_in_all(record.shots, (site.points for site in sites)),
        scores=score_facts(record),
        answers=_answers(record),
        reactions=reactions(record),
        addenda=added,
        shown=shown,
        corrected={what: one for (what, line_id), one in right.items() if line_id is None},
        withdrawal=next((one for one in added if one.kind == AddendumKind.WITHDRAWAL), None),
        signature=record.signatures.filter(addendum=None).first(),
        next_session=_next_session(record),
        gate_open=_closes_open_gate(record),
        is_signer=own is not None and own.is_licensed_on(today),
        signs_for_other=own is not None and own.pk != record.performed_by_id,
        handouts=handouts_of_record(record),
        given=given_before(patient, reads.site_of(record).zone, today),
        giver_can_sign=record.performed_by is not None and record.performed_by.can_sign_on(today),
    )


def _line(row: Administration, right: corrections.Corrections) -> dict[str, Any]:
    """A line as signed, with the lot and the volume that hold where a correction gave them. No SQL statement."""
    given = corrections.right_line(row, right)
    shown = {"row": row, "mg": dose_mg(given), "right": corrections.right_lot(row, right)}
    return shown if given is row else shown | {"given": given}


def _answers(record: SessionRecord) -> list[str]:
    """The questions answered with yes, in words. No SQL statement."""
    questions = {item.code: _(item.question) for item in shipped_catalogue().checklist}
    return [_("%(question)s yes") % {"question": questions.get(code, code)} for code in record.checklist.get("yes", [])]


def dose_mg(row: Administration) -> Decimal | None:
    """The milligrams given with a line, None where its strength gives none."""
    if row.strength is None or not row.strength_unit or row.strength <= 0:
        return None
    per_ml = Strength(row.strength, StrengthUnit(row.strength_unit)).mg_per_ml
    return None if per_ml is None else per_ml * row.given_ml


def _next_session(record: SessionRecord) -> PlannedSession | None:
    """The first session of the course still to come; the desk books it at once."""
    if record.course_id is None:
        return None
    open_ones = PlannedSession.objects.filter(course=record.course_id)
    open_ones = open_ones.filter(status__in=[PlannedStatus.PLANNED, PlannedStatus.BOOKED])
    return open_ones.order_by("number").first()


def _closes_open_gate(record: SessionRecord) -> bool:
    """Whether the session of this record ends a phase whose review is still to be recorded. Six SQL statements."""
    if record.course is None or record.planned_session is None or record.status == SessionRecord.Status.DRAFT:
        return False
    if not record.course.is_open or record.planned_session.status != PlannedStatus.DONE:
        return False
    plan = course_plans([record.course])[0]
    return record.planned_session.number in {plan.gate_number(phase) for phase in plan.open_gates}
