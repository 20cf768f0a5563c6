"""A stable with five horses: three due this week, one due later, one without a course. Monday 2 March 2026, eight."""

from datetime import timedelta

from patients.models import Place
from patients.services import places
from sessions.services import rounds
from sessions.services.rounds import Stop
from tests.factories import make_course, make_horse
from tests.sessions.booking_world import MONDAY, NOW, at, open_clinic


def open_stable(**facts):
    """`world.horses` by name; `world.planned` their sessions to book now."""
    world = open_clinic()
    kind = {"kind": Place.Kind.STABLE, "name": "Oakfield", "travel_min": 30, **facts}
    world.stable = places.create_place(actor=None, clinic=world.clinic, **kind)
    names = ("Amber", "Bijou", "Corsair", "Dandy", "Ember")
    world.horses = {
        name: make_horse(world.clinic, name=name, place=world.stable, stall_note=f"Box {number}")
        for number, name in enumerate(names, 1)
    }
    world.courses = {}
    for name, days, cadence in (
        ("Amber", 1, "4x1w@30"),
        ("Bijou", 1, "4x1w@20"),
        ("Corsair", 1, "4x1w@15"),
        ("Dandy", 20, "4x1w@20"),
    ):
        world.courses[name] = make_course(
            world.clinic,
            patient=world.horses[name],
            practitioner=world.vet,
            cadence=cadence,
            start_on=MONDAY + timedelta(days=days),
            now=NOW,
        )
    world.planned = {name: course.planned_sessions.get(number=1) for name, course in world.courses.items()}
    return world


def stops(world, *names):
    names = names or ("Amber", "Bijou", "Corsair")
    return [Stop(world.horses[name], world.planned[name].minutes, world.planned[name]) for name in names]


def book_round(world, clock="10:00", *names, day=1, **fields):
    asked = {
        "actor": world.desk,
        "clinic": world.clinic,
        "site": world.site,
        "place": world.stable,
        "practitioner": world.vet,
        "starts_at": at(clock, day),
        "stops": stops(world, *names),
        "now": NOW,
    }
    return rounds.book_round(**{**asked, **fields})


def lines(one):
    """What the round looks like now: (horse, from, until, way before, way after) of its live visits."""
    visits = one.visits.live().select_related("patient", "site").order_by("starts_at")
    return [
        (
            visit.patient.name,
            f"{visit.starts_at.astimezone(visit.site.zone):%H:%M}",
            f"{visit.ends_at.astimezone(visit.site.zone):%H:%M}",
            visit.travel_before_min,
            visit.travel_after_min,
        )
        for visit in visits
    ]
