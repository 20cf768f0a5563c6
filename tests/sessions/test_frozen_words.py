"""What was told after a session is only ever added to: late reactions, how they went on, answers, notices of recalls."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from mesoclinic.core.constraints import violated
from patients.models import Party
from patients.services.merging import merge_patient, undo_merge
from patients.services.pseudonymising import clear_identity
from protocols.services import recalls
from sessions.models import AdverseEvent, AdverseEventUpdate, FollowUp, RecallNotice
from sessions.recording import ReactionSeen
from sessions.services import recalls as notices
from sessions.services import records
from sessions.services.follow_ups import note_follow_up
from sessions.services.pseudonymised_rows import clear_sessions
from tests.factories import make_patient
from tests.sessions.booking_world import at
from tests.sessions.recall_world import lot_world
from tests.sessions.record_world import done, signed
from tests.shared import shared

pytestmark = pytest.mark.django_db

MODELS = [AdverseEvent, AdverseEventUpdate, FollowUp, RecallNotice]
WORDS = {
    AdverseEvent: ("kind", "description", "action"),
    AdverseEventUpdate: ("note",),
    FollowUp: ("note",),
    RecallNotice: ("note",),
}
FORGED = [
    (AdverseEvent, {"severity": "mild"}),
    (AdverseEvent, {"onset_on": date(2026, 1, 1)}),
    (AdverseEvent, {"reported_at": at("06:00")}),
    (AdverseEvent, {"reported_by": None}),
    (AdverseEvent, {"is_late": False}),
    (AdverseEvent, {"record": None}),
    (AdverseEventUpdate, {"outcome": "resolved"}),
    (AdverseEventUpdate, {"suspected_lot": None}),
    (AdverseEventUpdate, {"cleared_lot": None}),
    (AdverseEventUpdate, {"at": at("06:00")}),
    (AdverseEventUpdate, {"by": None}),
    (FollowUp, {"answer": "nothing"}),
    (FollowUp, {"at": at("06:00")}),
    (FollowUp, {"by": None}),
    (RecallNotice, {"outcome": "reached"}),
    (RecallNotice, {"at": at("06:00")}),
    (RecallNotice, {"by": None}),
]


@shared
def world():
    """A signed record with a late reaction, how it went on, an answer and a notice."""
    world = lot_world()
    said = {"actor": world.doctor_user, "now": at("19:00", 21)}
    records.report_reaction(
        **said,
        record=world.record,
        kind="Lesion",
        severity="moderate",
        description="Told by Ann",
        action="Seen",
        outcome="ongoing",
        suspected_lot=world.lot,
    )
    records.update_reaction(**said, event=AdverseEvent.objects.get(), cleared_lot=world.lot, note="Ann's daughter says")
    note_follow_up(**said, record=world.record, answer="reaction", note="Ann says")
    world.recall = recalls.recall_lots(actor=world.doctor_user, clinic=world.clinic, number="AB12", reason="Letter")
    notices.note_recall_notice(
        **said, recall=world.recall, person=world.patient, outcome="message_left", note="With Ann"
    )
    return world


def refused(act) -> str:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        act()
    return violated(refusal.value)


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def make_nobody(patient) -> None:
    clear_identity([patient], timezone.now(), date(2026, 6, 1))


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_no_door_changes_or_takes_away_what_was_told(world, model):
    row, table = model.objects.order_by("pk").first(), model._meta.db_table
    word = WORDS[model][0]
    setattr(row, word, "Never said")

    assert refused(row.save) == f"{table}_f_update"
    assert refused(lambda: model.objects.update(**{word: "Never said"})) == f"{table}_f_update"
    assert refused(lambda: model.objects.bulk_update([row], [word])) == f"{table}_f_update"
    assert refused(lambda: run(f"UPDATE {table} SET {word} = 'Never said'")) == f"{table}_f_update"
    assert refused(lambda: run(f"DELETE FROM {table}")) in {f"{one._meta.db_table}_f_delete" for one in MODELS}
    assert refused(lambda: model.objects.filter(pk=row.pk)._raw_delete("default")) == f"{table}_f_delete"
    if model is not AdverseEvent:
        assert refused(row.delete) == f"{table}_f_delete"


@pytest.mark.parametrize(("model", "change"), FORGED)
def test_nothing_else_of_it_changes_either_though_the_file_has_no_name_any_more(world, model, change):
    assert refused(lambda: model.objects.update(**change)) == f"{model._meta.db_table}_f_update"

    make_nobody(world.patient)
    assert refused(lambda: model.objects.update(**change)) == f"{model._meta.db_table}_f_update"


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_words_go_with_the_names_of_the_file_and_only_then(world, model):
    gone = dict.fromkeys(WORDS[model], "—")
    assert refused(lambda: model.objects.update(**gone)) == f"{model._meta.db_table}_f_update"

    make_nobody(world.patient)

    assert refused(lambda: model.objects.update(**{WORDS[model][0]: "Other words"}))
    assert model.objects.update(**gone) == model.objects.count()


def test_the_service_that_pseudonymises_clears_them_all(world):
    make_nobody(world.patient)
    clear_sessions([world.patient.pk])

    for model in MODELS:
        for name in WORDS[model]:
            assert set(model.objects.values_list(name, flat=True)) <= {"", "—"}, (model, name)


def test_what_was_told_stays_addable(world):
    records.update_reaction(actor=world.doctor_user, event=AdverseEvent.objects.get(), outcome="resolved")
    note_follow_up(actor=world.doctor_user, record=world.record, answer="nothing")
    notices.note_recall_notice(actor=world.doctor_user, recall=world.recall, person=world.patient, outcome="reached")

    assert [model.objects.count() for model in MODELS] == [1, 3, 2, 2]


def test_a_late_reaction_moves_neither_out_of_nor_into_a_signed_record(world):
    late, draft = AdverseEvent.objects.get(), done(world, 2, reactions=(ReactionSeen("Itch"),))
    own = draft.adverse_events.get()

    assert refused(lambda: AdverseEvent.objects.filter(pk=late.pk).update(record=draft))
    assert refused(lambda: AdverseEvent.objects.filter(pk=own.pk).update(record=world.record))
    assert refused(lambda: AdverseEvent.objects.filter(pk=own.pk).update(record=world.record, is_late=True))
    other = make_patient(world.clinic)
    assert refused(lambda: AdverseEvent.objects.filter(pk=late.pk).update(patient=other))


def test_an_update_moves_neither_out_of_nor_into_a_signed_record(world):
    draft = done(world, 2, reactions=(ReactionSeen("Itch", outcome="ongoing"),))
    own, late = draft.adverse_events.get(), AdverseEvent.objects.get(record=world.record)

    assert refused(lambda: late.updates.update(event=own))
    assert refused(lambda: own.updates.update(event=late))


def test_what_was_noted_at_once_is_frozen_with_its_record_with_what_was_known_then(world):
    record = signed(world, 2, reactions=(ReactionSeen("Itch", outcome="ongoing"),))
    event = record.adverse_events.get()

    assert refused(lambda: event.updates.update(outcome="fatal")) == "treatment_sessions_adverseeventupdate_f_update"
    assert refused(lambda: event.updates.all()._raw_delete("default")).endswith("_f_delete")


def test_a_reaction_of_a_draft_is_free(world):
    draft = done(world, 2, reactions=(ReactionSeen("Itch", outcome="ongoing"),))
    event = draft.adverse_events.get()

    event.updates.update(outcome="resolved")
    event.updates.all().delete()
    event.delete()


def test_a_notice_follows_its_patient_into_the_merged_file_and_back_and_nowhere_else(world):
    other_species = make_patient(world.clinic, "horse")
    assert refused(lambda: RecallNotice.objects.update(patient=other_species))
    party = Party.objects.create(clinic=world.clinic, name="Ann")
    assert refused(lambda: RecallNotice.objects.update(patient=None, party=party))

    kept = make_patient(world.clinic, name="Kept")
    merge = merge_patient(actor=None, patient=world.patient, into=kept)
    assert RecallNotice.objects.get().patient == kept

    undo_merge(actor=None, merge=merge)
    assert RecallNotice.objects.get().patient == world.patient


def test_the_words_of_a_notice_to_a_contact_go_with_the_contact(world):
    party = Party.objects.create(clinic=world.clinic, name="Ann")
    notices.note_recall_notice(
        actor=world.doctor_user, recall=world.recall, person=party, outcome="reached", note="Ann cried"
    )
    row = RecallNotice.objects.filter(party=party)
    assert refused(lambda: row.update(note="—"))

    Party.objects.filter(pk=party.pk).update(pseudonymised_at=at("19:00") + timedelta(days=9), name="—")

    assert row.update(note="—") == 1
