"""Finding a patient by whatever is typed."""

from datetime import UTC, date, datetime, timedelta
from importlib import import_module

import pytest
import time_machine
from django.apps import apps

from patients.models import SearchWord
from patients.queries.search import duplicates, search
from patients.services import identifiers, merging, parties
from patients.services import patients as services
from patients.services.searching import index_ended_contacts, index_patients
from patients.words import name_words, phone_words, typed_groups
from protocols.folding import fold
from tests.factories import make_clinic, make_horse, make_patient
from tests.shared import shared

TODAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def names(hits):
    return [hit.name for hit in hits]


def test_folding_drops_accents_and_case():
    assert fold("Łukasz MÜLLER-Œuvre Ærø straße") == "lukasz muller-oeuvre aero strasse"


def test_an_apostrophe_may_be_typed_or_not():
    assert name_words("Niamh O'Brien") == ["niamh", "obrien", "o", "brien"]
    assert typed_groups("O’Brien") == [["obrien"]]


@pytest.mark.parametrize(
    "typed",
    ["1980-05-07", "07/05/1980", "7.5.1980", "7 5 80", "7 May 1980", "May 7, 1980", "07051980", "7. may 1980"],
)
def test_a_birth_date_is_read_however_it_is_typed(typed):
    months = ["January", "February", "March", "April", "May"]

    (group,) = typed_groups(typed, months)

    assert "19800507" in group


@pytest.mark.parametrize("typed", ["06 12 34 56 78", "+33 6 12 34 56 78", "0033612345678", "06.12.34", "612345678"])
def test_a_phone_number_is_found_however_it_is_typed(typed):
    known = phone_words("06 12 34 56 78", "FR")

    (group,) = typed_groups(typed)

    assert any(word.startswith(tuple(group)) for word in known)


@shared
def clinic():
    return make_clinic()


@shared
def crowd(clinic):
    people = {
        name: make_patient(clinic, name=name, birth_on=date(1980, 5, 7), phone=phone)
        for name, phone in (("Zoë Müller", "06 12 34 56 78"), ("Martin Marceau", ""), ("Marta Lindt", ""))
    }
    horse = make_horse(clinic, name="Bella", registered_name="Belladonna van de Hof", owner="Chloé Martin")
    identifiers.add_identifier(actor=None, patient=horse, scheme="microchip", value="250 2698 1234 5678")
    return {**people, "Bella": horse}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("zoe mul", "Zoë Müller"),
        ("MULLER", "Zoë Müller"),
        ("müller zoë", "Zoë Müller"),
        ("0612345678", "Zoë Müller"),
        ("+33 6 12 34", "Zoë Müller"),
        ("muller 7/5/1980", "Zoë Müller"),
        ("bella", "Bella"),
        ("belladonna", "Bella"),
        ("chloe mart", "Bella"),
        ("250269812345678", "Bella"),
        ("250 269 812", "Bella"),
        ("4", "Bella"),
    ],
)
def test_all_typed_words_must_begin_a_word_of_the_file(clinic, crowd, typed, found):
    assert found in names(search(clinic, typed))


def test_what_does_not_fit_together_finds_nobody(clinic, crowd):
    assert search(clinic, "zoe marceau") == []


def test_the_own_name_comes_before_the_owners_and_closed_files_come_last(clinic, crowd):
    assert names(search(clinic, "martin")) == ["Martin Marceau", "Bella"]

    services.end_patient(actor=None, patient=crowd["Martin Marceau"], on=TODAY, reason="left", today=TODAY)

    assert names(search(clinic, "martin")) == ["Bella", "Martin Marceau"]


def test_a_file_number_comes_before_numbers_that_only_begin_with_it(clinic):
    for _index in range(12):
        make_patient(clinic, phone="01 99 00 00 00")

    assert search(clinic, "1")[0].number == 1


def test_a_former_owner_no_longer_finds_the_horse(clinic, crowd):
    parties.transfer_ownership(actor=None, patient=crowd["Bella"], on=TODAY, name="Nora Neu", today=TODAY)

    assert names(search(clinic, "chloe")) == []
    assert names(search(clinic, "nora")) == ["Bella"]


@pytest.mark.parametrize("nights", [1, 20])
def test_a_contact_finds_the_file_until_the_last_day_is_over(clinic, nights):
    with time_machine.travel(NOON, tick=False):
        horse = make_horse(clinic, name="Bijou", owner="Wanda Weber", registered_on=date(2026, 1, 5))
        parties.end_party(actor=None, link=horse.party_links.get(), on=TODAY)
        index_ended_contacts()

        assert names(search(clinic, "wanda")) == ["Bijou"]

    with time_machine.travel(NOON + timedelta(days=nights), tick=False):
        index_ended_contacts()
        index_ended_contacts()

        assert names(search(clinic, "wanda")) == []
        assert names(search(clinic, "bijou")) == ["Bijou"]


