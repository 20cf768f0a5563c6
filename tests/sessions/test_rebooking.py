"""When somebody is away: what it breaks, new times for all of it in one solve, and nothing half-moved."""

from datetime import time, timedelta

import pytest
from django.utils import translation

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from patients.services.places import create_place
from sessions.models import Appointment, BlockedDay, BookingPreference, CallAttempt, Practitioner
from sessions.queries.broken import Cause, broken_visits, must_call
from sessions.queries.own_reasons import reason_words
from sessions.queries.reassignment import new_times
from sessions.services import appointments, availability
from sessions.services.appointments import NewTime
from tests.factories import make_course, work_week
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db

NEXT_WEEK = 7


@shared
def world():
    return open_clinic()


def away(world, from_day=NEXT_WEEK, until_day=NEXT_WEEK + 5, **fields):
    who = fields.pop("room", None)
    of = {"room": who} if who else {"practitioner": fields.pop("practitioner", world.doctor)}
    ends_at = at("00:00", until_day) if until_day is not None else None
    return availability.add_absence(actor=world.desk, starts_at=at("00:00", from_day), ends_at=ends_at, **of)


def broken(world, cause=None, **fields):
    return broken_visits(world.site, cause or Cause(), now=NOW, **fields)


def whys(world, cause=None):
    return {one.visit.pk: one.why for one in broken(world, cause).visits}


def proposals(world, cause=None, **fields):
    return new_times([one.visit for one in broken(world, cause).visits], now=NOW, **fields)


def asked(visit, choice, **fields):
    free = choice.free
    kept = {"practitioner": free.practitioner, "room": free.room, "seen_moves": visit.moved_count}
    return NewTime(visit, free.starts_at, **{**kept, **fields})


def accept(world, found, **fields):
    visits = Appointment.objects.select_related("site", "practitioner").in_bulk(found)
    moves = [asked(visits[pk], one.proposed) for pk, one in found.items() if one.proposed]
    return appointments.rebook_visits(**{"actor": world.desk, "moves": moves, "reason": "away", "now": NOW, **fields})


# What is broken


def test_an_absence_breaks_the_visits_it_meets_and_no_others(world):
    hit = book(world, "10:00", day_offset=NEXT_WEEK)
    book(world, "10:00", day_offset=NEXT_WEEK + 7)
    book(world, "10:00", day_offset=NEXT_WEEK, patient=world.horse, practitioner=world.vet, room=world.other_room)

    absence = away(world)

    assert whys(world, Cause("absence", absence)) == {hit.pk: "Dr Ada is away"}
    assert whys(world) == {hit.pk: "Dr Ada is away"}


def test_a_room_out_of_use_breaks_what_stands_in_it(world):
    hit = book(world, "10:00", day_offset=NEXT_WEEK)
    book(world, "10:30", day_offset=NEXT_WEEK, room=world.other_room)

    absence = away(world, room=world.room)

    assert whys(world, Cause("absence", absence)) == {hit.pk: "the room is not in use then"}


def test_a_room_given_up_for_good_breaks_all_that_is_to_come_in_it(world):
    hit = book(world, "10:00", day_offset=NEXT_WEEK)

    availability.update_room(actor=world.desk, room=world.room, is_active=False)

    assert whys(world, Cause("room", world.room)) == {hit.pk: "the room is not in use then"}


def test_a_closed_day_breaks_the_visits_on_it_and_one_worked_all_the_same_does_not(world):
    hit = book(world, "10:00", day_offset=NEXT_WEEK)
    day = MONDAY + timedelta(days=NEXT_WEEK)
    closure = availability.add_closure(actor=world.desk, site=world.site, from_on=day, until_on=day, reason="Flood")

    assert whys(world, Cause("closure", closure)) == {hit.pk: "closed that day (Flood)"}

    availability.add_closure(actor=world.desk, site=world.site, from_on=day, until_on=day, is_open=True)
    assert whys(world, Cause("closure", closure)) == {}


