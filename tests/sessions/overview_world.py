"""A clinic of two sites in two time zones with random visits, made from a seed, and their plain values beside them."""

import random
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace

from mesoclinic.core.models import Site
from mesoclinic.core.roles import Role
from sessions.models import Absence, Appointment, Closure, Practitioner, Room, WorkingHours
from tests.factories import (
    make_clinic,
    make_course,
    make_horse,
    make_indication,
    make_patient,
    make_practitioner,
    make_protocol_version,
    make_user,
    site_of,
)

FIRST, LAST = date(2026, 3, 1), date(2026, 4, 30)  # the clocks change within
STATUSES = (
    *("booked", "arrived", "in_progress", "fulfilled", "fulfilled", "fulfilled", "no_show", "not_treated"),
    *("cancelled", "cancelled", "entered_in_error", "offered"),
)


def overview_world(seed: int, visits: int = 120) -> SimpleNamespace:
    dice = random.Random(seed)
    clinic = make_clinic()
    paris = site_of(clinic)
    denver = Site.objects.create(clinic=clinic, name="Denver", time_zone="America/Denver")
    sites = [paris, denver]
    people = [make_practitioner(clinic, name=f"Dr {n}", hours=[], site=paris) for n in range(3)]
    for person in people:
        for site in dice.sample(sites, dice.choice([1, 2])):
            _hours(dice, clinic, site, practitioner=person)
    rooms = [Room.objects.create(clinic=clinic, site=site, name=f"Room {n}") for n, site in enumerate([*sites, paris])]
    _hours(dice, clinic, paris, room=rooms[0])
    _hours(dice, clinic, denver)
    patients = [make_patient(clinic) for _ in range(3)] + [make_horse(clinic) for _ in range(2)]
    versions = [make_protocol_version(clinic) for _ in range(2)]
    indications = [make_indication(clinic) for _ in range(2)]
    courses = [
        make_course(
            clinic,
            patient=patient,
            protocol_version=dice.choice(versions),
            indication=dice.choice(indications),
            practitioner=dice.choice(people),
            site=paris,
            start_on=FIRST + timedelta(days=dice.randrange(40)),
        )
        for patient in patients
    ]
    world = SimpleNamespace(**{key: value for key, value in locals().items() if key != "world"})
    world.manager = make_user(clinic, Role.MANAGER)
    _days(dice, world)
    world.visits = [visit for n in range(visits) if (visit := _visit(dice, world, n)) is not None]
    return world


def _hours(dice: random.Random, clinic, site: Site, **whose) -> None:
    for weekday in dice.sample(range(1, 8), 4):
        start = dice.randrange(7, 11)
        add = {"clinic": clinic, "site": site, "weekday": weekday, "from_on": date(2026, 1, 5), **whose}
        add["every_weeks"] = dice.choice([1, 1, 2])
        until = dice.choice([None, None, date(2026, 4, 3)])
        WorkingHours.objects.create(start_time=time(start, 30), end_time=time(start + 6), until_on=until, **add)
        if "practitioner" in whose:
            WorkingHours.objects.create(kind="break", start_time=time(12), end_time=time(12, 45), **add)


def _days(dice: random.Random, world) -> None:
    clinic = world.clinic
    for site in world.sites:
        day = FIRST + timedelta(days=dice.randrange(50))
        Closure.objects.create(clinic=clinic, site=site, from_on=day, until_on=day + timedelta(days=2))
    for person in world.people:
        at = datetime.combine(FIRST, time(9), UTC) + timedelta(minutes=dice.randrange(60 * 24 * 50))
        until = dice.choice([at + timedelta(hours=3), at + timedelta(days=4, minutes=17)])
        Absence.objects.create(clinic=clinic, practitioner=person, starts_at=at, ends_at=until)
    Absence.objects.create(clinic=clinic, room=world.rooms[0], starts_at=datetime(2026, 4, 25, 10, tzinfo=UTC))
    Practitioner.objects.filter(pk=world.people[-1].pk).update(last_day_on=date(2026, 4, 10))
    world.people[-1].refresh_from_db()


def _visit(dice: random.Random, world, number: int) -> Appointment | None:
    """A visit on its own minutes of the whole clinic, so that nothing overlaps; before and after the period too."""
    site = dice.choice(world.sites)
    rooms = [room for room in world.rooms if room.site_id == site.pk]
    starts_at = datetime(2026, 2, 25, tzinfo=UTC) + timedelta(minutes=number * 800 + dice.randrange(200))
    status = dice.choice(STATUSES)
    course = dice.choice([None, *world.courses])
    row = {
        "clinic": world.clinic,
        "site": site,
        "patient": course.patient if course else dice.choice(world.patients),
        "practitioner": dice.choice(world.people),
        "room": dice.choice([None, *rooms]),
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=dice.choice([15, 20, 30, 90, 400])),
        "status": status,
        "travel_before_min": dice.choice([0, 0, 25]),
        "status_at": starts_at - timedelta(hours=dice.choice([1, 23, 24, 25, 70])),
    }
    if status == "cancelled":
        row |= {"cancelled_by": dice.choice(["patient", "clinic"]), "status_reason": "ill"}
        row["offered_until"] = dice.choice([None, None, None, starts_at])
    elif status == "not_treated":
        row["status_reason"] = "fever"
    elif status == "offered":
        row["offered_until"] = starts_at
    if course and status != "offered":
        free = course.planned_sessions.exclude(
            appointments__status__in=["booked", "arrived", "in_progress", "fulfilled"]
        )
        row["planned_session"] = free.first()
    return Appointment.objects.create(**row)
