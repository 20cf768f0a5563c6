"""Two files of one patient become one, and apart again."""

from datetime import date

import pytest

from mesoclinic.core.refused import Refused
from patients.models import Patient
from patients.queries import patients as queries
from patients.queries.search import search
from patients.services import flags, merging, parties
from patients.services import patients as services
from tests.factories import make_clinic, make_horse, make_patient
from tests.shared import shared

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)


@shared
def clinic():
    return make_clinic()


@shared
def twins(clinic):
    kept = make_patient(clinic, name="Ann Berg", phone="0611111111", birth_on=None)
    other = make_patient(clinic, name="Anne Berg", email="ann@example.org", birth_on=date(1990, 4, 1), weight_kg=62)
    flags.add_flag(actor=None, patient=kept, kind="heart", since_on=TODAY, today=TODAY)
    for kind in ("heart", "diabetes"):
        flags.add_flag(actor=None, patient=other, kind=kind, since_on=TODAY, today=TODAY)
    flags.add_flag(actor=None, patient=other, kind="allergy_material", value="latex", since_on=TODAY, today=TODAY)
    parties.add_party(actor=None, patient=other, role="family", name="Bo Berg", from_on=TODAY)
    return kept, other


def merge(twins):
    kept, other = twins
    return merging.merge_patient(actor=None, patient=other, into=kept)


def test_flags_contacts_weights_and_empty_fields_unite_in_the_kept_file(twins):
    kept, _other = twins

    merge(twins)

    kept = Patient.objects.get(pk=kept.pk)
    assert (kept.phone, kept.email, kept.birth_on) == ("0611111111", "ann@example.org", date(1990, 4, 1))
    assert sorted(flag.kind for flag in kept.flags.all()) == ["allergy_material", "diabetes", "heart"]
    assert kept.allergy_status == "listed"
    assert kept.party_links.get().party.name == "Bo Berg"
    assert kept.weights.count() == 2


MARCH, JUNE = date(2025, 3, 1), date(2025, 6, 1)


@pytest.mark.parametrize(
    ("kept", "other", "united"),
    [
        (("", None), ("signed_out", MARCH), ("signed_out", MARCH)),
        (("", None), ("food_animal", MARCH), ("food_animal", MARCH)),
        (("signed_out", MARCH), ("", None), ("signed_out", MARCH)),
        (("food_animal", MARCH), ("signed_out", JUNE), ("signed_out", JUNE)),
        (("signed_out", MARCH), ("food_animal", JUNE), ("signed_out", MARCH)),
        (("food_animal", JUNE), ("signed_out", MARCH), ("signed_out", MARCH)),
        (("food_animal", JUNE), ("signed_out", None), ("signed_out", None)),
        (("signed_out", None), ("food_animal", None), ("signed_out", None)),
        (("food_animal", None), ("signed_out", None), ("signed_out", None)),
        (("signed_out", MARCH), ("signed_out", JUNE), ("signed_out", JUNE)),
        (("food_animal", JUNE), ("food_animal", MARCH), ("food_animal", JUNE)),
        (("", None), ("", None), ("not_asked", None)),
    ],
)
def test_signed_out_stays_signed_out_and_of_two_alike_the_passport_seen_last_counts(clinic, kept, other, united):
    rows = [make_horse(clinic, food_chain=said, food_chain_seen_on=on) for said, on in (kept, other)]
    before = (rows[0].food_chain, rows[0].food_chain_seen_on)

    done = merging.merge_patient(actor=None, patient=rows[1], into=rows[0])

    rows[0].refresh_from_db()
    assert (rows[0].food_chain, rows[0].food_chain_seen_on) == united
    merging.undo_merge(actor=None, merge=done)
    rows[0].refresh_from_db()
    assert (rows[0].food_chain, rows[0].food_chain_seen_on) == before


def test_every_way_to_the_merged_file_leads_to_the_kept_one(clinic, twins):
    kept, other = twins

    merge(twins)

    assert queries.get_or_404(clinic, other.public_id) == kept
    assert [hit.patient_id for hit in search(clinic, "berg")] == [kept.pk]
    assert queries.file_ids(kept) == [kept.pk, other.pk]


