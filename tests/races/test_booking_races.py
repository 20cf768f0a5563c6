"""Eight processes want the same time: one gets it, seven are told so. The control shows what happens without guards."""

import json
import multiprocessing
import os
import random
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from mesoclinic.core.constraints import NoOverlap
from sessions.models import Appointment
from tests.factories import make_appointment, make_clinic, make_patient, make_practitioner, make_room, work_week
from tests.processes import process_environment
from tests.races import warm
from tests.races.racers import race
from tests.sessions.booking_world import NOW, at

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

PROCESSES = 8
CONTESTS = 210
MINUTES = 20
GUARDS = [constraint for constraint in Appointment._meta.constraints if isinstance(constraint, NoOverlap)]


@pytest.fixture
def crowd():
    """As many practitioners, rooms and patients as processes."""
    clinic = make_clinic()
    hours = work_week("08:00", "20:00")
    return {
        "clinic": clinic,
        "practitioners": [make_practitioner(clinic, hours=hours) for _ in range(PROCESSES)],
        "rooms": [make_room(clinic) for _ in range(PROCESSES)],
        "patients": [make_patient(clinic) for _ in range(PROCESSES)],
    }


def times(count):
    """Instants of working time from Tuesday on, far enough apart not to meet."""
    days = [day for day in range(1, 60) if day % 7 not in (5, 6) and day != 35]  # day 35 is Easter Monday
    return [at(f"{hour:02}:{minute:02}", day) for day in days for hour in range(8, 19) for minute in (0, 30)][:count]


def contests(crowd):
    """In turns everybody wants one practitioner, one room, one patient; the other two are each process's own."""
    scarce = ("practitioners", "rooms", "patients")
    return [
        [
            {
                **{what[:-1]: crowd[what][0 if what == scarce[turn % 3] else number].pk for what in scarce},
                "starts_at": starts_at.isoformat(),
                "minutes": MINUTES,
                "now": NOW.isoformat(),
            }
            for number in range(PROCESSES)
        ]
        for turn, starts_at in enumerate(times(CONTESTS))
    ]


def run(contests, way):
    """Run the race in real processes and return the outcomes contest by contest."""
    os.environ.pop(warm.ENVIRONMENT, None)
    environment = process_environment()
    os.environ[warm.ENVIRONMENT] = json.dumps(environment)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([warm.__name__])
    barrier, results = context.Barrier(PROCESSES), context.Queue()
    arguments = (barrier, results, environment, contests, way)
    racers = [context.Process(target=race, args=(number, *arguments), daemon=True) for number in range(PROCESSES)]
    for racer in racers:
        racer.start()
    outcomes = dict(results.get(timeout=170) for _racer in racers)
    for racer in racers:
        racer.join(20)
    broken = [text for one in outcomes.values() for kind, text in one if kind in ("broken", "error")]
    assert not broken, broken[0]
    return list(zip(*outcomes.values(), strict=True))


def double_booked():
    """Count the pairs of live appointments that share time with the same practitioner, room or patient."""
    rows = list(Appointment.objects.live().values_list("practitioner", "room", "patient", "starts_at", "ends_at"))
    by_time = Counter()
    for what in range(3):
        by_time.update((what, row[what], row[3]) for row in rows)
    return sum(count > 1 for count in by_time.values())


