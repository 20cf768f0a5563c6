"""A whole series proposed and booked: what the page says, what it costs, and that it is all or nothing."""

from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from patients.models import Place
from sessions.models import Appointment, BookingPreference, Course, PlannedSession
from sessions.queries import availability as availability_reads
from sessions.queries import courses, proposal_words
from sessions.queries.proposals import Pin, Relaxed, alternatives, find_series, lost_pins, relaxations
from sessions.scheduling.wishes import Wish
from sessions.services import appointments, availability, preferences
from sessions.services.appointments import SeriesTime
from tests.factories import done_session, make_clinic, make_course, make_practitioner, make_species, site_of
from tests.sessions.booking_world import MONDAY, NOW, PARIS, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db

NIGHT = NOW.replace(hour=5)


@shared
def world():
    world = open_clinic()
    world.course = make_course(
        world.clinic, patient=world.patient, practitioner=world.doctor, start_on=MONDAY, cadence="15x1w@20", now=NOW
    )
    return world


def wish(world, **fields) -> BookingPreference:
    weekdays = fields.pop("weekdays", ())
    bits = sum(1 << (day - 1) for day in weekdays)
    return BookingPreference(patient=world.patient, clinic=world.clinic, weekday_bits=bits, **fields)


def found(world, preference=None, **fields):
    return find_series(world.course, preference or wish(world), **{"now": NIGHT, **fields})


def times(found, lines=None) -> list[SeriesTime]:
    return [
        SeriesTime(line.number, line.starts_at, line.practitioner, line.room)
        for line in lines or found.lines()
        if line.starts_at
    ]


def accept(world, asked, **fields):
    return appointments.book_series(
        **{"actor": world.desk, "clinic": world.clinic, "course": world.course, "times": asked, "now": NIGHT, **fields}
    )


def causes(found) -> dict[int, str]:
    return {number: said[0] for number, said in all_causes(found).items()}


def all_causes(found) -> dict[int, list[str]]:
    closed = availability_reads.closed_days(found.course.site)
    lines = [line for line in found.lines() if line.whys]
    return {line.number: [proposal_words.cause(why, found.people, closed) for why in line.whys] for line in lines}


def away(practitioner, day_offset: int, days: int = 1) -> None:
    availability.add_absence(
        actor=None,
        practitioner=practitioner,
        starts_at=at("00:00", day_offset),
        ends_at=at("00:00", day_offset + days),
    )


# --- proposing


def booked_third(world, day_offset):
    """The first session is done on Monday, the third booked; the second is to place."""
    first, _second, third = world.course.planned_sessions.order_by("number")[:3]
    done_session(world.course, first.number)
    third.refresh_from_db()
    return book(world, planned_session=third, day_offset=day_offset, outside_window_reason="asked for it")


def test_a_day_off_target_is_taken_to_keep_a_booked_session_inside_its_window(world):
    booked_third(world, 18)  # a day too late after a second session on its target, the Monday before

    series = found(world, count=1)

    assert series.lines()[0].starts_at.astimezone(PARIS).date() == MONDAY + timedelta(days=8)
    assert not series.proposal.displaced
    assert causes(series)[2] == "the next session, booked for Friday 20 March, is to stay inside its window"


def test_a_booked_session_that_no_longer_fits_is_named_with_its_window(world):
    booked_third(world, 25)

    (displaced,) = found(world, count=1).proposal.displaced

    assert proposal_words.displaced(displaced) == (
        "Session 3, booked for Fri 27 Mar, then comes too late: its window is 15–19 March. Move it too."
    )


def test_a_booked_session_whose_day_has_come_stands_in_nobodys_way(world):
    booked_third(world, 18)

    series = found(world, count=1, now=at("23:00", 18))

    assert series.lines()[0].starts_at > at("23:00", 18)


def test_every_session_gets_a_time_on_its_day_with_the_lead_practitioner(world):
    series = found(world)

    assert proposal_words.promise(series) == "All 15 inside their windows."
    lines = series.lines()
    assert [local_day(line.starts_at, PARIS) for line in lines] == [line.planned.due_on for line in lines]
    assert {line.practitioner for line in lines} == {world.doctor}
    assert {line.room for line in lines} == {world.room}


def test_what_is_proposed_can_be_booked(world):
    visits = accept(world, times(found(world)))

    assert len(visits) == 15
    assert set(world.course.planned_sessions.values_list("status", flat=True)) == {"booked"}
    assert {visit.exception_reason for visit in visits} == {""}
    assert found(world) is None, "nothing is left to book"


