"""Say in words what a proposed series promises, what each compromise costs, and why."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core.wording import date_format
from sessions.models import Practitioner
from sessions.models.availability import Weekday
from sessions.queries.availability import ClosedDays
from sessions.queries.blocked import BlockedTime, reasons_on
from sessions.queries.day_words import span
from sessions.queries.proposals import Found, Line, Relaxed
from sessions.scheduling.causes import Cause, Why
from sessions.scheduling.series import Displaced, Proposal
from sessions.scheduling.wishes import Wish


def promise(found: Found) -> str:
    """Say how many sessions lie inside their window: the one line a caller hears."""
    proposal = found.proposal
    total = len(proposal.choices)
    words = {"inside": proposal.inside, "total": total}
    if proposal.unplaced == total:
        return ngettext("No time was found.", "No time was found for any of the %(total)s sessions.", total) % words
    if proposal.inside == total:
        return ngettext("Inside its window.", "All %(total)s inside their windows.", total) % words
    said = [_("%(inside)s of %(total)s inside the window.") % words]
    if proposal.unplaced:
        said.append(ngettext("%(n)s has no time.", "%(n)s have no time.", proposal.unplaced) % {"n": proposal.unplaced})
    late = [_("Session %(n)s is late whatever the day.") % {"n": one.number} for one in proposal.choices if one.is_late]
    return " ".join([*said, *late])


def relaxed(one: Relaxed, total: int) -> str:
    """Say what allowing more would bring: "All 15 inside their windows if Thursday is allowed too"."""
    words = {"kept": _kept(one.inside, total)}
    if one.wish is Wish.WEEKDAY:
        words["days"] = _listed([str(Weekday(day).label) for day in one.days])
        one_day, several = _("%(kept)s if %(days)s is allowed too."), _("%(kept)s if %(days)s are allowed too.")
        return (one_day if len(one.days) == 1 else several) % words
    if one.wish is Wish.TIME:
        return _("%(kept)s if other hours are allowed.") % words
    if one.wish is Wish.ROOM:
        return _("%(kept)s if other rooms are allowed.") % words
    words["who"] = _listed([person.name for person in one.practitioners])
    return _("%(kept)s if %(who)s may treat too.") % words


def _kept(inside: int, total: int) -> str:
    words = {"inside": inside, "total": total}
    if inside == total:
        return ngettext("Inside its window", "All %(total)s inside their windows", total) % words
    return _("%(inside)s of %(total)s inside the window") % words


def displaced(one: Displaced) -> str:
    """Say that a booked session no longer fits what is proposed before it."""
    words = {"number": one.number, "day": date_format(one.on, "D j M"), "span": span(*one.window)}
    if one.on < one.window[0]:
        return (
            _("Session %(number)s, booked for %(day)s, then comes too early: its window is %(span)s. Move it too.")
            % words
        )
    return (
        _("Session %(number)s, booked for %(day)s, then comes too late: its window is %(span)s. Move it too.") % words
    )


def price(line: Line) -> str:
    """Say how far a session is from its target: "2 days late", empty on its day."""
    if line.starts_at is None:
        return _("No time found")
    off = line.choice.days_off
    if off == 0:
        return ""
    if off > 0:
        return ngettext("%(n)s day late", "%(n)s days late", off) % {"n": off}
    return ngettext("%(n)s day early", "%(n)s days early", -off) % {"n": -off}


def cause(why: Why, people: Mapping[int, Practitioner], closed: ClosedDays, blocked: Sequence[BlockedTime] = ()) -> str:
    """Say what stood against a day."""
    if why.cause is Cause.BLOCKED and (said := reasons_on(blocked, why.on, closed.site.zone)):
        return said
    on = date_format(why.on, "l j F")
    who = people[why.practitioner].name if why.practitioner in people else ""
    words = {
        "on": on,
        "who": who,
        "span": span(why.from_on, why.until_on),
        "weekday": Weekday(why.on.isoweekday()).label,
    }
    if why.cause is Cause.CLOSED:
        reason = closed.reason(why.on)
        closed_words = _("the clinic is closed %(span)s") % words
        return f"{closed_words} ({reason})" if reason else closed_words
    if why.cause in (Cause.AWAY, Cause.FULL, Cause.NOT_OPEN, Cause.TIME, Cause.ROOM) and who:
        named = {
            Cause.TIME: _("%(who)s is free on %(on)s only outside the hours asked for"),
            Cause.ROOM: _("the room asked for is taken when %(who)s is free on %(on)s"),
            Cause.AWAY: _("%(who)s is away %(span)s") if why.from_on else _("%(who)s is away on %(on)s"),
            Cause.FULL: _("%(who)s has no free time on %(on)s"),
            Cause.NOT_OPEN: _("%(who)s does not work on %(on)s"),
        }
        return named[why.cause] % words
    said = {
        Cause.PAST: _("%(on)s has passed"),
        Cause.BLOCKED: _("the patient cannot come %(span)s"),
        Cause.WEEKDAY: _("%(weekday)s is not a day asked for"),
        Cause.NOT_OPEN: _("nobody who could treat works on %(on)s"),
        Cause.AWAY: _("everybody who could treat is away on %(on)s"),
        Cause.FULL: _("every time is taken on %(on)s"),
        Cause.TIME: _("%(on)s is free only outside the hours asked for"),
        Cause.ROOM: _("the room asked for is taken on %(on)s"),
        Cause.PATIENT_BUSY: _("the patient has another visit on %(on)s"),
        Cause.FOLLOWS: _("counted from the session before, its window is %(span)s"),
        Cause.NEXT_BOOKED: _("the next session, booked for %(on)s, is to stay inside its window"),
        Cause.WISHES: _("what is wished for is better met on this day"),
        Cause.ROOM_AT_HOURS: _("on %(on)s the room asked for is free only outside the hours asked for"),
        Cause.NO_SUCH_DAY: _("no day asked for lies in its window, %(span)s"),
        Cause.ASKED_FOR: _("%(who)s is wished for and has time"),
        Cause.STAYED: _("the session before it is with %(who)s too"),
        Cause.STAYS: _("the session after it is with %(who)s too"),
    }
    return said[why.cause] % words


def broken(line: Line) -> list[str]:
    """Name the wishes a time does not meet."""
    said = {
        Wish.WEEKDAY: _("not a weekday wished for"),
        Wish.TIME: _("not at the hours wished for"),
        Wish.PRACTITIONER: _("with another practitioner than wished for"),
        Wish.ROOM: _("in another room than wished for"),
        Wish.SAME_PRACTITIONER: _("another practitioner than the time before"),
        Wish.SAME_ROOM: _("another room than the time before"),
    }
    names = set(line.choice.broken)
    if Wish.PRACTITIONER in names and line.choice.before_with == line.wished_with:
        names -= {Wish.SAME_PRACTITIONER}
    return [said[wish] for wish in Wish if wish in names]


def detail(line: Line, causes: Sequence[str]) -> str:
    """Say in one line what a session costs and why: "2 days late (target Mon 3 Aug): Dr Ada is away 3–7 August"."""
    said = "; ".join(dict.fromkeys(causes))
    if line.starts_at is not None and (off := price(line)):
        target = date_format(line.choice.due_on, "D j M")
        off = _("%(price)s (target %(day)s)") % {"price": off, "day": target}
        said = f"{off}: {said}" if said else off
    return "; ".join(filter(None, [said, ", ".join(broken(line))]))


def help_for(found: Found, lines: Sequence[Line]) -> str:
    """Say what would help when nothing at all was found."""
    if not found.people:
        return _("Nobody treats this species here: say in the settings who does.")
    causes = {line.why.cause for line in lines if line.why is not None}
    if causes <= {Cause.NOT_OPEN}:
        return _("Nobody who could treat has working hours then: enter them in the settings.")
    return _("Allow more days or hours above, ask for fewer sessions, or book one session at a time.")


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return _("%(some)s and %(last)s") % {"some": ", ".join(names[:-1]), "last": names[-1]}


def effect(before: Proposal, after: Proposal, number: int) -> str:
    """Say what choosing another time for one session does to the others."""
    then = {choice.number: choice.slot for choice in before.choices}
    moved = sum(choice.slot != then[choice.number] for choice in after.choices if choice.number != number)
    parts = [_("%(inside)s of %(total)s inside the window") % {"inside": after.inside, "total": len(after.choices)}]
    if moved:
        parts.append(ngettext("moves %(n)s other session", "moves %(n)s other sessions", moved) % {"n": moved})
    else:
        parts.append(_("the others stay"))
    return ", ".join(parts)