def test_undoing_gives_both_files_back_what_they_held(clinic, twins):
    kept, other = twins
    done = merge(twins)

    merging.undo_merge(actor=None, merge=done)

    kept, other = (Patient.objects.get(pk=one.pk) for one in (kept, other))
    assert (kept.email, kept.birth_on, kept.allergy_status) == ("", None, "not_asked")
    assert [flag.kind for flag in kept.flags.all()] == ["heart"]
    assert sorted(flag.kind for flag in other.flags.all()) == ["allergy_material", "diabetes", "heart"]
    assert len(search(clinic, "berg")) == 2
    assert other.merged_into is None


def test_what_was_changed_since_the_merge_stays_when_it_is_undone(twins):
    kept, _other = twins
    done = merge(twins)
    Patient.objects.filter(pk=kept.pk).update(email="new@example.org", address="New Road 1")

    parted = merging.undo_merge(actor=None, merge=done)

    kept.refresh_from_db()
    assert (kept.email, kept.address, kept.birth_on) == ("new@example.org", "New Road 1", None)
    assert parted.edited == ("e-mail", "address")


def test_a_birth_date_changed_since_keeps_whether_it_is_estimated(twins):
    kept, _other = twins
    done = merge(twins)
    Patient.objects.filter(pk=kept.pk).update(birth_is_estimated=True)

    merging.undo_merge(actor=None, merge=done)

    kept.refresh_from_db()
    assert (kept.birth_on, kept.birth_is_estimated) == (date(1990, 4, 1), True)


def test_an_allergy_added_since_the_merge_keeps_the_file_saying_listed(twins):
    kept, _other = twins
    done = merge(twins)
    kept.refresh_from_db()
    flags.add_flag(actor=None, patient=kept, kind="allergy_class", value="ester", since_on=TODAY, today=TODAY)

    merging.undo_merge(actor=None, merge=done)

    kept.refresh_from_db()
    assert kept.allergy_status == "listed"


def test_a_merge_of_before_it_was_written_down_gives_back_everything(twins):
    kept, _other = twins
    done = merge(twins)
    done.after = {}
    done.save(update_fields=["after"])
    Patient.objects.filter(pk=kept.pk).update(email="new@example.org")

    assert merging.undo_merge(actor=None, merge=done).edited == ()

    kept.refresh_from_db()
    assert kept.email == ""


def test_a_merge_is_undone_once(twins):
    done = merge(twins)
    merging.undo_merge(actor=None, merge=done)

    with pytest.raises(Refused, match="already been undone"):
        merging.undo_merge(actor=None, merge=done)


def test_a_chain_of_merges_is_followed_and_undone_from_its_end(clinic, twins):
    kept, other = twins
    first = merge(twins)
    last = make_patient(clinic, name="Anna Berg")
    second = merging.merge_patient(actor=None, patient=kept, into=last)

    assert queries.get_or_404(clinic, other.public_id) == last
    with pytest.raises(Refused) as refused:
        merging.undo_merge(actor=None, merge=first)
    assert refused.value.code == "merged-further"

    merging.undo_merge(actor=None, merge=second)
    merging.undo_merge(actor=None, merge=first)
    assert queries.get_or_404(clinic, other.public_id) == other


def test_what_cannot_be_one_patient_is_refused(clinic, twins):
    kept, other = twins
    horse, stranger = make_horse(clinic), make_patient(make_clinic())

    for patient, code in ((kept, "same-file"), (horse, "other-species"), (stranger, "same-file")):
        with pytest.raises(Refused) as refused:
            merging.merge_patient(actor=None, patient=patient, into=kept)
        assert refused.value.code == code
    merge(twins)
    with pytest.raises(Refused) as refused:
        merging.merge_patient(actor=None, patient=other, into=kept)
    assert refused.value.code == "already-merged"


def test_flags_that_move_keep_their_history(twins):
    _kept, other = twins
    flag = other.flags.get(kind="diabetes")

    merge(twins)

    assert flag.history.count() == 2


def test_a_closed_file_stays_closed_after_both_ways(twins):
    kept, other = twins
    services.end_patient(actor=None, patient=other, on=TODAY, reason="left", today=TODAY)

    merging.undo_merge(actor=None, merge=merge(twins))

    assert Patient.objects.get(pk=other.pk).is_ended
    assert not Patient.objects.get(pk=kept.pk).is_ended
