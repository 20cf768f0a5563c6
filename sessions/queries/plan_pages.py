"""Read what the plan page of a course shows: its sessions in words, its phases, the review due, its history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.db.models import QuerySet, prefetch_related_objects
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mesoclinic.core.models import AuditEvent
from protocols.words import phases_in_words
from sessions.models import Appointment, Course, PlannedSession, Score
from sessions.models.appointments import LIVE_STATUSES
from sessions.models.courses import LEFT_OPEN, OUT_OF_PLAN, CourseStatus, PlannedStatus
from sessions.models.records import Moment, Scale
from sessions.queries.blocked import BlockedTime, blocked_times, reasons, reasons_on
from sessions.queries.own_reasons import reason_words
from sessions.queries.plans import CoursePlan, parsed, plan_of, rebook_why
from sessions.scheduling.followup import Suggestion, suggest_response
from sessions.scheduling.walltime import minute_after, minute_of

TO_COME = ("offered", "booked")
FURTHEST = timedelta(days=3 * 366)


@dataclass(frozen=True)
class PlanRow:
    """One session as the plan page shows it. `look` is the status for the badge, `words` says it, `why` explains."""

    session: PlannedSession
    look: str
    words: str
    why: str
    phase: str
    minutes: int
    visit: Appointment | None
    can_book: bool
    can_skip: bool
    can_return: bool  # it was left out, and may be taken back in
    can_record: bool  # it took place without a visit in the book

    @property
    def on(self) -> date:
        return self.session.performed_on or self.session.due_on


@dataclass(frozen=True)
class ReviewDue:
    """A review waited for: the session it comes after, the scores before each session, what they suggest."""

    after_number: int
    scale: str
    scores: tuple
    suggestion: str


@dataclass(frozen=True)
class PlanPage:
    plan: CoursePlan
    rows: tuple[PlanRow, ...]
    phases: tuple[dict, ...]
    next_row: PlanRow | None
    review: ReviewDue | None
    done_count: int
    minimum: int
    visits_to_come: tuple[Appointment, ...]
    events: tuple[AuditEvent, ...]  # what changed the course, the oldest first


def plan(course: Course, today: date) -> PlanPage:
    """Give everything the plan page shows. Nine SQL statements; more for a horse that competes."""
    known = plan_of(course)
    prefetch_related_objects([*known.revisions, *course.reviews.all()], "by")
    visits = _visits(course)
    blocked = _blocked(course, today)
    phase_words = _phase_words(known)
    rows = tuple(_row(row, known, today, visits.get(row.pk), phase_words, blocked) for row in known.sessions)
    to_do = [row for row in rows if row.session.number >= known.next_number]
    return PlanPage(
        plan=known,
        rows=rows,
        phases=tuple(_phases(rows, known)),
        next_row=next((row for row in to_do if row.session.status in ("planned", "booked")), None),
        review=_review(known),
        done_count=sum(row.session.status == PlannedStatus.DONE for row in rows),
        minimum=course.protocol_version.minimum_sessions,
        visits_to_come=tuple(visit for visit in visits.values() if visit.status in TO_COME),
        events=_events(course),
    )


def visits_to_come(course: Course) -> QuerySet[Appointment]:
    """List the visits of a course still to come, by time. One SQL statement."""
    rows = Appointment.objects.filter(planned_session__course=course, status__in=TO_COME)
    return rows.select_related("practitioner", "room", "place", "site", "planned_session").order_by("starts_at")


def _visits(course: Course) -> dict[int, Appointment]:
    """The live visit of each planned session. One SQL statement."""
    rows = Appointment.objects.filter(planned_session__course=course, status__in=LIVE_STATUSES)
    found = rows.select_related("practitioner", "room", "place", "site").order_by("starts_at")
    return {visit.planned_session_id: visit for visit in found}


def _phase_words(known: CoursePlan) -> dict[int, list[str]]:
    """The words of every phase of every revision, by its number."""
    return {row.number: phases_in_words(parsed(row.cadence)) for row in known.revisions}


def _blocked(course: Course, today: date) -> list[BlockedTime]:
    zone = course.site.zone
    return blocked_times(course.clinic_id, [course.patient_id], today, today + FURTHEST, zone).get(
        course.patient_id, []
    )


def _row(
    row: PlannedSession,
    known: CoursePlan,
    today: date,
    visit: Appointment | None,
    phase_words: dict[int, list[str]],
    blocked: Sequence[BlockedTime],
) -> PlanRow:
    look, words = _look(row, today)
    words_of = phase_words.get(row.revision, [])
    course = known.course
    is_over_by_it = course.status == CourseStatus.COMPLETED and row.number > known.last_done
    is_next_or_later = row.status == PlannedStatus.PLANNED and row.why not in (LEFT_OPEN, OUT_OF_PLAN)
    return PlanRow(
        session=row,
        look=look,
        words=words,
        why=" ".join(filter(None, [_why(row, visit, course), _why_blocked(row, visit, course, blocked)])),
        phase=words_of[row.phase - 1] if row.phase <= len(words_of) else "",
        minutes=row.minutes or course.clinic.session_min,
        visit=visit,
        can_book=is_next_or_later and course.status == CourseStatus.ACTIVE,
        can_skip=row.status == PlannedStatus.PLANNED and course.is_open,
        can_return=row.is_skipped and (course.is_open or is_over_by_it),
        can_record=is_next_or_later and course.is_open and row.number == known.next_number and row.due_on <= today,
    )


def _look(row: PlannedSession, today: date) -> tuple[str, str]:
    if row.status != PlannedStatus.PLANNED:
        return row.status, str(row.get_status_display())
    if row.why == LEFT_OPEN:
        return "late", _("Left open")
    if row.is_held:
        return "held", _("Subject to review")
    if row.is_late:
        return "late", _("Late")
    return ("due", pgettext("session", "Due")) if row.due_on <= today else ("planned", _("To book"))


def _why(row: PlannedSession, visit: Appointment | None, course: Course) -> str:
    """Say in words why a session stands where it stands; empty when there is nothing to say."""
    if row.status == PlannedStatus.SKIPPED:
        return reason_words(row.skip_reason)
    if row.status == PlannedStatus.DONE:
        return ""
    said = {
        "closed": _("The usual day is closed."),
        "missed": _("Its day has passed: due again now."),
        OUT_OF_PLAN: _("No longer in the plan: cancel the visit or move it."),
        LEFT_OPEN: _("A later session was done first. Leave it out if it will not be done."),
    }
    words = [said.get(row.why, "")]
    if visit is not None:
        row.course = course
        moved = {"early": _("Booked before its window."), "late": _("Booked after its window.")}
        words.append(moved.get(rebook_why(visit, row, course.site), ""))
        words.append(reason_words(visit.exception_reason))
        words.append(_("Subject to review.") if row.is_held else "")
    return " ".join(filter(None, words))


def _why_blocked(row: PlannedSession, visit: Appointment | None, course: Course, blocked: Sequence[BlockedTime]) -> str:
    """Say what blocks the patient at the visit of a session to come, or without one on its day."""
    zone = course.site.zone
    if row.status in (PlannedStatus.DONE, PlannedStatus.SKIPPED):
        return ""
    if visit is None:
        said = reasons_on(blocked, row.due_on, zone)
    else:
        said = reasons(blocked, minute_of(visit.starts_at), minute_after(visit.ends_at), zone)
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _phases(rows: Iterable[PlanRow], known: CoursePlan) -> Iterable[dict]:
    """The shape `components/_timeline_phases.html` draws."""
    reviewed = {(review.revision, review.after_number) for review in known.course.reviews.all()}
    cadences = {row.number: parsed(row.cadence) for row in known.revisions}
    shown = [row for row in rows if row.session.why != OUT_OF_PLAN]
    for (revision, phase), group in groupby(shown, key=lambda row: (row.session.revision, row.session.phase)):
        own = list(group)
        cadence = cadences.get(revision)
        has_gate = cadence is not None and phase <= len(cadence.phases) and cadence.phases[phase - 1].gate
        passed = any((revision, row.session.number) in reviewed for row in own)
        yield {
            "label": own[0].phase,
            "gate": has_gate and (passed or revision == known.revision_row.number),
            "gate_passed": passed,
            "sessions": [
                {"number": row.session.number, "status": row.look, "label": row.words, "on": row.on, "url": ""}
                for row in own
            ],
        }


def _review(known: CoursePlan) -> ReviewDue | None:
    gate = known.due_gate
    if gate is None or not known.course.is_open:
        return None
    scale, scores = scores_before(known)
    suggested = suggest_response([value for _number, value in scores], at_gate=True)
    return ReviewDue(known.gate_number(gate), scale, tuple(scores), _SUGGESTED[suggested]() if suggested else "")


_SUGGESTED = {
    Suggestion.NEXT_PHASE: lambda: _("The scores are down enough: go on as planned."),
    Suggestion.STOP_OR_CHANGE: lambda: _("The scores show too little effect: change the cadence, or stop."),
    Suggestion.PHASE_BACK: lambda: _("The scores are up again after a good start: one phase back."),
    Suggestion.CARRY_ON: lambda: _("The scores say nothing yet: carry on."),
}


def scores_before(known: CoursePlan) -> tuple[str, list[tuple[int, object]]]:
    """Give the main scale and (session number, score before it), oldest first, since a restart. One SQL statement."""
    restarts = [row.from_number for row in known.revisions if row.kind == "restarted"]
    wanted = known.course.indication.main_score
    scale = wanted if wanted in (Scale.PAIN, Scale.LAMENESS) else Scale.PAIN
    rows = (
        Score.objects.filter(
            record__course=known.course,
            scale=scale,
            moment=Moment.BEFORE,
            record__status__in=["done", "signed"],
            record__planned_session__number__gte=max(restarts, default=1),
        )
        .order_by("record__planned_session__number", "pk")
        .values_list("record__planned_session__number", "value")
    )
    first_of_each = {}
    for number, value in rows:
        first_of_each.setdefault(number, value)
    return str(Scale(scale).label), list(first_of_each.items())


def stopping_in_words(course: Course) -> str:
    """Say what stopping a course means, and whether it is earlier than its protocol asks for. One SQL statement."""
    done = course.planned_sessions.filter(status=PlannedStatus.DONE).count()
    least = course.protocol_version.minimum_sessions
    words = _("A stopped course cannot go on; what was done stays.")
    if done >= least:
        return words
    early = _("Sessions the protocol asks for: at least %(least)s. Done so far: %(done)s. Say why it ends earlier.")
    return f"{words} {early % {'least': least, 'done': done}}"


def _events(course: Course) -> tuple[AuditEvent, ...]:
    """List what changed a course, the oldest first. One SQL statement."""
    events = AuditEvent.objects.filter(
        clinic_id=course.clinic_id, subject_type=Course._meta.label_lower, subject_id=course.pk
    )
    return tuple(events.exclude(verb__regex=LOOKED).order_by("at", "pk"))


def history(page: PlanPage) -> list[dict]:
    """List what happened to a course, the latest first: who, when, in words."""
    by_time = sorted(page.plan.course.reviews.all(), key=lambda review: review.at)
    changed = [row for row in page.plan.revisions if row.number > 1]
    lines = []
    for event in page.events:
        detail = reason_words(event.reason)
        if event.verb == "course.reviewed" and by_time:
            review = by_time.pop(0)
            detail = " · ".join(filter(None, [str(review.get_decision_display()), review.note]))
        elif event.verb in REVISED and changed:
            row = changed.pop(0)
            where = _("from session %(n)s: %(cadence)s") % {"n": row.from_number, "cadence": row.cadence}
            detail = " · ".join(filter(None, [where, row.reason]))
        lines.append(
            {"at": event.at, "who": event.actor_name or _("Mesoclinic"), "what": words_of(event), "why": detail}
        )
    return lines[::-1]


LOOKED = r"\.(opened|printed|exported)$"  # what changed nothing stands in the access log only
REVISED = ("course.changed", "course.stepped-back", "course.restarted", "course.extended")


def words_of(event: AuditEvent) -> str:
    """Say what an audit event of a course was."""
    number = next((change.get("new") for change in event.changes if change.get("field") == "number"), "")
    said = {
        "course.prescribed": _("Prescribed"),
        "course.reviewed": _("Review recorded"),
        "course.active": _("Resumed"),
        "course.paused": _("Paused"),
        "course.stopped": _("Stopped"),
        "course.completed": _("Completed"),
        "course.changed": _("Cadence changed"),
        "course.stepped-back": _("One phase back"),
        "course.restarted": _("Restarted"),
        "course.extended": _("Extended"),
        "course.handed-over": capfirst(_("handed over")),
        "report.handed-out": f"{_('Report')} · {_('handed out')}",
        "course.session-skipped": _("Session %(n)s left out") % {"n": number},
        "course.session-unskipped": _("Session %(n)s taken back in") % {"n": number},
    }
    return said.get(event.verb, event.verb)
