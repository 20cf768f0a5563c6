"""Late reactions: who is asked, what was answered, how it went on, and the lots that are blamed."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.db.models import ProtectedError
from django.test import Client
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from patients.models import Patient
from patients.services import merging
from protocols.queries.lot_warnings import suspicions
from sessions.models import AdverseEvent, FollowUp
from sessions.queries import follow_ups as reads
from sessions.queries import records as record_reads
from sessions.queries.reactions import reactions, suspected_lots
from sessions.queries.record_checks import check_record
from sessions.queries.report_sessions import adverse_events, records_of
from sessions.queries.signatures import verify_chain
from sessions.services import records
from sessions.services.follow_ups import note_follow_up
from tests.factories import make_lot, make_patient, make_user
from tests.sessions.recall_world import given, lot_world
from tests.sessions.record_world import book_session, done, record_world, start
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return lot_world()


def after(world, **time):
    return world.record.performed_at + timedelta(**time)


def due(world, show="", **time):
    return list(reads.due(world.clinic, after(world, **time), show=show))


def answer(world, what="nothing", note="", **time):
    return note_follow_up(
        actor=world.doctor_user, record=world.record, answer=what, note=note, now=after(world, **time)
    )


def told(world, **fields) -> AdverseEvent:
    fields = {"kind": "Lump", "severity": "moderate", **fields}
    return records.report_reaction(actor=world.doctor_user, record=world.record, **fields)


@pytest.mark.parametrize(
    ("days", "is_due"), [(0, False), (6, False), (7, True), (40, True), (84, True), (85, False), (400, False)]
)
def test_everybody_given_a_lot_is_asked_from_one_to_twelve_weeks_after(world, days, is_due):
    assert (due(world, days=days) == [world.record]) is is_due


def test_a_session_without_a_lot_asks_nobody():
    plain = record_world()
    record = done(plain)

    assert list(reads.due(plain.clinic, record.performed_at + timedelta(weeks=2))) == []


def test_a_later_session_starts_the_weeks_anew(world):
    later = given(world, 2, lot=world.lot)

    assert due(world, days=13) == []  # six days after the second
    assert due(world, days=14) == [later]


def test_who_answered_is_left_alone_for_four_weeks_and_then_asked_again(world):
    answer(world, days=7)

    assert due(world, days=8) == []
    assert due(world, "asked", days=8) == due(world, "all", days=8) == [world.record]
    assert due(world, days=7 + 28) == [world.record]


def test_who_said_that_something_was_seen_stays_until_the_reaction_is_entered(world):
    answer(world, days=7)
    answer(world, "reaction", days=8)

    assert due(world, days=9) == [world.record]
    assert due(world, "asked", days=9) == []
    (line,) = reads.lines(due(world, days=9), after(world, days=9).date())
    assert line.is_untold

    event = told(world, now=after(world, days=9))
    assert due(world, days=10) == []
    (line,) = reads.lines(due(world, "asked", days=10), after(world, days=10).date())
    assert not line.is_untold

    answer(world, "reaction", days=11)
    assert due(world, days=12) == [world.record]
    records.update_reaction(actor=world.doctor_user, event=event, outcome="ongoing", now=after(world, days=12))
    assert due(world, days=13) == []

    answer(world, "reaction", days=14)
    answer(world, "nothing", "It was the other arm", days=14, hours=1)
    assert due(world, days=15) == []


def test_who_was_not_reached_stays_on_the_list(world):
    answer(world, "not_reached", days=7)

    assert due(world, days=8) == [world.record]
    (line,) = reads.lines(due(world, days=8), after(world, days=8).date())
    assert [one.answer for one in line.asked] == ["not_reached"]
    assert (line.weeks, line.patient, line.lots) == (1, world.patient, ["Lidocaine AB 12"])


def test_who_has_died_or_left_is_not_asked(world):
    world.patient.ended_on, world.patient.end_reason = after(world, days=2).date(), "died"
    world.patient.save()

    assert due(world, days=8) == []


def merged(world, **kept):
    file = make_patient(world.clinic, **kept)
    merging.merge_patient(actor=None, patient=world.patient, into=file)
    return file


def test_a_merged_file_is_asked_by_the_phone_of_the_file_that_is_kept(world):
    file = merged(world, name="Kept", phone="0611111111")

    (line,) = reads.lines(due(world, days=8), after(world, days=8).date())

    assert (line.patient, line.contact.phone) == (file, "0611111111")


def test_whether_a_file_is_open_is_what_the_kept_one_says(world):
    """Else a file closed as a twin hides its sessions, and somebody who died is rung up."""
    file = merged(world)
    Patient.objects.filter(pk=world.patient.pk).update(ended_on=after(world, days=1).date(), end_reason="other")
    assert due(world, days=8) == [world.record]
    again = make_patient(world.clinic)
    merging.merge_patient(actor=None, patient=file, into=again)
    assert due(world, days=8) == [world.record]

    Patient.objects.filter(pk=again.pk).update(ended_on=after(world, days=2).date(), end_reason="died")

    assert due(world, days=8) == []


def test_a_later_session_of_the_kept_file_starts_the_weeks_anew(world):
    world.patient = merged(world)  # and the course with it
    later = given(world, 2, lot=world.lot)
    assert later.patient_id != world.record.patient_id

    assert due(world, days=13) == []
    assert due(world, days=14) == [later]


def test_a_double_click_is_one_answer_and_a_draft_has_none(world):
    assert answer(world, days=7) == answer(world, days=7)
    draft = start(world, book_session(world, 2))

    for record, said, code in ((draft, "nothing", "not-done"), (world.record, "sung", "bad-answer")):
        with pytest.raises(Refused, check=lambda no, code=code: no.code == code):
            note_follow_up(actor=world.doctor_user, record=record, answer=said)
    assert AuditEvent.objects.get(verb="follow-up.noted").patient_id == world.patient.pk


@pytest.mark.parametrize("sessions", [1, 3])
def test_a_page_of_follow_ups_takes_the_same_statements(world, sessions, django_assert_num_queries):
    rows = [world.record, *(given(world, number, lot=world.lot) for number in range(2, sessions + 1))]
    for row in rows:
        row.is_untold = False

    with django_assert_num_queries(6):
        assert len(reads.lines(rows, after(world, weeks=5).date())) == sessions


def test_a_reaction_told_later_says_how_it_went_on_and_which_lot_is_suspected(world):
    event = told(world, outcome="ongoing", suspected_lot=world.lot)
    records.update_reaction(actor=world.doctor_user, event=event, outcome="resolved", note="After six weeks")

    (seen,) = reactions(world.record)
    assert [(one.outcome, one.suspected_lot, one.note) for one in seen.updates.all()] == [
        ("ongoing", world.lot, ""),
        ("resolved", None, "After six weeks"),
    ]
    assert suspicions([world.lot.pk]) == {world.lot.pk: 1}
    (printed,) = adverse_events(records_of(world.course), world.site.zone)
    assert printed.outcome == "Over"
    assert verify_chain(world.clinic).broken is None
    with pytest.raises(ProtectedError):
        event.delete()


def test_the_same_update_twice_is_one_and_an_empty_one_is_refused(world):
    event = told(world)
    update = {"actor": world.doctor_user, "event": event}

    first = records.update_reaction(**update, outcome="recovering")
    assert records.update_reaction(**update, outcome="recovering") == first
    with pytest.raises(Refused, check=lambda no: no.code == "nothing"):
        records.update_reaction(**update, note="  ")


def test_only_a_lot_of_that_session_can_be_blamed(world):
    other = make_lot(world.clinic, world.lidocaine)
    event = told(world)

    with pytest.raises(Refused, check=lambda no: no.code == "other-lot"):
        told(world, kind="Fever", suspected_lot=other)
    with pytest.raises(Refused, check=lambda no: no.code == "other-lot"):
        records.update_reaction(actor=world.doctor_user, event=event, suspected_lot=other)


def test_two_words_about_one_reaction_count_once_and_a_withdrawn_record_not_at_all(world):
    event = told(world, suspected_lot=world.lot)
    records.update_reaction(actor=world.doctor_user, event=event, suspected_lot=world.lot, outcome="ongoing")
    since = event.reported_at - timedelta(days=1)
    assert [(lot, lot.suspected_count) for lot in suspected_lots(world.clinic, since=since)] == [(world.lot, 1)]

    records.add_addendum(
        actor=world.doctor_user, record=world.record, kind="withdrawal", text="Wrong patient", reason="Mixed up"
    )

    assert suspicions([world.lot.pk]) == {}


def test_a_suspected_lot_is_warned_of_on_the_record_that_holds_it(world):
    told(world, suspected_lot=world.lot)
    record = given(world, 2, lot=world.lot)

    check = check_record(record, record_reads.content(record), record.performed_at)

    assert [(one.level.value, one.numbers["count"]) for one in check.findings if one.rule == "lot.suspected"] == [
        ("warn", 1)
    ]


def test_the_lots_page_and_todays_manager_say_that_a_lot_is_suspected(world):
    told(world, suspected_lot=world.lot)
    browser = Client()
    browser.force_login(make_user(world.clinic, Role.MANAGER))

    page = browser.get(reverse("protocols:lot", args=[world.lot.public_id]))
    today = browser.get(reverse("sessions:today"))

    assert page.context["suspicions"] == 1
    assert "1 reaction is blamed on this lot" in page.content.decode()
    listed = browser.get(reverse("protocols:stock")).content.decode()
    row = listed[listed.index(f">{world.lot.number}</a>") :].split("</tr>")[0]
    assert "1 reaction blamed on it" in row
    assert "In use" not in row
    assert "1 reaction is blamed on this lot" in today.content.decode()


def test_the_exported_list_of_the_stock_says_it_too(world):
    told(world, suspected_lot=world.lot)
    make_lot(world.clinic, world.lot.substance, number="CLEAN")
    browser = Client()
    browser.force_login(make_user(world.clinic, Role.MANAGER))

    sent = b"".join(browser.get(reverse("protocols:stock"), {"as": "csv"}).streaming_content).decode("utf-8-sig")

    rows = {row["Lot"]: row["Reactions blamed on it"] for row in csv.DictReader(StringIO(sent))}
    assert (rows[world.lot.number], rows["CLEAN"]) == ("1", "")


def test_an_answer_is_one_tap_and_something_seen_leads_to_the_reaction(world):
    browser = Client()
    browser.force_login(world.doctor_user)
    url = reverse("sessions:follow-up", args=[world.record.public_id])

    calm = browser.post(url, {"answer": "nothing", "note": "Fine", "next": reverse("sessions:follow-ups")})
    seen = browser.post(url, {"answer": "reaction", "note": "Red spot"})
    bad = browser.post(url, {"answer": "sung"}, follow=True)

    assert calm["Location"] == reverse("sessions:follow-ups")
    assert seen["Location"] == reverse("sessions:record-reaction", args=[world.record.public_id])
    assert "Nothing was noted" in bad.content.decode()
    assert FollowUp.objects.count() == 2
    assert browser.get(reverse("sessions:follow-ups")).status_code == 200


def test_something_seen_and_not_entered_is_said_on_the_list_with_the_way_to_enter_it(world):
    answer(world, "reaction", days=8)
    browser = Client()
    browser.force_login(world.doctor_user)

    with time_machine.travel(after(world, days=9), tick=False):
        page = browser.get(reverse("sessions:follow-ups")).content.decode()

    assert "Something was seen, and no reaction is entered yet." in page
    assert reverse("sessions:record-reaction", args=[world.record.public_id]) in page


def test_what_was_noted_when_something_was_seen_begins_the_reaction(world):
    def begun() -> str:
        form = browser.get(reverse("sessions:record-reaction", args=[world.record.public_id])).context["form"]
        return form["description"].value()

    browser = Client()
    browser.force_login(world.doctor_user)
    assert begun() == ""

    note = "Red spot at the left knee, " + "x" * 473
    answer(world, "reaction", note, days=8)
    answer(world, "not_reached", "No answer", days=9)
    assert begun() == note

    told(world, now=after(world, days=10))
    assert begun() == ""

    answer(world, "reaction", "A second one", days=11)
    assert begun() == "A second one"
    answer(world, "nothing", "It was a bite", days=12)
    assert begun() == ""


def test_what_is_typed_of_a_reaction_stays_when_the_form_is_refused(world):
    answer(world, "reaction", "Red spot", days=8)
    browser = Client()
    browser.force_login(world.doctor_user)
    url = reverse("sessions:record-reaction", args=[world.record.public_id])

    refused = browser.post(url, {"kind": "", "severity": "mild", "description": "Gone"})

    assert refused.context["form"].errors
    assert refused.context["form"]["description"].value() == "Gone"


def test_something_seen_after_a_session_not_signed_yet_leads_to_its_record():
    plain = record_world()
    record = done(plain)
    browser = Client()
    browser.force_login(plain.doctor_user)

    sent = browser.post(reverse("sessions:follow-up", args=[record.public_id]), {"answer": "reaction"}, follow=True)

    assert sent.redirect_chain[-1][0] == reverse("sessions:record-view", args=[record.public_id])
    assert "The record is not signed yet. Sign it, then enter what was seen." in sent.content.decode()


def test_a_reaction_is_updated_from_the_record(world):
    event = told(world)
    browser = Client()
    browser.force_login(world.doctor_user)
    url = reverse("sessions:reaction-update", args=[world.record.public_id, event.public_id])

    assert browser.post(url, {"outcome": "sung"}).status_code == 200
    assert browser.post(url, {"note": " "}).context["form"].errors
    sent = browser.post(url, {"outcome": "resolved", "suspected_lot": world.lot.pk, "note": ""}, follow=True)

    assert "Suspected" in sent.content.decode()
    assert event.updates.get().suspected_lot == world.lot