def test_a_guardian_finds_the_file_until_the_child_is_of_age(clinic):
    with time_machine.travel(NOON, tick=False):
        child = make_patient(clinic, name="Young", birth_on=date(2008, 3, 3))
        parties.add_party(actor=None, patient=child, role="guardian", name="Wanda Weber", from_on=date(2026, 1, 5))
        index_ended_contacts()

        assert names(search(clinic, "wanda")) == ["Young"]

    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        index_ended_contacts()

        assert names(search(clinic, "wanda")) == []


def test_only_files_whose_contacts_ended_lately_are_written_anew(clinic, crowd):
    ended = {TODAY: "Lately", TODAY - timedelta(days=60): "Long Ago", TODAY + timedelta(days=1): "Tomorrow"}
    with time_machine.travel(NOON, tick=False):
        for last_on, name in ended.items():
            horse = make_horse(clinic, name=name, registered_on=date(2025, 1, 5))
            parties.end_party(actor=None, link=horse.party_links.get(), on=last_on)

    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert index_ended_contacts() == 1


def test_a_renamed_owner_is_found_by_the_new_name(clinic, crowd):
    owner = crowd["Bella"].party_links.get().party

    parties.update_party(actor=None, party=owner, name="Chloé Dupont", phone="0700000001")

    assert names(search(clinic, "dupont")) == ["Bella"]
    assert names(search(clinic, "07 00 00 00 01")) == ["Bella"]


def test_another_clinics_patients_are_never_found(clinic, crowd):
    assert search(make_clinic(), "bella") == []


@pytest.mark.parametrize("typed", ["", "   ", "\x00", "%", "_", "'; drop", "🐎", "x" * 10_000, "9" * 500, "1/1/1"])
def test_strange_input_finds_nobody_and_breaks_nothing(clinic, crowd, typed):
    assert search(clinic, typed) == []


@pytest.mark.parametrize(("more", "found"), [(0, 3), (10, 13)])
def test_a_search_needs_four_statements_however_many_are_found(clinic, crowd, django_assert_num_queries, more, found):
    for number in range(more):
        make_horse(clinic, name=f"Marengo {number}")

    with django_assert_num_queries(4):
        assert len(search(clinic, "mar")) == found


def test_a_hit_shows_two_facts_besides_the_name(clinic, crowd):
    (bella,), (zoe,) = search(clinic, "bella"), search(clinic, "zoe")

    assert [(fact.label, fact.value) for fact in bella.facts] == [("Owner", "Chloé Martin"), ("File", "4")]
    assert [(fact.label, fact.value) for fact in zoe.facts] == [("Born", "7 May 1980"), ("File", "1")]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"name": "Muller Zoe"}, "same name"),
        ({"name": "Zoe Mueller", "birth_on": date(1980, 5, 7)}, "same birth date"),
        ({"name": "Zoé Muler", "phone": "+33612345678"}, "same phone"),
        ({"name": "Bela", "identifier": "250-269812345678"}, "same number"),
    ],
)
def test_likely_twins_are_found_with_the_reason(clinic, crowd, typed, why):
    hits = duplicates(clinic, **typed)

    assert len(hits) == 1
    assert why in hits[0].why


@pytest.mark.parametrize(
    ("known", "typed"),
    [
        ("Celestino d'Aquafredda", "Celestino dAquafreda"),
        ("Jillian Haas", "Gillian Haas"),
        ("Anne Marie Le Roy", "Annemarie LeRoy Le"),
    ],
)
def test_a_name_misheard_on_the_phone_is_a_likely_twin(clinic, known, typed):
    make_patient(clinic, name=known)

    (hit,) = duplicates(clinic, name=typed)

    assert (hit.name, hit.why) == (known, ("similar name",))


@pytest.mark.parametrize(
    ("known", "typed"),
    [
        ("Atlas", "Atlass"),
        ("Falkor", "falcor"),
        ("Gudrun", "GUDRUM"),
        ("Noisette", "Noisete"),
        ("Amadou Tiécoura", "Amadu Tiecora"),
        ("Katerine", "Catherine"),
        ("Élodie", "elodi"),
        ("Bernard", "Bernart"),
        ("Roberto", "Roberti"),
        ("Robertson", "Robertsox"),
        ("Léa", "LEA"),
        ("Екатерина", "Екатерино"),
    ],
)
def test_a_name_of_which_no_word_is_typed_right_is_a_likely_twin(clinic, known, typed):
    make_patient(clinic, name=known)

    assert names(duplicates(clinic, name=typed)) == [known]
    assert names(search(clinic, "~")) == names(search(clinic, "~nr")) == []


