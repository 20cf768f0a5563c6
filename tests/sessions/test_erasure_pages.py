"""The pages of a request for erasure, and the door of a restricted file."""

import uuid

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from patients.models import ErasureRequest
from patients.services import merging
from sessions.models import Practitioner
from sessions.queries.round_sheet import round_sheet
from sessions.services import rounds
from tests.factories import PASSWORD, make_patient, make_user
from tests.sessions.booking_world import at, book
from tests.sessions.erasure_world import NOW, asked, erase, erasure_world, restrict
from tests.sessions.record_world import done, record_world
from tests.sessions.round_world import book_round, open_stable
from tests.sessions.test_pdf import read as read_pdf
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    with time_machine.travel(NOW, tick=False):
        yield erasure_world()


def browser_of(user) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def address(name: str, patient) -> str:
    return reverse(name, args=[patient.public_id])


def sent(world, **more) -> dict:
    proof = {"number": str(world.patient.number), "password": PASSWORD, "identity": "asked"}
    return {**asked(), "public_id": str(uuid.uuid4()), **proof, **more}


def test_the_page_says_what_goes_what_stays_until_when_and_by_which_source(world):
    page = browser_of(world.manager).get(address("sessions:erase", world.patient)).text

    for words in ("Messages sent or waiting", "Places on the waiting list", "Records of sessions", "kept until"):
        assert words in page
    assert "Code de la santé publique" in page
    assert not ErasureRequest.objects.exists()


def test_saving_needs_the_number_and_the_password_and_is_done_once(world):
    browser, page = browser_of(world.manager), address("sessions:erase", world.patient)

    for wrong in ({"number": "0"}, {"password": "no"}, {"known_by": "guess"}, {"known_by": "other", "note": ""}):
        assert browser.post(page, sent(world, **wrong)).status_code == 200
        assert not ErasureRequest.objects.exists()
    form = sent(world)
    assert browser.post(page, form).status_code == 302
    assert browser.post(page, form).status_code == 302

    assert ErasureRequest.objects.count() == 1
    assert "Restricted: asked to be erased on" in browser.get(page).text


def test_reception_finds_a_restricted_file_nowhere(world):
    erase(world)
    browser, name = browser_of(world.desk), world.patient.name

    for place in (reverse("patients:list"), reverse("patients:search"), reverse("sessions:book")):
        assert world.patient.name not in browser.get(place, {"q": name, "state": "all"}).text.replace(f'"{name}"', "")
    for where in (address("sessions:patient", world.patient), address("sessions:course", world.course)):
        assert browser.get(where).status_code == 404
    assert browser.get(address("patients:open-restricted", world.patient)).status_code == 403


def test_a_practitioner_opens_it_with_a_reason_that_is_noted(world):
    erase(world)
    browser, page = browser_of(world.doctor_user), address("sessions:patient", world.patient)

    asked_why = browser.get(page)
    assert asked_why.status_code == 302
    assert asked_why.url.startswith(address("patients:open-restricted", world.patient))
    assert browser.post(asked_why.url, {"reason": ""}).status_code == 200
    opened = browser.post(asked_why.url, {"reason": "Reaction told by phone", "next": page})

    assert opened.url == page
    assert "This file is restricted since" in browser.get(page).text
    assert browser.get(address("sessions:record-view", world.signed)).status_code == 200
    assert AuditEvent.objects.get(verb="restricted-file.opened").reason == "Reaction told by phone"


def test_the_clinics_log_tells_of_a_restricted_file_by_number_and_its_own_log_by_name(world):
    name, number = world.patient.name, f"Restricted file {world.patient.number}"
    merging.merge_patient(actor=None, patient=make_patient(world.clinic, name="Former Twin"), into=world.patient)
    erase(world)
    browser, whole = browser_of(world.manager), reverse("sessions:access-log")
    own, door = (address(where, world.patient) for where in ("sessions:patient-access-log", "patients:open-restricted"))
    assert browser.get(own).url.startswith(door)
    browser.post(door, {"reason": "Asked who read it"})

    for asked_for in ({}, {"export": "csv"}):
        log, told = browser.get(whole, asked_for), browser.get(own, asked_for)
        withheld, said = (read(one).replace(f'value="{name}"', "") for one in (log, told))
        assert number in withheld
        assert "Asked who read it" in withheld
        for kept_back in (name, "Former Twin", "6 39 98 77 66", "ann@example.org", "Asked to be erased"):
            assert kept_back not in withheld
            assert kept_back in said


def read(answer) -> str:
    return b"".join(answer).decode()


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "-1"])
def test_the_door_leads_nowhere_else(world, elsewhere):
    erase(world)
    door = address("patients:open-restricted", world.patient)

    opened = browser_of(world.doctor_user).post(door, {"reason": "Look", "next": elsewhere})

    assert opened.url == address("sessions:patient", world.patient)


def test_the_door_closes_after_half_an_hour_and_for_everybody_else(world):
    erase(world)
    browser, page = browser_of(world.doctor_user), address("sessions:patient", world.patient)
    browser.post(address("patients:open-restricted", world.patient), {"reason": "Look"})

    assert browser.get(page).status_code == 200
    assert browser_of(make_user(world.clinic, Role.PRACTITIONER)).get(page).status_code == 302
    with time_machine.travel(NOW.replace(hour=NOW.hour + 1), tick=False):
        assert browser.get(page).status_code == 302


