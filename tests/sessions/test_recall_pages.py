"""The pages of a recall: find, begin, call, print, take back; and what bad input gets."""

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from protocols.models import Recall
from sessions.models import RecallNotice
from sessions.services.records import Typed, add_addendum, save_draft
from tests.factories import make_lot, make_user
from tests.sessions.booking_world import at
from tests.sessions.recall_world import lot_world
from tests.sessions.record_world import book_session, start
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    with time_machine.travel(at("18:30"), tick=False):
        yield lot_world()


@pytest.fixture
def browser(world):
    return signed_in(make_user(world.clinic, Role.MANAGER))


def signed_in(user) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def begin(browser, **fields):
    data = {"number": "ab12", "manufacturer": "", "reason": "Letter", "message": "", **fields}
    return browser.post(reverse("sessions:begin-recall"), data)


def url(name: str) -> str:
    return reverse(f"sessions:{name}", args=[Recall.objects.get().public_id])


@pytest.mark.parametrize("number", ["AB 12", "(01)09506000134352(17)300131(10)AB12"])
def test_a_number_is_looked_for_before_anything_is_locked(world, browser, number):
    page = browser.get(reverse("sessions:recalls"), {"number": number})

    assert world.lot in page.context["match"].lots
    assert len(page.context["match"].sessions) == 1
    assert not Recall.objects.exists()


def test_a_recall_begins_and_leads_to_the_people_to_call(world, browser):
    answer = begin(browser, message="Come on Monday.")
    page = browser.get(answer["Location"])

    assert answer["Location"] == url("recall")
    assert [person.who for person in page.context["page"]] == [world.patient]
    assert "Come on Monday." in page.content.decode()
    assert AuditEvent.objects.filter(verb="recall.opened").count() == 1


def test_a_lot_named_by_withdrawn_records_alone_is_never_said_to_have_reached_nobody(world, browser):
    add_addendum(actor=world.doctor_user, record=world.record, kind="withdrawal", text="Wrong patient", reason="Mix-up")

    text = browser.get(begin(browser)["Location"]).content.decode()

    assert "1 withdrawn record names this lot: find out who really received it." in text
    assert "Nobody received this lot." not in text
    assert text.count(reverse("sessions:record-view", args=[world.record.public_id])) == 2
    assert '<details class="panel" open>' in " ".join(text.split())


def test_a_lot_named_by_drafts_alone_is_never_said_to_have_reached_nobody(world, browser):
    make_lot(world.clinic, number="CD 34", site=world.site)
    draft = start(world, book_session(world, 2))
    words = Typed(raw={"lines": [{"lot": "typed", "lot_number": "cd34"}]}, edit_count=draft.edit_count)
    save_draft(actor=world.doctor_user, record=draft, typed=words)

    text = browser.get(begin(browser, number="CD 34")["Location"]).content.decode()

    assert "1 record not finished names this lot" in text
    assert "Nobody received this lot." not in text
    assert reverse("sessions:record-view", args=[draft.public_id]) in text


def test_a_lot_no_record_names_was_received_by_nobody(world, browser):
    assert "Nobody received this lot." in browser.get(begin(browser, number="EF 56")["Location"]).content.decode()


def test_what_came_of_a_call_is_one_tap_and_the_next_to_call_comes_first(world, browser):
    begin(browser)
    sent = {"person": f"patient-{world.patient.pk}", "outcome": "message_left", "note": "His wife answered"}

    answer = browser.post(url("recall-notice"), {**sent, "next": url("recall") + "?page=1"})

    assert answer["Location"] == url("recall") + "?page=1"
    assert RecallNotice.objects.get().outcome == "message_left"
    assert "His wife answered" in browser.get(url("recall")).content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"number": ""},
        {"number": "x" * 300},
        {"number": "(17)301331(10)A"},
        {"number": "A\x00"},
        {"reason": ""},
        {"reason": "x" * 2000},
        {"message": "x" * 3000},
    ],
)
def test_a_recall_that_cannot_be_is_said_with_everything_kept(world, browser, fields):
    answer = begin(browser, **fields)

    assert answer.status_code == 422
    assert answer.context["begin"].errors
    assert not Recall.objects.exists()


@pytest.mark.parametrize(
    "fields", [{"outcome": "sung"}, {"person": "patient-x"}, {"person": "party-" + "9" * 18}, {"note": "x" * 400}, {}]
)
def test_a_notice_to_nobody_is_refused_in_words(world, browser, fields):
    begin(browser)

    answer = browser.post(url("recall-notice"), {"person": "party-1", "outcome": "reached", **fields}, follow=True)

    assert answer.status_code in (200, 422)
    assert [str(message) for message in answer.context["messages"]]
    assert not RecallNotice.objects.exists()


def test_letters_and_list_come_as_files(world, browser):
    begin(browser)

    letters, listed = browser.get(url("recall-letters")), browser.get(url("recall-list"))

    assert letters.content.startswith(b"%PDF")
    assert (letters["Content-Type"], "inline" in letters["Content-Disposition"]) == ("application/pdf", True)
    assert listed.content.startswith(b"PK")
    assert "attachment" in listed["Content-Disposition"]


def test_a_recall_of_nobody_prints_nothing_and_says_so(world, browser):
    begin(browser, number="UNKNOWN")

    for name in ("recall-letters", "recall-list"):
        assert browser.get(url(name))["Location"] == url("recall")


def test_a_recall_is_taken_back_with_a_reason(world, browser):
    begin(browser)

    assert browser.post(url("take-back-recall"), {"reason": ""}).status_code == 422
    browser.post(url("take-back-recall"), {"reason": "Another number"})

    assert Recall.objects.get().end_reason == "Another number"
    assert "Another number" in browser.get(url("recall")).content.decode()


def test_taken_back_while_another_recall_means_its_lots_it_says_which(world, browser):
    begin(browser, manufacturer="Arvensis")
    first = Recall.objects.get()
    begin(browser, reason="Particles seen")

    taken = browser.post(
        reverse("sessions:take-back-recall", args=[first.public_id]), {"reason": "Another number"}, follow=True
    )

    said = taken.content.decode()
    assert "Lots another recall means too stay locked: AB12 (Particles seen)." in said
    assert "its lots are in use again" not in said