def test_the_number_of_statements_is_fixed(world):
    short = make_course(world.clinic, patient=world.patient, practitioner=world.doctor, start_on=MONDAY, now=NOW)

    def count(course, **wishes) -> int:
        course = courses.get_or_404(world.clinic, course.public_id)
        with CaptureQueriesContext(connection) as queries:
            find_series(course, wish(world, **wishes), now=NIGHT)
        return len(queries)

    assert count(short) == count(world.course) <= 15
    assert count(world.course, weekdays=[2]) <= 25, "further and further away"


def test_a_practitioner_away_is_the_reason_and_named_with_the_days(world):
    third = world.course.planned_sessions.get(number=3).due_on
    for colleague in (world.doctor, world.colleague):
        availability.add_absence(
            actor=None,
            practitioner=colleague,
            starts_at=datetime.combine(third, time(0), tzinfo=PARIS),
            ends_at=datetime.combine(third + timedelta(days=2), time(0), tzinfo=PARIS),
        )

    series = found(world)

    line = series.lines()[2]
    assert proposal_words.price(line) == "2 days late"
    assert causes(series)[3] == "Dr Ada is away 16–17 March"


def test_holidays_are_the_reason_by_name(world):
    """Easter Monday: the plan itself moves the target, so the proposal has nothing to explain."""
    availability.add_closure(
        actor=None,
        site=world.site,
        from_on=MONDAY + timedelta(days=7),
        until_on=MONDAY + timedelta(days=8),
        reason="Stocktaking",
    )

    series = found(world)

    assert causes(series)[2] == "the clinic is closed 9–10 March (Stocktaking)"


def test_blocked_days_of_the_patient_are_kept_free_and_said(world):
    preferences.block_days(
        actor=world.desk,
        patient=world.patient,
        from_on=MONDAY + timedelta(days=14),
        until_on=MONDAY + timedelta(days=15),
        today=MONDAY,
    )

    series = found(world)

    assert series.lines()[2].choice.days_off == 2
    assert causes(series)[3] == "the patient cannot come 16–17 March"


def test_a_colleague_without_a_licence_is_not_proposed_but_whoever_leads_is(world):
    for one in (world.doctor, world.colleague):
        availability.update_practitioner(actor=None, practitioner=one, may_inject=False)
    assert {line.practitioner for line in found(world).lines()} == {world.doctor}

    availability.add_absence(actor=None, practitioner=world.doctor, starts_at=at("00:00"), ends_at=None, reason="ill")

    assert found(world).proposal.unplaced == 15


def test_nobody_is_proposed_for_a_day_outside_the_licence(world):
    until_on = MONDAY + timedelta(days=8)
    availability.update_practitioner(actor=None, practitioner=world.doctor, licence_until_on=until_on)

    lines = found(world).lines()

    assert [line.practitioner for line in lines] == [world.doctor] * 2 + [world.colleague] * 13


def test_what_stood_against_the_hours_and_the_room_rather_wished_for_is_said(world):
    first = world.course.planned_sessions.first().due_on
    offset = (first - MONDAY).days
    book(world, "14:00", day_offset=offset, minutes=180, patient=patient(world.clinic, "All afternoon"))
    book(
        world, "09:00", day_offset=offset + 7, minutes=480, patient=patient(world.clinic, "All day"),
        practitioner=world.colleague, room=world.other_room,
    )  # fmt: skip

    afternoons = found(world, wish(world, from_time=time(14)), count=2)
    in_room_two = found(world, wish(world, room=world.other_room), count=2)

    assert causes(afternoons) == {1: "Dr Ada is free on Monday 2 March only outside the hours asked for"}
    assert proposal_words.broken(afternoons.lines()[0]) == ["not at the hours wished for"]
    assert causes(in_room_two) == {2: "the room asked for is taken on Monday 9 March"}


def test_hours_that_nobody_has_are_said_of_the_day(world):
    evenings = found(world, wish(world, from_time=time(20)), count=1)

    assert causes(evenings) == {1: "Monday 2 March is free only outside the hours asked for"}


