"""A clinic that sends reminders: one person with a mail address, nine horses of one owner, on a Monday in Paris."""

from datetime import datetime, time
from types import SimpleNamespace

from mesoclinic.core import texting
from patients.models import Patient, PatientParty
from sessions.models import Appointment, Reminder, ReminderSettings
from sessions.services import reminders
from sessions.services.reminders.news import TAKEN_BACK_FOR
from tests.factories import make_horse
from tests.sessions.booking_world import NOW, at, book, open_clinic

BOOKED_AT = at("08:00", -14)


def open_messaging_clinic(**rules) -> SimpleNamespace:
    """The small clinic of `booking_world`, with reminders a day before; Ada has a mail address."""
    world = open_clinic()
    world.rules = ReminderSettings.objects.create(clinic=world.clinic, is_on=True, **rules)
    Patient.objects.filter(pk=world.patient.pk).update(email="ada@example.org", phone="+33 6 39 98 00 01")
    world.patient.refresh_from_db()
    return world


def visit(world, clock="10:00", *, day_offset=1, **fields) -> Appointment:
    """A visit booked two weeks ago; tomorrow unless told otherwise."""
    booked = book(world, clock, day_offset=day_offset, **fields)
    Appointment.objects.filter(pk=booked.pk).update(created_at=BOOKED_AT)
    booked.refresh_from_db()
    return booked


def stable_day(world, count=9, *, day_offset=1) -> list[Appointment]:
    """Horses of one owner, one after the other on one day."""
    first = make_horse(world.clinic, name="Horse 1", owner="Olga Owner")
    link = PatientParty.objects.get(patient=first, role="owner")
    link.party.email = "olga@example.org"
    link.party.save(update_fields=["email"])
    horses = [first]
    for number in range(2, count + 1):
        horse = make_horse(world.clinic, name=f"Horse {number}")
        PatientParty.objects.filter(patient=horse).update(party=link.party)
        horses.append(horse)
    start = datetime.combine(datetime(2026, 1, 1), time(9))
    return [
        visit(
            world,
            start.replace(hour=9 + index // 2, minute=30 * (index % 2)).strftime("%H:%M"),
            day_offset=day_offset,
            patient=horse,
            practitioner=world.vet,
        )
        for index, horse in enumerate(horses)
    ]


def run_outbox(now=NOW) -> int:
    """What the two tasks do at an instant."""
    reminders.queue_reminders(now=now)
    return reminders.deliver_due_reminders(now=lambda: now)


def run_news(now) -> int:
    """The same, and a minute later once more: news wait while the step they tell of can be taken back."""
    return run_outbox(now) + run_outbox(now + TAKEN_BACK_FOR)


def states() -> list[str]:
    return list(Reminder.objects.order_by("pk").values_list("status", flat=True))


def texts() -> list[tuple[str, str]]:
    return texting.MemoryTexts.outbox