@pytest.mark.parametrize("whose", ["practitioner", "room", "site"])
def test_changed_hours_break_what_now_lies_outside_them(world, whose):
    early = book(world, "09:00", day_offset=NEXT_WEEK)
    book(world, "14:00", day_offset=NEXT_WEEK)
    of = {"practitioner": {"practitioner": world.doctor}, "room": {"room": world.room}, "site": {}}[whose]

    availability.set_working_hours(actor=world.desk, site=world.site, blocks=work_week("13:00", "17:00"), **of)

    assert list(whys(world)) == [early.pk]


def test_a_last_day_breaks_all_that_comes_after_it(world):
    book(world, "10:00", day_offset=NEXT_WEEK)
    after = book(world, "10:00", day_offset=NEXT_WEEK + 1)
    last_day = MONDAY + timedelta(days=NEXT_WEEK)

    availability.update_practitioner(actor=world.desk, practitioner=world.doctor, last_day_on=last_day)

    assert whys(world, Cause("practitioner", world.doctor)) == {after.pk: "Dr Ada no longer works here then"}


def test_who_was_squeezed_in_outside_the_hours_is_not_broken_by_them(world):
    book(world, "18:00", day_offset=NEXT_WEEK, squeeze_reason="urgent")

    assert whys(world) == {}


def test_what_is_over_cancelled_or_arrived_is_not_broken(world):
    gone = book(world, "10:00", day_offset=NEXT_WEEK)
    appointments.cancel(actor=world.desk, appointment=gone, cancelled_by="patient", reason="ill", now=NOW)
    here = book(world, "11:00")
    appointments.check_in(actor=world.desk, appointment=here, now=NOW)

    away(world, from_day=0)

    assert whys(world) == {}


def test_a_visit_at_a_stable_does_not_mind_the_hours_of_the_site(world):
    stable = create_place(actor=None, clinic=world.clinic, name="Stable")
    visit = book(world, patient=world.horse, practitioner=world.vet, room=None, place=stable, day_offset=NEXT_WEEK)
    availability.set_working_hours(actor=world.desk, site=world.site, blocks=work_week("13:00", "17:00"))
    assert whys(world) == {}

    away(world, practitioner=world.vet)
    assert whys(world) == {visit.pk: "Vet Bo is away"}


def test_an_absence_of_years_and_one_without_an_end_are_lists_like_any_other(world):
    visits = [book(world, "10:00", day_offset=7 * week) for week in range(1, 5)]

    endless = away(world, until_day=None)
    assert list(whys(world, Cause("absence", endless))) == [one.pk for one in visits]
    availability.remove_absence(actor=None, absence=endless)
    absence = away(world, until_day=1000)
    assert list(whys(world, Cause("absence", absence))) == [one.pk for one in visits]

    assert len(accept(world, proposals(world, Cause("absence", absence), absent_until=absence.ends_at)).moved) == 4


def test_of_very_many_the_first_are_shown_and_the_others_counted(world):
    for week in range(1, 5):
        book(world, "10:00", day_offset=7 * week)
    away(world, until_day=None)

    found = broken(world, at_most=3)

    assert (len(found.visits), found.total, found.rest, found.is_cut) == (3, 4, 1, False)


# What is proposed


def test_the_same_hour_with_a_colleague_comes_first(world):
    visit = book(world, "10:00", day_offset=NEXT_WEEK)
    away(world, until_day=NEXT_WEEK + 1)

    choice = proposals(world)[visit.pk].proposed

    assert (choice.free.starts_at, choice.free.practitioner) == (visit.starts_at, world.colleague)
    assert choice.words == "same time; with Dr Cy"


def test_a_colleague_who_does_not_treat_the_species_is_not_proposed(world):
    visit = book(world, patient=world.horse, practitioner=world.vet, day_offset=NEXT_WEEK)
    away(world, practitioner=world.vet, until_day=NEXT_WEEK + 1)

    choice = proposals(world)[visit.pk].proposed

    assert (choice.free.practitioner, choice.words) == (world.vet, "1 day later")


