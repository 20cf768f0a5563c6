"""Booking: what is accepted, what is refused in which words, and what the loser is offered."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError

from mesoclinic.core.constraints import violated
from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from patients.models import Place
from sessions.models import Appointment
from sessions.services import appointments, availability
from tests.factories import make_practitioner, make_room, make_user
from tests.sessions.booking_world import NOW, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return open_clinic()


def refused(world, *args, **fields) -> Refused:
    with pytest.raises(Refused) as refusal:
        book(world, *args, **fields)
    return refusal.value


def test_booking_a_free_time_makes_one_row_and_one_audit_event(world):
    booked = book(world, "10:00", reason="neck pain")

    assert Appointment.objects.get() == booked
    assert (booked.status, booked.starts_at, booked.ends_at) == ("booked", at("10:00"), at("10:30"))
    event = AuditEvent.objects.get(verb="appointment.booked")
    assert (event.actor, event.patient_id) == (world.desk, world.patient.pk)


def test_a_taken_time_is_refused_with_three_other_times(world):
    book(world, "10:00")

    refusal = refused(world, "10:15", patient=patient(world.clinic, "Bea"), room=world.other_room)

    assert (refusal.code, refusal.message) == ("just-taken", "That time has just been taken.")
    others = refusal.details["alternatives"]
    assert len(others) == 3
    assert all(one.practitioner == world.doctor for one in others)
    for one in others:
        book(world, patient=patient(world.clinic, "Bea"), starts_at=one.starts_at, room=one.room)


def test_the_next_visit_may_begin_when_the_last_one_ends(world):
    book(world, "10:00")

    assert book(world, "10:30", patient=patient(world.clinic, "Bea"))


@pytest.mark.parametrize(
    ("clock", "fields", "code"),
    [
        ("08:30", {}, "outside-hours"),
        ("16:45", {}, "outside-hours"),
        ("07:00", {}, "in-the-past"),
        ("10:00", {"day_offset": 5}, "outside-hours"),
        ("10:00", {"minutes": 0}, "bad-minutes"),
        ("10:00", {"minutes": -5}, "bad-minutes"),
        ("10:00", {"minutes": 1000}, "bad-minutes"),
        ("10:00", {"starts_at": datetime(9999, 12, 31, 23, tzinfo=UTC)}, "too-far"),
    ],
)
def test_impossible_times_are_refused(world, clock, fields, code):
    assert refused(world, clock, **fields).code == code
    assert not Appointment.objects.exists()


def test_booking_is_refused_when_the_practitioner_is_away(world):
    availability.add_absence(
        actor=world.desk, practitioner=world.doctor, starts_at=at("10:10"), ends_at=at("10:20"), reason="dentist"
    )

    assert refused(world, "10:00").code == "away"
    assert book(world, "10:20")


def test_an_absence_without_an_end_lasts(world):
    availability.add_absence(actor=world.desk, practitioner=world.doctor, starts_at=at("10:00"))

    assert refused(world, "10:00", day_offset=350).code == "away"


def test_booking_is_refused_on_a_closed_day_and_says_why(world):
    day = at("10:00", 1).date()
    availability.add_closure(actor=world.desk, site=world.site, from_on=day, until_on=day, reason="painting")

    refusal = refused(world, "10:00", day_offset=1)

    assert (refusal.code, refusal.message) == ("closed", "The clinic is closed that day (painting).")


def test_public_holidays_close_and_a_row_opens_them_again(world):
    easter_monday = {"day_offset": 35}

    assert refused(world, "10:00", **easter_monday).code == "closed"

    day = date(2026, 4, 6)
    availability.add_closure(actor=world.desk, site=world.site, from_on=day, until_on=day, is_open=True)
    assert book(world, "10:00", **easter_monday)


def test_a_practitioner_is_booked_only_for_species_they_treat(world):
    refusal = refused(world, "10:00", patient=world.horse)

    assert refusal.code == "wrong-species"
    assert {one.practitioner for one in refusal.details["alternatives"]} <= {world.vet}
    assert book(world, "10:00", patient=world.horse, practitioner=world.vet)


def test_a_practitioner_is_not_booked_after_the_last_day(world):
    availability.update_practitioner(actor=world.desk, practitioner=world.doctor, last_day_on=at("10:00").date())

    assert book(world, "10:00")
    assert refused(world, "10:00", day_offset=1).code == "practitioner-gone"


def test_a_room_out_of_use_or_of_another_site_is_refused(world):
    availability.update_room(actor=world.desk, room=world.room, is_active=False)

    assert refused(world, "10:00").code == "room-not-in-use"


def test_a_room_is_not_taken_twice(world):
    book(world, "10:00")

    refusal = refused(world, "10:00", practitioner=world.colleague, patient=patient(world.clinic, "Bea"))

    assert (refusal.code, refusal.message) == ("just-taken", "That room has just been taken.")


def test_any_room_takes_the_next_free_one(world):
    book(world, "10:00")

    second = book(
        world, "10:00", practitioner=world.colleague, patient=patient(world.clinic, "Bea"), room=None, any_room=True
    )

    assert second.room == world.other_room


def test_a_patient_is_never_in_two_places(world):
    book(world, "10:00")

    assert refused(world, "10:15", practitioner=world.colleague, room=world.other_room).code == "patient-busy"


def test_an_ended_file_is_not_booked(world):
    world.patient.ended_on, world.patient.end_reason = date(2026, 1, 1), "left"
    world.patient.save()

    assert refused(world, "10:00").code == "patient-ended"


def test_objects_of_another_clinic_are_not_there(world):
    from django.http import Http404

    stranger = open_clinic()
    for foreign in (
        {"practitioner": stranger.doctor},
        {"room": stranger.room},
        {"patient": stranger.patient},
        {"room": None, "place": Place.objects.create(clinic=stranger.clinic, name="Yard")},
    ):
        with pytest.raises(Http404):
            book(world, "10:00", **foreign)


def test_a_form_sent_twice_books_once(world):
    token = uuid.uuid4()

    first = book(world, "10:00", booking_token=token)
    second = book(world, "10:00", booking_token=token)

    assert first == second
    assert Appointment.objects.count() == 1


def test_the_back_button_does_not_lose_a_changed_time_in_silence(world):
    token = uuid.uuid4()
    first = book(world, "10:00", booking_token=token)

    refusal = refused(world, "11:00", booking_token=token)

    assert (refusal.code, refusal.details["appointment"]) == ("form-used", first)


def test_a_squeeze_needs_a_reason_and_the_right_and_still_counts_as_busy(world):
    book(world, "10:00")
    bea = {"patient": patient(world.clinic, "Bea"), "room": world.other_room}

    assert refused(world, "10:15", **bea).code == "just-taken"
    manager = make_user(world.clinic, Role.MANAGER)
    assert refused(world, "10:15", actor=manager, squeeze_reason="acute", **bea).code == "no-right"

    squeezed = book(world, "10:15", squeeze_reason="acute", **bea)

    assert squeezed.is_squeezed_in
    cal = {"patient": patient(world.clinic, "Cal"), "room": None}
    assert refused(world, "10:30", **cal).code == "just-taken"


def test_a_squeeze_never_goes_past_the_patient_or_the_room(world):
    book(world, "10:00")
    bea = patient(world.clinic, "Bea")

    assert refused(world, "10:15", squeeze_reason="acute", room=world.other_room).code == "patient-busy"
    assert refused(world, "10:15", squeeze_reason="acute", patient=bea).code == "just-taken"


def test_squeezes_are_limited_in_a_half_day(world):
    book(world, "10:00")
    for name in ("Bea", "Cal"):
        book(world, "10:00", squeeze_reason="acute", patient=patient(world.clinic, name), room=None)

    dee = patient(world.clinic, "Dee")
    assert refused(world, "10:00", squeeze_reason="acute", patient=dee, room=None).code == "squeeze-limit"
    book(world, "14:00")
    assert book(world, "14:00", squeeze_reason="acute", patient=dee, room=None).is_squeezed_in


def test_a_squeeze_reason_at_a_free_time_is_an_ordinary_booking(world):
    assert not book(world, "10:00", squeeze_reason="acute").is_squeezed_in


def test_a_walk_in_begins_this_minute_and_is_squeezed_in_honestly(world):
    now = at("10:07") + timedelta(seconds=40)
    book(world, "10:00")
    bea = patient(world.clinic, "Bea")

    visit = appointments.walk_in(
        actor=world.desk,
        clinic=world.clinic,
        site=world.site,
        patient=bea,
        practitioner=world.doctor,
        minutes=20,
        now=now,
    )

    assert (visit.starts_at, visit.status, visit.is_squeezed_in) == (at("10:07"), "arrived", True)
    assert visit.room == world.other_room


def test_one_more_horse_at_the_stable_needs_no_room_and_the_yard_is_never_full(world):
    yard = Place.objects.create(clinic=world.clinic, name="Yard", travel_min=25)
    second_vet = make_practitioner(world.clinic, name="Vet Di")
    book(world, "10:00", patient=world.horse, practitioner=world.vet, room=None, place=yard)

    second = book(
        world,
        "10:00",
        patient=patient(world.clinic, "Duke", "horse"),
        practitioner=second_vet,
        room=None,
        place=yard,
    )
    third = appointments.walk_in(
        actor=world.desk,
        clinic=world.clinic,
        site=world.site,
        patient=patient(world.clinic, "Echo", "horse"),
        practitioner=world.vet,
        place=yard,
        minutes=15,
        now=at("10:10"),
    )

    assert second.place == third.place == yard
    assert (second.is_squeezed_in, third.is_squeezed_in) == (False, True)


def test_the_hours_of_the_site_bind_rooms_but_not_stables(world):
    from tests.factories import work_week

    availability.set_working_hours(actor=None, site=world.site, blocks=work_week("10:00", "12:00"))
    yard = Place.objects.create(clinic=world.clinic, name="Yard")

    assert refused(world, "09:00").code == "outside-hours"
    assert book(world, "09:00", patient=world.horse, practitioner=world.vet, room=None, place=yard)


def test_an_offer_holds_a_time_until_it_runs_out(world):
    offer = book(world, "10:00", offered_until=at("09:00"))
    bea = patient(world.clinic, "Bea")

    assert refused(world, "10:00", patient=bea).code == "just-taken"
    booked = book(world, "10:00", patient=bea, now=at("09:00"))

    offer.refresh_from_db()
    assert (offer.status, booked.status) == ("cancelled", "booked")


def test_the_sweep_clears_away_offers_that_ran_out(world):
    book(world, "10:00", offered_until=at("09:00"))

    assert appointments.expire_offers(now=at("08:59")) == 0
    assert appointments.expire_offers(now=at("09:00")) == 1
    assert appointments.expire_offers(now=at("09:00")) == 0


@pytest.mark.parametrize("resource", ["practitioner", "room", "patient"])
def test_the_database_refuses_an_overlap_even_when_nobody_checks(world, resource):
    first = book(world, "10:00")
    shared = {
        "practitioner": make_practitioner(world.clinic),
        "room": make_room(world.clinic),
        "patient": patient(world.clinic, "Bea"),
    }
    shared[resource] = getattr(first, resource)

    with pytest.raises(IntegrityError) as refusal:
        Appointment.objects.create(
            clinic=world.clinic, site=world.site, starts_at=at("10:29"), ends_at=at("10:40"), **shared
        )

    assert violated(refusal.value) == f"appointment_{resource}_free"


def test_what_the_database_refuses_is_said_like_any_lost_race(world, monkeypatch):
    from sessions.services.appointments import booking

    book(world, "10:00")
    monkeypatch.setattr(booking, "choose_room", lambda wish, known: (wish.room, False))

    refusal = refused(world, "10:00", patient=patient(world.clinic, "Bea"))

    assert refusal.code == "just-taken"
    assert len(refusal.details["alternatives"]) == 3


def test_a_nonexistent_actor_never_books_in_the_name_of_somebody(world):
    assert book(world, "11:00", actor=None, now=NOW).created_by is None