def test_a_session_off_its_day_and_at_unwished_hours_has_the_cause_of_both(world):
    for one in (world.doctor, world.colleague):
        away(one, 7, 2)
    for offset in (9, 10):
        book(world, "14:00", day_offset=offset, minutes=180, patient=patient(world.clinic, f"Afternoon {offset}"))

    series = found(world, wish(world, from_time=time(14)), count=2)

    assert all_causes(series) == {
        2: ["Dr Ada is away 9–10 March", "Dr Ada is free on Wednesday 11 March only outside the hours asked for"]
    }
    assert proposal_words.broken(series.lines()[1]) == ["not at the hours wished for"]


def two_colleagues(world):
    """The first session is booked with the one who leads, who is then away for two months: two colleagues stand in."""
    book(world, planned_session=world.course.planned_sessions.get(number=1))
    away(world.doctor, 7, 62)
    return make_practitioner(world.clinic, name="Dr Dee", species=[world.patient.species])


def test_a_change_from_one_colleague_to_another_has_its_own_cause(world):
    away(two_colleagues(world), 7, 7)
    away(world.colleague, 14, 16)

    series = found(world, count=3)

    assert [line.practitioner.name for line in series.lines()] == ["Dr Cy", "Dr Dee", "Dr Dee"]
    assert all_causes(series)[3] == ["Dr Ada is away 9 March – 9 May", "Dr Cy is away 16–31 March"]
    assert [proposal_words.broken(line) for line in series.lines()] == [
        ["with another practitioner than wished for"],
        ["with another practitioner than wished for", "another practitioner than the time before"],
        ["with another practitioner than wished for"],
    ]


def test_a_change_for_the_sake_of_what_follows_says_so(world):
    away(two_colleagues(world), 7, 7)
    away(world.colleague, 21, 40)
    book(world, "09:00", day_offset=14, practitioner=world.colleague, patient=patient(world.clinic, "Bea"))

    series = found(world, count=3)

    assert [line.practitioner.name for line in series.lines()] == ["Dr Cy", "Dr Dee", "Dr Dee"]
    assert all_causes(series)[3] == ["Dr Ada is away 9 March – 9 May", "the session after it is with Dr Dee too"]


def test_going_back_to_whom_is_asked_for_is_a_cause(world):
    away(world.doctor, 7, 5)

    series = found(world, count=3)

    assert all_causes(series) == {
        1: ["the session after it is with Dr Cy too"],
        2: ["Dr Ada is away 9–13 March"],
        3: ["Dr Ada is wished for and has time"],
    }
    assert proposal_words.broken(series.lines()[2]) == ["another practitioner than the time before"]


def test_a_weekday_not_wished_for_says_what_stood_against_the_one_wished_for(world):
    for one in (world.doctor, world.colleague):
        away(one, 8)

    tuesdays = found(world, wish(world, weekdays=[2]), count=2)
    sundays = found(world, wish(world, weekdays=[7]), count=1)

    assert all_causes(tuesdays)[2] == ["Dr Ada is away on 10 March"]
    assert all_causes(sundays)[1] == ["no day asked for lies in its window, on 2 March"]


def test_a_day_that_is_free_and_not_wished_for_says_so(world):
    tuesdays = found(world, wish(world, weekdays=[2]), count=2)

    assert all_causes(tuesdays)[2] == ["Monday is not a day asked for"]


def test_a_full_day_is_said(world):
    day = (world.course.planned_sessions.get(number=2).due_on - MONDAY).days
    for hour in range(9, 17):
        book(world, f"{hour:02}:00", day_offset=day, minutes=60, patient=patient(world.clinic, f"P{hour}"))

    series = found(world)

    assert causes(series)[2] == "Dr Ada has no free time on Monday 9 March"


def test_a_condition_is_kept_and_what_dropping_it_brings_is_said(world):
    series = found(world, wish(world, weekdays=[3], weekdays_are="only"))

    assert {line.starts_at.astimezone(PARIS).isoweekday() for line in series.lines() if line.starts_at} == {3}
    assert proposal_words.promise(series) == "14 of 15 inside the window."
    assert proposal_words.relaxed(relaxations(series)[0], 15) == "All 15 inside their windows if Monday is allowed too."


@pytest.mark.parametrize(
    ("inside", "total", "days", "words"),
    [
        (1, 1, (7,), "Inside its window if Sunday is allowed too."),
        (3, 3, (1, 2), "All 3 inside their windows if Monday and Tuesday are allowed too."),
        (2, 3, (1, 2, 5), "2 of 3 inside the window if Monday, Tuesday and Friday are allowed too."),
    ],
)
def test_what_other_days_would_bring_is_said_in_whole_sentences(inside, total, days, words):
    assert proposal_words.relaxed(Relaxed(Wish.WEEKDAY, inside, 0, days), total) == words


