"""Why a plan looks as it does, in words: who decided what and because of what, then session by session."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.wording import date_format
from protocols.words import cadence_words
from sessions.models import Appointment, CourseRevision, Review
from sessions.models.courses import CourseStatus, RevisionKind
from sessions.queries.own_reasons import reason_words
from sessions.queries.plan_pages import PlanPage, PlanRow
from sessions.queries.plans import parsed


@dataclass(frozen=True)
class PlanReason:
    """One sentence; `because` is what somebody wrote down, perhaps nothing."""

    words: str
    because: str = ""


def plan_reasons(page: PlanPage) -> list[PlanReason]:
    """Say why the plan looks like this: every decision in order of time, then every session that is not where it
    usually would be. At most one SQL statement.
    """
    reviews = page.plan.course.reviews.all()
    decisions = [(row.at, _of_revision(row)) for row in page.plan.revisions]
    decisions += [(row.at, _of_review(row)) for row in reviews]
    decisions += [(event.at, reason) for event in page.events if event.verb in STAYS and (reason := _of_stay(event))]
    told = [reason for _at, reason in sorted(decisions, key=lambda one: one[0])]
    return [*told, *_of_last_done(page), *_of_sessions(page.rows, _moves(page.rows))]


def _of_revision(row: CourseRevision) -> PlanReason:
    names = {
        "who": _who(row.by),
        "day": _day(row.at),
        "n": row.from_number,
        "series": cadence_words(parsed(row.cadence)).rstrip("."),
    }
    said = {
        RevisionKind.PRESCRIBED: _("%(who)s prescribed this on %(day)s: %(series)s."),
        RevisionKind.CHANGED: _("From session %(n)s on another series, by %(who)s on %(day)s: %(series)s."),
        RevisionKind.STEPPED_BACK: _("From session %(n)s on one phase back, by %(who)s on %(day)s."),
        RevisionKind.RESTARTED: _("Begun again with session %(n)s, by %(who)s on %(day)s."),
        RevisionKind.EXTENDED: _("Extended from session %(n)s on, by %(who)s on %(day)s: %(series)s."),
    }
    return PlanReason(said[RevisionKind(row.kind)] % names, row.reason)


def _of_review(row: Review) -> PlanReason:
    names = {"who": _who(row.by), "day": _day(row.at), "n": row.after_number}
    names["what"] = str(row.get_decision_display()).lower()
    return PlanReason(_("Reviewed after session %(n)s by %(who)s on %(day)s: %(what)s.") % names, row.note)


STAYS = ("course.paused", "course.active", "course.stopped")  # it stood still, went on, came to its end


def _of_stay(event: AuditEvent) -> PlanReason | None:
    was = next((change.get("old") for change in event.changes if change.get("field") == "status"), "")
    if event.verb == "course.active" and was != CourseStatus.PAUSED:
        return None  # longer again: its revision says so
    said = {
        "course.paused": _("Paused by %(who)s on %(day)s: nothing is due until it is resumed."),
        "course.active": _("Resumed by %(who)s on %(day)s: what was due before is due from then."),
        "course.stopped": _("Stopped by %(who)s on %(day)s."),
    }
    names = {"who": event.actor_name or _("Mesoclinic"), "day": _day(event.at)}
    return PlanReason(said[event.verb] % names, reason_words(event.reason))


def _of_last_done(page: PlanPage) -> Iterator[PlanReason]:
    """Say that the last session done was not on the day aimed at, where what follows is counted from it."""
    last = max((row.session for row in page.rows if row.session.performed_on), key=lambda one: one.number, default=None)
    if last is None or last.ideal_on is None or page.next_row is None:
        return
    revision, following = page.plan.revision, page.next_row.session.number
    if not revision.has_session(following) or revision.gap_of(following) is None:
        return
    off = (last.performed_on - last.ideal_on).days
    words = {"n": last.number, "day": date_format(last.performed_on, "D j M"), "days": abs(off)}
    later = ngettext(
        "Session %(n)s was done on %(day)s, %(days)d day later than aimed at: what follows is counted from then.",
        "Session %(n)s was done on %(day)s, %(days)d days later than aimed at: what follows is counted from then.",
        abs(off),
    )
    earlier = ngettext(
        "Session %(n)s was done on %(day)s, %(days)d day earlier than aimed at: what follows is counted from then.",
        "Session %(n)s was done on %(day)s, %(days)d days earlier than aimed at: what follows is counted from then.",
        abs(off),
    )
    if off:
        yield PlanReason((later if off > 0 else earlier) % words)


def _of_sessions(rows: Iterable[PlanRow], moves: dict[int, AuditEvent]) -> Iterator[PlanReason]:
    for row in rows:
        number = {"n": row.session.number}
        if row.session.is_skipped:
            yield PlanReason(_("Session %(n)s is left out.") % number, reason_words(row.session.skip_reason))
            continue
        if row.visit is not None and (event := moves.get(row.visit.pk)):
            who = {"who": event.actor_name or _("Mesoclinic"), "day": _day(event.at)}
            yield PlanReason(
                _("Session %(n)s was moved by %(who)s on %(day)s.") % {**number, **who}, reason_words(event.reason)
            )
        if row.why:
            due = {"day": date_format(row.on, "D j M")}
            yield PlanReason(_("Session %(n)s, %(day)s: %(why)s") % {**number, **due, "why": row.why})


def _moves(rows: Iterable[PlanRow]) -> dict[int, AuditEvent]:
    """Give the last move of each visit shown. At most one SQL statement."""
    keys = [row.visit.pk for row in rows if row.visit is not None and row.visit.moved_count]
    if not keys:
        return {}
    events = AuditEvent.objects.filter(
        subject_type=Appointment._meta.label_lower, subject_id__in=keys, verb="appointment.moved"
    )
    return {event.subject_id: event for event in events.order_by("at", "pk")}


def _who(user) -> str:
    return str(user) if user else _("Mesoclinic")


def _day(at: datetime) -> str:
    return date_format(timezone.localtime(at), "j M Y")
