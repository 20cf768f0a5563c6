"""A reaction seen at the session: what is known of it at once stands in the draft, what is learnt later follows."""

from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from protocols.queries.lot_warnings import suspicions
from sessions.forms.addenda import LateReactionForm
from sessions.models import AdverseEvent, AdverseEventUpdate
from sessions.queries import records as reads
from sessions.recording import LineGiven, ReactionSeen
from sessions.services import records
from tests.sessions.booking_world import MONDAY, at
from tests.sessions.record_world import filled, finish, lot_of, record_world, save, sign, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    with time_machine.travel(at("10:15"), tick=False):
        world = record_world()
        world.lot = lot_of(world)
        world.record = start(world)
        yield world


def with_reaction(world, **known):
    line = LineGiven(world.lidocaine.pk, "base", Decimal(2), Decimal(2), lot_id=world.lot.pk, lot_number="x")
    seen = ReactionSeen("Wheal", "moderate", MONDAY, **known)
    content = filled(world.record, lines=(line,), reactions=(seen,))
    save(world, world.record, content)
    return seen


def test_outcome_and_suspected_lot_are_kept_with_the_draft_and_count_at_once(world):
    seen = with_reaction(world, outcome="resolved", suspected_lot_id=world.lot.pk)

    assert reads.content(world.record).reactions == (seen,)
    assert suspicions([world.lot.pk]) == {world.lot.pk: 1}


def test_taking_the_suspicion_back_leaves_nothing_behind(world):
    with_reaction(world, suspected_lot_id=world.lot.pk)

    seen = with_reaction(world)

    assert reads.content(world.record).reactions == (seen,)
    assert suspicions([world.lot.pk]) == {}
    assert not AdverseEventUpdate.objects.exists()


def test_after_signing_what_is_learnt_later_follows_what_was_known(world):
    with_reaction(world, outcome="ongoing", suspected_lot_id=world.lot.pk)
    record = finish(world, world.record)
    sign(world, record)

    event = AdverseEvent.objects.get()
    records.update_reaction(actor=world.doctor_user, event=event, outcome="resolved")

    assert [update.outcome for update in event.updates.all()] == ["ongoing", "resolved"]


def test_a_draft_with_a_suspicion_can_be_thrown_away(world):
    with_reaction(world, suspected_lot_id=world.lot.pk)

    records.discard_record(actor=world.doctor_user, record=world.record)

    assert not AdverseEvent.objects.exists()


def test_a_lot_that_was_not_given_is_refused_beside_its_field(world):
    other = lot_of(world, number="OTHER")
    rows = {
        **{f"{name}-INITIAL_FORMS": "0" for name in ("lines", "sites", "reactions")},
        "lines-TOTAL_FORMS": "1",
        "sites-TOTAL_FORMS": "0",
        "reactions-TOTAL_FORMS": "1",
        "lines-0-substance": world.lidocaine.pk,
        "lines-0-prepared_ml": "2",
        "lines-0-given_ml": "2",
        "lines-0-lot": world.lot.pk,
        "reactions-0-kind": "Wheal",
        "edit_count": world.record.edit_count,
    }
    browser = Client()
    browser.force_login(world.doctor_user)
    address = reverse("sessions:record-save", args=[world.record.public_id])

    refused = browser.post(address, {**rows, "reactions-0-suspected_lot": other.pk}, headers={"X-Autosave": "1"}).json()
    rows["edit_count"] = refused["edit_count"]
    kept = browser.post(
        address, {**rows, "reactions-0-suspected_lot": world.lot.pk}, headers={"X-Autosave": "1"}
    ).json()

    assert refused["errors"] == {"reactions-0-suspected_lot": "This lot was not given at that session."}
    assert kept["errors"] == {}
    assert reads.content(world.record).reactions[0].suspected_lot_id == world.lot.pk


@pytest.mark.parametrize(("onset_on", "is_wrong"), [("2026-03-02", False), ("2026-03-03", True), ("2062-03-02", True)])
def test_a_reaction_began_on_no_day_to_come(world, onset_on, is_wrong):
    """Once signed it cannot be put right, and the weeks since the session are counted by it."""
    told = {"kind": "Wheal", "severity": "mild", "onset_on": onset_on}

    form = LateReactionForm(told, record=world.record)

    assert ("onset_on" in form.errors) is is_wrong