@pytest.mark.parametrize(
    ("known", "typed"),
    [
        ("Marie Sandoval", "Marie Sandovale"),
        ("Marie Sandoval", "marie sendowal"),
        ("Marié Sandóval", "Marie Sandival"),
        ("Maria Sandoval", "MARIE SANDOVAL"),
        ("Marie Sandoval", "Marie Randoval"),
    ],
)
def test_a_common_first_name_hides_no_twin_however_new(clinic, known, typed):
    for number in range(60):
        make_patient(clinic, name=f"Marie {SURNAMES[number % 6]}{SURNAMES[number // 6]}")
    make_patient(clinic, name=known)

    assert names(duplicates(clinic, name=typed))[0] == known


SURNAMES = ["bach", "court", "lin", "mont", "ger", "ville", "hard", "ke", "tov", "ros"]


def test_a_file_known_by_phone_is_not_hidden_by_many_of_nearer_names(clinic):
    known = make_patient(clinic, name="Ana Sandval", phone="06 12 34 56 78")
    for _number in range(30):
        make_patient(clinic, name="Anna Sandovall", birth_on=date(1950, 1, 1))

    hits = duplicates(clinic, name="Anna Sandovall", birth_on=date(1980, 1, 1), phone="06 12 34 56 78")

    assert [hit.patient_id for hit in hits] == [known.pk]


@pytest.mark.parametrize("more", [0, 30])
def test_looking_for_twins_needs_nine_statements_however_many_there_are(clinic, django_assert_num_queries, more):
    for number in range(1 + more):
        make_horse(clinic, name=f"Marengo d'Or {number}")

    with django_assert_num_queries(9):
        assert duplicates(clinic, name="Marengo Dor", phone="06 12 34 56 78")


def test_files_kept_before_sounds_were_are_given_theirs(clinic, crowd):
    make_patient(clinic, name="Falkor")
    was = set(SearchWord.objects.values_list("patient_id", "word"))
    SearchWord.objects.filter(kind=SearchWord.Kind.SOUND).delete()
    assert duplicates(clinic, name="Falcor") == []

    import_module("patients.migrations.0018_keep_how_names_sound").keep_sounds(apps, None)

    assert names(duplicates(clinic, name="Falcor")) == ["Falkor"]
    assert set(SearchWord.objects.values_list("patient_id", "word")) == was


def test_the_same_name_with_another_birth_date_is_another_person(clinic, crowd):
    assert duplicates(clinic, name="Zoë Müller", birth_on=date(1999, 1, 1)) == []


def test_one_owners_other_horse_is_no_twin(clinic, crowd):
    phone = crowd["Bella"].party_links.get().party.phone

    assert duplicates(clinic, name="Thunder", phone=phone, species="horse") == []


def test_no_statement_of_a_search_sorts_by_name(clinic, crowd, django_assert_max_num_queries):
    """Sorting a handful of keys by name makes SQLite walk the names of all 100,000 patients."""
    with django_assert_max_num_queries(12) as asked:
        search(clinic, "mar")
        duplicates(clinic, name="Zoë Müller")

    assert [one["sql"] for one in asked.captured_queries if '"name" ASC' in one["sql"]] == []


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["0711 22 33 44", "Eleonore", "Montclair", "number"])
def test_a_merged_file_is_found_as_the_one_that_was_kept(typed):
    clinic = make_clinic()
    kept = make_patient(clinic, name="Ella Laurent", phone="06 12 34 56 78")
    twin = make_patient(clinic, name="Eleonore Montclair", phone="07 11 22 33 44")
    third = make_patient(clinic, name="E. M.", phone="")
    typed = str(twin.number) if typed == "number" else typed
    merging.merge_patient(actor=None, patient=twin, into=third)
    merge = merging.merge_patient(actor=None, patient=third, into=kept)

    assert names(search(clinic, typed)) == ["Ella Laurent"]
    services.update_patient(actor=None, patient=kept, name="Ella L")
    assert names(search(clinic, typed)) == ["Ella L"]
    merging.undo_merge(actor=None, merge=merge)
    assert names(search(clinic, typed)) == ["E. M."]


@pytest.mark.django_db
def test_words_of_many_files_take_a_fixed_number_of_statements(django_assert_num_queries):
    clinic = make_clinic()
    kept = [make_patient(clinic) for _number in range(4)]
    for one in kept[:2]:
        merging.merge_patient(actor=None, patient=make_patient(clinic), into=one)

    for files in (kept[:1], kept):
        with django_assert_num_queries(10):
            index_patients(files)
