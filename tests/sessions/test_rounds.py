"""Rounds: booked as one, changed as one, and what they refuse."""

from datetime import timedelta
from uuid import uuid4

import pytest

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from patients.services import patients
from sessions.models import Appointment, Round
from sessions.services import appointments, rounds
from sessions.services.rounds import Stop
from sessions.services.undoing import undo
from tests.factories import make_course
from tests.sessions.booking_world import MONDAY, NOW, at, book
from tests.sessions.round_world import book_round, lines, open_stable, stops
from tests.shared import shared

pytestmark = pytest.mark.django_db

AS_BOOKED = [
    ("Amber", "10:00", "10:30", 30, 0),
    ("Bijou", "10:30", "10:50", 0, 0),
    ("Corsair", "10:50", "11:05", 0, 30),
]


@shared
def world():
    return open_stable()


@pytest.fixture
def booked(world):
    return book_round(world)


def refused(code, deed, *args, **kwargs):
    with pytest.raises(Refused) as no:
        deed(*args, **kwargs)
    assert no.value.code == code, no.value
    return no.value


def visit_of(booked, name):
    return booked.visits.select_related("round", "patient", "planned_session").get(patient__name=name)


def nothing_booked(world):
    return not Appointment.objects.exists() and not Round.objects.exists()


# Booking


def test_a_round_is_booked_back_to_back_with_the_way_before_and_after(world, booked):
    assert lines(booked) == AS_BOOKED
    assert (booked.on, booked.practitioner, booked.place) == (MONDAY + timedelta(days=1), world.vet, world.stable)
    for name in ("Amber", "Bijou", "Corsair"):
        world.planned[name].refresh_from_db()
        assert world.planned[name].status == "booked"
    assert AuditEvent.objects.filter(verb="round.booked").count() == 1
    assert AuditEvent.objects.filter(verb="appointment.booked").count() == 3


@pytest.mark.parametrize("clock", ["09:30", "11:05"])
def test_nobody_can_be_booked_on_the_way(world, booked, clock):
    no = refused("just-taken", book, world, clock, day_offset=1, patient=world.horse, practitioner=world.vet)

    assert len(no.details["alternatives"]) == 3


def test_free_times_leave_the_way_out(world, booked):
    book(world, "09:00", day_offset=1, patient=world.horse, practitioner=world.vet)
    book(world, "11:35", day_offset=1, patient=world.horse, practitioner=world.vet)


def test_a_round_without_time_for_the_way_is_refused_whole(world):
    book(world, "09:15", day_offset=1, patient=world.horse, practitioner=world.vet)
    before = Appointment.objects.count()

    no = refused("no-time-for-the-way", book_round, world)

    assert "30 min to Oakfield" in no.message
    assert Appointment.objects.count() == before
    assert not Round.objects.exists()
    world.planned["Amber"].refresh_from_db()
    assert world.planned["Amber"].status == "planned"


def test_a_shorter_way_may_be_told(world):
    book(world, "09:15", day_offset=1, patient=world.horse, practitioner=world.vet)

    one = book_round(world, travel_before_min=15, travel_after_min=0)

    assert [(line[3], line[4]) for line in lines(one)] == [(15, 0), (0, 0), (0, 0)]


def test_a_form_sent_twice_books_one_round(world):
    token = uuid4()

    first = book_round(world, booking_token=token)
    second = book_round(world, booking_token=token)

    assert first == second
    assert Appointment.objects.count() == 3


def test_the_second_of_two_receptionists_hears_it_is_booked(world, booked):
    no = refused("already-booked", book_round, world, "14:00")

    assert no.message.startswith("Amber · ")
    assert Round.objects.count() == 1


def test_no_horses_no_round(world):
    refused("no-stops", book_round, world, stops=[])
    assert nothing_booked(world)


def test_a_horse_is_not_on_the_list_twice(world):
    twice = [*stops(world), *stops(world, "Amber")]
    assert "Amber" in refused("twice", book_round, world, stops=twice).message
    ember = Stop(world.horses["Ember"], 20, reason="teeth")
    assert "Ember" in refused("twice", book_round, world, stops=[ember, ember]).message
    assert nothing_booked(world)


def test_two_courses_of_one_horse_are_two_visits(world):
    other = make_course(
        world.clinic,
        patient=world.horses["Amber"],
        practitioner=world.vet,
        start_on=MONDAY + timedelta(days=1),
        now=NOW,
    )
    second = Stop(world.horses["Amber"], 10, other.planned_sessions.get(number=1))

    one = book_round(world, stops=[*stops(world, "Amber"), second])

    assert [line[:3] for line in lines(one)] == [("Amber", "10:00", "10:30"), ("Amber", "10:30", "10:40")]


