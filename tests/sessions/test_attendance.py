"""What becomes of a visit, each step with its way back, and what it does to the plan."""

import pytest

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from sessions.models import Appointment, SessionRecord
from sessions.queries.appointments import history
from sessions.services import appointments, availability
from tests.factories import make_course
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return open_clinic()


def test_a_visit_turns_out_to_be_for_something_else_until_it_is_final(world):
    visit = book(world, "10:00")
    common = {"actor": world.desk, "appointment": visit}

    for kind in ("other", "other", "review", "session"):
        assert appointments.change_kind(**common, kind=kind).kind == kind
    assert [(line.words, line.changes) for line in history(visit)][:3] == [
        ("For something else", ("Review → Session",)),
        ("For something else", ("Other → Review",)),
        ("For something else", ("Session → Other",)),
    ]
    with pytest.raises(Refused, match="what the visit is for"):
        appointments.change_kind(**common, kind="party")
    appointments.mark_no_show(**common, now=at("11:00"))
    with pytest.raises(Refused, match="changed meanwhile"):
        appointments.change_kind(**common, kind="other")


def test_a_session_of_a_course_and_a_visit_with_a_record_stay_what_they_are(world):
    course = make_course(world.clinic, patient=world.patient, practitioner=world.doctor, start_on=MONDAY, now=NOW)
    of_course = book(world, "10:00", planned_session=course.planned_sessions.get(number=1))
    recorded = book(world, "11:00")
    SessionRecord.objects.create(clinic=world.clinic, patient=world.patient, appointment=recorded)

    for visit, code in ((of_course, "in-course"), (recorded, "has-record")):
        with pytest.raises(Refused) as no:
            appointments.change_kind(actor=world.desk, appointment=visit, kind="other")
        assert no.value.code == code
        visit.refresh_from_db()
        assert visit.kind == "session"


def test_arrive_and_back(world):
    visit = book(world, "10:00")

    arrived = appointments.check_in(actor=world.desk, appointment=visit, now=at("09:55"))
    assert (arrived.status, arrived.arrived_at) == ("arrived", at("09:55"))
    back = appointments.undo_check_in(actor=world.desk, appointment=visit)

    assert (back.status, back.arrived_at) == ("booked", None)
    event = AuditEvent.objects.filter(verb="appointment.checked-in").get()
    assert {
        "model": "treatment_sessions.appointment",
        "id": visit.pk,
        "field": "status",
        "old": "booked",
        "new": "arrived",
    } in event.changes


def test_a_double_click_on_arrive_is_one_arrival(world):
    visit = book(world, "10:00")

    appointments.check_in(actor=world.desk, appointment=visit, now=at("09:55"))
    again = appointments.check_in(actor=world.desk, appointment=visit, now=at("09:56"))

    assert again.arrived_at == at("09:55")
    assert AuditEvent.objects.filter(verb="appointment.checked-in").count() == 1


@pytest.mark.parametrize("reason", ["", "   "])
def test_not_treated_and_cancel_say_why(world, reason):
    visit = book(world, "10:00")

    with pytest.raises(Refused, match="why"):
        appointments.mark_not_treated(actor=world.desk, appointment=visit, reason=reason)
    with pytest.raises(Refused, match="why"):
        appointments.cancel(actor=world.desk, appointment=visit, cancelled_by="patient", reason=reason)
    with pytest.raises(Refused, match="who"):
        appointments.cancel(actor=world.desk, appointment=visit, cancelled_by="", reason="ill")


def test_who_is_still_to_come_on_a_later_day_cannot_be_called_untreated(world):
    visit = book(world, "00:30", day_offset=1, squeeze_reason="night shift")
    untreated = {"actor": world.desk, "appointment": visit, "reason": "Not caught"}

    with pytest.raises(Refused, match=r"on a later day\. Until then, move it or cancel it") as refusal:
        appointments.mark_not_treated(**untreated, now=at("23:59"))

    assert refusal.value.code == "too-early"
    assert Appointment.objects.get(pk=visit.pk).status == "booked"
    appointments.mark_not_treated(**untreated, now=at("00:01", 1))  # the day counts, not the hour
    assert Appointment.objects.get(pk=visit.pk).status == "not_treated"