def test_a_wish_that_excludes_everything_says_so_and_what_would_help(world):
    series = found(world, wish(world, weekdays=[7], weekdays_are="only"))

    assert proposal_words.promise(series) == "No time was found for any of the 15 sessions."
    assert causes(series)[1] == "Monday is not a day asked for"
    assert proposal_words.help_for(series, series.lines()).startswith("Allow more days or hours")
    assert relaxations(series)


def test_nobody_for_this_species_is_said():
    clinic = make_clinic()
    vet = make_practitioner(clinic, species=[make_species()["horse"]])
    course = make_course(clinic, practitioner=vet, now=NOW)
    preference = BookingPreference(patient=course.patient, clinic=clinic)

    series = find_series(course, preference, now=NIGHT)

    assert (
        proposal_words.help_for(series, series.lines())
        == "Nobody treats this species here: say in the settings who does."
    )


def test_a_window_without_an_open_day_is_left_as_little_as_possible(world):
    availability.add_closure(
        actor=None,
        site=world.site,
        from_on=MONDAY + timedelta(days=12),
        until_on=MONDAY + timedelta(days=20),
        reason="Move",
    )

    series = found(world)

    assert series.proposal.is_whole
    assert series.proposal.outside == 1
    assert proposal_words.promise(series) == "14 of 15 inside the window."
    visits = accept(world, times(series))
    assert sum(bool(visit.exception_reason) for visit in visits) <= 1


def test_the_target_in_the_past_is_looked_for_from_today_on(world):
    later = NIGHT + timedelta(days=3)

    series = found(world, now=later)

    assert series.lines()[0].starts_at > later


def test_the_promise_counts_no_session_as_inside_whose_window_has_passed(world):
    later = NIGHT + timedelta(days=14)

    series = found(world, now=later)

    first, *others = series.lines()
    assert first.planned.latest_on < local_day(later, PARIS) <= local_day(first.starts_at, PARIS)
    assert (first.choice.is_late, any(line.choice.is_late for line in others)) == (True, False)
    assert not first.choice.is_outside, "no reason is asked for what nobody can mend"
    assert proposal_words.promise(series) == "14 of 15 inside the window. Session 1 is late whatever the day."
    assert proposal_words.effect(series.proposal, series.proposal, 2).startswith("14 of 15 inside the window")


def test_a_window_without_an_open_day_is_not_promised_either(world):
    availability.add_closure(
        actor=None, site=world.site, from_on=MONDAY, until_on=MONDAY + timedelta(days=4), reason="Flood"
    )
    PlannedSession.objects.filter(course=world.course, number=1).update(due_on=MONDAY + timedelta(days=7))

    series = found(world)

    assert proposal_words.promise(series) == "14 of 15 inside the window. Session 1 is late whatever the day."


def test_an_open_ended_course_gets_its_next_session_or_as_many_as_asked(world):
    course = make_course(
        world.clinic, patient=world.patient, practitioner=world.doctor, start_on=MONDAY, cadence="*x4-6w@30", now=NOW
    )

    one = find_series(course, wish(world), now=NIGHT)
    three = find_series(course, wish(world), now=NIGHT, count=3)

    assert len(one.lines()) == 1
    assert len(three.lines()) == 3


def test_booked_sessions_stand_and_the_others_are_measured_from_them(world):
    planned = world.course.planned_sessions.get(number=1)
    book(world, "10:00", day_offset=0, planned_session=planned)

    series = found(world)

    assert [line.number for line in series.lines()] == list(range(2, 16))


def test_a_stable_needs_no_room(world):
    course = make_course(world.clinic, patient=world.horse, practitioner=world.vet, start_on=MONDAY, now=NOW)
    stable = Place.objects.create(clinic=world.clinic, name="Green Farm", travel_min=20)
    preference = BookingPreference(patient=world.horse, clinic=world.clinic)

    series = find_series(course, preference, now=NIGHT, place=stable)
    visits = appointments.book_series(
        actor=world.desk, clinic=world.clinic, course=course, times=times(series), place=stable, now=NIGHT
    )

    assert {visit.place for visit in visits} == {stable}
    assert {visit.room for visit in visits} == {None}


