"""Why sessions of a course took place before or after the days planned for them, as far as somebody or something noted it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import AuditEvent
from mesoclinic.core.wording import with_colon
from sessions.models import Appointment, Course, CourseRevision, PlannedSession, Review
from sessions.models.courses import RevisionKind
from sessions.printing.document import Timing
from sessions.printing.pieces import window
from sessions.printing.words import Words, print_day
from sessions.queries.appointments import MOVES
from sessions.queries.own_reasons import reason_words
from sessions.scheduling.planning import Reason

OFF_PLAN = (Timing.EARLY, Timing.LATE, Timing.MISSED)
PAUSED = "course.paused"
STAYS = (PAUSED, "course.active", "course.stopped", "course.completed")


@dataclass(frozen=True, slots=True)
class _Pause:
    """Local days on which a course stood still; without an end it still does."""

    from_on: date
    until_on: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class _Move:
    """A visit given another time; days are local."""

    at: datetime
    from_on: date
    to_on: date


@dataclass(frozen=True, slots=True)
class Causes:
    """What is known of a course to say why its sessions were early, late or missed. No SQL statement."""

    zone: ZoneInfo
    words: Words
    done: Mapping[int, PlannedSession]
    reviews: Mapping[int, Review]
    revisions: Mapping[int, CourseRevision]
    pauses: Sequence[_Pause]
    moves: Mapping[int, Sequence[_Move]]

    def of(self, session: PlannedSession, timing: Timing, *, has_lost: bool) -> list[str]:
        """Say why a session was not on its days, what tells most first; nothing where nothing is noted.

        What only follows from when its visit was booked is told where neither a person nor the plan gave a reason, and
        no visit of it was lost (`has_lost`).
        """
        if timing not in OFF_PLAN:
            return []
        visit = next((one for one in session.visits if one.is_live), None)
        told = [self._chosen(session, visit)] if visit else []
        if timing != Timing.EARLY:
            told += [*self._paused(session), self._held(session), self._closed(session)]
        told = [one for one in told if one]
        if not told and visit and not has_lost:
            told = [self._overtaken(session, visit, timing) or self._booked_late(session, visit, timing)]
        return [one for one in told if one]

    def _chosen(self, session: PlannedSession, visit: Appointment) -> str:
        """What whoever booked or moved the visit said, and the day inside its window that it left."""
        why, moves = reason_words(visit.exception_reason), self.moves.get(visit.pk, ())
        left = [one.from_on for one in moves if _is_inside(session, one.from_on) > _is_inside(session, one.to_on)]
        if not left or _is_inside(session, moves[-1].to_on):
            return why
        return with_colon(_("Moved from %(day)s") % {"day": print_day(left[-1], self.words)}, why)

    def _paused(self, session: PlannedSession) -> Iterator[str]:
        """Each pause that took days of its window away. A course that lapsed is paused after it, which explains nothing."""
        for pause in self.pauses:
            if pause.from_on > session.latest_on or (pause.until_on and pause.until_on < session.earliest_on):
                continue
            if pause.until_on is None:
                said = _("Course paused since %(day)s") % {"day": print_day(pause.from_on, self.words)}
            else:
                days = window(pause.from_on, pause.until_on, self.words) or print_day(pause.from_on, self.words)
                said = _("Course paused %(days)s") % {"days": days}
            yield with_colon(said, pause.reason)

    def _held(self, session: PlannedSession) -> str:
        """The review it waited for, where that was given after the day aimed at."""
        before = self._done_before(session)
        review = self.reviews.get(before.number) if before else None
        if review is None:
            return ""
        given_on = local_day(review.at, self.zone)
        if given_on <= (session.ideal_on or session.latest_on):
            return ""
        return _("Held until its review, given on %(day)s") % {"day": print_day(given_on, self.words)}

    def _closed(self, session: PlannedSession) -> str:
        is_shut = session.why == Reason.CLOSED and session.due_on > session.latest_on
        return _("No open day among those planned") if is_shut else ""

    def _overtaken(self, session: PlannedSession, visit: Appointment, timing: Timing) -> str:
        """What changed the days planned once the visit was booked, which stayed where it was."""
        placed_at = self._placed_at(visit)
        revision = self.revisions.get(session.revision)
        changed = revision and revision.kind not in (RevisionKind.PRESCRIBED, RevisionKind.EXTENDED)
        if revision and changed and revision.at > placed_at:
            return _("Booked before this: %(change)s on %(day)s") % {
                "change": str(revision.get_kind_display()).lower(),
                "day": print_day(local_day(revision.at, self.zone), self.words),
            }
        before = self._done_before(session)
        if before is None or local_day(placed_at, self.zone) > before.performed_on:
            return ""
        aimed_on = before.ideal_on or before.due_on
        names = {"number": before.number, "day": print_day(before.performed_on, self.words)}
        if timing == Timing.EARLY and before.performed_on > aimed_on:
            return _("Booked before session %(number)s came later than planned, on %(day)s") % names
        if timing == Timing.LATE and before.performed_on < aimed_on:
            return _("Booked before session %(number)s came earlier than planned, on %(day)s") % names
        return ""

    def _booked_late(self, session: PlannedSession, visit: Appointment, timing: Timing) -> str:
        booked_on = local_day(visit.created_at, self.zone)
        if timing != Timing.LATE or not session.latest_on < booked_on <= local_day(visit.starts_at, self.zone):
            return ""
        return _("Booked on %(day)s, when its last day was over") % {"day": print_day(booked_on, self.words)}

    def _placed_at(self, visit: Appointment) -> datetime:
        moves = self.moves.get(visit.pk)
        return moves[-1].at if moves else visit.created_at

    def _done_before(self, session: PlannedSession) -> PlannedSession | None:
        number = max((number for number in self.done if number < session.number), default=None)
        return None if number is None else self.done[number]


def causes_of(
    course: Course,
    planned: Sequence[PlannedSession],
    revisions: Iterable[CourseRevision],
    reviews: Iterable[Review],
    words: Words,
) -> Causes:
    """Read what was noted of a course. One SQL statement; the planned sessions hold their `visits`."""
    events = _events(course, [visit.pk for session in planned for visit in session.visits])
    zone = course.site.zone
    return Causes(
        zone=zone,
        words=words,
        done={session.number: session for session in planned if session.performed_on},
        reviews={review.after_number: review for review in reviews},
        revisions={revision.number: revision for revision in revisions},
        pauses=tuple(_pauses((event for event in events if event.verb in STAYS), zone)),
        moves=_moves((event for event in events if event.verb in MOVES), zone),
    )


def _is_inside(session: PlannedSession, day: date) -> bool:
    return session.earliest_on <= day <= session.latest_on


def _events(course: Course, visits: list[int]) -> list[AuditEvent]:
    """The moves of these visits and the pauses of their course, the oldest first. One SQL statement."""
    moved = Q(subject_type=Appointment._meta.label_lower, subject_id__in=visits, verb__in=MOVES)
    stayed = Q(subject_type=Course._meta.label_lower, subject_id=course.pk, verb__in=STAYS)
    return list(AuditEvent.objects.filter(moved | stayed).order_by("at", "pk"))


def _pauses(stays: Iterable[AuditEvent], zone: ZoneInfo) -> Iterator[_Pause]:
    began: AuditEvent | None = None
    for event in stays:
        if event.verb == PAUSED:
            began = began or event
        elif began is not None:
            yield _Pause(local_day(began.at, zone), local_day(event.at, zone), reason_words(began.reason))
            began = None
    if began is not None:
        yield _Pause(local_day(began.at, zone), None, reason_words(began.reason))


def _moves(events: Iterable[AuditEvent], zone: ZoneInfo) -> dict[int, list[_Move]]:
    """The moves to another instant by visit, in order."""
    found: dict[int, list[_Move]] = defaultdict(list)
    for event in events:
        for change in event.changes:
            if change.get("field") == "starts_at" and change.get("old") and change.get("new"):
                old, new = (datetime.fromisoformat(change[key]) for key in ("old", "new"))
                found[event.subject_id].append(_Move(event.at, local_day(old, zone), local_day(new, zone)))
    return found
