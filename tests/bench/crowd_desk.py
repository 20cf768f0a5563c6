"""What keeps the desk busy, as many as wanted of each: who waits for a time, messages, replies, calls, rounds."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from mesoclinic.core.localtime import instant
from patients.models import Place
from patients.services.places import create_place
from sessions.models import Absence, Appointment, CallAttempt, Reminder, Reply, Round
from sessions.services.waiting import wait_for_earlier_time
from tests.bench import raw
from tests.factories import make_horse, make_practitioner

AHEAD_DAYS = 20
STATUSES = ("queued", "failed")


def crowd_the_desk(world: SimpleNamespace, patients: Sequence[int], people: Sequence[int], today: date) -> None:
    """Give every patient a visit in some weeks that waits for an earlier time, with all that is told of it."""
    day = today + timedelta(days=AHEAD_DAYS)
    example = _example(world, day)
    rows = [
        {"patient_id": patient, "practitioner_id": person} for patient, person in zip(patients, people, strict=True)
    ]
    visits = raw.clones(example, len(rows), lambda n: {**rows[n], **_times(example.starts_at, n, first=n % 2 == 0)})
    entry = wait_for_earlier_time(actor=None, appointment=example)
    _of_each(entry, visits, [{"patient_id": row["patient_id"]} for row in rows])
    told: dict[str, Any] = {"clinic": world.clinic, "appointment": example}
    message = Reminder.objects.create(
        kind="reminder", sent_for=example.starts_at, channel="email", due_at=timezone.now(), **told
    )
    _of_each(message, visits, [{"status": STATUSES[n % len(STATUSES)]} for n in range(len(rows))])
    reply = Reply.objects.create(for_time=example.starts_at, kind="other_time", words="Thursday", **told)
    _of_each(reply, visits, [{} for _row in rows])
    call = CallAttempt.objects.create(patient=example.patient, outcome="no_answer", **told)
    _of_each(call, visits, [{"patient_id": row["patient_id"]} for row in rows])
    _rounds(world, example, rows, day)


def _example(world: SimpleNamespace, day: date) -> Appointment:
    """A visit that nobody checked: the day may be a Sunday or a holiday."""
    starts_at = _at(world, day, 9)
    return Appointment.objects.create(
        clinic=world.clinic,
        site=world.site,
        patient=make_horse(world.clinic),
        practitioner=make_practitioner(world.clinic),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=20),
    )


def _at(world: SimpleNamespace, day: date, hour: int) -> datetime:
    return instant(day, time(hour), world.site.zone)


def _of_each(example: Any, visits: Sequence[int], changes: Sequence[dict[str, Any]]) -> None:
    raw.clones(example, len(visits), lambda n: {"appointment_id": visits[n], **changes[n]})


def _rounds(world: SimpleNamespace, example: Appointment, rows: Sequence[dict[str, int]], day: date) -> None:
    """A round of one visit for each practitioner."""
    stable = create_place(actor=None, clinic=world.clinic, name="Crowded stables")
    own = {"clinic": world.clinic, "site": world.site, "practitioner": example.practitioner}
    _round_under_way(world, example, stable)
    one = Round(place=stable, on=day, created_at=timezone.now(), **own)
    rounds = raw.clones(one, len(rows), lambda n: {"practitioner_id": rows[n]["practitioner_id"]})
    raw.clones(
        example,
        len(rows),
        lambda n: {
            **rows[n],
            **_times(example.starts_at, n, first=n % 2 == 1),
            "place_id": stable.pk,
            "round_id": rounds[n],
        },
    )


def _times(day_begins_at: datetime, n: int, *, first: bool) -> dict[str, datetime]:
    """Every few visits hold all kinds of them, so that a list that is cut loses none."""
    starts_at = day_begins_at + timedelta(minutes=n % 300 + (0 if first else 30))
    return {"starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=20)}


def _round_under_way(world: SimpleNamespace, example: Appointment, stable: Place) -> None:
    """A round before all other visits that are not over: the first hundred to rebook hold one, however many there are."""
    starts_at = timezone.now() - timedelta(minutes=30)
    one = Round.objects.create(
        clinic=world.clinic, site=world.site, place=stable, practitioner=example.practitioner, on=starts_at.date()
    )
    fields = {name: getattr(example, name) for name in ("clinic", "site", "patient", "practitioner")}
    ends_at = starts_at + timedelta(minutes=60)
    away = {"practitioner": example.practitioner, "starts_at": starts_at, "ends_at": ends_at}
    Absence.objects.create(clinic=world.clinic, **away)
    Appointment.objects.create(**fields, starts_at=starts_at, ends_at=ends_at, place=stable, round=one)