# --- choosing other times


def test_three_alternatives_differ_by_day_or_half_of_it(world):
    series = found(world, look_far=True)

    others = alternatives(series, 5)

    assert len(others) == 3
    halves = {(line.choice.on, line.starts_at.astimezone(PARIS).hour >= 13) for line, _solved in others}
    assert len(halves) == 3
    assert (series.lines()[4].choice.on, False) not in halves


def test_a_chosen_time_stays_and_the_rest_is_solved_around_it(world):
    series = found(world, look_far=True)
    line, _solved = alternatives(series, 5)[2]
    pin = Pin(5, line.starts_at, line.practitioner.pk, line.room.pk)

    again = found(world, pins=[pin], look_far=True)

    assert again.lines()[4].starts_at == line.starts_at
    assert again.lines()[4].is_pinned
    assert lost_pins(again) == []
    book(
        world,
        starts_at=line.starts_at,
        practitioner=line.practitioner,
        patient=patient(world.clinic, "Bea"),
        minutes=20,
    )
    assert lost_pins(found(world, pins=[pin], look_far=True)) == [5]


# --- accepting


def test_the_second_of_two_who_accept_the_same_gets_a_sentence_and_nothing_half_booked(world):
    shown = times(found(world))
    accept(world, shown)

    with pytest.raises(Refused) as refusal:
        accept(world, shown)

    assert refusal.value.code == "already-booked"
    assert Appointment.objects.count() == 15


def test_one_taken_time_refuses_the_whole_series_and_names_it(world):
    shown = times(found(world))
    sixth = shown[5]
    book(world, starts_at=sixth.starts_at, practitioner=sixth.practitioner, patient=patient(world.clinic, "Bea"))

    with pytest.raises(Refused) as refusal:
        accept(world, shown)

    assert refusal.value.code == "just-taken"
    assert refusal.value.message.startswith("Session 6")
    assert Appointment.objects.count() == 1


def test_the_part_that_fits_is_booked_by_itself(world):
    series = found(world, wish(world, weekdays=[3], weekdays_are="only"))
    fitting = [line for line in series.lines() if line.starts_at and not line.choice.is_outside]

    visits = accept(world, times(series, fitting))

    assert len(visits) == 14
    assert PlannedSession.objects.get(course=world.course, number=1).status == "planned"


def test_nothing_and_unknown_sessions_are_refused(world):
    shown = times(found(world))

    with pytest.raises(Refused) as nothing:
        accept(world, [])
    PlannedSession.objects.filter(course=world.course, number=15).delete()
    with pytest.raises(Refused) as gone:
        accept(world, shown)

    assert nothing.value.code == "nothing-to-book"
    assert gone.value.code == "session-gone"
    assert Appointment.objects.count() == 0


def test_times_of_another_clinic_are_not_found(world):
    other = make_clinic()
    stranger = make_practitioner(other)
    shown = [SeriesTime(1, at("10:00"), stranger, None)]

    with pytest.raises(Http404):
        accept(world, shown)
    assert site_of(other)


def test_a_paused_course_is_refused(world):
    shown = times(found(world))
    Course.objects.filter(pk=world.course.pk).update(status="paused", status_reason="ill")

    with pytest.raises(Refused) as refusal:
        accept(world, shown)

    assert refusal.value.code == "course-paused"


# --- wishes kept for the patient


def test_wishes_and_blocked_days_are_kept_and_told_to_the_audit(world):
    kept = preferences.set_preference(
        actor=world.desk,
        patient=world.patient,
        weekdays=[2, 4],
        weekdays_are="only",
        from_time=time(9),
        until_time=time(12),
        practitioner=world.colleague,
    )

    assert kept.weekdays == {2, 4}
    again = preferences.set_preference(actor=world.desk, patient=world.patient)
    assert again.pk == kept.pk
    assert again.is_empty


def test_wishes_that_make_no_sense_are_refused(world):
    with pytest.raises(Refused):
        preferences.set_preference(actor=None, patient=world.patient, from_time=time(12), until_time=time(9))
    days = {"patient": world.patient, "actor": None, "today": MONDAY}
    for first, last in ((5, 1), (-9, -3), (0, 500)):
        with pytest.raises(Refused):
            preferences.block_days(
                **days, from_on=MONDAY + timedelta(days=first), until_on=MONDAY + timedelta(days=last)
            )
