"""The page of a round asks the database as often for many records as for few, whatever stands in them."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from patients.models import Flag, Place
from patients.services import places
from sessions.models import CompetitionEvent, SessionRecord
from sessions.queries import record_checks, record_pages, round_records
from sessions.queries.records import content, contents
from sessions.recording import ReactionSeen, ScoreGiven, SiteTreated, raw_of
from sessions.services import records, rounds
from tests.factories import make_competition_rule, make_consent, make_course, make_horse, make_lot
from tests.sessions.booking_world import MONDAY, NOW, at
from tests.sessions.record_world import filled, finish, record_world, save
from tests.sessions.round_world import book_round
from tests.shared import shared

pytestmark = pytest.mark.django_db

KINDS = 3  # of records on the page: kept as rows, kept word for word, done
FIRST_ON, SECOND_ON = 1, 8
STUNG = SiteTreated("Neck", "left", points=2, is_reactive=True, map_points=(("left", 1, 2),))
PAIN = ScoreGiven("pain", "before", Decimal(7), "owner")


@shared
def world():
    world = record_world(species="horse")
    world.vet, world.horses, world.planned = world.doctor, {}, {}
    kind = {"kind": Place.Kind.STABLE, "name": "Oakfield", "travel_min": 10}
    world.stable = places.create_place(actor=None, clinic=world.clinic, **kind)
    rule = make_competition_rule(world.clinic)
    world.body = rule.body
    world.lot = make_lot(world.clinic, world.lidocaine)
    world.expired = make_lot(world.clinic, world.lidocaine, expires_on=date(2026, 3, 5))
    return world


def treated_before(world, name: str, number: int) -> None:
    """A horse with consent and competition, whose first session is done: with lots, places, scores and a reaction."""
    horse = make_horse(world.clinic, name=name, place=world.stable, weight_kg=Decimal(400 + number))
    make_consent(horse)
    Flag.objects.create(patient=horse, kind="behaviour", text=f"Kicks {name}", since_on=MONDAY)
    CompetitionEvent.objects.create(
        clinic=world.clinic,
        patient=horse,
        name="Cup",
        body=world.body,
        from_on=MONDAY + timedelta(days=30),
        until_on=MONDAY + timedelta(days=31),
    )
    course = make_course(
        world.clinic,
        patient=horse,
        protocol_version=world.version,
        practitioner=world.vet,
        cadence="4x1w@10",
        start_on=MONDAY + timedelta(days=FIRST_ON),
        now=NOW,
    )
    now, stung = at("08:00", FIRST_ON), replace(STUNG, map_points=(("left", 1 + number, 2),))
    first = records.start_late_record(
        actor=world.doctor_user, planned_session=course.planned_sessions.get(number=1), now=now
    )
    save(world, first, filled(first, sites=(stung,), scores=(PAIN,), reactions=(ReactionSeen("Bruise"),)))
    finish(world, first, performed_at=now)
    world.horses[name], world.planned[name] = horse, course.planned_sessions.get(number=2)


def round_of(world, count: int, clock: str):
    """A round begun, its records of each kind in turn."""
    names = [f"{clock} {number}" for number in range(count)]
    for number, name in enumerate(names):
        treated_before(world, name, number)
    one = book_round(world, clock, *names, day=SECOND_ON, now=at("09:00", FIRST_ON))
    made = rounds.start_round_records(actor=world.doctor_user, round=one, now=at("08:00", SECOND_ON))
    for number, record in enumerate(made):
        record = SessionRecord.objects.get(pk=record.pk)
        save(world, record, filled(record, sites=(STUNG,)))
        if number % KINDS == 1:
            SessionRecord.objects.filter(pk=record.pk).update(draft=_word_for_word(world, record))
        elif number % KINDS == 2:
            finish(world, record, performed_at=at("08:30", SECOND_ON))
    return one


def _word_for_word(world, record) -> dict:
    raw = raw_of(content(record))
    raw["lines"][0] |= {"lot": str(world.expired.pk), "lot_number": "", "expires_on": ""}
    raw["lines"][1] |= {"lot": "typed", "lot_number": f"{world.lot.number.lower()} ", "expires_on": ""}
    return raw


def asked(world, one) -> int:
    browser = Client()
    browser.force_login(world.doctor_user)
    address = reverse("sessions:round-records", args=[one.public_id])
    with time_machine.travel(at("09:00", SECOND_ON), tick=False):
        browser.get(address)  # what is kept or noted at the first look is not asked for again
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
    return len(queries)


def test_a_round_of_nine_asks_no_more_than_one_of_three(world):
    few, many = round_of(world, KINDS, "10:00"), round_of(world, 3 * KINDS, "12:00")

    statements = asked(world, few)

    assert asked(world, many) == statements
    assert statements < 80
    assert AuditEvent.objects.filter(verb="record.opened").count() == 2 * 4 * KINDS


def test_what_the_page_says_of_each_record_is_what_the_records_own_page_says(world):
    stops = round_records.stops_of(round_of(world, KINDS, "10:00"))
    rows, now = [stop.record for stop in stops], at("09:00", SECOND_ON)
    rows[0].patient.consents.all().delete()
    kept = contents(rows)

    checks = record_checks.check_records({row: kept[row.pk] for row in rows}, now, {})
    pages = record_pages.form_pages(rows, now.date())

    for row in rows:
        assert checks[row.pk] == record_checks.check_record(row, kept[row.pk], now)
        assert pages[row.pk] == record_pages.form_page(row, now.date())
    unasked = [row for row in rows if "consent.general" in {one.rule for one in checks[row.pk].blocks}]
    assert unasked == rows[:1]
    assert len({check.weight_kg for check in checks.values()}) == KINDS
    assert len({page.last.record for page in pages.values()}) == KINDS
    assert len({str(page.body_map) for page in pages.values()}) == KINDS
