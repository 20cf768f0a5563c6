"""Anything in any order: book, book a whole series, move, cancel, miss, record, leave out, close days, block days, pause, take back. What must hold, holds.

The machine plays a doctor at the desk with two courses; the clock goes on by itself. A step may be refused in words,
never fail in another way.
"""

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from sessions.models import Appointment, BookingPreference, Course, PlannedSession
from sessions.models.courses import LEFT_OPEN, OUT_OF_PLAN
from sessions.queries.broken import lost_visits
from sessions.queries.plans import window
from sessions.queries.proposals import find_series
from sessions.queries.ripples import Deed, question
from sessions.queries.to_rebook import visits_to_rebook
from sessions.services import appointments, availability, courses, plans, preferences
from sessions.services.appointments import NewTime, SeriesTime
from sessions.services.undoing import FOR, undo
from tests.factories import make_course
from tests.sessions.booking_world import MONDAY, NOW, at
from tests.sessions.record_world import book_session, filled, finish, record_world, save, start
from tests.shared import shared

pytestmark = pytest.mark.django_db

HOURS = st.sampled_from(["09:00", "10:00", "10:15", "11:30", "14:00", "16:30"])
DAYS = st.integers(0, 35)
WHICH = st.integers(0, 11)
FUTURES = st.sampled_from(["only", "shift", "replan"])
DEEDS = {
    "book_appointment",
    "book_series",
    "move_with_following",
    "move_many",
    "cancel_with_following",
    "mark_no_show_with_following",
    "skip_session_with_following",
    "record",
    "close_days",
    "block_days",
    "pause_course",
    "resume_course",
    "take_back",
}
OFTEN = 2


