"""A reaction seen at the session: what is known of it at once stands in the draft, what is learnt later follows."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mesoclinic.core.refused import Refused
from protocols.queries.lot_warnings import suspicions
from sessions.forms.addenda import LateReactionForm
from sessions.models import AdverseEvent, AdverseEventUpdate
from sessions.queries import records as reads
from sessions.recording import LineGiven, ReactionSeen
from sessions.services import records
from tests.sessions.booking_world import MONDAY, at
from tests.sessions.record_world import filled, finish, lot_of, record_world, save, sign, start
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
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


@pytest.mark.parametrize(
    ("onset_on", "is_wrong"), [("2026-03-02", False), ("2026-03-03", True), ("2062-03-02", True), ("2026-03-01", True)]
)
def test_a_reaction_began_on_no_day_to_come_nor_before_the_session(world, onset_on, is_wrong):
    """Once signed it cannot be put right, and the weeks since the session are counted by it."""
    told = {"kind": "Wheal", "severity": "mild", "onset_on": onset_on}

    with_reaction(world)
    form = LateReactionForm(told, record=finish(world, world.record))

    assert ("onset_on" in form.errors) is is_wrong


def rows(world, **fields):
    counts = {f"{name}-INITIAL_FORMS": "0" for name in ("lines", "sites", "reactions")}
    counts |= {f"{name}-TOTAL_FORMS": "0" for name in ("lines", "sites")} | {"reactions-TOTAL_FORMS": "1"}
    return {**counts, "reactions-0-kind": "Wheal", "edit_count": world.record.edit_count, **fields}


@pytest.mark.parametrize(
    ("performed_at", "onset_on", "is_wrong"),
    [("", "2026-03-02", False), ("", "2026-03-01", True), ("2026-03-01 10:00", "2026-03-01", False)],
)
def test_a_reaction_of_a_session_did_not_begin_before_it(world, performed_at, onset_on, is_wrong):
    browser = Client()
    browser.force_login(world.doctor_user)
    sent = rows(world, performed_at=performed_at, **{"reactions-0-onset_on": onset_on})

    address = reverse("sessions:record-save", args=[world.record.public_id])
    errors = browser.post(address, sent, headers={"X-Autosave": "1"}).json()["errors"]

    assert errors.get("reactions-0-onset_on", "").startswith("This is before the session of 2 Mar 2026.") is is_wrong
    assert not is_wrong or set(errors) == {"reactions-0-onset_on"}


def test_a_signed_record_says_since_when_a_reaction_was_there_and_the_service_refuses_a_day_before_it(world):
    with_reaction(world)
    record = finish(world, world.record)
    sign(world, record)
    browser = Client()
    browser.force_login(world.doctor_user)

    text = " ".join(browser.get(reverse("sessions:record-view", args=[record.public_id])).content.decode().split())

    assert "Wheal (Moderate) since 2 Mar 2026" in text
    early = {"kind": "Lump", "severity": "mild", "onset_on": MONDAY - timedelta(days=1)}
    with pytest.raises(Refused, check=lambda no: no.code == "before-session"):
        records.report_reaction(actor=world.doctor_user, record=record, **early)
