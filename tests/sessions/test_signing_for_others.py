"""A record somebody else gave: signed by another licensed person with a reason, both named, in the signature and on paper."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from sessions import canonical
from sessions.models import SessionRecord, Signature
from sessions.queries.signatures import verify_chain
from sessions.services import leaving, records
from tests.factories import PASSWORD, make_practitioner, make_user
from tests.sessions.booking_world import MONDAY, at
from tests.sessions.record_world import done, record_world, sign
from tests.shared import shared

pytestmark = pytest.mark.django_db
WHY = "Dr Ada works here no longer"


@shared
def world():
    with time_machine.travel(at("10:15"), tick=False):
        world = record_world()
        world.other_user = make_user(world.clinic, Role.PRACTITIONER)
        world.other = make_practitioner(world.clinic, name="Dr Bea", user=world.other_user)
        yield world


def leave(world) -> SessionRecord:
    """The doctor gave a session, did not sign it, and has left; the sign-in ended with the last day."""
    record = done(world)
    world.doctor.last_day_on = MONDAY - timedelta(days=1)
    world.doctor.save(update_fields=["last_day_on"])
    leaving.end_sign_in(actor=make_user(world.clinic, Role.ADMIN), practitioner=world.doctor)
    return record


def test_another_licensed_person_closes_a_leavers_record_and_both_are_named(world):
    record = leave(world)

    records.sign_records(actor=world.other_user, records=[record], reason=WHY, now=at("18:00"))

    record.refresh_from_db()
    assert (record.performed_by, record.signed_by, record.signed_for_reason) == (world.doctor, world.other, WHY)
    assert AuditEvent.objects.get(verb="record.signed").reason == WHY


@pytest.mark.parametrize("reason", ["", "  "])
def test_without_a_reason_nobody_signs_for_somebody_else(world, reason):
    record = leave(world)

    with pytest.raises(Refused) as refused:
        records.sign_records(actor=world.other_user, records=[record], reason=reason)

    assert refused.value.code == "needs-reason"
    assert "Dr Ada" in refused.value.message
    assert not Signature.objects.exists()


def test_whoever_has_left_signs_nothing(world):
    record = leave(world)

    with pytest.raises(Refused) as refused:
        records.sign_records(actor=world.doctor_user, records=[record], now=at("18:00"))

    assert refused.value.code == "not-licensed"


def test_ones_own_record_keeps_no_reason(world):
    own = done(world)

    records.sign_records(actor=world.doctor_user, records=[own], reason=WHY, now=at("18:00"))

    own.refresh_from_db()
    assert own.signed_for_reason == ""


def test_the_reason_is_part_of_what_is_signed(world):
    record = leave(world)
    records.sign_records(actor=world.other_user, records=[record], reason=WHY, now=at("18:00"))

    assert WHY in Signature.objects.get().canonical_text
    assert verify_chain(world.clinic).broken is None


def test_signatures_of_the_format_before_still_hold(world, monkeypatch):
    first, second = done(world, 1), done(world, 2)
    with monkeypatch.context() as earlier:
        earlier.setattr(canonical, "CURRENT_FORMAT", 1)
        sign(world, first)

    sign(world, second)

    assert list(Signature.objects.order_by("sequence").values_list("format", flat=True)) == [
        1,
        canonical.CURRENT_FORMAT,
    ]
    call_command("verify_records")


def test_the_page_asks_why_and_keeps_what_was_typed(world):
    record = leave(world)
    browser = Client()
    browser.force_login(world.other_user)
    sent = {"record": [str(record.public_id)], "password": PASSWORD}

    page = browser.get(reverse("sessions:records-unsigned") + "?of=all").content.decode()
    refused = browser.post(reverse("sessions:records-sign"), sent).content.decode()
    browser.post(reverse("sessions:records-sign"), {**sent, "reason": WHY})

    record.refresh_from_db()
    shown = browser.get(reverse("sessions:record-view", args=[record.public_id])).content.decode()
    assert "works here no longer" in page
    assert "Say why you sign instead" in refused
    assert str(record.public_id) in refused
    assert record.signed_by == world.other
    assert f"for Dr Ada: {WHY}" in shown


def test_the_dialog_of_a_record_says_whose_it_is(world):
    record = leave(world)
    browser = Client()
    browser.force_login(world.other_user)

    html = browser.get(reverse("sessions:record-view", args=[record.public_id])).content.decode()

    assert "Dr Ada gave this session. Both names stay with the record." in html
    assert 'name="reason"' in html


def test_a_wrong_password_in_the_dialog_of_somebody_elses_record_loses_nothing(world):
    record = leave(world)
    browser = Client()
    browser.force_login(world.other_user)
    sent = {"record": [str(record.public_id)], "password": "wrong", "reason": WHY}

    html = browser.post(reverse("sessions:records-sign"), sent).content.decode()

    assert str(record.public_id) in html
    assert WHY in html
    assert not Signature.objects.exists()


def test_only_ones_own_records_are_ticked_in_advance(world):
    record = leave(world)
    browser = Client()
    browser.force_login(world.other_user)

    page = browser.get(reverse("sessions:records-unsigned") + "?of=all").content.decode()

    assert f'value="{record.public_id}"' in page
    assert "checked" not in page.split(f'value="{record.public_id}"')[1].split(">")[0]


def test_whose_giver_is_still_here_is_said_before_somebody_else_signs(world):
    record, browser = done(world), Client()
    browser.force_login(world.other_user)

    dialog = browser.get(reverse("sessions:record-view", args=[record.public_id])).content.decode()
    listed = browser.get(reverse("sessions:records-unsigned") + "?of=all").content.decode()

    assert "Dr Ada still works here and can sign this." in dialog
    assert "Dr Ada still works here and can sign this" in listed


@pytest.mark.parametrize(("begun", "reader"), [(leave, "other_user"), (done, "doctor_user")], ids=["left", "own"])
def test_nothing_is_said_of_who_has_left_nor_on_ones_own_record(world, begun, reader):
    record, browser = begun(world), Client()
    browser.force_login(getattr(world, reader))

    for page in (
        reverse("sessions:record-view", args=[record.public_id]),
        reverse("sessions:records-unsigned") + "?of=all",
    ):
        assert "still works here" not in browser.get(page).content.decode()
