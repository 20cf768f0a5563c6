"""What the planner needs to know of courses: revisions, what became of each session, reviews."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import TypeVar

from django.db.models import (
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    prefetch_related_objects,
)
from django.db.models.functions import TruncDate
from django.db.models.lookups import GreaterThan, LessThan

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site
from protocols.cadence import Cadence, Phase, parse
from sessions.models import Appointment, Course, CourseRevision, PlannedSession, SessionRecord
from sessions.models.appointments import IS_LIVE
from sessions.models.courses import OPEN_COURSES, OUT_OF_PLAN, CourseStatus, PlannedStatus
from sessions.queries.availability import is_open_on
from sessions.scheduling.localdays import IsOpen
from sessions.scheduling.planning import NoOpenDayError, PlannedDay, Revision, SessionState, horizon_from, replan
from sessions.scheduling.ripple import booked_instead
from sessions.scheduling.windows import Tolerance, ToleranceRow, window_after

parsed = lru_cache(maxsize=1024)(parse)
Numbered = TypeVar("Numbered", CourseRevision, PlannedSession)


@dataclass(frozen=True)
class CoursePlan:
    """A course's revisions, the current one last, and what has become of its sessions; rows ascending by number."""

    course: Course
    revisions: tuple[CourseRevision, ...]
    revision: Revision
    sessions: tuple[PlannedSession, ...]
    states: tuple[SessionState, ...]
    reviewed_phases: frozenset[int]
    tolerance: Tolerance
    touched: frozenset[int]  # numbers that were ever booked or have a record: their rows stay

    @property
    def revision_row(self) -> CourseRevision:
        return self.revisions[-1]

    @property
    def cadence(self) -> Cadence:
        return self.revision.cadence

    @property
    def resumed_on(self) -> date | None:
        return local_day(self.course.status_at, self.course.site.zone) if self.course.status_at else None

    @property
    def last_done(self) -> int:
        """Give the number of the last session done, 0 before the first."""
        return max((row.number for row in self.sessions if row.status == PlannedStatus.DONE), default=0)

    @property
    def next_number(self) -> int:
        """Give the number of the next session: the first after the last one done that nobody left out."""
        left_out = {row.number for row in self.sessions if row.is_skipped}
        number = self.last_done + 1
        while number in left_out:
            number += 1
        return number

    def gate_number(self, phase: int) -> int:
        """Give the number of the last session of a fixed phase of this revision."""
        first = self.revision.first_number - self.cadence.first_session_of(self.revision.first_phase)
        return first + self.cadence.first_session_of(phase) + (self.cadence.phases[phase - 1].count or 1) - 1

    @property
    def open_gates(self) -> tuple[int, ...]:
        """The gated phases still to review, first to come first."""
        gates = self.cadence.gated_phases
        return tuple(g for g in gates if g >= self.revision.first_phase and g not in self.reviewed_phases)

    @property
    def due_gate(self) -> int | None:
        """The gated phase that is over and waits for its review now."""
        gate = next(iter(self.open_gates), None)
        return gate if gate is not None and self.next_number > self.gate_number(gate) else None

    @property
    def phases_left(self) -> tuple[Phase, ...]:
        """What is still to come of the series: the rest of the phase under way, and the phases after it."""
        number = self.next_number
        if not self.revision.has_session(number):
            return ()
        phase = self.revision.phase_number_of(number)
        under_way = self.cadence.phases[phase - 1]
        minutes = self.cadence.minutes_in(phase)
        rest = None if under_way.is_open_ended else self.gate_number(phase) - number + 1
        return (replace(under_way, count=rest, minutes=minutes), *self.cadence.phases[phase:])


def tolerance_of(clinic: Clinic) -> Tolerance:
    return tolerance_from(clinic.tolerances)


def tolerance_from(rows: list[list[int]]) -> Tolerance:
    return Tolerance(tuple(ToleranceRow(up_to or None, early, late) for up_to, early, late in rows))


def course_plan(course: Course) -> CoursePlan:
    """Load what the planner needs for one course. Six SQL statements."""
    return course_plans([course])[0]


def plan_of(course: Course) -> CoursePlan:
    """Load the same for a course that was just read, and stands in its plan as it is. Five SQL statements."""
    return plans_of([course])[0]


def course_plans(courses: Iterable[Course]) -> list[CoursePlan]:
    """Load what the planner needs for these courses, by key. Six SQL statements whatever their number."""
    rows = Course.objects.filter(pk__in=[course.pk for course in courses])
    return plans_of(rows.select_related("clinic", "site", "patient").order_by("pk"))


