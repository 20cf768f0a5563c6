"""Signing: who may, what it draws, and the chain that shows every change behind the program's back."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils.translation import override

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from protocols.models import Lot, StockMovement
from protocols.queries import lots as stock
from sessions.models import Addendum, Administration, InjectionSite, SessionRecord, Signature, SignatureHead
from sessions.queries import records as reads
from sessions.queries.signatures import verify_chain
from sessions.recording import OverrideGiven
from sessions.services import records
from tests.factories import make_practitioner, make_user
from tests.sessions.booking_world import MONDAY, at
from tests.sessions.record_world import (
    book_session,
    done,
    filled,
    finish,
    lifted_everywhere,
    lot_of,
    record_world,
    save,
    session,
    sign,
    signed,
    start,
)
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return record_world()


def from_lot(record, lot, *, prepared="2", given="1.5"):
    first, *others = reads.content(record).lines
    first = replace(
        first,
        prepared_ml=Decimal(prepared),
        given_ml=Decimal(given),
        lot_id=lot.pk,
        lot_number=lot.number,
        expires_on=lot.expires_on,
    )
    return (first, *others)


def add(world, record, kind="addendum", **fields):
    fields = {"text": "Slept well", "reason": "Told on the phone", **fields}
    return records.add_addendum(actor=world.doctor_user, record=record, kind=kind, now=at("19:00"), **fields)


def test_a_signed_record_says_who_and_when_and_is_a_link_of_the_chain(world):
    record = signed(world)

    link = Signature.objects.get(record=record)
    head = SignatureHead.objects.get(clinic=world.clinic)
    assert (record.status, record.signed_by, record.signed_at) == ("signed", world.doctor, at("18:00"))
    assert (link.sequence, link.previous_sha256, link.signed_by) == (1, "", world.doctor)
    assert (head.sequence, head.sha256) == (1, link.sha256)
    assert AuditEvent.objects.filter(verb="record.signed", patient_id=world.patient.pk).count() == 1


def test_the_signed_text_names_the_patient_by_key_only(world):
    record = signed(world)

    text = Signature.objects.get(record=record).canonical_text
    assert world.patient.name not in text
    assert f'"patient_id":{world.patient.pk}' in text


def test_several_records_are_signed_at_once_each_after_the_other(world):
    first, second = done(world, 1), done(world, 2)

    links = sign(world, second, first)

    assert [link.record_id for link in links] == [first.pk, second.pk]
    assert links[1].previous_sha256 == links[0].sha256


def test_nothing_is_signed_when_one_of_them_is_not_done(world):
    first = done(world, 1)
    draft = start(world, book_session(world, 2))

    with pytest.raises(Refused) as refusal:
        sign(world, first, draft)

    assert refusal.value.code == "not-done"
    assert not Signature.objects.exists()


def test_signing_again_signs_nothing_twice(world):
    record = signed(world)

    assert sign(world, record) == []
    assert Signature.objects.count() == 1


@pytest.mark.parametrize("who", ["reception", "no practitioner", "not licensed"])
def test_only_a_licensed_practitioner_signs(world, who):
    record = done(world)
    role = Role.RECEPTION if who == "reception" else Role.PRACTITIONER
    user = make_user(world.clinic, role)
    if who != "no practitioner":
        make_practitioner(world.clinic, user=user, may_inject=who != "not licensed", licence_number="7")

    with pytest.raises(Refused) as refusal:
        sign(world, record, actor=user)

    assert refusal.value.code == ("not-licensed" if who == "not licensed" else "not-a-practitioner")
    record.refresh_from_db()
    assert record.status == "done"


def test_a_record_of_another_clinic_is_not_signed(world):
    record = done(world)
    other = record_world()

    with pytest.raises(Refused) as refusal:
        sign(other, record)

    assert refusal.value.code == "foreign"


# Stock


def test_signing_draws_what_was_drawn_up(world):
    lot = lot_of(world, volume_ml=10)
    record = start(world)
    save(world, record, filled(record, lines=from_lot(record, lot)))
    finish(world, record)

    sign(world, record)

    movement = record.administrations.get(position=1).stock_movement
    assert (movement.kind, movement.volume_ml, movement.lot) == ("drawn", Decimal(-2), lot)
    assert stock.stock_of(lot, world.site) == 8


@pytest.mark.parametrize("state", ["used up", "expired", "recalled"])
def test_what_was_really_injected_is_drawn_whatever_the_state_of_the_lot(world, state):
    lot = lot_of(world, volume_ml=1 if state == "used up" else 10)
    if state == "expired":
        lot.expires_on = MONDAY - timedelta(days=1)
    if state == "recalled":
        lot.status, lot.recalled_at, lot.recall_reason = "recalled", at("09:00"), "Turbid"
    lot.save()
    record = start(world)
    content = filled(record, lines=from_lot(record, lot))
    save(world, record, content)
    with pytest.raises(Refused) as refusal:
        finish(world, record)
    given = tuple(OverrideGiven(f.key, f.rule, f.text, "Seen too late") for f in refusal.value.details["findings"])
    save(world, record, replace(content, overrides=given))
    finish(world, record)

    sign(world, record)

    movement = StockMovement.objects.get(kind="drawn")
    assert (movement.reason, movement.volume_ml) == ("Seen too late", Decimal(-2))


def test_a_lot_typed_by_hand_draws_nothing(world):
    record = start(world)
    first, second = reads.content(record).lines
    save(world, record, filled(record, lines=(replace(first, lot_number="X1", expires_on=date(2027, 1, 1)), second)))
    finish(world, record)

    sign(world, record)

    assert not StockMovement.objects.filter(kind="drawn").exists()


# Addenda


def test_an_addendum_is_signed_into_the_chain(world):
    record = signed(world)

    addendum = add(world, record)

    link = Signature.objects.get(addendum=addendum)
    assert (link.sequence, link.record, addendum.by) == (2, record, world.doctor)
    assert AuditEvent.objects.filter(verb="record.addendum-added").exists()


@pytest.mark.parametrize(("fields", "code"), [({"text": " "}, "text-needed"), ({"reason": " "}, "reason-needed")])
def test_an_addendum_says_what_and_why(world, fields, code):
    with pytest.raises(Refused) as refusal:
        add(world, signed(world), **fields)

    assert refusal.value.code == code


def test_an_unsigned_record_is_changed_itself(world):
    with pytest.raises(Refused) as refusal:
        add(world, done(world))

    assert refusal.value.code == "not-signed"


def test_a_withdrawal_makes_the_session_due_again_and_the_right_record_takes_its_place(world):
    record = signed(world)
    add(world, record, "withdrawal")
    assert (session(world, 1).status, session(world, 1).performed_on) == ("planned", None)

    again = start(world)
    save(world, again, filled(again))
    finish(world, again)

    record.refresh_from_db()
    assert (again.attempt, again.planned_session, session(world, 1).status) == (2, record.planned_session, "done")
    assert reads.last_record(patient=world.patient, course=world.course) == again
    assert reads.is_withdrawn(record)
    sign(world, again)
    assert verify_chain(world.clinic).broken is None


def test_a_withdrawn_session_behind_a_later_one_is_left_out(world):
    record = signed(world)
    done(world, 2)

    add(world, record, "withdrawal")

    assert (session(world, 1).status, session(world, 2).status) == ("skipped", "done")


@pytest.mark.parametrize("there_ml", [10, 1])
def test_a_withdrawn_record_puts_back_what_it_drew_so_that_the_right_one_draws_it_once(world, there_ml):
    lot = lot_of(world, volume_ml=there_ml)
    record = start(world)
    content = filled(record, lines=from_lot(record, lot))
    save(world, record, content)
    try:
        finish(world, record)
    except Refused as no:  # more was given than the ledger knew of
        given = tuple(OverrideGiven(f.key, f.rule, f.text, "It was there") for f in no.details["findings"])
        save(world, record, replace(content, overrides=given))
        finish(world, record)
    sign(world, record)
    signed_ml, lot_then = stock.stock_of(lot, world.site), Lot.objects.get(pk=lot.pk).status

    add(world, record, "withdrawal")
    with pytest.raises(Refused):
        add(world, record, "withdrawal")

    put_back = StockMovement.objects.get(kind="put-back")
    assert (put_back.volume_ml, put_back.lot, put_back.by) == (2, lot, world.doctor_user)
    assert stock.stock_of(lot, world.site) == signed_ml + 2
    assert Lot.objects.get(pk=lot.pk).status == "active"

    again = start(world)
    save(world, again, filled(again, lines=from_lot(again, lot)))
    finish(world, again)
    sign(world, again)

    assert (stock.stock_of(lot, world.site), Lot.objects.get(pk=lot.pk).status) == (signed_ml, lot_then)
    assert verify_chain(world.clinic).broken is None


def test_the_ledger_says_why_a_draw_was_put_back_in_the_language_of_who_reads_it(world, client):
    lot = lot_of(world, volume_ml=10)
    record = start(world)
    save(world, record, filled(record, lines=from_lot(record, lot)))
    finish(world, record)
    sign(world, record)
    with override("fr"):
        add(world, record, "withdrawal")
    client.force_login(make_user(world.clinic, Role.MANAGER))

    page = client.get(reverse("protocols:lot", args=[lot.public_id])).content.decode()

    assert "Its record was withdrawn: it was written for the wrong patient." in page


def test_a_record_is_withdrawn_once(world):
    record = signed(world)
    add(world, record, "withdrawal")

    with pytest.raises(Refused) as refusal:
        add(world, record, "withdrawal")

    assert refusal.value.code == "withdrawn"


def test_a_reaction_told_later_joins_a_signed_record_and_breaks_no_signature(world):
    record = signed(world)

    told = {"kind": "Lesion", "severity": "moderate", "now": record.signed_at}
    records.report_reaction(actor=world.doctor_user, record=record, **told)

    assert record.adverse_events.get(is_late=True).reported_at == record.signed_at
    assert reads.content(record).reactions == ()
    assert verify_chain(world.clinic).broken is None


# The chain


def test_a_chain_that_nobody_touched_holds(world, capsys):
    add(world, signed(world))

    call_command("verify_records")

    assert "2 signatures hold" in capsys.readouterr().out


def tamper_record(record):
    SessionRecord.objects.filter(pk=record.pk).update(notes="Never happened")


def tamper_line(record):
    Administration.objects.filter(record=record, position=1).update(given_ml=Decimal("0.1"))


def tamper_site(record):
    InjectionSite.objects.filter(record=record).delete()


def tamper_text(record):
    Signature.objects.filter(record=record).update(canonical_text="{}")


def tamper_addendum(record):
    Addendum.objects.filter(record=record).update(text="Slept badly")


def drop_link(record):
    Signature.objects.filter(record=record, addendum=None).delete()


@pytest.mark.parametrize(
    "tamper",
    [tamper_record, tamper_line, tamper_site, tamper_text, tamper_addendum, drop_link],
    ids=lambda f: f.__name__,
)
def test_a_change_behind_the_triggers_is_found_and_named(world, tamper, capsys):
    record = signed(world)
    add(world, record)
    with lifted_everywhere():
        tamper(record)

    with pytest.raises(CommandError) as failure:
        call_command("verify_records")

    assert failure.value.returncode == 1
    if tamper is not drop_link:
        assert str(record.public_id) in capsys.readouterr().err


def test_links_cut_off_the_end_are_missed(world):
    add(world, signed(world))
    with lifted_everywhere():
        Signature.objects.filter(addendum__isnull=False).delete()

    assert "ends elsewhere" in verify_chain(world.clinic).broken.problem


def test_a_record_signed_outside_the_chain_is_found(world):
    record = done(world)
    SessionRecord.objects.filter(pk=record.pk).update(status="signed", signed_at=at("18:00"), signed_by=world.doctor)

    assert verify_chain(world.clinic).broken.record == str(record.public_id)


def test_each_clinic_has_its_own_chain(world):
    other = record_world()
    signed(world)
    signed(other)

    assert list(Signature.objects.values_list("sequence", flat=True)) == [1, 1]
    assert verify_chain(other.clinic).count == 1


def test_walking_the_chain_takes_the_same_statements_for_many(world, django_assert_num_queries):
    signed(world, 1)
    with django_assert_num_queries(11):
        verify_chain(world.clinic)
    signed(world, 2)
    signed(world, 3)

    with django_assert_num_queries(11):
        verify_chain(world.clinic)