def test_a_colleague_without_a_licence_is_not_proposed_for_a_session(world):
    Practitioner.objects.filter(pk=world.colleague.pk).update(may_inject=False)
    visit = book(world, "10:00", day_offset=NEXT_WEEK)
    talk = book(world, "11:00", day_offset=NEXT_WEEK, kind="review", patient=patient(world.clinic, "Bob"))
    away(world, until_day=NEXT_WEEK + 1)

    found = proposals(world)

    assert found[visit.pk].proposed.free.practitioner == world.doctor
    assert found[talk.pk].proposed.free.practitioner == world.colleague


def test_a_colleague_who_leaves_is_not_proposed_after_the_last_day(world):
    visit = book(world, "10:00", day_offset=NEXT_WEEK)
    availability.update_practitioner(
        actor=world.desk, practitioner=world.colleague, last_day_on=MONDAY + timedelta(days=NEXT_WEEK - 1)
    )
    away(world, until_day=NEXT_WEEK + 1)

    assert proposals(world)[visit.pk].proposed.free.practitioner == world.doctor


def test_another_room_on_the_same_minute_when_a_room_is_out_of_use(world):
    visit = book(world, "10:00", day_offset=NEXT_WEEK)
    away(world, room=world.room)

    choice = proposals(world)[visit.pk].proposed

    assert (choice.free.starts_at, choice.free.practitioner, choice.room) == (
        visit.starts_at,
        world.doctor,
        world.other_room,
    )
    assert choice.words == "same time; Room 2"


def test_a_session_stays_inside_its_window_when_that_is_possible(world):
    availability.update_practitioner(actor=world.desk, practitioner=world.colleague, last_day_on=MONDAY)
    course = make_course(
        world.clinic, cadence="2x1w", start_on=MONDAY, patient=world.patient, practitioner=world.doctor
    )
    first, second = course.planned_sessions.order_by("number")
    book(world, "16:00", planned_session=first)
    visit = book(world, "10:00", day_offset=NEXT_WEEK, planned_session=second)
    Practitioner.objects.exclude(pk=world.doctor.pk).delete()
    away(world, until_day=NEXT_WEEK + 2)

    choice = proposals(world)[visit.pk].proposed

    second.refresh_from_db()
    assert second.earliest_on <= choice.free.starts_at.date() <= second.latest_on
    assert not choice.is_outside


def test_a_day_outside_the_window_says_so_and_can_be_accepted(world):
    course = make_course(
        world.clinic, cadence="2x1w", start_on=MONDAY, patient=world.patient, practitioner=world.doctor
    )
    book(world, "16:00", planned_session=course.planned_sessions.get(number=1))
    visit = book(world, "10:00", day_offset=NEXT_WEEK, planned_session=course.planned_sessions.get(number=2))
    Practitioner.objects.exclude(pk=world.doctor.pk).delete()
    away(world, from_day=1, until_day=NEXT_WEEK + 14)

    found = proposals(world)
    moved = accept(world, found).moved

    assert found[visit.pk].proposed.is_outside
    assert "outside its window (8 Mar to 12 Mar)" in found[visit.pk].proposed.words
    assert [one.exception_reason for one in moved] == ["away"]


def test_all_that_is_broken_competes_for_the_same_times(world):
    """Eight visits of one doctor, and a colleague who is free for two of them in that week."""
    hours = work_week("10:00", "11:00", days=[1])
    availability.set_working_hours(actor=None, site=world.site, practitioner=world.colleague, blocks=hours)
    for n in range(8):
        who = patient(world.clinic, f"Patient {n}")
        book(world, f"{10 + n // 2}:{30 * (n % 2):02}", day_offset=NEXT_WEEK, patient=who)
    away(world, until_day=NEXT_WEEK + 1)

    found = proposals(world)
    moved = accept(world, found).moved

    times = [(one.practitioner_id, one.starts_at) for one in moved]
    assert len(set(times)) == 8
    assert (
        sum(
            one.practitioner_id == world.colleague.pk and one.starts_at.date() == at("10:00", 7).date() for one in moved
        )
        == 2
    )
    assert whys(world) == {}