class Machine(RuleBasedStateMachine):
    world = None
    done: Counter[str] = Counter()  # what was really done, not refused
    refused: Counter[str] = Counter()

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.now = NOW
        self.past = {}
        self.batch, self.before, self.plan_before = None, None, None

    def teardown(self):
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)
        transaction.set_rollback(False)

    # ---- what is there ----

    def visits(self):
        return list(Appointment.objects.live().exclude(status="fulfilled").select_related("planned_session__course"))

    def pick(self, rows, which):
        rows = list(rows)
        return rows[which % len(rows)] if rows else None

    def facts(self):
        fields = ("pk", "starts_at", "ends_at", "status", "practitioner", "room", "exception_reason")
        return list(Appointment.objects.order_by("pk").values_list(*fields))

    def plan_facts(self):
        """The plan as everybody sees it, once the worker has planned."""
        fields = ("pk", "number", "status", "due_on", "earliest_on", "latest_on", "is_held", "is_late", "why")
        courses = list(Course.objects.order_by("pk").values_list("pk", "status", "lapsed_on"))
        return courses, list(PlannedSession.objects.order_by("pk").values_list(*fields, "skip_reason"))

    def do(self, deed, *args, batch=None, **fields):
        """Do it or be refused in words; nothing else. Then the worker plans what is wanted. Say whether it was done."""
        before, plan_before = self.facts(), self.plan_facts()
        self.batch = None
        try:
            with transaction.atomic():
                deed(*args, actor=self.world.doctor_user, now=self.now, **fields, **({"batch": batch} if batch else {}))
        except Refused as no:
            self.was_refused(no, before)
            self.refused[deed.__name__] += 1
            is_done = False
        else:
            self.batch, self.before, self.plan_before = batch, before, plan_before
            self.done[deed.__name__] += 1
            self.went_where_it_is_open(before)
            is_done = True
        self.plan()
        return is_done

    def allowed(self, planned, starts_at, reason):
        """Whether a day may be taken as things stand: inside the window, or with a reason. Asked before the deed."""
        zone = self.world.site.zone
        first_on, last_on = window(planned, local_day(self.now, zone))
        return reason or first_on <= local_day(starts_at, zone) <= last_on

    def was_refused(self, no, before):
        assert no.message
        assert self.facts() == before, "whoever is refused has changed nothing"

    def went_where_it_is_open(self, before):
        lost = lost_visits(self.world.site, now=self.now, until=self.now + timedelta(days=400)).why
        stood = {row[:3] + row[4:6] for row in before}
        gone = {row[0] for row in self.facts() if row[:3] + row[4:6] not in stood}
        assert not gone & lost.keys(), "nobody is put where nobody works or the door is shut"

    def plan(self):
        for course in Course.objects.filter(status="active"):
            plans.plan_sessions(course.pk, now=self.now)

    def following(self, deed, future, planned, **fields):
        """Do as the page does: the moves of the chosen future, if there is something to choose."""
        found = planned and question(planned, deed, now=self.now, **fields)
        chosen = found and next((one for one in found.futures if one.future == future), None)
        return [
            NewTime(line.visit, line.new_at, practitioner=line.new_who, seen_moves=line.visit.moved_count)
            for line in (chosen.moved if chosen else ())
        ]

    # ---- what is done ----

    @rule(which=WHICH, days=DAYS, clock=HOURS, other=st.booleans(), reason=st.booleans())
    def book(self, which, days, clock, other, reason):
        rows = PlannedSession.objects.filter(status="planned")
        planned = self.pick(rows.select_related("course__patient", "course__site"), which)
        if planned is None:
            return
        starts_at = at(clock, (planned.due_on - MONDAY).days + (days % 9 - 4))
        allowed = self.allowed(planned, starts_at, reason)
        booked = self.do(
            appointments.book_appointment,
            clinic=self.world.clinic,
            site=self.world.site,
            kind="session",
            patient=planned.course.patient,
            practitioner=self.world.colleague if other else self.world.doctor,
            any_room=True,
            starts_at=starts_at,
            minutes=30,
            planned_session=planned,
            outside_window_reason="asked for it" if reason else "",
        )
        assert allowed or not booked, "nobody said why the day is outside the window"

    @rule(which=WHICH, weekday=st.sampled_from([None, 1, 4]), is_whole=st.booleans())
    def book_series(self, which, weekday, is_whole):
        """Accept what is proposed, or the part of it that fits. On a page just loaded nothing has changed meanwhile."""
        rows = Course.objects.filter(status="active").select_related("patient__species", "site", "clinic")
        course = self.pick(rows.order_by("pk"), which)
        wishes = {"weekday_bits": 1 << (weekday - 1)} if weekday else {}
        found = course and find_series(
            course, BookingPreference(patient=course.patient, clinic=self.world.clinic, **wishes), now=self.now
        )
        lines = [line for line in found.lines() if line.starts_at] if found else []
        lines = lines if is_whole else [line for line in lines if not line.choice.is_outside]
        if not lines:
            return
        times = [SeriesTime(line.number, line.starts_at, line.practitioner, line.room) for line in lines]
        before = {row[0] for row in self.facts()}
        booked = self.do(appointments.book_series, clinic=self.world.clinic, course=course, times=times)
        assert booked, "what has just been proposed can be booked"
        fresh = Appointment.objects.exclude(pk__in=before).select_related("planned_session")
        assert {(one.planned_session.number, one.starts_at) for one in fresh} == {
            (one.number, one.starts_at) for one in times
        }, "the times that were shown, and all of them"

    @rule(which=WHICH, days=st.integers(-10, 14), clock=HOURS, future=FUTURES, reason=st.booleans())
    def move(self, which, days, clock, future, reason):
        visit = self.pick(self.visits(), which)
        if visit is None:
            return
        on = local_day(visit.starts_at, self.world.site.zone) + timedelta(days=days)
        starts_at = at(clock, (on - MONDAY).days)
        first = NewTime(visit, starts_at, outside_window_reason="asked for it" if reason else "")
        along = self.following(Deed.MOVE, future, visit.planned_session, visit=visit, starts_at=starts_at)
        allowed = self.allowed(visit.planned_session, starts_at, reason)
        moved = self.do(appointments.move_with_following, first=first, following=along, batch=uuid4())
        assert allowed or not moved, "nobody said why the day is outside the window"

    @rule(one=WHICH, other=WHICH)
    def swap(self, one, other):
        rows = self.visits()
        first, second = self.pick(rows, one), self.pick(rows, other)
        if first is None or first == second:
            return
        moves = [NewTime(first, second.starts_at), NewTime(second, first.starts_at)]
        self.do(appointments.move_many, moves=moves, reason="changed places", batch=uuid4())

    @rule(which=WHICH, future=FUTURES)
    def cancel(self, which, future):
        visit = self.pick(self.visits(), which)
        if visit is None:
            return
        along = self.following(Deed.CANCEL, future, visit.planned_session, visit=visit)
        words = {"cancelled_by": "patient", "reason": "ill"}
        self.do(appointments.cancel_with_following, appointment=visit, following=along, batch=uuid4(), **words)

    @rule(which=WHICH, future=FUTURES)
    def miss(self, which, future):
        if not any(one.starts_at <= self.now for one in self.visits()):
            self.go_on_to_the_next_visit()
        visit = self.pick((one for one in self.visits() if one.starts_at <= self.now), which)
        if visit is None:
            return
        along = self.following(Deed.MISS, future, visit.planned_session, visit=visit)
        self.do(appointments.mark_no_show_with_following, appointment=visit, following=along, batch=uuid4())

    @rule(which=WHICH, future=FUTURES)
    def leave_out(self, which, future):
        planned = self.pick(PlannedSession.objects.filter(status="planned").select_related("course"), which)
        if planned is None:
            return
        along = self.following(Deed.SKIP, future, planned)
        words = {"course": planned.course, "number": planned.number, "reason": "better"}
        self.do(courses.skip_session_with_following, following=along, batch=uuid4(), **words)

    @precondition(lambda self: any(one.starts_at <= self.now for one in self.visits()))
    @rule(which=WHICH)
    def record(self, which):
        visit = self.pick((one for one in self.visits() if one.starts_at <= self.now), which)

        def record(actor, now):
            world = self.world
            drawn = start(world, visit)
            save(world, drawn, filled(drawn))
            finish(world, drawn, performed_at=visit.starts_at, now=now + timedelta(minutes=30))

        self.do(record)

    @rule(days=DAYS, length=st.integers(1, 9))
    def close_days(self, days, length):
        from_on = local_day(self.now, self.world.site.zone) + timedelta(days=days)
        until_on = from_on + timedelta(days=length - 1)

        def close_days(actor, now):
            words = {"site": self.world.site, "from_on": from_on, "until_on": until_on, "reason": "painting"}
            availability.add_closure(actor=actor, **words)

        self.do(close_days)

    @rule(which=WHICH, days=DAYS, length=st.integers(1, 9))
    def block_days(self, which, days, length):
        course = self.pick(Course.objects.order_by("pk").select_related("patient"), which)
        today = local_day(self.now, self.world.site.zone)
        from_on = today + timedelta(days=days)
        until_on = from_on + timedelta(days=length - 1)

        def block_days(actor, now):
            words = {"patient": course.patient, "from_on": from_on, "until_on": until_on, "reason": "on holiday"}
            preferences.block_days(actor=actor, today=today, **words)

        self.do(block_days)

    @rule(which=WHICH, is_open=st.booleans())
    def pause_or_resume(self, which, is_open):
        course = self.pick(Course.objects.order_by("pk"), which)
        if course.status == "paused":
            self.do(courses.resume_course, course=course)
        elif not is_open:
            self.do(courses.pause_course, course=course, reason="on holiday")

    @precondition(lambda self: self.batch is not None)
    @rule()
    def take_back(self):
        batch, before = self.batch, self.before
        self.batch = None
        after = self.facts()
        words = {"actor": self.world.doctor_user, "clinic": self.world.clinic, "batch": batch, "now": self.now}
        with time_machine.travel(timezone.now() + FOR + timedelta(seconds=1)), pytest.raises(Refused) as no:
            undo(**words)
        assert no.value.code == "too-late"
        self.was_refused(no.value, after)
        try:
            with transaction.atomic():
                undo(**words)
        except Refused as no:
            self.was_refused(no, after)
        else:
            assert self.facts() == before, "everything stands as it stood"
            self.plan()
            assert self.plan_facts() == self.plan_before, "the plan stands as it stood"
            self.done["take_back"] += 1
        self.plan()

    @rule(days=st.integers(1, 9))
    def time_goes_on(self, days):
        self.go_on_to(self.now + timedelta(days=days))

    def go_on_to(self, now):
        self.now = now
        self.batch = None
        plans.flag_overdue(now=self.now)
        self.plan()

    def go_on_to_the_next_visit(self):
        to_come = [one.starts_at for one in self.visits()]
        if to_come:
            self.go_on_to(min(to_come) + timedelta(minutes=20))

    # ---- what always holds ----

    @invariant()
    def nobody_is_double_booked(self):
        rows = Appointment.objects.live().order_by("starts_at")
        columns = ("practitioner", "room", "patient", "starts_at", "ends_at")
        live = list(rows.values_list(*columns))
        for index, one in enumerate(live):
            for other in live[index + 1 :]:
                shared = [what for what in range(3) if one[what] is not None and one[what] == other[what]]
                assert not (shared and other[3] < one[4]), (one, other)
        assert not Appointment.objects.filter(status="moving").exists()

    @invariant()
    def numbers_are_unique_and_booked_once(self):
        for course in Course.objects.all():
            numbers = list(course.planned_sessions.values_list("number", flat=True))
            assert len(numbers) == len(set(numbers))
        live = list(Appointment.objects.live().values_list("planned_session", flat=True))
        assert len(live) == len(set(live))
        open_visits = Appointment.objects.filter(status__in=("offered", "booked", "arrived", "in_progress"))
        booked = PlannedSession.objects.filter(status="booked")
        assert set(open_visits.values_list("planned_session", flat=True)) == set(booked.values_list("pk", flat=True))

    @invariant()
    def every_gap_is_inside_its_window_or_says_why_not(self):
        rows = PlannedSession.objects.filter(status__in=["planned", "booked"], course__status="active")
        for row in rows.exclude(why__in=[LEFT_OPEN, OUT_OF_PLAN]).select_related("course"):
            inside = row.earliest_on <= row.due_on <= row.latest_on
            assert inside or (row.is_late and row.why in ("closed", "missed", "booked")), vars(row)
        to_rebook = set(visits_to_rebook(self.world.site, self.now).values_list("pk", flat=True))
        for visit in self.visits():
            if visit.starts_at <= self.now or visit.planned_session.course.status != "active":
                continue
            day = local_day(visit.starts_at, self.world.site.zone)
            planned = visit.planned_session
            fits = planned.earliest_on <= day <= max(planned.latest_on, planned.due_on)
            assert fits or visit.exception_reason or visit.pk in to_rebook, (vars(visit), day)

    @invariant()
    def the_past_is_unchanged(self):
        done = {
            ("session", row.pk): (row.number, row.performed_on, row.status)
            for row in PlannedSession.objects.filter(status="done")
        }
        done |= {
            ("visit", row.pk): (row.starts_at, row.ends_at, row.practitioner_id, row.status)
            for row in Appointment.objects.filter(status="fulfilled")
        }
        assert {key: done.get(key) for key in self.past} == self.past
        self.past = done


@shared
def world():
    """The course of the record world, all booked at ten; another one with the same doctor, half booked at eleven."""
    world = record_world(cadence="7x1w")
    for number in range(2, 8):
        book_session(world, number)
    other = make_course(world.clinic, cadence="4x1w, 2x2w", practitioner=world.doctor, start_on=MONDAY)
    for row in other.planned_sessions.filter(number__lte=3).select_related("course__patient"):
        appointments.book_appointment(
            actor=world.desk,
            clinic=world.clinic,
            site=world.site,
            kind="session",
            patient=row.course.patient,
            practitioner=world.doctor,
            any_room=True,
            starts_at=at("11:00", (row.due_on - MONDAY).days),
            minutes=30,
            planned_session=row,
            now=NOW,
        )
    return world


def test_whatever_is_done_in_any_order_what_must_hold_holds(world):
    machine = type("MachineHere", (Machine,), {"world": world, "done": Counter(), "refused": Counter()})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=18,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
        ),
    )
    assert not [deed for deed in DEEDS if machine.done[deed] < OFTEN], f"hardly ever really done: {machine.done}"
    assert machine.refused, "nobody was ever told no"
