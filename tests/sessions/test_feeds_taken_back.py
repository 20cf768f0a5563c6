"""What a feed has told and its reader may see no more is told once more, as cancelled: under the same UID, and later."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse

from patients.models import Party, Patient, PatientParty
from patients.services.merging import merge_patient, undo_merge
from sessions.models import FeedLine
from sessions.services import appointments, feeds
from tests.factories import make_horse, make_patient
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic
from tests.shared import shared
from tests.strict_ical import Visit, read

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def morning():
    cache.clear()  # the rate limit counts over tests
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@shared
def world():
    return open_clinic()


def facts(visit: Visit) -> tuple:
    """What a change of must raise the sequence: names of patients and rooms may change without."""
    return visit.status, visit.starts_at, visit.ends_at


class Reader:
    """A calendar program that reads a feed again and again, strictly, and keeps what it was told last."""

    def __init__(self, client, owner, about=None):
        _feed, secret = feeds.make_feed(actor=None, owner=owner, about=about)
        self.client, self.address = client, reverse("sessions:read-feed", kwargs={"secret": secret})
        self.told: dict[str, Visit] = {}

    def look(self) -> dict[str, Visit]:
        answer = self.client.get(self.address)
        assert answer.status_code == 200
        for one in read(answer.content):
            before = self.told.get(one.uid)
            if before is not None and facts(before) != facts(one):
                assert one.sequence > before.sequence, "a program that counts would not believe the change"
            self.told[one.uid] = one
        return self.told

    def only(self) -> Visit:
        (one,) = self.look().values()
        return one


def give(world, visit, practitioner, **fields):
    return appointments.move(
        actor=None, appointment=visit, starts_at=visit.starts_at, practitioner=practitioner, now=NOW, **fields
    )


def test_a_visit_given_to_a_colleague_is_cancelled_in_the_old_feed_and_new_in_the_other(world, client):
    visit = book(world, day_offset=1)
    old, new = Reader(client, world.doctor), Reader(client, world.colleague)
    before = old.only()
    assert new.look() == {}

    give(world, visit, world.colleague)

    after = old.only()
    assert (after.uid, after.status, after.starts_at) == (before.uid, "CANCELLED", before.starts_at)
    assert after.sequence > before.sequence
    assert "A. L." not in after.summary
    assert new.only().status == "CONFIRMED"
    assert new.only().uid == before.uid


def test_it_comes_back_when_it_is_given_back_however_often(world, client):
    visit = book(world, day_offset=1)
    old = Reader(client, world.doctor)
    told = [old.only()]
    for _again in range(2):
        give(world, visit, world.colleague)
        told.append(old.only())
        give(world, visit, world.doctor)
        told.append(old.only())

    assert [one.status for one in told] == ["CONFIRMED", "CANCELLED"] * 2 + ["CONFIRMED"]
    assert [one.sequence for one in told] == sorted({one.sequence for one in told})


def test_what_happens_to_a_visit_afterwards_is_not_told_to_who_lost_it(world, client):
    visit = book(world, day_offset=1)
    old = Reader(client, world.doctor)
    old.look()
    give(world, visit, world.colleague)
    gone = old.only()

    appointments.move(actor=None, appointment=visit, starts_at=at("15:00", 3), now=NOW)

    assert old.only() == gone


def test_a_cancelled_visit_goes_on_being_told_as_cancelled(world, client, morning):
    visit = book(world, day_offset=1)
    old = Reader(client, world.doctor)
    old.look()
    give(world, visit, world.colleague)
    gone = old.only()
    morning.move_to(NOW + timedelta(days=20))

    assert old.look() == {gone.uid: gone}
    assert len(read(client.get(old.address).content)) == 1
    morning.move_to(NOW + timedelta(days=40))
    assert read(client.get(old.address).content) == []


def test_who_never_was_told_is_told_nothing(world, client):
    give(world, book(world, day_offset=1), world.colleague)

    assert Reader(client, world.doctor).look() == {}


def test_what_is_past_is_not_taken_back(world, client, morning):
    visit = book(world)
    reader = Reader(client, world.doctor)
    reader.look()
    morning.move_to(NOW + timedelta(days=1))
    type(visit).objects.filter(pk=visit.pk).update(practitioner=world.colleague)

    assert read(client.get(reader.address).content) == []


def test_a_visit_moved_out_of_the_years_reach_leaves_its_old_time(world, client):
    visit = book(world, day_offset=1)
    reader = Reader(client, world.doctor)
    reader.look()
    type(visit).objects.filter(pk=visit.pk).update(
        starts_at=NOW + timedelta(days=400), ends_at=NOW + timedelta(days=400, minutes=30)
    )

    assert (reader.only().status, reader.only().starts_at) == ("CANCELLED", at("10:00", 1))


def test_a_time_that_was_only_held_is_taken_back_when_it_is_agreed_to(world, client):
    visit = book(world, day_offset=1)
    reader = Reader(client, world.doctor)
    held = appointments.hold_time(actor=None, asked=appointments.NewTime(visit, at("14:00", 1)), now=NOW)
    assert sorted(one.status for one in reader.look().values()) == ["CONFIRMED", "TENTATIVE"]

    appointments.agree_to_held_time(actor=None, appointment=visit, now=NOW)

    told = reader.look()
    assert told[f"{held.public_id}@mesoclinic"].status == "CANCELLED"
    assert told[f"{visit.public_id}@mesoclinic"].starts_at == at("14:00", 1)


# Owners


@pytest.fixture
def owned(world):
    """A horse of Olga with a visit tomorrow."""
    horse = make_horse(world.clinic, name="Cassis", owner="Olga Owner")
    link = PatientParty.objects.get(patient=horse)
    visit = book(world, patient=horse, practitioner=world.vet, day_offset=1)
    return visit, link


def sell(link: PatientParty) -> None:
    PatientParty.objects.filter(pk=link.pk).update(until_on=MONDAY - timedelta(days=1))


def test_a_former_owner_is_told_that_the_visits_are_not_theirs_and_nothing_more(world, client, owned):
    visit, link = owned
    reader = Reader(client, link.party, about=visit.patient)
    assert reader.only().summary.startswith("Cassis: ")

    sell(link)
    appointments.move(actor=None, appointment=visit, starts_at=at("15:00", 2), now=NOW)

    gone = reader.only()
    assert (gone.status, gone.starts_at) == ("CANCELLED", at("10:00", 1))
    assert "Cassis" not in gone.summary


def test_the_new_owner_reads_the_same_uid(world, client, owned):
    visit, link = owned
    seller = Reader(client, link.party, about=visit.patient)
    uid = seller.only().uid
    sell(link)
    buyer = Party.objects.create(clinic=world.clinic, name="Basile")
    PatientParty.objects.create(
        patient=visit.patient, party=buyer, role="owner", from_on=date(2026, 1, 1), gets_reminders=True
    )

    assert Reader(client, buyer, about=visit.patient).only().uid == uid


def test_a_horse_that_is_bought_back_is_told_again(world, client, owned):
    visit, link = owned
    reader = Reader(client, link.party, about=visit.patient)
    reader.look()
    sell(link)
    reader.look()
    PatientParty.objects.filter(pk=link.pk).update(until_on=None)

    assert reader.only().status == "CONFIRMED"


def test_an_owner_who_wants_no_reminders_any_more_is_not_told_that_visits_are_off(world, client, owned):
    visit, link = owned
    reader = Reader(client, link.party, about=visit.patient)
    reader.look()
    PatientParty.objects.filter(pk=link.pk).update(gets_reminders=False)

    assert read(client.get(reader.address).content) == []


def test_the_visits_of_a_horse_that_died_are_taken_back(world, client, owned):
    visit, link = owned
    reader = Reader(client, link.party, about=visit.patient)
    reader.look()
    Patient.objects.filter(pk=visit.patient_id).update(ended_on=MONDAY, end_reason="died")

    assert reader.only().status == "CANCELLED"


# Merging


def test_a_merged_patient_keeps_the_address_and_the_uids_and_parting_takes_back(world, client):
    double = make_patient(world.clinic, name="Ada Lovelace")
    mine = book(world, day_offset=1)
    theirs = book(world, "11:00", patient=double, day_offset=1)
    kept, merged = Reader(client, world.patient), Reader(client, double)
    assert (kept.only().uid, merged.only().uid) == tuple(f"{one.public_id}@mesoclinic" for one in (mine, theirs))

    merge = merge_patient(actor=None, patient=double, into=world.patient)

    assert {one.status for reader in (kept, merged) for one in reader.look().values()} == {"CONFIRMED"}
    assert set(kept.look()) == set(merged.look()) == {f"{one.public_id}@mesoclinic" for one in (mine, theirs)}

    undo_merge(actor=None, merge=merge)

    assert kept.look()[f"{theirs.public_id}@mesoclinic"].status == "CANCELLED"
    assert merged.look()[f"{mine.public_id}@mesoclinic"].status == "CANCELLED"
    assert kept.look()[f"{mine.public_id}@mesoclinic"].status == "CONFIRMED"


def test_a_guardian_reads_of_a_child_until_it_is_of_age(world, client, morning):
    child = make_patient(world.clinic, name="Tim Small", birth_on=MONDAY.replace(year=MONDAY.year - 18, month=4))
    mother = Party.objects.create(clinic=world.clinic, name="Mother")
    words = {"role": "guardian", "from_on": MONDAY, "gets_reminders": True}
    PatientParty.objects.create(patient=child, party=mother, **words)
    book(world, day_offset=36, patient=child)
    reader = Reader(client, mother, about=child)
    assert reader.only().summary.startswith("Tim: ")

    morning.move_to(at("08:00", 29))
    assert reader.only().status == "CONFIRMED"
    morning.move_to(at("08:00", 31))
    after = reader.only()

    assert (after.status, after.summary) == ("CANCELLED", f"Appointment at {world.clinic}")


def test_who_has_a_second_part_goes_on_reading_when_guardianship_ends(world, client):
    grown = make_patient(world.clinic, name="Tom Tall")
    payer = Party.objects.create(clinic=world.clinic, name="Father")
    for role in ("guardian", "payer"):
        PatientParty.objects.create(patient=grown, party=payer, role=role, from_on=MONDAY, gets_reminders=True)
    book(world, day_offset=1, patient=grown)

    assert Reader(client, payer, about=grown).only().status == "CONFIRMED"


def test_a_practitioners_feed_names_no_restricted_file(world, client):
    book(world, day_offset=1, patient=world.horse, practitioner=world.vet)
    reader = Reader(client, world.vet)
    assert reader.only().summary.startswith("Bijou (")

    ways = dict.fromkeys(("phone", "email"), "") | dict.fromkeys(("may_email", "may_text", "may_call"), False)
    Patient.objects.filter(pk=world.horse.pk).update(restricted_at=NOW, ended_on=MONDAY, end_reason="other", **ways)

    assert reader.only().summary == "Restricted file"


def test_an_owner_of_a_merged_horse_goes_on_reading_its_visits(world, client, owned):
    visit, link = owned
    reader = Reader(client, link.party, about=visit.patient)
    before = reader.only()

    merge_patient(actor=None, patient=visit.patient, into=world.horse)

    after = reader.only()
    assert (after.uid, facts(after)) == (before.uid, facts(before))
    assert after.summary.startswith("Bijou: ")


def test_what_was_told_is_kept_once_and_not_written_again_without_need(world, client, django_assert_num_queries):
    for hour in range(9, 15):
        book(world, f"{hour:02}:00", day_offset=1, patient=make_patient(world.clinic))
    feed, _secret = feeds.make_feed(actor=None, owner=world.doctor)

    feeds.tell(feed=feed, now=NOW)
    with django_assert_num_queries(3):
        feeds.tell(feed=feed, now=NOW)

    assert FeedLine.objects.count() == 6
