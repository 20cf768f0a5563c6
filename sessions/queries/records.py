"""Reads of session records: the only door to a clinic's records, and their content as plain values."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404

from mesoclinic.core.models import Clinic, Site
from patients.models import Patient
from patients.queries import patients
from patients.restricted import knock
from sessions.models import (
    Addendum,
    Administration,
    AdverseEvent,
    Appointment,
    Course,
    InjectionSite,
    Override,
    PlannedSession,
    Practitioner,
    Score,
    SessionRecord,
)
from sessions.models.signatures import AddendumKind
from sessions.recording import (
    OWN_FIELDS,
    LineGiven,
    OverrideGiven,
    ReactionSeen,
    RecordContent,
    ScoreGiven,
    SiteTreated,
)

WITH_NAMES = (
    *("patient__species", "planned_session", "technique", "performed_by__user", "signed_by"),
    *("appointment__site", "appointment__practitioner"),
)
COURSE_NAMES = ("protocol_version__protocol", "protocol_version__technique", "indication", "site")


def with_names(rows: QuerySet[SessionRecord]) -> QuerySet[SessionRecord]:
    """Load records with the names they are shown with. Two SQL statements: one of sixteen tables takes longer to plan."""
    courses = Prefetch("course", Course.objects.select_related(*COURSE_NAMES))
    return rows.select_related(*WITH_NAMES).prefetch_related(courses)


def records(clinic: Clinic) -> QuerySet[SessionRecord]:
    """All records of the clinic with the names they are shown with. Two SQL statements."""
    return with_names(SessionRecord.objects.filter(clinic=clinic)).select_related("clinic", "patient__clinic")


def get_or_404(clinic: Clinic, public_id: uuid.UUID | str) -> SessionRecord:
    """Return a record of this clinic. Two SQL statements, one more for each merge of its patient."""
    try:
        record = with_names(SessionRecord.objects.all()).get(clinic=clinic, public_id=public_id)
    except (SessionRecord.DoesNotExist, ValueError, TypeError) as exc:
        raise Http404 from exc
    record.clinic = record.patient.clinic = clinic  # known, which is cheaper than to join it twice
    knock(patients.kept(record.patient))
    return record


def patient_of(record: SessionRecord) -> Patient:
    """Return the file to show: signed records stay under the key they were signed with. No statement unless merged."""
    return patients.kept(record.patient)


def site_of(record: SessionRecord) -> Site:
    """Return the site whose clock and stock count. No statement when loaded through this module."""
    if record.appointment is not None:
        return record.appointment.site
    if record.course is None:
        raise ValueError("a record belongs to a visit or to a course")
    return record.course.site


def standing_of_appointment(appointment: Appointment) -> SessionRecord | None:
    """Return the record of a visit that counts. One SQL statement."""
    return SessionRecord.objects.standing().filter(appointment=appointment).first()


def standing_of_session(planned: PlannedSession) -> SessionRecord | None:
    """Return the record of a planned session that counts. One SQL statement."""
    return SessionRecord.objects.standing().filter(planned_session=planned).first()


def last_record(
    *, patient: Patient, course: Course | None = None, before: SessionRecord | None = None
) -> SessionRecord | None:
    """Return the last finished record of the course; without one, of the patient with the same protocol.

    `before` leaves out a record and those given after it. Without a course, the patient's last. Three SQL statements.
    """
    return last_records([After(patient, course, before)])[0]


@dataclass(frozen=True)
class After:
    """What the last record is asked for: a patient's course, or one without, and a record it comes before."""

    patient: Patient
    course: Course | None = None
    before: SessionRecord | None = None


PAST = ("pk", "patient_id", "course_id", "course__protocol_version__protocol_id", "performed_at")


def last_records(asked: Sequence[After], known: patients.Known | None = None) -> list[SessionRecord | None]:
    """Return for each what `last_record` says. Three SQL statements for any number, one more for each level of merges;
    two for known files.
    """
    files = (
        known.keys
        if known is not None
        else patients.files_of(list({one.patient.pk: one.patient for one in asked}.values()))
    )
    past = SessionRecord.objects.finished().filter(patient__in=[key for keys in files.values() for key in keys])
    by_file: dict[int, list[dict]] = {}
    for row in past.order_by("-performed_at", "-pk").values(*PAST):
        by_file.setdefault(row["patient_id"], []).append(row)
    chosen = [_last_of(one, [row for key in files[one.patient.pk] for row in by_file.get(key, ())]) for one in asked]
    rows = SessionRecord.objects.select_related("performed_by", "patient__species").in_bulk(
        {key for key in chosen if key is not None}
    )
    return [None if key is None else rows[key] for key in chosen]


