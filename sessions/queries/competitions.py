"""A horse's competitions: its calendar, and what the mix check knows of it."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404

from patients.models import Patient
from patients.queries.patients import Known, mix_patients
from protocols.dosing import CompetitionRule, MixEvent, MixPatient
from protocols.dosing.competition import EQUIDS
from protocols.queries.competition import checked_rules
from sessions.models import Appointment, CompetitionEvent
from sessions.queries.blocked import blocked_times, reasons
from sessions.scheduling.walltime import minute_after, minute_of

STILL_COMPETES = timedelta(days=366)  # a horse that competed within a year does so until somebody says otherwise


def may_compete(patient: Patient) -> bool:
    """Whether a competition calendar is kept for the patient's species."""
    return patient.species.code in EQUIDS


def competitions(patient: Patient, since: date) -> list[CompetitionEvent]:
    """List a horse's competitions that are not over on a local day, the first one first. At most one SQL statement."""
    return list(CompetitionEvent.objects.filter(patient=patient, until_on__gte=since)) if may_compete(patient) else []


def get_or_404(patient: Patient, public_id: UUID) -> CompetitionEvent:
    """Give a competition of this horse. One SQL statement."""
    found = CompetitionEvent.objects.filter(patient=patient, public_id=public_id).select_related("patient__species")
    if (event := found.first()) is None:
        raise Http404
    return event


def checked_patients(patients: Collection[Patient], on: date, known: Known | None = None) -> dict[int, MixPatient]:
    """Give what the mix check knows of each of these patients on a day, by key, with a horse's competitions.

    Two SQL statements for any number, one more where there are horses; of known files as `mix_patients`.
    """
    rows: dict[int, list[CompetitionEvent]] = {patient.pk: [] for patient in patients}
    horses = [patient.pk for patient in patients if may_compete(patient)]
    for event in CompetitionEvent.objects.filter(patient__in=horses, until_on__gte=on - STILL_COMPETES):
        rows[event.patient_id].append(event)
    return {key: _competing(one, rows[key], on) for key, one in mix_patients(patients, on, known).items()}


def _competing(checked: MixPatient, rows: list[CompetitionEvent], on: date) -> MixPatient:
    if not rows:
        return checked
    events = tuple(as_event(row) for row in rows if row.until_on >= on)
    bodies = frozenset(row.body for row in rows if row.body)
    return replace(checked, competes=True, events=events, competition_bodies=bodies)


def as_event(row: CompetitionEvent) -> MixEvent:
    return MixEvent(row.name, row.from_on, row.until_on, row.body)


def rules_for(checked: Iterable[MixPatient], clinic_id: int) -> tuple[CompetitionRule, ...]:
    """Give the rules horses are held to. One SQL statement; none where no body is known."""
    return checked_rules(clinic_id) if any(one.competition_bodies for one in checked) else ()


def visits_in_blocked_time(patient: Patient, now: datetime, zone: ZoneInfo) -> list[tuple[Appointment, str]]:
    """List a patient's visits to come in blocked time, each with what blocks it. Two SQL statements, or more."""
    rows = Appointment.objects.live().filter(patient=patient, starts_at__gte=now, in_place_of__isnull=True)
    visits = list(rows.select_related("practitioner").order_by("starts_at"))
    if not visits:
        return []
    first, last = (one.starts_at.astimezone(zone).date() for one in (visits[0], visits[-1]))
    blocked = blocked_times(patient.clinic_id, [patient.pk], first, last, zone).get(patient.pk, [])
    said = [(one, reasons(blocked, minute_of(one.starts_at), minute_after(one.ends_at), zone)) for one in visits]
    return [(one, words) for one, words in said if words]