@pytest.mark.parametrize("deed", ["check_in", "start", "fulfil_without_record"])
def test_nobody_arrives_before_the_day_of_the_visit(world, deed):
    visit = book(world, "00:30", day_offset=1, kind="review", squeeze_reason="night shift")
    service = getattr(appointments, deed)

    with pytest.raises(
        Refused, match=r"on a later day\. .* move the visit to today, or take them as a walk-in"
    ) as refusal:
        service(actor=world.desk, appointment=visit, now=at("23:59"))

    assert refusal.value.code == "too-early"
    assert Appointment.objects.get(pk=visit.pk).status == "booked"
    service(
        actor=world.desk, appointment=visit, now=at("00:01", 1)
    )  # the day in the clinic's zone counts, not the hour
    assert Appointment.objects.get(pk=visit.pk).status != "booked"


def test_who_has_arrived_and_is_moved_to_a_later_day_is_expected_there(world):
    visit = book(world, "10:00")
    appointments.check_in(actor=world.desk, appointment=visit, now=at("09:55"))

    later = appointments.move(actor=world.desk, appointment=visit, starts_at=at("11:00"), now=at("10:00"))
    assert (later.status, later.arrived_at) == ("arrived", at("09:55"))
    tomorrow = appointments.move(actor=world.desk, appointment=visit, starts_at=at("11:00", 1), now=at("10:01"))

    tomorrow.refresh_from_db()
    assert (tomorrow.status, tomorrow.arrived_at) == ("booked", None)


def test_a_cancelled_time_is_free_again_and_comes_back_while_it_is(world):
    visit = book(world, "10:00")
    appointments.cancel(actor=world.desk, appointment=visit, cancelled_by="patient", reason="ill")

    back = appointments.undo_cancel(actor=world.desk, appointment=visit)
    assert (back.status, back.cancelled_by, back.status_reason) == ("booked", "", "")

    appointments.cancel(actor=world.desk, appointment=visit, cancelled_by="clinic", reason="ill")
    book(world, "10:00", patient=patient(world.clinic, "Bea"))
    with pytest.raises(Refused) as refusal:
        appointments.undo_cancel(actor=world.desk, appointment=visit)
    assert refusal.value.code == "just-taken"


def test_nobody_is_a_no_show_before_the_visit_begins(world):
    visit = book(world, "10:00")

    with pytest.raises(Refused) as refusal:
        appointments.mark_no_show(actor=world.desk, appointment=visit, now=at("09:59"))

    assert refusal.value.code == "too-early"
    assert appointments.mark_no_show(actor=world.desk, appointment=visit, now=at("10:20")).status == "no_show"


def test_who_comes_after_all_is_squeezed_in_when_the_time_was_given_away(world):
    visit = book(world, "10:00")
    appointments.mark_no_show(actor=world.desk, appointment=visit, now=at("10:10"))
    book(world, "10:15", patient=patient(world.clinic, "Bea"), minutes=15, now=at("10:11"))

    back = appointments.undo_no_show(actor=world.desk, appointment=visit, now=at("10:16"))

    assert (back.status, back.is_squeezed_in, back.room) == ("arrived", True, None)
    assert back.exception_reason == "came after all"


def test_moving_keeps_the_row_its_note_and_its_history(world):
    visit = book(world, "10:00", note="bring the scans")

    moved = appointments.move(actor=world.desk, appointment=visit, starts_at=at("11:00"), now=at("09:00"))

    assert Appointment.objects.count() == 1
    assert (moved.pk, moved.note, moved.moved_count) == (visit.pk, "bring the scans", 1)
    assert (moved.starts_at, moved.ends_at, moved.room) == (at("11:00"), at("11:30"), world.room)
    changes = {
        row["field"]: (row["old"], row["new"]) for row in AuditEvent.objects.get(verb="appointment.moved").changes
    }
    assert changes["starts_at"] == (str(visit.starts_at), str(moved.starts_at))


def test_moving_by_less_than_its_length_does_not_meet_itself(world):
    visit = book(world, "10:00")

    assert appointments.move(actor=world.desk, appointment=visit, starts_at=at("10:10"), now=at("09:00"))