def test_a_start_in_the_past_is_refused(world):
    no = refused("in-the-past", book_round, world, starts_at=at("07:00"))
    assert "Amber" in no.message
    assert nothing_booked(world)


def test_a_horse_sold_meanwhile_stops_the_round(world):
    asked = stops(world)
    patients.end_patient(actor=None, patient=world.horses["Bijou"], reason="sold", on=MONDAY, today=MONDAY)

    no = refused("patient-ended", book_round, world, stops=asked)

    assert "Bijou" in no.message
    assert nothing_booked(world)


def test_a_horse_that_left_the_stable_meanwhile_stops_the_round(world):
    asked = stops(world)
    type(world.horse).objects.filter(pk=world.horses["Corsair"].pk).update(place=None)

    assert "Corsair is no longer at Oakfield" in refused("elsewhere", book_round, world, stops=asked).message
    assert nothing_booked(world)


def test_who_is_not_due_needs_a_reason(world):
    asked = Stop(world.horses["Dandy"], 20, world.planned["Dandy"])
    refused("outside-window", book_round, world, stops=[*stops(world), asked])

    given = Stop(world.horses["Dandy"], 20, world.planned["Dandy"], outside_window_reason="on the way")
    one = book_round(world, stops=[*stops(world), given])

    assert [line[0] for line in lines(one)] == ["Amber", "Bijou", "Corsair", "Dandy"]


# What becomes of the way


def test_the_way_goes_to_the_next_when_the_first_is_cancelled_and_comes_back(world, booked):
    first = visit_of(booked, "Amber")
    appointments.cancel(actor=world.desk, appointment=first, cancelled_by="patient", reason="lame", now=NOW)
    assert lines(booked) == [("Bijou", "10:30", "10:50", 30, 0), ("Corsair", "10:50", "11:05", 0, 30)]

    appointments.undo_cancel(actor=world.desk, appointment=first, now=NOW)
    assert lines(booked) == AS_BOOKED


def test_not_caught_makes_the_session_due_again_and_the_way_back_shorter(world, booked):
    last = visit_of(booked, "Corsair")
    later = at("10:52", 1)

    appointments.mark_not_treated(actor=world.desk, appointment=last, reason="Not caught", now=later)

    assert lines(booked) == [("Amber", "10:00", "10:30", 0, 0), ("Bijou", "10:30", "10:50", 0, 30)]
    world.planned["Corsair"].refresh_from_db()
    assert world.planned["Corsair"].status == "planned"
    appointments.undo_not_treated(actor=world.desk, appointment=last, now=later)
    assert lines(booked)[-1] == ("Corsair", "10:50", "11:05", 0, 30)
    assert not visit_of(booked, "Corsair").is_squeezed_in


def test_the_way_is_let_go_where_it_no_longer_fits_rather_than_refusing_to_cancel(world, booked):
    appointments.move(actor=world.desk, appointment=visit_of(booked, "Bijou"), starts_at=at("11:05", 1), now=NOW)
    appointments.move(actor=world.desk, appointment=visit_of(booked, "Corsair"), starts_at=at("11:25", 1), now=NOW)
    book(world, "10:30", day_offset=1, minutes=30, patient=world.horse, practitioner=world.vet)

    appointments.cancel(
        actor=world.desk, appointment=visit_of(booked, "Amber"), cancelled_by="clinic", reason="snow", now=NOW
    )

    assert [line[0] for line in lines(booked)] == ["Bijou", "Corsair"]
    assert lines(booked)[0][3] == 0


def test_a_visit_moved_to_another_day_leaves_the_round(world, booked):
    agreed = {"starts_at": at("10:00", 2), "outside_window_reason": "the owner asked"}
    moved = appointments.move(actor=world.desk, appointment=visit_of(booked, "Amber"), **agreed, now=NOW)

    assert lines(booked) == [("Bijou", "10:30", "10:50", 30, 0), ("Corsair", "10:50", "11:05", 0, 30)]
    moved.refresh_from_db()
    assert (moved.round, moved.travel_before_min) == (None, 0)


def test_a_move_out_of_the_round_is_taken_back_into_it(world, booked):
    agreed = {"starts_at": at("10:00", 2), "outside_window_reason": "the owner asked"}
    batch = uuid4()
    appointments.move(actor=world.desk, appointment=visit_of(booked, "Amber"), **agreed, batch=batch, now=NOW)
    assert lines(booked)[0] == ("Bijou", "10:30", "10:50", 30, 0)

    undo(actor=world.desk, clinic=world.clinic, batch=batch, now=NOW)

    assert lines(booked) == AS_BOOKED


