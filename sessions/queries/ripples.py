"""What follows from moving, cancelling, leaving out or missing one session of a course, before anything is saved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from mesoclinic.core.localtime import local_day
from sessions.models import Appointment, PlannedSession, Practitioner
from sessions.queries import availability, room_choice
from sessions.queries.licences import may_give
from sessions.queries.plans import CoursePlan, course_plan, days_of
from sessions.queries.preferences import preference_of
from sessions.queries.proposals import engine_wishes, less_absent
from sessions.scheduling.openings import NO_ROOM, Time
from sessions.scheduling.planning import NoOpenDayError
from sessions.scheduling.ripple import DAYS_AFTER, Anew, FreeTimes, Future, Ripple, Step, Visit, booked_instead
from sessions.scheduling.walltime import instant_of, minute_after, minute_of

MOVED_ALONG = ("offered", "booked")


class Deed(StrEnum):
    MOVE = "move"
    CANCEL = "cancel"
    MISS = "miss"
    NOT_TREAT = "not-treat"
    SKIP = "skip"


@dataclass(frozen=True)
class Line:
    """A session behind the changed one. `visit` is its booking, if it has one; without, only days are known."""

    number: int
    minutes: int | None
    visit: Appointment | None
    old_at: datetime | None
    new_at: datetime | None
    old_on: date
    new_on: date
    old_who: Practitioner | None
    new_who: Practitioner | None
    is_outside: bool
    is_stuck: bool
    is_held: bool

    @property
    def is_moved(self) -> bool:
        if self.visit is None:
            return self.old_on != self.new_on
        return (self.old_at, self.old_who) != (self.new_at, self.new_who)


@dataclass(frozen=True)
class Outcome:
    """One of the futures, with what it moves."""

    future: Future
    lines: tuple[Line, ...]

    @property
    def moved(self) -> list[Line]:
        return [line for line in self.lines if line.visit is not None and line.is_moved]

    @property
    def outside(self) -> list[Line]:
        return [line for line in self.lines if line.is_outside]

    @property
    def is_stuck(self) -> bool:
        return any(line.is_stuck for line in self.lines)


@dataclass(frozen=True)
class Question:
    """What may follow from a deed; the first future is *only this one*."""

    deed: Deed
    planned: PlannedSession
    futures: tuple[Outcome, ...]


def question(
    planned: PlannedSession,
    deed: Deed,
    *,
    visit: Appointment | None = None,
    starts_at: datetime | None = None,
    now: datetime,
) -> Question | None:
    """Give the futures to choose from; None when nothing follows, so that nobody is asked without need.

    A fixed number of SQL statements: at most twenty-six, however many sessions follow.
    """
    following = _following(planned, now)
    if not following or not planned.course.is_open or planned.course.status == planned.course.Status.PAUSED:
        return None
    plan = course_plan(planned.course)
    zone = plan.course.site.zone
    changed_on = local_day(visit.starts_at, zone) if visit else planned.due_on
    new_on = local_day(starts_at, zone) if starts_at else None
    if deed is Deed.MOVE and new_on == changed_on:
        return None
    by_number = {one.planned_session.number: one for one in following}
    visits = {number: _visit(number, one) for number, one in by_number.items()}
    set_free = [one.pk for one in (visit, *following) if one]
    first = visits[min(visits)].on(zone)
    days = (new_on - changed_on).days if new_on else (first - changed_on).days * (-1 if deed is Deed.SKIP else 1)
    states = booked_instead(plan.states, {planned.number: new_on})
    if deed is Deed.SKIP:
        states = [replace(one, is_skipped=one.is_skipped or one.number == planned.number) for one in states]
    treating = availability.practitioners(planned.course.clinic, species=_species(plan))
    people = {one.pk: one for one in treating if may_give(one, is_treatment=True)}
    people |= {one.practitioner_id: one.practitioner for one in following}
    is_open = availability.is_open_on(plan.course.site)
    today = local_day(now, zone)
    ripple = Ripple(
        number=planned.number,
        states=states,
        visits=visits,
        shift_days=days,
        shifted_on=changed_on + timedelta(days=days),
        plan=lambda asked: days_of(plan, today, is_open, asked),
        free=_free(plan, following, people, set_free, abs(days), now),
        zone=zone,
        today=today,
        anew=_anew(plan),
    )
    try:
        outcomes = [_outcome(ripple, future, plan, by_number, people) for future in Future]
    except NoOpenDayError:
        return None
    return _asked(deed, planned, outcomes)


def _asked(deed: Deed, planned: PlannedSession, outcomes: list[Outcome]) -> Question | None:
    """Drop the futures that move nothing, or what another moves; ask when there is something to choose or to fear."""
    only, *others = outcomes
    kept: list[Outcome] = []
    for one in others:
        targets = [(line.number, line.new_at, line.new_who) for line in one.moved]
        if targets and all(targets != [(x.number, x.new_at, x.new_who) for x in other.moved] for other in kept):
            kept.append(one)
    if not kept and not only.outside:
        return None
    return Question(deed, planned, (only, *kept))


def _species(plan: CoursePlan):
    return plan.course.patient.species


def _following(planned: PlannedSession, now: datetime) -> list[Appointment]:
    """The visits still to come of the later sessions of the course. One SQL statement."""
    rows = Appointment.objects.filter(
        planned_session__course=planned.course_id,
        planned_session__number__gt=planned.number,
        status__in=MOVED_ALONG,
        starts_at__gt=now,
    )
    related = ("planned_session", "practitioner", "room", "place", "patient__species")
    return list(rows.select_related(*related).order_by("planned_session__number"))


def _visit(number: int, row: Appointment) -> Visit:
    start, end = minute_of(row.starts_at), minute_after(row.ends_at)
    return Visit(
        number=number,
        start=start,
        minutes=end - start,
        practitioner=row.practitioner_id,
        away=row.place_id is not None,
        stays=row.round_id is not None,
        room=row.room_id or NO_ROOM,
    )


def _anew(plan: CoursePlan) -> Anew:
    """Read the patient's wishes; whom a session is booked with counts where they name nobody. One SQL statement."""
    preference = preference_of(plan.course.patient)
    wishes = engine_wishes(preference, plan.course)
    wishes = replace(wishes, practitioner=preference.practitioner_id, same_practitioner=False)
    return Anew(plan.revision.gap_of, plan.tolerance, wishes, plan.course.clinic.session_min)