def test_what_else_the_patient_has_is_kept_clear(world):
    visit = book(world, "10:00", day_offset=NEXT_WEEK)
    book(world, "10:00", day_offset=NEXT_WEEK + 1)
    Practitioner.objects.exclude(pk=world.doctor.pk).delete()
    away(world, until_day=NEXT_WEEK + 1)

    choice = proposals(world)[visit.pk].proposed

    assert choice.free.starts_at != at("10:00", NEXT_WEEK + 1)
    assert len(accept(world, proposals(world)).moved) == 1


def test_days_the_patient_cannot_come_and_what_is_wished_for_only_are_kept(world):
    visit = book(world, "10:00", day_offset=NEXT_WEEK)
    own = {"clinic": world.clinic, "patient": world.patient}
    BlockedDay.objects.create(from_on=MONDAY + timedelta(days=8), until_on=MONDAY + timedelta(days=9), **own)
    BookingPreference.objects.create(
        **own,
        practitioner=world.doctor,
        practitioner_is="only",
        from_time=time(14),
        times_are="only",
        room=world.other_room,
        room_is="only",
    )
    away(world, until_day=NEXT_WEEK + 1)

    found = proposals(world)[visit.pk]

    times = [one.free for one in (found.proposed, *found.others)]
    assert {one.practitioner for one in times} == {world.doctor}
    assert {one.room for one in times} == {world.other_room}
    assert min(one.starts_at.astimezone(world.site.zone).time() for one in times) == time(14)
    assert not {one.starts_at.date() for one in times} & {MONDAY + timedelta(days=n) for n in (8, 9)}


def test_a_visit_of_a_paused_course_gets_no_proposal(world):
    course = make_course(
        world.clinic, cadence="2x1w", start_on=MONDAY, patient=world.patient, practitioner=world.doctor
    )
    visit = book(world, "16:00", planned_session=course.planned_sessions.get(number=1))
    type(course).objects.filter(pk=course.pk).update(status="paused", status_reason="travels")
    away(world, from_day=0)

    assert proposals(world)[visit.pk].proposed is None


def test_nothing_at_all_free_is_no_proposal_and_the_row_stays(world):
    visit = book(world, "10:00", day_offset=NEXT_WEEK)
    Practitioner.objects.exclude(pk=world.doctor.pk).delete()
    away(world, from_day=1, until_day=None)

    assert proposals(world)[visit.pk].proposed is None
    assert list(whys(world)) == [visit.pk]


def test_other_times_are_free_beside_all_the_proposals(world):
    visits = [
        book(world, "10:00", day_offset=NEXT_WEEK),
        book(world, "11:00", day_offset=NEXT_WEEK, patient=patient(world.clinic, "Bob")),
    ]
    away(world, until_day=NEXT_WEEK + 1)

    found = proposals(world)

    given = [(one.proposed.free.practitioner, one.proposed.free.starts_at) for one in found.values()]
    others = [
        (one.free.practitioner, one.free.starts_at) for pk in (visits[0].pk, visits[1].pk) for one in found[pk].others
    ]
    assert len(others) == 6
    assert not set(given) & set(others)


def test_the_number_of_statements_does_not_grow_with_the_rows(world, django_assert_max_num_queries):
    for n in range(12):
        book(world, f"{9 + n // 2:02}:{30 * (n % 2):02}", day_offset=NEXT_WEEK, patient=patient(world.clinic, f"P {n}"))
    away(world)

    with django_assert_max_num_queries(9):
        visits = [one.visit for one in broken(world).visits]
    with django_assert_max_num_queries(10):
        new_times(visits, now=NOW)


# Accepting