@contextmanager
def without_guards():
    """Drop the constraints for a while: the control."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for guard in GUARDS:
                cursor.execute(f"ALTER TABLE {Appointment._meta.db_table} DROP CONSTRAINT {guard.name}")
        else:
            names = [f"{guard.name}_{event}" for guard in GUARDS for event in ("insert", "update")]
            cursor.execute(
                f"SELECT name, sql FROM sqlite_master WHERE name IN ({', '.join('%s' for _ in names)})", names
            )
            dropped = cursor.fetchall()
            for name, _sql in dropped:
                cursor.execute(f"DROP TRIGGER {name}")
    try:
        yield
    finally:
        Appointment.objects.all().delete()
        with connection.schema_editor() as editor:
            if connection.vendor == "postgresql":
                for guard in GUARDS:
                    editor.execute(guard.create_sql(Appointment, editor))
            else:
                for _name, sql in dropped:
                    editor.execute(sql, params=None)


def test_of_eight_who_want_one_time_exactly_one_gets_it(crowd):
    outcomes = run(contests(crowd), "guarded")

    assert len(outcomes) == CONTESTS >= 200
    assert {Counter(kind for kind, _ in contest)["won"] for contest in outcomes} == {1}
    losers = {detail for contest in outcomes for kind, detail in contest if kind == "refused"}
    assert {code for code, _, _ in losers} == {"just-taken", "patient-busy"}
    heard = {words for code, words, _ in losers if code == "just-taken"}
    assert "That time has just been taken." in heard
    assert heard <= {"That time has just been taken.", "That room has just been taken."}
    assert {count for _, _, count in losers} == {3}, "every loser is offered three other times"
    assert Appointment.objects.count() == CONTESTS
    assert double_booked() == 0


def test_control_without_the_guards_the_same_load_double_books(crowd):
    with without_guards():
        outcomes = run(contests(crowd), "careless")

        assert len(outcomes) == CONTESTS
        assert double_booked() > 0


def test_moving_across_each_other_never_deadlocks_nor_double_books(crowd):
    chosen = random.Random(7)
    starts = times(24)
    visits = [
        make_appointment(
            crowd["clinic"],
            patient=crowd["patients"][number],
            practitioner=crowd["practitioners"][number],
            room=crowd["rooms"][number],
            starts_at=starts[number] + timedelta(days=21),
            minutes=MINUTES,
        )
        for number in range(PROCESSES)
    ]
    rounds = [
        [
            {
                "appointment": visits[number].pk,
                "practitioner": chosen.choice(crowd["practitioners"][:3]).pk,
                "room": chosen.choice(crowd["rooms"][:3]).pk,
                "patient": crowd["patients"][number].pk,
                "starts_at": chosen.choice(starts).isoformat(),
                "now": NOW.isoformat(),
            }
            for number in range(PROCESSES)
        ]
        for _ in range(40)
    ]

    outcomes = run(rounds, "moving")

    assert any(kind == "won" for contest in outcomes for kind, _ in contest)
    assert Appointment.objects.count() == PROCESSES
    assert double_booked() == 0


def test_series_moved_at_once_by_eight_are_wholly_there_or_not_at_all(crowd):
    """Four series of six visits, two processes at each, and each series wants the times of its neighbour."""
    length, series = 6, PROCESSES // 2
    free = times(400)
    visits = [
        [
            make_appointment(
                crowd["clinic"],
                patient=crowd["patients"][owner],
                practitioner=crowd["practitioners"][owner % 2],
                room=crowd["rooms"][owner % 2],
                starts_at=free[20 * week + 2 * owner],
                minutes=MINUTES,
                now=NOW,
            ).pk
            for week in range(length)
        ]
        for owner in range(series)
    ]
    chosen = random.Random(11)
    rounds = []
    for turn in range(30):
        wanted = [20 * week + 2 * chosen.randrange(series + 1) for week in range(length)]
        rounds.append(
            [
                {
                    "visits": visits[number // 2],
                    "starts": [free[place + 2 * (number % 2)].isoformat() for place in wanted],
                    "seen": [None if turn % 2 else 0] * length,
                    "now": NOW.isoformat(),
                }
                for number in range(PROCESSES)
            ]
        )

    outcomes = run(rounds, "series")

    assert any(kind == "won" for contest in outcomes for kind, _ in contest)
    codes = {detail[0] for contest in outcomes for kind, detail in contest if kind == "refused"}
    assert codes <= {"just-taken", "patient-busy", "moved-meanwhile"}
    assert codes
    assert not Appointment.objects.exclude(status="booked").exists(), "nobody is left standing aside"
    assert double_booked() == 0
    for owner, keys in enumerate(visits):
        now_at = [starts_at.isoformat() for starts_at in starts_of(keys)]
        asked = [contest["starts"] for turn in rounds for contest in turn if contest["visits"] == keys]
        first = [free[20 * week + 2 * owner] for week in range(length)]
        known = [[one_at.astimezone(UTC).isoformat() for one_at in map(datetime.fromisoformat, one)] for one in asked]
        assert now_at in [*known, [one_at.astimezone(UTC).isoformat() for one_at in first]], "a series is moved whole"


def starts_of(keys):
    rows = Appointment.objects.in_bulk(keys)
    return [rows[key].starts_at.astimezone(UTC) for key in keys]
