"""Whatever is changed in a signed record behind the triggers is found by name; a lapsed licence signs nothing."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, models, transaction
from django.test import Client
from django.urls import reverse

from protocols.models import StockMovement
from sessions.canonical import ADDENDUM_2, CHILDREN_1, RECORD_2
from sessions.models import Addendum, Administration, Practitioner, SessionRecord, Signature, SignatureHead
from sessions.queries.signatures import verify_chain
from sessions.recording import OverrideGiven, ReactionSeen
from sessions.services import records
from tests.factories import PASSWORD, make_practitioner
from tests.sessions.booking_world import MONDAY, at
from tests.sessions.record_world import done, lifted_everywhere, record_world, signed
from tests.shared import shared

pytestmark = pytest.mark.django_db

KEYS = {"id", "public_id"}  # a row of another key is another row: what was signed is gone


@shared
def world():
    return record_world()


@pytest.fixture
def record(world):
    """Signed, with a row in every table, and a later record that is in order."""
    record = signed(
        world, reactions=(ReactionSeen("Bruise"),), overrides=(OverrideGiven("key", "rule", "finding", "reason"),)
    )
    records.add_addendum(
        actor=world.doctor_user, record=record, kind="addendum", text="More", reason="Later", now=at("19:00")
    )
    signed(world, 2, scores=())
    return record


def another(field: models.Field, value):
    """A value the column takes and does not hold."""
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.DateTimeField):
        return (value or datetime(2026, 3, 1, tzinfo=UTC)) - timedelta(seconds=1)
    if isinstance(field, models.DateField):
        return (value or date(2026, 3, 1)) - timedelta(days=1)
    if isinstance(field, models.DecimalField):
        return (value or Decimal(1)) + Decimal("0.5")
    if isinstance(field, models.IntegerField):
        return (value or 1) + 1
    if isinstance(field, models.JSONField):
        return [*value, 1] if isinstance(value, list) else {**value, "clear": not value.get("clear")}
    choices = [key for key, _words in field.choices or () if key != value]
    return choices[0] if choices else f"{value}x"[-(field.max_length or 99) :]


def columns_of(model, names):
    return [
        name for name in names if name not in KEYS and not model._meta.get_field(name.removesuffix("_id")).is_relation
    ]


TABLES = {"record": (SessionRecord, RECORD_2), "addendum": (Addendum, ADDENDUM_2), **CHILDREN_1}


@pytest.mark.parametrize("table", TABLES)
def test_every_signed_column_that_is_changed_is_found_and_its_record_named(world, record, table):
    model, names = TABLES[table]
    row = model.objects.filter(pk=record.pk) if model is SessionRecord else model.objects.filter(record=record)
    missed = []

    with lifted_everywhere():
        for name in columns_of(model, names):
            value = another(model._meta.get_field(name), row.values_list(name, flat=True).first())
            with suppress(IntegrityError), transaction.atomic():  # what the database does not take is no change
                row.model.objects.filter(pk=row.first().pk).update(**{name: value})
                found = verify_chain(world.clinic).broken
                if found is None or found.record != str(record.public_id):
                    missed.append(name)
                transaction.set_rollback(True)

    assert not missed
    assert verify_chain(world.clinic).broken is None


@pytest.mark.parametrize("table", CHILDREN_1)
@pytest.mark.parametrize("deed", ["taken away", "moved"])
def test_a_row_taken_out_of_a_signed_record_is_found(world, record, table, deed):
    model = TABLES[table][0]
    later = SessionRecord.objects.exclude(pk=record.pk).get()
    row = model.objects.filter(pk=model.objects.filter(record=record).order_by("pk").first().pk)

    with lifted_everywhere():
        if deed == "taken away":
            row._raw_delete(row.db)
        else:
            row.update(record=later, **({"position": 99} if hasattr(model, "position") else {}))

    assert verify_chain(world.clinic).broken.record == str(record.public_id)


def test_a_row_put_into_a_signed_record_is_found(world, record):
    with lifted_everywhere():
        line = Administration.objects.filter(record=record).first()
        line.pk, line.position, line.stock_movement = None, 99, None
        line.save(force_insert=True)

    assert verify_chain(world.clinic).broken.record == str(record.public_id)


@pytest.mark.parametrize("status", ["done", "draft"])
def test_a_record_put_back_among_those_to_sign_is_found(world, record, status, capsys):
    row = SessionRecord.objects.filter(pk=record.pk)
    with lifted_everywhere():
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(status=status)  # who signed and when would still stand there
        row.update(status=status, signed_at=None, signed_by=None)

    with pytest.raises(CommandError) as failure:
        call_command("verify_records")

    assert failure.value.returncode == 1
    assert str(record.public_id) in capsys.readouterr().err


@pytest.mark.parametrize("link", ["record", "addendum"])
@pytest.mark.parametrize("column", ["signed_by", "signed_at"])
def test_a_signature_that_names_another_signer_or_time_than_its_text_is_found(world, record, link, column, capsys):
    row = Signature.objects.filter(record=record, addendum__isnull=link == "record")
    values = {"signed_by": world.colleague, "signed_at": row.get().signed_at + timedelta(microseconds=1)}
    assert verify_chain(world.clinic).broken is None

    with lifted_everywhere():
        row.update(**{column: values[column]})

    with pytest.raises(CommandError):
        call_command("verify_records")
    said = capsys.readouterr().err
    assert str(record.public_id) in said
    assert "names another signer or time" in said


def test_what_was_added_to_a_signed_record_outside_the_chain_is_found(world, record):
    """An addition may always come in: a correction nobody signed would be shown as the right value."""
    assert verify_chain(world.clinic).broken is None

    Addendum.objects.create(
        record=record,
        kind="correction",
        text="60 → 600",
        reason="x",
        corrects="weight_kg",
        value="600",
        by=world.doctor,
        at=at("20:00"),
    )

    found = verify_chain(world.clinic).broken
    assert found.record == str(record.public_id)
    assert found.problem == "something was added outside the chain"


def test_a_record_signed_outside_the_chain_is_found_though_an_addendum_of_it_is_in_it(world):
    stray = done(world)
    signed = {"status": "signed", "signed_at": at("18:00"), "signed_by": world.doctor}
    SessionRecord.objects.filter(pk=stray.pk).update(**signed)
    records.add_addendum(
        actor=world.doctor_user, record=stray, kind="addendum", text="More", reason="Later", now=at("19:00")
    )

    found = verify_chain(world.clinic).broken

    assert (found.record, found.problem) == (str(stray.public_id), "the record is signed outside the chain")


# A licence that has lapsed


LAPSES_ON = MONDAY
either_side_of_midnight = pytest.mark.parametrize(
    ("zone", "now", "is_licensed"),
    [
        ("Europe/Paris", datetime(2026, 3, 2, 22, 59, tzinfo=UTC), True),
        ("Europe/Paris", datetime(2026, 3, 2, 23, 0, tzinfo=UTC), False),
        ("America/Los_Angeles", datetime(2026, 3, 3, 7, 59, tzinfo=UTC), True),
        ("America/Los_Angeles", datetime(2026, 3, 3, 8, 0, tzinfo=UTC), False),
    ],
)


@either_side_of_midnight
def test_a_lapsed_licence_signs_nothing_by_the_sites_day_and_everything_stays_as_it_was(world, zone, now, is_licensed):
    rows = [done(world, 1)]
    type(world.site).objects.filter(pk=world.site.pk).update(time_zone=zone)
    Practitioner.objects.filter(pk=world.doctor.pk).update(licence_until_on=LAPSES_ON)
    browser = Client()
    browser.force_login(world.doctor_user)
    sent = {"record": [str(row.public_id) for row in rows], "password": PASSWORD, "reason": "While he is away"}

    with time_machine.travel(now, tick=False):
        answer = browser.post(reverse("sessions:records-sign"), sent)

    assert Signature.objects.count() == (len(rows) if is_licensed else 0)
    if is_licensed:
        return
    page = answer.content.decode()
    assert "Your licence to inject does not cover today. Ask a manager to look at it." in page
    assert "While he is away" in page
    assert page.count("checked") >= len(rows)
    assert {row.status for row in SessionRecord.objects.all()} == {"done"}
    assert not StockMovement.objects.filter(kind="drawn").exists()
    assert not SignatureHead.objects.filter(sequence__gt=0).exists()


@pytest.mark.parametrize(
    "lapse",
    [
        {"licence_until_on": MONDAY - timedelta(days=1)},
        {"last_day_on": MONDAY - timedelta(days=1)},
        {"may_inject": False},
    ],
)
def test_a_lapsed_licence_adds_nothing_to_a_signed_record_and_the_words_stay(world, lapse):
    record = signed(world)
    Practitioner.objects.filter(pk=world.doctor.pk).update(**lapse)
    browser = Client()
    browser.force_login(world.doctor_user)
    sent = {"kind": "correction", "text": "It was the right side", "reason": "Slip of mine", "password": PASSWORD}

    with time_machine.travel(at("19:00"), tick=False):
        page = browser.post(reverse("sessions:addendum", args=[record.public_id]), sent).content.decode()

    assert "Your licence to inject does not cover today" in page
    assert "It was the right side" in page
    assert "Slip of mine" in page
    assert not Addendum.objects.exists()
    assert Signature.objects.count() == 1


def test_one_record_that_cannot_be_signed_leaves_all_unsigned_and_nothing_drawn(world):
    """Half of a batch is never signed: the one that stops it stops all."""
    first = done(world, 1)
    other = make_practitioner(world.clinic, name="Dr Lapsed", may_inject=True, licence_number="9")
    SessionRecord.objects.filter(pk=first.pk).update(performed_by=other)
    second = done(world, 2)
    browser = Client()
    browser.force_login(world.doctor_user)
    sent = {"record": [str(row.public_id) for row in (first, second)], "password": PASSWORD, "reason": ""}

    with time_machine.travel(at("19:00", 7), tick=False):
        page = browser.post(reverse("sessions:records-sign"), sent).content.decode()

    assert "Say why you sign instead" in page
    assert not Signature.objects.exists()
    assert {row.status for row in SessionRecord.objects.all()} == {"done"}