@pytest.mark.parametrize("name", ["sessions:course", "sessions:course-report", "sessions:course-report-pdf"])
def test_no_other_way_leads_into_the_file(world, name):
    erase(world)

    answer = browser_of(world.doctor_user).get(address(name, world.course))

    assert answer.status_code == 302
    assert "/open/" in answer.url


def test_lists_leave_it_out_or_name_it_by_its_number(world):
    erase(world)
    browser, name = browser_of(world.manager), world.patient.name

    for place in ("patients:list", "sessions:courses", "sessions:reports"):
        assert name not in browser.get(reverse(place), {"state": "all", "status": ""}).text
    exported = browser.get(reverse("patients:list"), {"q": name, "as": "csv"})
    assert name not in b"".join(exported.streaming_content).decode()
    day = browser.get(reverse("sessions:day-list"), {"on": NOW.date().isoformat(), "day": NOW.date().isoformat()}).text
    assert name not in day
    assert name in browser.get(reverse("sessions:retention")).text


def test_lifting_asks_why(world):
    erase(world)
    browser, page = browser_of(world.manager), address("sessions:lift-restriction", world.patient)

    assert browser.post(page, {"reason": ""}).status_code == 200
    assert browser.post(page, {"reason": "Comes back"}).status_code == 302

    world.patient.refresh_from_db()
    assert not world.patient.is_restricted
    assert "Open the file again" in browser_of(world.desk).get(address("sessions:patient", world.patient)).text


ADDING = (
    "patients:add-party",
    "patients:add-flag",
    "patients:add-identifier",
    "patients:record-weight",
    "patients:sign-consent",
    "patients:give-consent",
    "sessions:enter-competition",
)


def test_an_opened_restricted_file_offers_nothing_its_services_refuse():
    with time_machine.travel(NOW, tick=False):
        world = erasure_world("horse")
        browser, page = browser_of(world.doctor_user), address("sessions:patient", world.patient)
        offered = [address(name, world.patient) for name in ADDING]
        before = browser.get(page).text
        erase(world)
        browser.post(address("patients:open-restricted", world.patient), {"reason": "Look"})
        opened = browser.get(page).text

    assert [link for link in offered if link not in before] == []
    assert [link for link in offered if link in opened] == []
    for step in ("/scan/", "/withdraw/", "/end/"):
        assert step in before
        assert step not in opened


@time_machine.travel(NOW, tick=False)
def test_a_record_to_sign_names_a_restricted_file_by_its_number():
    world = record_world()
    done(world)
    restrict(world.patient)
    browser, name = browser_of(world.doctor_user), world.patient.name
    world.patient.refresh_from_db()

    for place in ("sessions:records-unsigned", "sessions:today"):
        page = browser.get(reverse(place)).text
        assert name not in page
        assert world.patient.listed_name in page
    sheet = browser.get(reverse("sessions:records-unsigned"), {"as": "csv"})
    assert name not in b"".join(sheet.streaming_content).decode()


def test_no_day_list_says_why_somebody_of_a_restricted_file_came(world):
    """Neither the page nor its paper nor its file; the page of the visit says it, behind the file's door."""
    visit = book(world, "15:00", day_offset=3, reason="Knee again", note="Came with her sister")
    browser = browser_of(world.manager)
    asked = {"on": visit.starts_at.astimezone(visit.site.zone).date().isoformat()}

    def told() -> list[str]:
        paper = browser.get(reverse("sessions:day-list-pdf"), asked).content
        sheet = browser.get(reverse("sessions:day-list"), {**asked, "as": "csv"})
        return [
            browser.get(reverse("sessions:day-list"), asked).text,
            " ".join(page.extract_text() for page in read_pdf(paper).pages),
            b"".join(sheet.streaming_content).decode(),
        ]

    assert all("Knee again" in text for text in told())
    restrict(world.patient)
    for text in told():
        assert "Restricted file" in text
        assert "Knee again" not in text
        assert "Came with her sister" not in text


@time_machine.travel(at("09:00", 1), tick=False)
def test_a_past_round_names_a_restricted_file_by_its_number_and_shows_nothing_of_it():
    world = open_stable()
    world.vet_user = make_user(world.clinic, Role.PRACTITIONER)
    Practitioner.objects.filter(pk=world.vet.pk).update(user=world.vet_user)
    one = book_round(world)
    one.visits.filter(patient=world.horses["Bijou"]).update(reason="Left hock")
    rounds.start_round_records(actor=world.vet_user, round=one, now=at("09:00", 1))
    restrict(world.horses["Bijou"])
    browser = browser_of(world.vet_user)

    for page in (reverse("sessions:round", args=[one.public_id]), reverse("sessions:rounds")):
        shown = browser.get(page).text
        assert "Bijou" not in shown
        assert "Left hock" not in shown
        assert f"Restricted file {world.horses['Bijou'].number}" in shown
    records = browser.get(reverse("sessions:round-records", args=[one.public_id])).text
    assert "Amber" in records
    assert "Bijou" not in records
    sheet, on_it = round_sheet(one, printed_by=world.vet_user, today=one.on)
    assert [stop.name for stop in sheet.stops] == ["Amber", "Corsair"]
    assert world.horses["Bijou"] not in on_it