def test_another_order_and_a_moved_round_are_taken_back(world, booked):
    rounds.swap_in_round(actor=world.desk, visit=visit_of(booked, "Amber"), other=visit_of(booked, "Corsair"), now=NOW)
    undo(actor=world.desk, clinic=world.clinic, batch=last_batch(), now=NOW)
    assert lines(booked) == AS_BOOKED
    rounds.move_round(actor=world.desk, round=booked, starts_at=at("14:00", 3), reason="snow", now=NOW)
    undo(actor=world.desk, clinic=world.clinic, batch=last_batch(), now=NOW)
    booked.refresh_from_db()
    assert (lines(booked), booked.on) == (AS_BOOKED, MONDAY + timedelta(days=1))


def last_batch():
    return AuditEvent.objects.filter(verb="appointment.moved").latest("pk").batch


def test_a_single_visit_is_not_moved_where_the_way_there_does_not_fit(world, booked):
    book(world, "09:00", day_offset=1, patient=world.horse, practitioner=world.vet)
    refused(
        "no-time-for-the-way",
        appointments.move,
        actor=world.desk,
        appointment=visit_of(booked, "Amber"),
        starts_at=at("09:45", 1),
        now=NOW,
    )
    assert lines(booked) == AS_BOOKED


# Changing


def test_one_step_up_and_down(world, booked):
    rounds.reorder_round(actor=world.desk, visit=visit_of(booked, "Bijou"), step=-1, now=NOW)
    assert lines(booked) == [
        ("Bijou", "10:00", "10:20", 30, 0),
        ("Amber", "10:20", "10:50", 0, 0),
        ("Corsair", "10:50", "11:05", 0, 30),
    ]
    rounds.reorder_round(actor=world.desk, visit=visit_of(booked, "Bijou"), step=1, now=NOW)
    assert lines(booked) == AS_BOOKED
    assert rounds.reorder_round(actor=world.desk, visit=visit_of(booked, "Amber"), step=-1, now=NOW) == []


def test_two_swap_and_the_one_between_shifts(world, booked):
    rounds.swap_in_round(actor=world.desk, visit=visit_of(booked, "Amber"), other=visit_of(booked, "Corsair"), now=NOW)
    assert lines(booked) == [
        ("Corsair", "10:00", "10:15", 30, 0),
        ("Bijou", "10:15", "10:35", 0, 0),
        ("Amber", "10:35", "11:05", 0, 30),
    ]


def test_who_is_done_keeps_the_place(world, booked):
    appointments.check_in(actor=world.desk, appointment=visit_of(booked, "Amber"), now=at("10:00", 1))
    appointments.start(actor=world.desk, appointment=visit_of(booked, "Amber"), now=at("10:00", 1))
    no = refused(
        "not-movable", rounds.reorder_round, actor=world.desk, visit=visit_of(booked, "Bijou"), step=-1, now=NOW
    )
    assert "Amber" in no.message


def test_an_old_page_is_told_so(world, booked):
    up = {"actor": world.desk, "visit": visit_of(booked, "Corsair"), "step": -1, "seen_moves": 0, "now": NOW}
    rounds.reorder_round(**up)
    refused("moved-meanwhile", rounds.reorder_round, **up)


def test_the_gap_of_one_who_is_out_can_be_closed(world, booked):
    appointments.cancel(
        actor=world.desk, appointment=visit_of(booked, "Bijou"), cancelled_by="patient", reason="lame", now=NOW
    )
    assert lines(booked)[-1] == ("Corsair", "10:50", "11:05", 0, 30)

    rounds.close_gaps(actor=world.desk, round=booked, now=NOW)

    assert lines(booked) == [("Amber", "10:00", "10:30", 30, 0), ("Corsair", "10:30", "10:45", 0, 30)]
    assert rounds.close_gaps(actor=world.desk, round=booked, now=NOW) == []


def test_the_whole_round_moves_to_another_hour_and_onto_its_own_time(world, booked):
    rounds.move_round(actor=world.desk, round=booked, starts_at=at("10:20", 1), now=NOW)
    assert lines(booked) == [
        ("Amber", "10:20", "10:50", 30, 0),
        ("Bijou", "10:50", "11:10", 0, 0),
        ("Corsair", "11:10", "11:25", 0, 30),
    ]


def test_the_whole_round_moves_to_another_day_with_a_reason(world, booked):
    # a first session is due on one day only
    refused("outside-window", rounds.move_round, actor=world.desk, round=booked, starts_at=at("09:30", 3), now=NOW)

    moved = rounds.move_round(
        actor=world.desk, round=booked, starts_at=at("09:30", 3), reason="the vet's course", now=NOW
    )

    assert moved.on == MONDAY + timedelta(days=3)
    assert lines(booked)[0] == ("Amber", "09:30", "10:00", 30, 0)
    assert AuditEvent.objects.filter(verb="round.moved").count() == 1


