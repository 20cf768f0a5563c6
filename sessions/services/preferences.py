"""Keep what a patient wishes for when visits are booked, and the days on which the patient cannot come."""

from collections.abc import Iterable
from datetime import date, time, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import Patient
from sessions.models import BlockedDay, BookingPreference, Practitioner, Room
from sessions.models.preferences import Strength

LONGEST_BLOCK = timedelta(days=366)
FIELDS = (
    *("weekday_bits", "weekdays_are", "from_time", "until_time", "times_are"),
    *("practitioner_id", "practitioner_is", "room_id", "room_is"),
)


@transaction.atomic
def set_preference(
    *,
    actor: User | None,
    patient: Patient,
    weekdays: Iterable[int] = (),
    weekdays_are: str = Strength.RATHER,
    from_time: time | None = None,
    until_time: time | None = None,
    times_are: str = Strength.RATHER,
    practitioner: Practitioner | None = None,
    practitioner_is: str = Strength.RATHER,
    room: Room | None = None,
    room_is: str = Strength.RATHER,
) -> BookingPreference:
    """Write down a patient's wishes; nothing wished for is kept as nothing.

    Raises Refused("times-in-disorder" | "other-clinic").
    """
    if from_time and until_time and until_time <= from_time:
        raise Refused("times-in-disorder", _("The end is not after the beginning."), field="until_time")
    if any(one is not None and one.clinic_id != patient.clinic_id for one in (practitioner, room)):
        raise Refused("other-clinic", _("Choose somebody and a room of this clinic."))
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    wished, _made = BookingPreference.objects.get_or_create(patient=patient, defaults={"clinic_id": patient.clinic_id})
    before = {name: getattr(wished, name) for name in FIELDS}
    wished.weekday_bits = sum(1 << (day - 1) for day in set(weekdays))
    wished.weekdays_are, wished.times_are = weekdays_are, times_are
    wished.from_time, wished.until_time = from_time, until_time
    wished.practitioner, wished.practitioner_is = practitioner, practitioner_is
    wished.room, wished.room_is = room, room_is
    wished.save(update_fields=FIELDS)
    audit.record(
        actor=actor,
        verb="preference.set",
        subject=wished,
        patient_id=patient.pk,
        changes=audit.changed(wished, before),
    )
    return wished


@transaction.atomic
def block_days(
    *, actor: User | None, patient: Patient, from_on: date, until_on: date, today: date, reason: str = ""
) -> BlockedDay:
    """Note days on which a patient cannot come, both included.

    Raises Refused("days-in-disorder" | "in-the-past" | "too-long").
    """
    if until_on < from_on:
        raise Refused("days-in-disorder", _("The last day is before the first."), field="until_on")
    if until_on < today:
        raise Refused("in-the-past", _("These days have passed. Enter days to come."), field="until_on")
    if until_on - from_on > LONGEST_BLOCK:
        words = _("This is more than a year. Pause the course instead, or enter fewer days.")
        raise Refused("too-long", words, field="until_on")
    blocked = BlockedDay.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        from_on=from_on,
        until_on=until_on,
        reason=reason.strip()[:200],
        created_by=actor,
    )
    audit.record(actor=actor, verb="blocked-day.added", subject=blocked, patient_id=patient.pk)
    return blocked


@transaction.atomic
def unblock_days(*, actor: User | None, blocked: BlockedDay) -> None:
    """Take blocked days away again."""
    audit.record(actor=actor, verb="blocked-day.removed", subject=blocked, patient_id=blocked.patient_id)
    BlockedDay.objects.filter(pk=blocked.pk).delete()