def plans_of(rows: Iterable[Course]) -> list[CoursePlan]:
    """Do the same for courses read, perhaps locked, with their clinic and site.

    Five SQL statements whatever their number, two when none has a session yet; one more where the rows are a query.
    """
    courses = list(rows)
    revisions, sessions = _by_course(CourseRevision, courses), _by_course(PlannedSession, courses)
    appointments = Appointment.objects.order_by("starts_at").only("planned_session_id", "starts_at", "status")
    planned = [session for of_one in sessions.values() for session in of_one]
    prefetch_related_objects(planned, Prefetch("appointments", appointments))
    prefetch_related_objects(
        [course for course in courses if sessions[course.pk]],
        Prefetch("records", SessionRecord.objects.order_by().only("course_id", "planned_session_id")),
        "reviews",
    )
    return [_course_plan(course, tuple(revisions[course.pk]), tuple(sessions[course.pk])) for course in courses]


def _by_course(model: type[Numbered], courses: Iterable[Course]) -> dict[int, list[Numbered]]:
    """Read the rows of courses by course, ascending by number, each with its course. One SQL statement."""
    known = {course.pk: course for course in courses}
    found: dict[int, list[Numbered]] = {key: [] for key in known}
    for row in sorted(model.objects.filter(course__in=known).order_by(), key=attrgetter("number")):
        row.course = known[row.course_id]
        found[row.course_id].append(row)
    return found


def reaching_too_short(horizon_on: date) -> list[int]:
    """List the active courses whose open-ended phase may have another session up to a day, and those without a plan.

    One SQL statement. Rather one too many than one too few: the next session is at the earliest a window after the
    last one planned, unless that one is booked, perhaps for an earlier day.
    """
    last = PlannedSession.objects.filter(course=OuterRef("pk")).order_by("-number")
    rows = Course.objects.filter(Q(cadence__contains="*") | ~Q(plan_problem=""), status=CourseStatus.ACTIVE)
    ends = rows.annotate(last_on=Subquery(last.values("due_on")[:1]), last_status=Subquery(last.values("status")[:1]))
    columns = ("pk", "cadence", "clinic__tolerances", "plan_problem", "last_on", "last_status")
    tolerances: dict[str, Tolerance] = {}
    found = []
    for pk, cadence, rows_of_clinic, problem, last_on, last_status in ends.values_list(*columns):
        gap = (
            None
            if problem or last_on is None or last_status == PlannedStatus.BOOKED
            else parsed(cadence).phases[-1].gap
        )
        if gap is not None:
            key = str(rows_of_clinic)
            tolerance = tolerances.setdefault(key, tolerance_from(rows_of_clinic))
            window = window_after(last_on, gap, tolerance)
            if window is None or window.earliest_on > horizon_on:
                continue
        found.append(pk)
    return found


@dataclass(frozen=True, slots=True)
class PlanEnd:
    """The last session planned of a course, and what is needed to plan on behind it."""

    course_id: int
    site_id: int
    cadence: str
    pk: int
    number: int
    revision: int
    phase: int
    due_on: date
    ideal_on: date | None
    is_held: bool
    status: str
    why: str


def ends_of_plans(course_ids: Iterable[int]) -> list[PlanEnd]:
    """Give the last session of these courses that have one. One SQL statement."""
    later = PlannedSession.objects.filter(course=OuterRef("course"), number__gt=OuterRef("number"))
    rows = PlannedSession.objects.filter(~Exists(later), course__in=course_ids).order_by("course_id")
    columns = ["course_id", "course__site_id", "course__cadence", "pk", "number", "revision", "phase"]
    columns += ["due_on", "ideal_on", "is_held", "status", "why"]
    return [PlanEnd(*row) for row in rows.values_list(*columns)]


def visits_of(planned_ids: Collection[int]) -> dict[int, datetime]:
    """Give the beginning of the live visit of each planned session that has one. One SQL statement, none for none."""
    if not planned_ids:
        return {}
    rows = Appointment.objects.filter(IS_LIVE, planned_session__in=planned_ids).order_by("-starts_at")
    return dict(rows.values_list("planned_session_id", "starts_at"))


def revision_of(row: CourseRevision) -> Revision:
    return Revision(parsed(row.cadence), row.start_on, row.from_number, row.from_phase)


def _course_plan(
    course: Course, revisions: tuple[CourseRevision, ...], sessions: tuple[PlannedSession, ...]
) -> CoursePlan:
    row = revisions[-1]
    revision = revision_of(row)
    reviewed = {
        revision.phase_number_of(review.after_number)
        for review in (course.reviews.all() if sessions else ())
        if review.revision == row.number and revision.has_session(review.after_number)
    }
    recorded = {record.planned_session_id for record in course.records.all()} if sessions else set()
    return CoursePlan(
        course=course,
        revisions=revisions,
        revision=revision,
        sessions=sessions,
        states=tuple(_state(session, course) for session in sessions),
        reviewed_phases=frozenset(reviewed),
        tolerance=tolerance_of(course.clinic),
        touched=frozenset(row.number for row in sessions if row.appointments.all() or row.pk in recorded),
    )


