"""Which lot a new record proposes: the first to expire of those here that hold enough, whatever was used last time."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from protocols.services import recalls
from sessions.queries import records as reads
from sessions.queries.record_checks import check_record
from tests.factories import make_lot
from tests.sessions.booking_world import at
from tests.sessions.record_world import book_session, record_world, signed, start
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    with time_machine.travel(at("10:15"), tick=False):
        yield record_world()


def lot(world, number, expires_on, **more):
    return make_lot(world.clinic, world.lidocaine, number=number, expires_on=expires_on, **more)


def proposed(record):
    line = next(iter(reads.content(record).lines))
    return line.lot_number, line.expires_on


def test_a_first_record_proposes_the_lot_that_expires_first(world):
    lot(world, "LATER", date(2027, 6, 30))
    lot(world, "FIRST", date(2026, 6, 30))

    assert proposed(start(world)) == ("FIRST", date(2026, 6, 30))


def test_as_last_time_proposes_the_first_to_expire_and_not_the_lot_of_last_time(world):
    lot(world, "LAST-TIME", date(2027, 6, 30))
    signed(world)
    lot(world, "SOONER", date(2026, 6, 30))

    assert proposed(start(world, book_session(world, 2))) == ("SOONER", date(2026, 6, 30))


def test_a_lot_that_was_used_up_is_followed_by_the_next(world):
    lot(world, "SMALL", date(2026, 6, 30), volume_ml=Decimal(2))
    lot(world, "NEXT", date(2027, 6, 30))
    signed(world)

    assert proposed(start(world, book_session(world, 2))) == ("NEXT", date(2027, 6, 30))


def test_a_lot_with_too_little_left_is_passed_over_while_another_holds_enough(world):
    lot(world, "DREGS", date(2026, 6, 30), volume_ml=Decimal("0.5"))
    lot(world, "FULL", date(2027, 6, 30))

    assert proposed(start(world)) == ("FULL", date(2027, 6, 30))


def test_expired_and_recalled_lots_are_never_proposed(world):
    lot(world, "EXPIRED", date(2026, 3, 1))
    recalled = lot(world, "RECALLED", date(2026, 4, 30))
    recalls.recall_lot(actor=world.doctor_user, lot=recalled, reason="Turbid")

    assert proposed(start(world)) == ("", None)


def test_the_page_shows_which_lot_was_chosen_and_why(world):
    lot(world, "LATER", date(2027, 6, 30))
    first = lot(world, "FIRST", date(2026, 6, 30))
    browser = Client()
    browser.force_login(world.doctor_user)

    html = browser.get(reverse("sessions:record-edit", args=[start(world).public_id])).content.decode()

    assert re.search(rf'<input[^>]*name="lines-0-lot"[^>]*value="{first.pk}"[^>]*checked', html)
    assert "FIRST · until 30 Jun 2026, the first to expire" in html
    assert "LATER · until 30 Jun 2027 ·" in html


def strengths(record):
    line = next(iter(reads.content(record).lines))
    return line.lot_number, line.strength, line.strength_unit


def test_a_lot_of_another_strength_brings_the_one_on_its_pack(world):
    lot(world, "STRONG", date(2026, 6, 30), strength=Decimal(20), strength_unit="mg/mL")

    assert strengths(start(world)) == ("STRONG", Decimal(20), "mg/mL")


def test_a_lot_as_strong_as_the_protocol_goes_before_a_stronger_one_that_expires_sooner(world):
    lot(world, "STRONG", date(2026, 6, 30), strength=Decimal(20), strength_unit="mg/mL")
    lot(world, "USUAL", date(2027, 6, 30))

    assert strengths(start(world)) == ("USUAL", Decimal(10), "mg/mL")


def test_a_line_that_counts_otherwise_than_the_pack_of_its_lot_is_stopped(world):
    strong = lot(world, "STRONG", date(2026, 6, 30), strength=Decimal(20), strength_unit="mg/mL")
    record = start(world)
    content = reads.content(record)
    line = replace(content.lines[0], lot_id=strong.pk, lot_number="STRONG", strength=Decimal(10))

    found = check_record(record, replace(content, lines=(line, *content.lines[1:])), at("10:15"))

    assert "lot.strength" in {finding.rule for finding in found.blocks}
