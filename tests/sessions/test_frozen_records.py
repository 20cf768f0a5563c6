"""A signed record and all that belongs to it refuse every change, by whatever way it comes."""

import pytest
from django.db import IntegrityError, connection, transaction

from mesoclinic.core.constraints import violated
from sessions.models import (
    Addendum,
    Administration,
    AdverseEvent,
    InjectionSite,
    Override,
    Score,
    SessionRecord,
    Signature,
)
from sessions.recording import OverrideGiven, ReactionSeen
from sessions.services import records
from tests.sessions.booking_world import at
from tests.sessions.record_world import done, record_world, signed
from tests.shared import shared

pytestmark = pytest.mark.django_db

CHILDREN = [Administration, InjectionSite, Score, Override, AdverseEvent]
SEALED = [Signature, Addendum]


@shared
def world():
    return record_world()


@pytest.fixture
def record(world):
    """Signed, with a row in every table."""
    record = signed(
        world, reactions=(ReactionSeen("Bruise"),), overrides=(OverrideGiven("key", "rule", "finding", "reason"),)
    )
    records.add_addendum(
        actor=world.doctor_user, record=record, kind="addendum", text="More", reason="Later", now=at("19:00")
    )
    return record


def refused(act) -> str:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        act()
    return violated(refusal.value)


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def row_of(model, record):
    return model.objects.filter(record=record).order_by("pk").first()


def any_column(model) -> str:
    """A column every engine can set to itself."""
    return {SessionRecord: "notes", Signature: "canonical_text", Addendum: "text"}.get(model, "record_id")


def frozen(model, event: str) -> str:
    return f"{model._meta.db_table}_f_{event}"


def test_the_record_itself_refuses_the_orm(record):
    record.notes = "Never happened"

    assert refused(record.save) == frozen(SessionRecord, "update")
    assert refused(lambda: SessionRecord.objects.filter(pk=record.pk)._raw_delete("default")) == frozen(
        SessionRecord, "delete"
    )


@pytest.mark.parametrize("column", ["notes", "status", "performed_at", "patient_id", "signed_at"])
def test_no_column_of_a_signed_record_is_updated(record, column):
    assert refused(lambda: run(f"UPDATE {SessionRecord._meta.db_table} SET {column} = {column}")) == frozen(
        SessionRecord, "update"
    )


@pytest.mark.parametrize("model", CHILDREN + SEALED, ids=lambda m: m.__name__)
def test_rows_of_a_signed_record_refuse_save_update_and_delete(record, model):
    row = row_of(model, record)
    table, column = model._meta.db_table, any_column(model)

    assert refused(row.save) == frozen(model, "update")
    assert refused(lambda: run(f"UPDATE {table} SET {column} = {column}")) == frozen(model, "update")
    assert refused(lambda: run(f"DELETE FROM {table}")) == frozen(model, "delete")
    assert refused(lambda: model.objects.filter(pk=row.pk)._raw_delete("default")) == frozen(model, "delete")


@pytest.mark.parametrize("model", CHILDREN, ids=lambda m: m.__name__)
def test_no_row_enters_a_signed_record(record, model):
    row = row_of(model, record)
    row.pk, row.position = None, 9
    if hasattr(row, "public_id"):
        row.public_id = "00000000-0000-4000-8000-000000000001"
    if model is Score:
        row.scale = "satisfaction"

    assert refused(lambda: row.save(force_insert=True)) == frozen(model, "insert")
    assert refused(lambda: model.objects.bulk_create([row])) == frozen(model, "insert")


@pytest.mark.parametrize("model", CHILDREN, ids=lambda m: m.__name__)
def test_no_row_moves_out_of_or_into_a_signed_record(world, record, model):
    draft = done(
        world,
        2,
        reactions=(ReactionSeen("Itch"),),
        overrides=(OverrideGiven("k", "r", "f", "because"),),
        scores=(),
        sites=(),
    )
    own, other = row_of(model, record), row_of(model, draft)
    if model in (Score, InjectionSite):
        other = own
    target = record if other is not own else draft

    assert refused(lambda: model.objects.filter(pk=own.pk).update(record=draft)) == frozen(model, "update")
    assert refused(lambda: model.objects.filter(pk=other.pk).update(record=target)) == frozen(model, "update")


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite has INSERT OR REPLACE")
@pytest.mark.parametrize("model", [SessionRecord, *CHILDREN, *SEALED], ids=lambda m: m.__name__)
def test_insert_or_replace_overwrites_nothing(record, model):
    table = model._meta.db_table

    assert refused(lambda: run(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")).startswith(f"{table}_f_")


def test_a_reaction_that_is_not_told_late_stays_out_of_a_signed_record(world, record):
    with pytest.raises(IntegrityError), transaction.atomic():
        AdverseEvent.objects.create(record=record, patient=world.patient, kind="Itch")

    AdverseEvent.objects.create(record=record, patient=world.patient, kind="Itch", is_late=True)


def test_an_unsigned_record_is_free(world):
    record = done(world)

    SessionRecord.objects.filter(pk=record.pk).update(notes="Still open")
    record.administrations.update(given_ml=1)
