"""Clinics full of visits for the bench: people through the services, the mass as raw rows."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from types import SimpleNamespace

from django.db import connection
from django.utils import timezone

from mesoclinic.core.localtime import instant
from mesoclinic.core.roles import Role
from sessions.models import Appointment, Practitioner
from tests.bench import raw
from tests.factories import (
    make_appointment,
    make_clinic,
    make_indication,
    make_patient,
    make_practitioner,
    make_protocol_version,
    make_room,
    make_user,
    next_workday,
    site_of,
)

SLOT_MIN = 20
FIRST, SLOTS = time(9), 24  # nine to five


def next_monday(weeks: int = 0) -> date:
    today = timezone.now().date()
    return today + timedelta(days=7 - today.weekday() + 7 * weeks)


def make_world(*, practitioners: int = 4, patients: int = 40) -> SimpleNamespace:
    """An open clinic: everybody works Monday to Friday from nine to five in a room of their own."""
    clinic = make_clinic()
    world = SimpleNamespace(clinic=clinic, site=site_of(clinic))
    world.people = [make_practitioner(clinic, name=f"Dr {number:03}") for number in range(practitioners)]
    world.rooms = [make_room(clinic, name=f"Room {number:03}") for number in range(practitioners)]
    world.version = make_protocol_version(clinic)
    world.indication = make_indication(clinic)
    world.user = make_user(clinic, *Role)
    world.patient = make_patient(clinic, name="Patient 0")
    world.patients = [world.patient.pk, *more_patients(world, patients - 1)]
    return world


def more_patients(world: SimpleNamespace, count: int) -> list[int]:
    first = world.patient.number + 1
    named = [{"name": f"Patient {first + number}", "number": first + number} for number in range(count)]
    return raw.clones(world.patient, count, lambda number: named[number])


def slot_at(world: SimpleNamespace, day: date, slot: int) -> datetime:
    return instant(day, FIRST, world.site.zone) + timedelta(minutes=SLOT_MIN * slot)


def open_day(world: SimpleNamespace, weeks: int) -> date:
    """The first working day from that Monday on."""
    return next_workday(world.site, next_monday(weeks))


def workdays(first: date, days: int) -> Iterator[date]:
    for number in range(days):
        if (day := first + timedelta(days=number)).weekday() < 5:
            yield day


def fill(world: SimpleNamespace, days: list[date], visits_a_day: int) -> int:
    """Book every practitioner `visits_a_day` times on each day, all over the day; give how many visits that made.

    What lies in the past is done.
    """
    example = _example(world)
    booked = []
    for day in days:
        for turn in range(visits_a_day):
            for number, person in enumerate(world.people):
                slot = (turn * SLOTS // visits_a_day + number) % SLOTS
                starts_at = slot_at(world, day, slot)
                whom = (slot * len(world.people) + number) % len(world.patients)
                booked.append(_visit(world, number, person, starts_at, world.patients[whom]))
    raw.clones(example, len(booked), lambda number: booked[number])
    Appointment.objects.filter(pk=example.pk).delete()
    return len(booked)


def flood(world: SimpleNamespace, count: int, before: date, *, visits_a_day: int = 20) -> None:
    """Add `count` visits that are done, on the workdays before a Monday, a million in minutes. PostgreSQL only."""
    example = _example(world)
    visits, quote = Appointment._meta, connection.ops.quote_name
    told = {
        "public_id": "gen_random_uuid()",
        "practitioner_id": "person",
        "room_id": "room",
        "patient_id": "(%(patients)s::bigint[])[1 + (slot * %(people)s + number) %% %(patient_count)s]",
        "starts_at": "at AT TIME ZONE %(zone)s",
        "ends_at": "(at + %(minutes)s * interval '1 minute') AT TIME ZONE %(zone)s",
        "status": "'fulfilled'",
    }
    columns = [one.column for one in visits.concrete_fields if not one.primary_key]
    values = ", ".join(told.get(column, f"example.{quote(column)}") for column in columns)
    sql = f"""
        INSERT INTO {quote(visits.db_table)} ({", ".join(quote(column) for column in columns)})
        SELECT {values}
        FROM {quote(visits.db_table)} AS example
        CROSS JOIN generate_series(1, %(days)s) AS days_before
        CROSS JOIN generate_series(0, %(turns)s - 1) AS turn
        CROSS JOIN unnest(%(person_keys)s::bigint[], %(room_keys)s::bigint[]) WITH ORDINALITY AS who(person, room, nth)
        CROSS JOIN LATERAL (SELECT nth - 1 AS number, %(before)s::date - days_before AS day) AS counted
        CROSS JOIN LATERAL (SELECT (turn * %(slots)s / %(turns)s + number) %% %(slots)s AS slot) AS placed
        CROSS JOIN LATERAL (SELECT day + %(first)s::time + slot * %(minutes)s * interval '1 minute' AS at) AS told
        WHERE example.id = %(example)s AND extract(isodow FROM day) < 6
        LIMIT %(count)s
    """
    given = {
        "patients": world.patients,
        "patient_count": len(world.patients),
        "people": len(world.people),
        "person_keys": [one.pk for one in world.people],
        "room_keys": [one.pk for one in world.rooms],
        "zone": str(world.site.zone),
        "minutes": SLOT_MIN,
        "turns": visits_a_day,
        "slots": SLOTS,
        "first": FIRST,
        "before": before,
        "days": 7 * (count // (5 * visits_a_day * len(world.people)) + 1),
        "example": example.pk,
        "count": count,
    }
    with raw.without_indexes(Appointment), connection.cursor() as cursor:
        cursor.execute(sql, given)
    example.delete()


def _example(world: SimpleNamespace) -> Appointment:
    return make_appointment(
        world.clinic,
        patient=world.patient,
        practitioner=world.people[0],
        room=world.rooms[0],
        starts_at=slot_at(world, open_day(world, weeks=150), 0),
    )


def _visit(world: SimpleNamespace, number: int, person: Practitioner, starts_at: datetime, patient_id: int) -> dict:
    return {
        "practitioner_id": person.pk,
        "room_id": world.rooms[number].pk,
        "patient_id": patient_id,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=SLOT_MIN),
        "status": "fulfilled" if starts_at < timezone.now() else "booked",
    }