def test_a_batch_is_all_or_nothing(world):
    visits = [
        book(world, "10:00", day_offset=NEXT_WEEK),
        book(world, "11:00", day_offset=NEXT_WEEK, patient=patient(world.clinic, "Bob")),
    ]
    away(world, until_day=NEXT_WEEK + 1)
    found = proposals(world)
    taken = found[visits[1].pk].proposed.free
    book(
        world,
        taken.starts_at.astimezone(world.site.zone).strftime("%H:%M"),
        day_offset=NEXT_WEEK,
        patient=patient(world.clinic, "Quick"),
        practitioner=taken.practitioner,
        room=world.other_room,
    )

    with pytest.raises(Refused) as refused:
        accept(world, found)

    assert refused.value.code == "just-taken"
    assert "Bob" in refused.value.message
    assert sorted(whys(world)) == sorted(one.pk for one in visits)


def test_the_second_receptionist_to_accept_hears_a_sentence(world):
    visit = book(world, "10:00", day_offset=NEXT_WEEK)
    away(world, until_day=NEXT_WEEK + 1)
    found = proposals(world)
    seen = [asked(visit, found[visit.pk].proposed)]
    appointments.rebook_visits(actor=world.desk, moves=seen, now=NOW)

    with pytest.raises(Refused) as refused:
        appointments.rebook_visits(actor=world.desk, moves=seen, now=NOW)

    assert refused.value.code == "moved-meanwhile"
    visit.refresh_from_db()
    assert visit.moved_count == 1


def test_nothing_chosen_changes_nothing(world):
    assert appointments.rebook_visits(actor=world.desk, moves=[], now=NOW).moved == ()


# Today: the call list


@pytest.fixture
def sick_today(world):
    """The doctor calls in sick at eight; a visit at ten."""
    world.visit = book(world, "10:00")
    away(world, from_day=0, until_day=1)
    return world


def hold(world, **fields):
    return accept(world, proposals(world), **fields).held[0]


def test_today_and_tomorrow_are_called_and_later_days_are_not(world):
    days = [
        must_call(book(world, "10:00", day_offset=n, patient=patient(world.clinic, f"P{n}")), NOW) for n in (0, 1, 2)
    ]

    assert days == [True, True, False]


def test_a_visit_of_today_keeps_its_time_while_another_is_held(sick_today):
    held = hold(sick_today)

    sick_today.visit.refresh_from_db()
    assert (sick_today.visit.status, sick_today.visit.starts_at) == ("booked", at("10:00"))
    assert (held.status, held.in_place_of, held.starts_at) == ("offered", sick_today.visit, at("10:00"))
    assert held.practitioner == sick_today.colleague
    assert held.room == sick_today.other_room
    assert held.offered_until > NOW


def test_the_time_held_is_nobody_elses(sick_today):
    held = hold(sick_today)

    with pytest.raises(Refused) as refused:
        book(sick_today, "10:00", patient=patient(sick_today.clinic, "Eve"), practitioner=held.practitioner, room=None)
    assert refused.value.code == "just-taken"


def test_agreed_moves_the_visit_and_writes_the_call_down(sick_today):
    held = hold(sick_today)

    moved = appointments.agree_to_held_time(actor=sick_today.desk, appointment=sick_today.visit, now=NOW)

    assert (moved.pk, moved.status, moved.practitioner, moved.room) == (
        sick_today.visit.pk,
        "booked",
        sick_today.colleague,
        held.room,
    )
    assert not Appointment.objects.filter(in_place_of=moved).exists()
    assert [one.outcome for one in CallAttempt.objects.filter(appointment=moved)] == ["agreed"]
    assert AuditEvent.objects.filter(verb="appointment.moved", subject_id=moved.pk).count() == 1
    assert whys(sick_today) == {}


def test_declined_frees_the_time_and_the_visit_still_waits(sick_today):
    held = hold(sick_today)

    appointments.decline_held_time(actor=sick_today.desk, appointment=sick_today.visit, now=NOW)

    held.refresh_from_db()
    assert (held.status, held.cancelled_by) == ("cancelled", "patient")
    assert list(whys(sick_today)) == [sick_today.visit.pk]
    book(
        sick_today,
        "10:00",
        patient=patient(sick_today.clinic, "Eve"),
        practitioner=sick_today.colleague,
        room=sick_today.other_room,
    )


