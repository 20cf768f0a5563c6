"""Keep the calendar of a horse's competitions."""

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import Patient
from patients.services.sealed import refuse_sealed
from protocols.dosing.competition import EQUIDS
from sessions.models import CompetitionEvent

LONGEST = timedelta(days=60)
FURTHEST = timedelta(days=3 * 366)
COLUMNS = ("name", "from_on", "until_on", "body", "note")


@transaction.atomic
def enter_competition(*, actor: User | None, patient: Patient, today: date, **columns: Any) -> CompetitionEvent:
    """Enter a competition of a horse: `name`, `from_on`, `until_on` (both included), perhaps `body` and `note`.

    Raises Refused("no-horse" | "restricted" | "days-in-disorder" | "in-the-past" | "too-far" | "too-long" | "not-valid").
    """
    if patient.species.code not in EQUIDS:
        raise Refused("no-horse", _("A competition calendar is kept for horses."))
    event = CompetitionEvent(clinic_id=patient.clinic_id, patient=patient, created_by=actor)
    _write(event, columns, today)
    audit.record(actor=actor, verb="competition-event.entered", subject=event, patient_id=patient.pk)
    return event


@transaction.atomic
def change_competition(*, actor: User | None, event: CompetitionEvent, today: date, **columns: Any) -> CompetitionEvent:
    """Change a competition. Raises Refused as `enter_competition` does."""
    event = CompetitionEvent.objects.select_for_update(of=("self",)).get(pk=event.pk)
    before = {name: getattr(event, name) for name in COLUMNS}
    _write(event, columns, today)
    audit.record(
        actor=actor,
        verb="competition-event.changed",
        subject=event,
        patient_id=event.patient_id,
        changes=audit.changed(event, before),
    )
    return event


@transaction.atomic
def remove_competition(*, actor: User | None, event: CompetitionEvent) -> None:
    """Take a competition out of the calendar; its days are free again."""
    audit.record(
        actor=actor,
        verb="competition-event.removed",
        subject=event,
        patient_id=event.patient_id,
        reason=f"{event.name} · {event.from_on} – {event.until_on}",
    )
    CompetitionEvent.objects.filter(pk=event.pk).delete()


def _write(event: CompetitionEvent, columns: dict[str, Any], today: date) -> None:
    refuse_sealed(event.patient)
    for name in COLUMNS:
        if name in columns:
            value = columns[name]
            setattr(event, name, " ".join(value.split()) if name in ("name", "body") else value)
    if event.until_on < event.from_on:
        raise Refused("days-in-disorder", _("The last day is before the first."), field="until_on")
    if event.until_on < today:
        raise Refused("in-the-past", _("These days have passed. Enter days to come."), field="until_on")
    if event.from_on > today + FURTHEST:
        raise Refused("too-far", _("This is more than three years away. Enter an earlier day."), field="from_on")
    if event.until_on - event.from_on > LONGEST:
        raise Refused("too-long", _("This is longer than any show. Enter each event by itself."), field="until_on")
    check(event)
    event.save()