def _state(session: PlannedSession, course: Course) -> SessionState:
    booked = next((a for a in session.appointments.all() if a.is_live), None)
    return SessionState(
        number=session.number,
        performed_on=session.performed_on,
        booked_on=local_day(booked.starts_at, course.site.zone) if booked else None,
        is_skipped=session.is_skipped,
        due_on=session.due_on,
    )


def days_of(
    plan: CoursePlan, today: date, is_open: IsOpen, states: Sequence[SessionState] | None = None
) -> list[PlannedDay]:
    """Ask the planner, perhaps with other `states`: what would be. Raises NoOpenDayError. No SQL statement.

    The doors are open today for whoever is booked to come today.
    """
    states = plan.states if states is None else states
    comes_today = any(state.booked_on == today for state in states)
    return replan(
        plan.revision,
        states,
        (lambda day: day == today or is_open(day)) if comes_today else is_open,
        today=today,
        horizon_on=horizon_from(today),
        tolerance=plan.tolerance,
        reviewed_phases=plan.reviewed_phases,
    )


def supposed(plan: CoursePlan, cadence: Cadence) -> CoursePlan:
    """Give the plan as `courses.revise` would leave it: another series from the next session on, nothing of it left out."""
    number = plan.next_number
    start_on = plan.revision.start_on if number == plan.revision.first_number else None
    states = tuple(
        replace(state, is_skipped=False) if row.number >= number and row.why != OUT_OF_PLAN else state
        for row, state in zip(plan.sessions, plan.states, strict=True)
    )
    revision = Revision(cadence, start_on, number, 1)
    return replace(plan, revision=revision, states=states, reviewed_phases=frozenset())


def fit_windows(sessions: Sequence[PlannedSession], booked_on: Mapping[int, Mapping[int, date]], now: datetime) -> None:
    """Give planned sessions, in memory, the windows they have once their courses are booked on these days.

    `booked_on` says the days by course and number; the sessions hold their course. At most six SQL statements, and two
    a site. Where the clinic looks closed for good the windows stay as they are.
    """
    opened: dict[int, IsOpen] = {}
    days: dict[tuple[int, int], PlannedDay] = {}
    for plan in course_plans({session.course for session in sessions}) if sessions else ():
        site = plan.course.site
        if site.pk not in opened:
            opened[site.pk] = is_open_on(site)
        states = booked_instead(plan.states, booked_on[plan.course.pk])
        with suppress(NoOpenDayError):
            found = days_of(plan, local_day(now, site.zone), opened[site.pk], states)
            days |= {(plan.course.pk, day.number): day for day in found}
    for session in sessions:
        if day := days.get((session.course_id, session.number)):
            session.due_on, session.earliest_on, session.latest_on = day.due_on, day.earliest_on, day.latest_on


def window(planned: PlannedSession, today: date) -> tuple[date, date]:
    """Give the days on which a session is booked without a reason, both included.

    A session whose window has passed is late whatever is chosen: it asks for no reason, only not to be early.
    """
    if planned.latest_on < today:
        return planned.earliest_on, date.max
    return planned.earliest_on, max(planned.latest_on, planned.due_on)


def rebook_why(appointment: Appointment, planned: PlannedSession, site: Site) -> str:
    """Say in a code why a visit does not fit its plan any more; empty when it does, or was agreed on all the same."""
    if not planned.course.is_open:
        return "course_over"
    if planned.why == OUT_OF_PLAN:
        return OUT_OF_PLAN
    day = local_day(appointment.starts_at, site.zone)
    if appointment.exception_reason:
        return ""
    if day < planned.earliest_on:
        return "early"
    return "late" if day > max(planned.latest_on, planned.due_on) else ""


def has_moved_in_sql(site: Site) -> Q:
    """Write as SQL over planned visits whether `rebook_why` says anything: a test holds the two to the same answers."""
    day = TruncDate("starts_at", tzinfo=site.zone)
    plan_on = {name: F(f"planned_session__{name}") for name in ("earliest_on", "latest_on", "due_on")}
    is_early = Q(LessThan(day, plan_on["earliest_on"]))
    is_late = Q(GreaterThan(day, plan_on["latest_on"]), GreaterThan(day, plan_on["due_on"]))
    is_off_plan = Q(planned_session__why=OUT_OF_PLAN) | ~Q(planned_session__course__status__in=OPEN_COURSES)
    return is_off_plan | (Q(exception_reason="") & (is_early | is_late))
