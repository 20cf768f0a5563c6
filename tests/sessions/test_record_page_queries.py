"""The page of a record asks the database as often with a long past and many points as with a short one and few."""

from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sessions.models import SessionRecord
from sessions.queries.records import content
from sessions.recording import SiteTreated, raw_of
from tests.bench.record_page import long_past
from tests.sessions.record_world import book_session, done, filled, record_world, save, start

pytestmark = pytest.mark.django_db


def asked(world, record, page="sessions:record-edit") -> int:
    browser = Client()
    browser.force_login(world.doctor_user)
    address = reverse(page, args=[record.public_id])
    browser.get(address)  # what is kept or noted at the first look is not asked for again
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


def test_twelve_sessions_of_three_hundred_points_ask_no_more_than_one_of_two():
    world = record_world(cadence="13x1w")
    site = SiteTreated("Neck", "left", points=2, volume_per_point_ml=Decimal("0.1"), map_points=(("back", 1, 2),) * 2)
    done(world, 1, sites=(site,))
    record = _second(world, site)
    with time_machine.travel(record.appointment.starts_at, tick=False):
        few = asked(world, record)
    world, record = long_past(sessions=12, points=300)
    with time_machine.travel(record.appointment.starts_at, tick=False):
        many = asked(world, record)

    assert many == few
    assert many < 50


def _second(world, site):
    record = start(world, book_session(world, 2))
    save(world, record, filled(record, sites=(site,)))
    record.refresh_from_db()
    return record


ASKED_ONCE = (
    *('FROM "patients_flag" ', 'FROM "patients_weight" ', 'WHERE "patients_patient"."merged_into_id" IN'),
    *('FROM "protocols_substance" ', 'FROM "protocols_technique" '),
)


def test_the_page_asks_no_table_twice_for_what_its_choices_its_check_and_its_head_all_need():
    world = record_world(cadence="13x1w")
    record = _second(world, SiteTreated("Neck", "left", points=2, volume_per_point_ml=Decimal("0.1")))
    browser = Client()
    browser.force_login(world.doctor_user)

    with time_machine.travel(record.appointment.starts_at, tick=False), CaptureQueriesContext(connection) as queries:
        assert browser.get(reverse("sessions:record-edit", args=[record.public_id])).status_code == 200

    for words in ASKED_ONCE:
        assert sum(words in one["sql"] for one in queries.captured_queries) == 1, words


def test_a_draft_kept_word_for_word_is_checked_once_and_its_rows_are_not_read():
    world = record_world(cadence="13x1w")
    record = _second(world, SiteTreated("Neck", "left", points=2, volume_per_point_ml=Decimal("0.1")))
    with time_machine.travel(record.appointment.starts_at, tick=False):
        kept = asked(world, record)
        SessionRecord.objects.filter(pk=record.pk).update(draft=raw_of(content(record)))
        word_for_word = asked(world, record)

    assert word_for_word < kept


def test_what_was_given_all_the_same_is_read_once_whatever_was_found():
    world = record_world(cadence="13x1w")
    site = SiteTreated("Neck", "left", points=2, volume_per_point_ml=Decimal("0.1"))
    record = done(world, 1, sites=(site,))
    counted = []
    for many in (1, 9):
        found = [{"level": "warn", "key": f"rule-{n}", "text": f"Finding {n}", "source": ""} for n in range(many)]
        SessionRecord.objects.filter(pk=record.pk).update(findings=found)
        counted.append(asked(world, record, page="sessions:record-view"))

    assert counted[0] == counted[1]