def test_why_a_held_time_was_declined_is_told_in_the_language_of_who_reads_it(sick_today):
    held = hold(sick_today)

    with translation.override("fr"):
        appointments.decline_held_time(actor=sick_today.desk, appointment=sick_today.visit, now=NOW)
        held.refresh_from_db()
        told = reason_words(held.status_reason)

    assert held.status_reason == "Does not want that time."
    assert told != held.status_reason


def test_a_declined_time_is_not_proposed_again(sick_today):
    held = hold(sick_today)
    appointments.decline_held_time(actor=sick_today.desk, appointment=sick_today.visit, now=NOW)

    again = proposals(sick_today, declined={sick_today.visit.pk: [held.starts_at]})

    assert again[sick_today.visit.pk].proposed.free.starts_at != held.starts_at


@pytest.mark.parametrize("answer", ["agree_to_held_time", "decline_held_time"])
def test_the_second_answer_to_an_offer_hears_a_sentence(sick_today, answer):
    hold(sick_today)
    appointments.decline_held_time(actor=sick_today.desk, appointment=sick_today.visit, now=NOW)

    with pytest.raises(Refused) as refused:
        getattr(appointments, answer)(actor=sick_today.desk, appointment=sick_today.visit, now=NOW)
    assert refused.value.code == "nothing-held"


def test_an_offer_that_runs_out_is_swept_and_the_visit_still_waits(sick_today):
    held = hold(sick_today)

    assert appointments.expire_offers(now=held.offered_until + timedelta(minutes=1)) == 1

    sick_today.visit.refresh_from_db()
    assert sick_today.visit.status == "booked"


def test_another_offer_takes_the_place_of_the_first(sick_today):
    first = hold(sick_today)
    other = proposals(sick_today)[sick_today.visit.pk].proposed

    second = appointments.rebook_visits(actor=sick_today.desk, moves=[asked(sick_today.visit, other)], now=NOW).held[0]

    first.refresh_from_db()
    assert (first.status, second.status) == ("cancelled", "offered")


@pytest.mark.parametrize("deed", ["cancel", "check_in", "move"])
def test_what_is_held_is_freed_when_the_visit_is_solved_otherwise(sick_today, deed):
    held = hold(sick_today)
    how = {
        "cancel": {"cancelled_by": "clinic", "reason": "away"},
        "check_in": {},
        "move": {"starts_at": at("10:00", 3)},
    }[deed]

    getattr(appointments, deed)(actor=sick_today.desk, appointment=sick_today.visit, now=NOW, **how)

    held.refresh_from_db()
    assert held.status == "cancelled"


@pytest.mark.parametrize("deed", ["check_in", "start", "move"])
def test_a_held_time_is_no_visit_one_can_act_on(sick_today, deed):
    held = hold(sick_today)
    how = {"starts_at": at("10:00", 3)} if deed == "move" else {}

    with pytest.raises(Refused) as refused:
        getattr(appointments, deed)(actor=sick_today.desk, appointment=held, now=NOW, **how)
    assert refused.value.code == "only-held"


def test_another_room_at_the_same_time_needs_no_call(world):
    visit = book(world, "10:00")
    away(world, room=world.room, from_day=0, until_day=1)
    new = NewTime(visit, visit.starts_at, room=world.other_room)

    done = appointments.rebook_visits(actor=world.desk, moves=[new], now=NOW)

    assert ([one.room for one in done.moved], done.held) == ([world.other_room], ())


def test_a_batch_with_calls_and_moves_is_one_piece(sick_today):
    later = book(sick_today, "10:00", day_offset=NEXT_WEEK, patient=patient(sick_today.clinic, "Bob"))
    away(sick_today, until_day=NEXT_WEEK + 1)
    found = proposals(sick_today)

    done = accept(sick_today, found)

    assert [one.pk for one in done.moved] == [later.pk]
    assert [one.in_place_of_id for one in done.held] == [sick_today.visit.pk]