def test_a_round_that_does_not_fit_stays_whole(world, booked):
    book(world, "14:30", day_offset=1, patient=world.horse, practitioner=world.vet)
    refused("just-taken", rounds.move_round, actor=world.desk, round=booked, starts_at=at("14:00", 1), now=NOW)
    refused("no-time-for-the-way", rounds.move_round, actor=world.desk, round=booked, starts_at=at("15:15", 1), now=NOW)
    assert lines(booked) == AS_BOOKED


def test_a_round_under_way_is_not_moved(world, booked):
    appointments.check_in(actor=world.desk, appointment=visit_of(booked, "Amber"), now=at("10:00", 1))
    appointments.start(actor=world.desk, appointment=visit_of(booked, "Amber"), now=at("10:00", 1))
    refused("round-begun", rounds.move_round, actor=world.desk, round=booked, starts_at=at("14:00", 1), now=NOW)


def test_the_whole_round_is_cancelled_and_every_session_due_again(world, booked):
    refused("reason-needed", rounds.cancel_round, actor=world.desk, round=booked, cancelled_by="clinic", reason=" ")
    refused(
        "who-cancelled", rounds.cancel_round, actor=world.desk, round=booked, cancelled_by="", reason="snow", now=NOW
    )
    assert lines(booked) == AS_BOOKED

    count = rounds.cancel_round(actor=world.desk, round=booked, cancelled_by="clinic", reason="snow", now=NOW)

    booked.refresh_from_db()
    assert (count, lines(booked), booked.is_cancelled) == (3, [], True)
    for name in ("Amber", "Bijou", "Corsair"):
        world.planned[name].refresh_from_db()
        assert world.planned[name].status == "planned"
    refused("round-cancelled", rounds.close_gaps, actor=world.desk, round=booked, now=NOW)
    appointments.undo_cancel(actor=world.desk, appointment=visit_of(booked, "Bijou"), now=NOW)
    booked.refresh_from_db()
    assert not booked.is_cancelled
    assert lines(booked) == [("Bijou", "10:30", "10:50", 30, 30)]


def test_who_was_treated_stays_in_a_round_called_off(world, booked):
    appointments.check_in(actor=world.desk, appointment=visit_of(booked, "Amber"), now=at("10:00", 1))
    appointments.start(actor=world.desk, appointment=visit_of(booked, "Amber"), now=at("10:00", 1))

    count = rounds.cancel_round(
        actor=world.desk, round=booked, cancelled_by="clinic", reason="storm", now=at("10:20", 1)
    )

    booked.refresh_from_db()
    assert (count, booked.is_cancelled) == (2, False)
    assert lines(booked) == [("Amber", "10:00", "10:30", 0, 30)]


def test_one_more_is_put_behind_the_last(world, booked):
    rounds.add_to_round(
        actor=world.desk, round=booked, patient=world.horses["Ember"], minutes=20, reason="teeth", now=NOW
    )
    assert lines(booked)[-2:] == [("Corsair", "10:50", "11:05", 0, 0), ("Ember", "11:05", "11:25", 0, 30)]


def test_one_more_sent_twice_is_put_in_once(world, booked):
    ember = {"patient": world.horses["Ember"], "minutes": 20, "reason": "teeth"}
    rounds.add_to_round(actor=world.desk, round=booked, **ember, now=NOW)
    refused("twice", rounds.add_to_round, actor=world.desk, round=booked, **ember, now=NOW)
    assert [line[0] for line in lines(booked)].count("Ember") == 1


def test_one_more_does_not_push_the_way_back_into_somebody(world, booked):
    book(world, "11:35", day_offset=1, patient=world.horse, practitioner=world.vet)
    ember = {"patient": world.horses["Ember"], "minutes": 10, "reason": "teeth"}
    refused("no-time-for-the-way", rounds.add_to_round, actor=world.desk, round=booked, **ember, now=NOW)
    assert lines(booked) == AS_BOOKED


def test_one_more_under_way_is_there_at_once(world, booked):
    visit = rounds.add_to_round(
        actor=world.desk, round=booked, patient=world.horses["Ember"], minutes=20, now=at("10:40", 1)
    )
    assert visit.status == "arrived"
    assert ("Ember", "10:40", "11:00", 0, 0) in lines(booked)


def test_a_round_over_takes_nobody_any_more(world, booked):
    ember = {"patient": world.horses["Ember"], "minutes": 10}
    refused("round-over", rounds.add_to_round, actor=world.desk, round=booked, **ember, now=at("10:00", 2))