def _last_of(asked: After, past: list[dict]) -> int | None:
    """Choose among all finished records of a file: those of the course first, then those of its protocol."""
    before, course = asked.before, asked.course
    if before is not None:
        past = [row for row in past if row["pk"] != before.pk]
        past = [row for row in past if before.performed_at is None or row["performed_at"] <= before.performed_at]
    if course is not None:
        protocol = course.protocol_version.protocol_id
        past = [row for row in past if row["course__protocol_version__protocol_id"] == protocol]
    own = course.pk if course is not None else None
    newest = max(past, key=lambda row: (row["course_id"] == own, row["performed_at"], row["pk"]), default=None)
    return newest["pk"] if newest is not None else None


def unsigned(clinic: Clinic, practitioner: Practitioner | None = None) -> QuerySet[SessionRecord]:
    """List the records that are done but not signed, the oldest first; of everybody when nobody is named.

    Two SQL statements.
    """
    rows = records(clinic).filter(status=SessionRecord.Status.DONE).order_by("performed_at", "pk")
    return rows if practitioner is None else rows.filter(performed_by=practitioner)


def drafts(clinic: Clinic, practitioner: Practitioner | None = None) -> QuerySet[SessionRecord]:
    """List the records begun and not done, of everybody when nobody is named. Two SQL statements."""
    rows = records(clinic).filter(status=SessionRecord.Status.DRAFT).order_by("created_at", "pk")
    if practitioner is None:
        return rows
    return rows.filter(Q(appointment__practitioner=practitioner) | Q(created_by=practitioner.user_id))


def is_withdrawn(record: SessionRecord) -> bool:
    return Addendum.objects.filter(record=record, kind=AddendumKind.WITHDRAWAL).exists()


def addenda(record: SessionRecord) -> QuerySet[Addendum]:
    """List what was added to a signed record, the oldest first. One SQL statement."""
    return record.addenda.select_related("by", "signature", "lot").order_by("at", "pk")


def content(record: SessionRecord) -> RecordContent:
    """Return all a record holds, as plain values. At most six SQL statements."""
    return contents([record])[record.pk]


def contents(rows: Iterable[SessionRecord]) -> dict[int, RecordContent]:
    """Return what each of these records holds, by key. At most six SQL statements for any number."""
    rows = list(rows)
    keys = [row.pk for row in rows]
    lines = _grouped(Administration.objects.filter(record__in=keys).order_by("position"), line_of)
    sites = _grouped(InjectionSite.objects.filter(record__in=keys).order_by("position"), site_treated)
    scores = _grouped(Score.objects.filter(record__in=keys).order_by("pk"), score_of)
    seen = AdverseEvent.objects.filter(record__in=keys, is_late=False).order_by("pk").prefetch_related("updates")
    reactions = _grouped(seen, reaction_of)
    overrides = _grouped(Override.objects.filter(record__in=keys).order_by("pk"), override_of)
    return {
        row.pk: RecordContent(
            **{name: getattr(row, name) for name in OWN_FIELDS},
            lines=tuple(lines.get(row.pk, ())),
            sites=tuple(sites.get(row.pk, ())),
            scores=tuple(scores.get(row.pk, ())),
            reactions=tuple(reactions.get(row.pk, ())),
            overrides=tuple(overrides.get(row.pk, ())),
        )
        for row in rows
    }


def _grouped(rows, read) -> dict[int, list]:
    found: dict[int, list] = {}
    for row in rows:
        found.setdefault(row.record_id, []).append(read(row))
    return found


def line_of(row: Administration) -> LineGiven:
    return LineGiven(**{name: getattr(row, name) for name in LineGiven.__dataclass_fields__})


def site_treated(row: InjectionSite) -> SiteTreated:
    values = {name: getattr(row, name) for name in SiteTreated.__dataclass_fields__}
    return SiteTreated(**{**values, "map_points": tuple(tuple(point) for point in row.map_points)})


def score_of(row: Score) -> ScoreGiven:
    return ScoreGiven(row.scale, row.moment, row.value, row.rated_by)


def reaction_of(row: AdverseEvent) -> ReactionSeen:
    """What was seen, with what was known of it at once. One SQL statement unless its updates are at hand."""
    seen = ReactionSeen(row.kind, row.severity, row.onset_on, row.description, row.action)
    known = next(iter(row.updates.all()), None)
    return seen if known is None else replace(seen, outcome=known.outcome, suspected_lot_id=known.suspected_lot_id)


def override_of(row: Override) -> OverrideGiven:
    return OverrideGiven(row.key, row.rule, row.finding, row.reason)