def test_moving_takes_another_room_when_its_own_is_taken(world):
    book(world, "11:00", practitioner=world.colleague, patient=patient(world.clinic, "Bea"))
    visit = book(world, "10:00")

    moved = appointments.move(actor=world.desk, appointment=visit, starts_at=at("11:00"), now=at("09:00"))

    assert moved.room == world.other_room


def test_a_move_is_refused_like_a_booking_and_changes_nothing(world):
    book(world, "11:00", patient=patient(world.clinic, "Bea"))
    visit = book(world, "10:00")

    with pytest.raises(Refused) as refusal:
        appointments.move(actor=world.desk, appointment=visit, starts_at=at("11:15"), now=at("09:00"))

    visit.refresh_from_db()
    assert (refusal.value.code, visit.starts_at, visit.moved_count) == ("just-taken", at("10:00"), 0)
    assert len(refusal.value.details["alternatives"]) == 3


def test_the_second_of_two_who_move_the_same_visit_is_told(world):
    visit = book(world, "10:00")
    appointments.move(actor=world.desk, appointment=visit, starts_at=at("11:00"), seen_moves=0, now=at("09:00"))

    with pytest.raises(Refused) as refusal:
        appointments.move(actor=world.desk, appointment=visit, starts_at=at("12:00"), seen_moves=0, now=at("09:00"))

    assert refusal.value.code == "moved-meanwhile"


def test_what_is_over_is_not_moved(world):
    visit = book(world, "10:00")
    appointments.cancel(actor=world.desk, appointment=visit, cancelled_by="clinic", reason="ill")

    with pytest.raises(Refused) as refusal:
        appointments.move(actor=world.desk, appointment=visit, starts_at=at("11:00"), now=at("09:00"))

    assert refusal.value.code == "not-movable"


def test_a_visit_is_fulfilled_once_and_only_from_a_living_status(world):
    visit = book(world, "10:00")

    appointments.start(actor=world.desk, appointment=visit, now=at("10:00"))
    appointments.fulfil(actor=world.desk, appointment=visit, now=at("10:20"))
    again = appointments.fulfil(actor=world.desk, appointment=visit, now=at("10:21"))

    assert again.status == "fulfilled"
    assert AuditEvent.objects.filter(verb="appointment.fulfilled").count() == 1
    with pytest.raises(Refused):
        appointments.cancel(actor=world.desk, appointment=visit, cancelled_by="clinic", reason="ill")


@pytest.mark.parametrize("kind", ["first_visit", "review", "other"])
def test_a_talk_is_done_without_a_record_and_comes_back(world, kind):
    visit = book(world, "10:00", kind=kind)
    common = {"actor": world.desk, "appointment": visit}

    appointments.check_in(**common, now=at("10:00"))
    assert appointments.fulfil_without_record(**common, now=at("10:20")).status == "fulfilled"
    assert appointments.fulfil_without_record(**common, now=at("10:21")).status == "fulfilled"
    assert appointments.undo_fulfil(**common, now=at("10:22")).status == "arrived"

    verbs = AuditEvent.objects.filter(verb__startswith="appointment.fulfil").order_by("pk")
    assert [one.verb for one in verbs] == ["appointment.fulfilled", "appointment.fulfil-undone"]


def test_a_session_is_never_done_without_its_record(world):
    visit = book(world, "10:00")

    with pytest.raises(Refused) as refusal:
        appointments.fulfil_without_record(actor=world.desk, appointment=visit, now=at("10:20"))

    assert refusal.value.code == "needs-record"


def test_a_visit_with_a_record_is_done_there(world):
    visit = book(world, "10:00", kind="review")
    SessionRecord.objects.create(clinic=world.clinic, patient=world.patient, appointment=visit)
    common = {"actor": world.desk, "appointment": visit}

    with pytest.raises(Refused) as refusal:
        appointments.fulfil_without_record(**common, now=at("10:20"))
    assert refusal.value.code == "has-record"

    appointments.fulfil(**common, now=at("10:20"))
    with pytest.raises(Refused) as refusal:
        appointments.undo_fulfil(**common, now=at("10:21"))
    assert refusal.value.code == "has-record"


def test_an_absence_can_be_taken_back(world):
    absence = availability.add_absence(actor=world.desk, practitioner=world.doctor, starts_at=at("09:00"))

    availability.remove_absence(actor=world.desk, absence=absence)

    assert book(world, "10:00")
