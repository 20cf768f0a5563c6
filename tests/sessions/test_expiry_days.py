"""A lot expires by the day of the site, wherever the site is: not by the server's, nor by UTC."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mesoclinic.core.models import Site
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from protocols.queries import lots as queries
from protocols.services import lots
from protocols.tasks import expire_lots
from sessions.models import SessionRecord
from sessions.queries import record_checks
from sessions.queries import records as reads
from sessions.queries.record_options import Wanted, record_options
from sessions.recording import LineGiven
from tests.factories import make_clinic, make_lot, make_user, site_of
from tests.sessions.booking_world import at
from tests.sessions.record_world import record_world, start

pytestmark = pytest.mark.django_db

LAST_DAY = date(2026, 3, 2)
AUCKLAND_MIDNIGHT = datetime(2026, 3, 2, 11, tzinfo=UTC)  # there it is the 3rd, here the 2nd still
LOS_ANGELES_MIDNIGHT = datetime(2026, 3, 3, 8, tzinfo=UTC)  # there the 2nd ends, here the 3rd is eight hours old
A_MOMENT = timedelta(minutes=1)

either_side_of_midnight = pytest.mark.parametrize(
    ("zone", "now", "is_good"),
    [
        ("Pacific/Auckland", AUCKLAND_MIDNIGHT - A_MOMENT, True),
        ("Pacific/Auckland", AUCKLAND_MIDNIGHT, False),
        ("America/Los_Angeles", LOS_ANGELES_MIDNIGHT - A_MOMENT, True),
        ("America/Los_Angeles", LOS_ANGELES_MIDNIGHT, False),
    ],
)


@either_side_of_midnight
def test_a_lot_is_drawn_and_opened_until_the_sites_day_is_over(zone, now, is_good):
    clinic = make_clinic(time_zone=zone)
    site, lot = site_of(clinic), make_lot(clinic, expires_on=LAST_DAY, beyond_use_days=28)
    refused = []

    for deed in (lots.open_vial, lambda **given: lots.draw(volume_ml=Decimal(1), **given)):
        try:
            deed(actor=None if deed is not lots.open_vial else make_user(clinic), lot=lot, site=site, at=now)
        except Refused as refusal:
            refused.append(refusal.code)

    assert refused == ([] if is_good else ["lot-expired", "lot-expired"])


@either_side_of_midnight
def test_a_record_offers_and_judges_a_lot_by_the_day_it_was_given_at_the_site(zone, now, is_good):
    with time_machine.travel(at("10:15"), tick=False):
        world = record_world()
        lot = make_lot(world.clinic, world.lidocaine, expires_on=LAST_DAY)
        start(world)
    Site.objects.filter(pk=world.site.pk).update(time_zone=zone)
    record = SessionRecord.objects.get()
    line = LineGiven(world.lidocaine.pk, "base", Decimal(1), Decimal(1), lot_id=lot.pk)
    given = replace(reads.content(record), lines=(line,))

    check = record_checks.check_record(record, given, now)
    offered = record_options(record, Wanted(now.astimezone(reads.site_of(record).zone).date())).lot_by_id

    assert ("lot.expired" in {one.rule for one in check.blocks}) is not is_good
    assert (lot.pk in offered) is is_good


@either_side_of_midnight
def test_the_pages_of_a_record_and_of_the_stock_say_so_by_the_sites_day(zone, now, is_good):
    clinic = make_clinic(time_zone=zone)
    lot = make_lot(clinic, expires_on=LAST_DAY)
    client = Client()
    client.force_login(make_user(clinic, Role.MANAGER))

    with time_machine.travel(now, tick=False):
        shelf = client.get(reverse("protocols:lot", args=[lot.public_id])).content.decode()
        today = client.get(reverse("sessions:today")).content.decode()
        listed = queries.search(clinic, show="expired", on=now.astimezone(site_of(clinic).zone).date())
        sent = client.get(reverse("protocols:stock"), {"show": "expired"}).content.decode()

    row = today[today.index(lot.number) :].split("</li>")[0]
    assert ("expired</span>" in row, "expires soon</span>" in row) == (not is_good, is_good)
    assert (lot.number in sent) is (lot in listed) is not is_good
    assert ("expired</span>" in shelf.casefold()) is not is_good


@either_side_of_midnight
def test_nobody_is_told_of_an_expiry_before_the_sites_day_is_over(zone, now, is_good):
    clinic = make_clinic(time_zone=zone)
    make_lot(clinic, expires_on=LAST_DAY)
    make_lot(make_clinic(), expires_on=date(2031, 1, 1))

    with time_machine.travel(now, tick=False):
        expire_lots()

    assert [notice.kind for notice in queries.notices(clinic)] == ["expiring" if is_good else "expired"]


def test_a_lot_of_several_sites_has_expired_once_the_day_is_over_at_the_last_of_them():
    clinic = make_clinic(time_zone="Pacific/Auckland")
    make_lot(clinic, expires_on=LAST_DAY)
    Site.objects.create(clinic=clinic, name="West", time_zone="America/Los_Angeles")
    closed = Site.objects.create(clinic=clinic, name="Closed", time_zone="Pacific/Honolulu", is_active=False)

    lots.note_stock(now=LOS_ANGELES_MIDNIGHT - A_MOMENT)
    assert [notice.kind for notice in queries.notices(clinic)] == ["expiring"]

    lots.note_stock(now=LOS_ANGELES_MIDNIGHT)
    assert {notice.kind for notice in queries.notices(clinic)} == {"expiring", "expired"}
    assert closed.zone.key == "Pacific/Honolulu"  # where the 2nd goes on: a site that is closed counts nothing


def test_what_expires_soon_is_told_by_the_sites_day_too():
    clinic = make_clinic(time_zone="America/Los_Angeles")
    make_lot(clinic, expires_on=LAST_DAY + timedelta(days=queries.EXPIRING_DAYS + 1))

    assert lots.note_stock(now=LOS_ANGELES_MIDNIGHT - A_MOMENT) == 0
    assert lots.note_stock(now=LOS_ANGELES_MIDNIGHT) == 1