def _free(
    plan: CoursePlan,
    following: Sequence[Appointment],
    people: dict[int, Practitioner],
    set_free: list[int],
    shift: int,
    now: datetime,
) -> dict[bool, FreeTimes]:
    """Read when everybody is free without the visits that would move, at the clinic and away from it as needed."""
    course, site = plan.course, plan.course.site
    today = local_day(now, site.zone)
    days = [local_day(one.starts_at, site.zone) for one in following]
    days += [one.planned_session.due_on for one in following]
    last_on = max(days) + timedelta(days=shift + DAYS_AFTER)
    from_at, until_at = availability.day_span(site, today, last_on)
    found = {}
    for away in {one.place_id is not None for one in following}:
        in_rooms = not away and any(one.room_id for one in following)
        rooms = room_choice.fitting(availability.rooms(site), _species(plan)) if in_rooms else []
        known = availability.agendas(
            site,
            from_at=from_at,
            until_at=until_at,
            now=now,
            practitioner_ids=list(people),
            room_ids=[room.pk for room in rooms],
            patient_id=course.patient_id,
            away=away,
            without=set_free,
        )
        time = Time(known.practitioners, known.patient, known.rooms if rooms else None)
        time = less_absent(time, people, course)
        found[away] = FreeTimes(
            time.practitioners,
            time.rooms,
            time.patient,
            between=known.between,
            not_before=minute_of(now) + 1,
            step_minutes=site.slot_step_min,
            zone=site.zone,
        )
    return found


def _outcome(
    ripple: Ripple,
    future: Future,
    plan: CoursePlan,
    by_number: dict[int, Appointment],
    people: dict[int, Practitioner],
) -> Outcome:
    rows = {row.number: row for row in plan.sessions}
    lines = []
    for step in ripple.follow(future):
        row = rows.get(step.number)
        lines.append(_line(step, by_number.get(step.number), row.due_on if row else step.day.due_on, ripple, people))
    return Outcome(future, tuple(lines))


def _line(step: Step, visit: Appointment | None, due_on: date, ripple: Ripple, people: dict[int, Practitioner]) -> Line:
    new_at = instant_of(step.then.start) if step.then else None
    if visit is not None and step.then == step.visit:
        new_at = visit.starts_at
    return Line(
        number=step.number,
        minutes=step.visit.minutes if step.visit else step.day.minutes,
        visit=visit,
        old_at=visit.starts_at if visit else None,
        new_at=new_at,
        old_on=local_day(visit.starts_at, ripple.zone) if visit else due_on,
        new_on=step.then.on(ripple.zone) if step.then else step.day.due_on,
        old_who=visit.practitioner if visit else None,
        new_who=people[step.then.practitioner] if step.then else None,
        is_outside=not step.fits(ripple.zone, ripple.today),
        is_stuck=step.is_stuck,
        is_held=step.day.held,
    )
