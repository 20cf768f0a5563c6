"""How somebody is reached about a patient: by those who are contacts on the day."""

from datetime import date, timedelta

import pytest

from patients.services import parties
from sessions.queries.contacts import Contact, contacts_of
from sessions.queries.together import relatives
from tests.factories import make_course, make_patient
from tests.sessions.booking_world import MONDAY, NOW, open_clinic
from tests.sessions.test_call_exports import file_of
from tests.shared import shared

pytestmark = pytest.mark.django_db
MOTHER = Contact("Mother (guardian)", "06 39 98 60 11")


@shared
def world():
    return open_clinic()


def child(world, name="Young", comes_of_age_on=MONDAY):
    """Somebody with no phone, and a mother who answers for them."""
    born = comes_of_age_on.replace(year=comes_of_age_on.year - 18)
    patient = make_patient(world.clinic, name=name, birth_on=born)
    asked = {"role": "guardian", "name": "Mother", "phone": MOTHER.phone, "from_on": date(2020, 1, 5)}
    parties.add_party(actor=None, patient=patient, **asked)
    return patient


def test_a_guardian_is_called_until_the_child_is_of_age(world, django_assert_num_queries):
    grown, minor = child(world), child(world, comes_of_age_on=MONDAY + timedelta(days=1))

    with django_assert_num_queries(1):
        reached = contacts_of([grown, minor], MONDAY)

    assert reached == {grown.pk: Contact(), minor.pk: MOTHER}


@pytest.mark.parametrize(("days", "is_given"), [(0, False), (1, True)])
def test_the_file_of_calls_gives_no_guardians_number_for_an_adult(world, days, is_given):
    young = child(world, comes_of_age_on=MONDAY + timedelta(days=days))
    make_course(world.clinic, start_on=MONDAY, now=NOW, patient=young)

    rows = [row for row in file_of(world, "to-call") if "Young" in row.values()]

    assert [MOTHER.phone in row.values() for row in rows] == [is_given]


def test_who_is_of_age_is_no_relative_by_a_guardian(world):
    grown, minor = child(world), child(world, "Minor", comes_of_age_on=MONDAY + timedelta(days=1))
    mother = grown.party_links.get().party
    minor.party_links.update(party=mother)

    assert relatives([grown], MONDAY) == []
    assert [one.name for one in relatives([grown], MONDAY - timedelta(days=1))] == ["Minor"]
