"""Whose consent counts on a day: an owner's ends with the sale, a guardian's with majority, anybody's when withdrawn."""

from datetime import date, timedelta

import pytest

from patients.queries.consents import has_consent, standings
from patients.services import consents, parties
from tests.factories import make_clinic, make_consent, make_horse, make_patient
from tests.shared import shared

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


@shared
def horse():
    return make_horse(make_clinic(), owner="Olga Alt")


def owner_of(horse):
    return horse.party_links.get(role="owner", until_on=None).party


def owners_consent(horse, **fields):
    return make_consent(horse, given_as="owner", given_by_party=owner_of(horse), given_by_name="", **fields)


def sell(horse, on=TODAY, name="Nora Neu", **more):
    return parties.transfer_ownership(actor=None, patient=horse, on=on, name=name, today=TODAY, **more).party


def test_the_former_owners_consent_counts_no_longer_after_a_sale(horse):
    owners_consent(horse)

    sell(horse)

    assert has_consent(horse, YESTERDAY)
    assert not has_consent(horse, TODAY)
    assert [one.lapse for one in standings(horse, TODAY)] == ["sold"]


def test_the_new_owners_consent_counts_from_the_day_it_is_given(horse):
    owners_consent(horse)
    new = sell(horse)

    make_consent(horse, given_as="owner", given_by_party=new, given_by_name="", given_on=TODAY, today=TODAY)

    assert has_consent(horse, TODAY)


@pytest.mark.parametrize("name", ["Olga Alt", "olga alt"])
def test_a_former_owner_noted_by_name_only_is_known_all_the_same(horse, name):
    make_consent(horse, given_as="owner", given_by_name=name, given_on=TODAY, today=TODAY)

    sell(horse)

    assert not has_consent(horse, TODAY)


def test_whoever_spoke_for_the_former_owner_speaks_for_nobody_now(horse):
    make_consent(horse, given_as="agent", given_by_name="The trainer")

    sell(horse, keep_others=True)

    assert not has_consent(horse, TODAY)


def test_a_horse_bought_and_sold_on_one_day_needs_the_last_owners_consent(horse):
    horse.party_links.update(from_on=TODAY)
    owners_consent(horse, given_on=TODAY, today=TODAY)

    sell(horse)

    assert not has_consent(horse, TODAY)


def test_a_second_owner_who_joins_changes_nothing(horse):
    owners_consent(horse)

    parties.add_party(actor=None, patient=horse, role="owner", name="Half Share", from_on=TODAY)

    assert has_consent(horse, TODAY)


def test_who_buys_the_horse_back_has_consented_before(horse):
    olga = owner_of(horse)
    owners_consent(horse)
    sell(horse, on=YESTERDAY)

    sell(horse, party=olga, name="")

    assert not has_consent(horse, YESTERDAY)
    assert has_consent(horse, TODAY)


def test_an_owner_noted_only_later_had_consented_all_the_same(horse):
    owners_consent(horse, given_on=date(2026, 2, 1), today=TODAY)
    horse.party_links.update(from_on=TOMORROW)

    assert has_consent(horse, TODAY)


def test_a_horse_left_without_an_owner_has_nobody_to_consent(horse):
    owners_consent(horse)

    parties.end_party(actor=None, link=horse.party_links.get(), on=YESTERDAY)

    assert not has_consent(horse, TODAY)


def test_an_animal_whose_owner_nobody_noted_keeps_its_consent():
    stray = make_patient(make_clinic(), "horse")

    make_consent(stray)

    assert has_consent(stray, TODAY)


def test_a_guardians_consent_ends_the_day_the_child_comes_of_age():
    child = make_patient(make_clinic(), birth_on=date(2008, 3, 2))

    make_consent(child, given_as="guardian")

    assert has_consent(child, YESTERDAY)
    assert not has_consent(child, TODAY)


def test_a_consent_counts_from_its_day_until_it_is_withdrawn():
    patient = make_patient(make_clinic())
    consent = make_consent(patient, given_on=YESTERDAY, today=TODAY)

    consents.withdraw_consent(actor=None, consent=consent, on=TOMORROW)

    assert [has_consent(patient, day) for day in (YESTERDAY - timedelta(days=1), YESTERDAY, TODAY, TOMORROW)] == [
        False,
        True,
        True,
        False,
    ]


def test_consent_to_photographs_is_no_consent_to_treatment():
    patient = make_patient(make_clinic())

    make_consent(patient, "photo")

    assert not has_consent(patient, TODAY)


def test_standings_ask_thrice_however_many_there_are(horse, django_assert_num_queries):
    for _number in range(4):
        owners_consent(horse)
    horse.species  # noqa: B018

    with django_assert_num_queries(3):
        assert len(standings(horse, TODAY)) == 4
