"""A lot blamed by mistake: the last word holds in every count and warning, and what was said before stays readable."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from mesoclinic.core.constraints import violated
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from protocols.queries.lot_warnings import suspicions
from sessions.models import AdverseEvent, AdverseEventUpdate
from sessions.queries import records as record_reads
from sessions.queries.reactions import lots_suspected, suspected_lots
from sessions.queries.record_checks import check_record
from sessions.queries.signatures import verify_chain
from sessions.services import records
from tests.factories import make_lot, make_user
from tests.sessions.recall_world import given, lot_world
from tests.shared import shared

pytestmark = pytest.mark.django_db

WHY = "It was a tick bite"


@shared
def world():
    """A reaction to a signed session, blamed on the lot of its lidocaine."""
    world = lot_world()
    world.event = records.report_reaction(
        actor=world.doctor_user, record=world.record, kind="Lump", severity="moderate", suspected_lot=world.lot
    )
    return world


def say(world, **words) -> AdverseEventUpdate:
    return records.update_reaction(actor=world.doctor_user, event=world.event, **words)


def clear(world, note=WHY) -> AdverseEventUpdate:
    return say(world, cleared_lot=world.lot, note=note)


def warned_of(world) -> tuple[int, list[int]]:
    """What the stock and the manager's day count against the lot."""
    since = world.event.reported_at - timedelta(days=1)
    found = suspected_lots(world.clinic, since=since)
    return suspicions([world.lot.pk]).get(world.lot.pk, 0), [lot.suspected_count for lot in found]


def browser_of(user) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def test_the_last_word_on_a_lot_holds_in_every_count(world):
    assert warned_of(world) == (1, [1])
    assert list(lots_suspected(world.event)) == [world.lot]

    clear(world)
    assert warned_of(world) == (0, [])
    assert list(lots_suspected(world.event)) == []

    say(world, suspected_lot=world.lot, note="The lesion is back")
    assert warned_of(world) == (1, [1])


def test_said_at_one_instant_the_order_of_entry_decides(world):
    at = world.event.updates.get().at

    say(world, cleared_lot=world.lot, note=WHY, now=at)

    assert warned_of(world) == (0, [])


def test_another_reaction_goes_on_being_blamed_on_the_lot(world):
    records.report_reaction(
        actor=world.doctor_user, record=world.record, kind="Fever", severity="mild", suspected_lot=world.lot
    )

    clear(world)

    assert warned_of(world) == (1, [1])


def test_a_record_with_the_lot_is_not_warned_any_more(world):
    clear(world)
    record = given(world, 2, lot=world.lot)

    check = check_record(record, record_reads.content(record), record.performed_at)

    assert "lot.suspected" not in {one.rule for one in check.findings}


def test_nothing_said_before_is_overwritten(world):
    clear(world)

    assert [(one.suspected_lot, one.cleared_lot, one.note, one.by) for one in world.event.updates.all()] == [
        (world.lot, None, "", world.doctor_user),
        (None, world.lot, WHY, world.doctor_user),
    ]
    assert verify_chain(world.clinic).broken is None
    page = browser_of(world.doctor_user).get(reverse("sessions:record-view", args=[world.record.public_id]))
    words = " ".join(page.content.decode().split())
    assert f"Suspected: {world.lot}." in words
    assert f"No longer suspected: {world.lot}. {WHY}" in words


def test_the_same_word_twice_is_one(world):
    assert clear(world) == clear(world)
    assert world.event.updates.count() == 2


@pytest.mark.parametrize(
    ("code", "words"),
    [("reason-needed", {"note": "  "}), ("both", {"note": WHY, "suspected_lot": True})],
)
def test_a_lot_is_cleared_with_a_reason_and_not_blamed_in_the_same_breath(world, code, words):
    words = {name: world.lot if value is True else value for name, value in words.items()}

    with pytest.raises(Refused, check=lambda no: no.code == code):
        say(world, cleared_lot=world.lot, **words)

    assert warned_of(world) == (1, [1])


def test_only_a_lot_that_is_suspected_is_cleared(world):
    with pytest.raises(Refused, check=lambda no: no.code == "not-suspected"):
        say(world, cleared_lot=make_lot(world.clinic, world.lidocaine), note=WHY)

    clear(world)
    with pytest.raises(Refused, check=lambda no: no.code == "not-suspected"):
        clear(world, "Said again in other words")


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        ("event_update_clears_with_reason", {"outcome": "ongoing"}),
        ("event_update_not_both", {"note": WHY, "suspected_lot": True}),
    ],
)
def test_the_database_refuses_it_too(world, constraint, words):
    words = {name: world.lot if value is True else value for name, value in words.items()}

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        AdverseEventUpdate.objects.create(event=world.event, cleared_lot=world.lot, **words)

    assert violated(refusal.value) == constraint


def test_the_form_offers_what_is_suspected_and_asks_why(world):
    browser = browser_of(world.doctor_user)
    url = reverse("sessions:reaction-update", args=[world.record.public_id, world.event.public_id])
    assert [key for key, _label in browser.get(url).context["form"].fields["cleared_lot"].choices] == [
        "",
        world.lot.pk,
    ]

    refused = browser.post(url, {"cleared_lot": world.lot.pk, "note": ""})
    assert refused.context["form"].errors == {"note": ["Say in the note why this lot is no longer suspected."]}
    for _click in range(2):
        assert browser.post(url, {"cleared_lot": world.lot.pk, "note": WHY}).status_code == 302

    assert world.event.updates.count() == 2
    assert "cleared_lot" not in browser.get(url).context["form"].fields


def test_the_pages_of_the_stock_and_the_managers_day_say_nothing_of_it(world):
    clear(world)
    browser = browser_of(make_user(world.clinic, Role.MANAGER))

    pages = [
        browser.get(reverse("protocols:lot", args=[world.lot.public_id])),
        browser.get(reverse("protocols:stock")),
        browser.get(reverse("sessions:today")),
    ]

    for page in pages:
        assert "blamed on" not in page.content.decode()


def test_a_lot_is_cleared_where_another_is_blamed(world):
    """One update says both: this one it was not, that one it was."""
    other = make_lot(world.clinic, world.lidocaine, number="CD 34")
    line = world.record.administrations.get(substance=world.lidocaine)
    records.add_addendum(
        actor=world.doctor_user,
        record=world.record,
        kind="correction",
        text="",
        reason="Read again",
        correction=records.Correction("lot_number", "CD 34", line.pk),
    )

    say(world, cleared_lot=world.lot, suspected_lot=other, note="Typed into the wrong line")

    assert suspicions([world.lot.pk, other.pk]) == {other.pk: 1}
    assert AdverseEvent.objects.get() == world.event
