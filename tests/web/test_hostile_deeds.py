"""Deeds sent by hand, twice, too late or out of order: a clear refusal, or the first answer once more."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from patients.services import merging, patients
from protocols.services import lots
from sessions.models import Addendum, AdverseEvent, Appointment, PlannedSession, SessionRecord
from sessions.services import appointments, courses, records
from tests.factories import PASSWORD, make_lot, make_patient, make_user, site_of
from tests.sessions.booking_world import NOW
from tests.sessions.record_world import done, record_world, signed, start
from tests.shared import shared
from tests.web.hostile import forms_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def _monday():
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        yield


@shared
def world():
    return record_world()


def browser_of(user) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def page_of(browser: Client, record: SessionRecord) -> dict[str, list[str]]:
    """What the page of a draft would send."""
    url = reverse("sessions:record-edit", args=[record.public_id])
    forms = forms_of(browser.get(url).content.decode(), url)
    return next(form.data for form in forms if "edit_count" in form.names)


@pytest.mark.parametrize(
    "typed",
    [
        {"notes": "\\u0000", "shots": "many"},
        {"override_key": "a\x00b", "override_reason": "so", "shots": "many"},
        {"lines-0-lot": "9" * 40},
        {"sites-0-map_points": '["\\u0000", 1e999]', "shots": "many"},
        {"lines-0-substance": "9" * 40},
        {"checklist_note": "x" * 10_000},
        {"checklist_clear": "on", "checklist_yes": "fever"},
    ],
)
def test_a_draft_that_kept_nonsense_can_be_opened_again(world, typed):
    record, browser = start(world), browser_of(world.doctor_user)

    sent = browser.post(
        reverse("sessions:record-save", args=[record.public_id]),
        page_of(browser, record) | typed,
        headers={"X-Autosave": "1"},
    )

    assert sent.status_code == 200
    assert browser.get(reverse("sessions:record-edit", args=[record.public_id])).status_code == 200


def test_done_without_saying_who_gave_it_asks_and_keeps_what_was_typed(world):
    record, browser = start(world), browser_of(world.doctor_user)
    typed = page_of(browser, record) | {"performed_by": "", "checklist_clear": "on", "notes": "Slept well."}

    answer = browser.post(reverse("sessions:record-done", args=[record.public_id]), typed)

    assert answer.status_code == 200
    assert "Choose who gave it." in answer.content.decode()
    assert "Slept well." in answer.content.decode()


def test_done_tapped_again_on_an_old_page_leads_to_the_record(world):
    record, browser = start(world), browser_of(world.doctor_user)
    page = {**page_of(browser, record), "checklist_clear": "on"}
    url = reverse("sessions:record-done", args=[record.public_id])
    browser.post(url, page)

    answer = browser.post(url, page)

    assert SessionRecord.objects.get().status == "done"
    assert answer["Location"] == reverse("sessions:record-view", args=[record.public_id])


def test_an_addendum_sent_twice_is_signed_once(world):
    record, browser = signed(world), browser_of(world.doctor_user)
    asked = {"kind": "addendum", "text": "Told by phone.", "reason": "Forgotten.", "password": PASSWORD}

    for _click in range(2):
        browser.post(reverse("sessions:addendum", args=[record.public_id]), asked)

    assert Addendum.objects.filter(record=record).count() == 1


def test_a_reaction_sent_twice_is_entered_once(world):
    record, browser = signed(world), browser_of(world.doctor_user)

    for _click in range(2):
        browser.post(reverse("sessions:record-reaction", args=[record.public_id]), {"kind": "Rash", "severity": "mild"})

    assert AdverseEvent.objects.filter(record=record, is_late=True).count() == 1


def test_a_signed_record_sent_again_by_hand_stays_as_it_was_signed(world):
    draft, browser = start(world), browser_of(world.doctor_user)
    page = page_of(browser, draft)
    records.discard_record(actor=world.doctor_user, record=draft)
    record = signed(world)
    before = SessionRecord.objects.filter(pk=record.pk).values().get()

    for name in ("record-save", "record-done", "record-undo-done", "record-discard"):
        browser.post(
            reverse(f"sessions:{name}", args=[record.public_id]), page | {"notes": "forged", "status": "draft"}
        )

    assert SessionRecord.objects.filter(pk=record.pk).values().get() == before


def test_waste_clicked_twice_is_entered_once(world):
    keeper = make_user(world.clinic, Role.MANAGER)
    lot, browser = make_lot(world.clinic), browser_of(keeper)
    asked = {"waste-volume_ml": "2", "waste-reason": "dropped"}

    for _click in range(2):
        browser.post(reverse("protocols:change-lot", args=[lot.public_id, "waste"]), asked)

    assert sum(movement.volume_ml for movement in lot.movements.all()) == Decimal(98)


def test_the_same_waste_an_hour_later_is_another(world):
    lot = make_lot(world.clinic)
    asked = {"actor": None, "lot": lot, "site": site_of(world.clinic), "volume_ml": Decimal(2), "reason": "dropped"}

    lots.waste(**asked)
    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        lots.waste(**asked)

    assert sum(movement.volume_ml for movement in lot.movements.all()) == Decimal(96)


def test_a_cancelled_visit_of_a_closed_file_is_not_booked_again(world):
    appointments.cancel(actor=None, appointment=world.visit, cancelled_by="patient", reason="ill")
    patients.end_patient(actor=None, patient=world.patient, on=NOW.date(), reason="died")

    with pytest.raises(Refused) as no:
        appointments.undo_cancel(actor=None, appointment=world.visit)

    assert no.value.code == "patient-ended"


@pytest.mark.parametrize("deed", ["cancel", "not-treated", "no-show", "back", "undo-start", "entered-in-error", "move"])
def test_a_visit_that_is_done_stays_done(world, deed):
    done(world)
    browser = browser_of(world.desk)
    asked = {"reason": "x", "cancelled_by": "patient", "starts": "2026-03-03T10:00", "minutes": "20", "seen_moves": "0"}
    asked["practitioner"] = str(world.doctor.public_id)

    answer = browser.post(reverse(f"sessions:{deed}", args=[world.visit.public_id]), asked)

    assert answer.status_code < 500
    assert Appointment.objects.get(pk=world.visit.pk).status == Appointment.Status.FULFILLED


def test_a_cancelled_visit_cannot_be_moved(world):
    appointments.cancel(actor=None, appointment=world.visit, cancelled_by="patient", reason="ill")

    with pytest.raises(Refused) as no:
        appointments.move(actor=None, appointment=world.visit, starts_at=NOW + timedelta(days=1, hours=3))

    assert no.value.code == "not-movable"


def test_files_are_never_merged_in_a_circle(world):
    first, second = make_patient(world.clinic), make_patient(world.clinic)
    browser = browser_of(world.doctor_user)
    merging.merge_patient(actor=None, patient=first, into=second)

    for kept, other in ((second, first), (first, second), (second, second)):
        answer = browser.post(reverse("patients:merge", args=[kept.public_id]), {"other": other.public_id})
        assert answer.status_code == 302

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.merged_into_id, second.merged_into_id) == (second.pk, None)


def test_a_stopped_course_takes_no_further_step(world):
    courses.stop_course(actor=world.doctor_user, course=world.course, reason="enough")
    browser = browser_of(world.doctor_user)
    asked = {"reason": "again", "start_on": "2026-03-09", "decision": "continue", "cadence-text": "2x1w"}
    of_course = ("pause-course", "resume-course", "stop-course", "restart-course", "step-back", "change-cadence")
    targets = [reverse(f"sessions:{name}", args=[world.course.public_id]) for name in of_course]
    targets += [reverse("sessions:skip-session", args=[world.course.public_id, 2])]
    targets += [reverse("sessions:record-review", args=[world.course.public_id, 1])]

    answers = [browser.post(target, asked) for target in targets]

    world.course.refresh_from_db()
    assert max(answer.status_code for answer in answers) < 500
    assert world.course.status == "stopped"
    assert not PlannedSession.objects.filter(course=world.course, status="skipped").exists()
