"""Whether what is asked for may be booked. Everything here reads rows after the locks are held."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import wraps
from typing import TypeVar

from django.utils.translation import gettext as _

from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.refused import Refused
from mesoclinic.core.wording import date_format
from patients.models import Patient
from sessions.models import Appointment, PlannedSession, Room
from sessions.queries import appointments as reads
from sessions.queries import availability, room_choice
from sessions.queries.blocked import reasons
from sessions.queries.plans import window
from sessions.scheduling.intervals import contains
from sessions.scheduling.slots import Wanted, WhyNot, why_not_free
from sessions.scheduling.walltime import minute_after, minute_of

from .wish import Wish, checked_minutes

GRACE = timedelta(minutes=5)  # typing takes a moment: a time that began just now is not the past
FURTHEST = timedelta(days=3 * 366)
NOON = time(13)
ITS_OWN_TIME = {WhyNot.BOOKED, WhyNot.BREAK, WhyNot.OUTSIDE_HOURS}  # what a squeeze may go past
RIGHT_TO_SQUEEZE = "sessions.squeeze_in"
Result = TypeVar("Result")


def check_rules(wish: Wish, *, window_too: bool = True) -> None:
    """Raise Refused for everything but the time itself: who, where, which session, its window unless held back."""
    checked_minutes(wish.minutes)
    if wish.starts_at < wish.now - GRACE and not (wish.is_walk_in or wish.takes_back):
        raise Refused("in-the-past", _("This time has passed. Choose a later one."), field="starts_at")
    if wish.starts_at > wish.now + FURTHEST:
        raise Refused("too-far", _("This is more than three years away. Choose an earlier day."), field="starts_at")
    check_patient(wish.patient)
    _check_practitioner(wish)
    _check_where(wish)
    if wish.planned_session is not None:
        _check_session(wish, wish.planned_session)
        if window_too:
            check_window(wish, wish.planned_session)


def check_patient(patient: Patient) -> None:
    """Raise Refused("patient-merged" | "patient-ended") for a file nobody may be booked for."""
    if patient.merged_into_id is not None:
        raise Refused("patient-merged", _("This file was merged into another one. Book for that one."))
    if patient.is_ended:
        words = _("The file of %(name)s has ended. Open it again before you book.") % {"name": patient.name}
        raise Refused("patient-ended", words)


def _check_practitioner(wish: Wish) -> None:
    person = wish.practitioner
    if person.last_day_on is not None and local_day(wish.starts_at, wish.site.zone) > person.last_day_on:
        words = _("%(name)s no longer works here on that day. Choose somebody else.") % {"name": person.name}
        raise refusal(wish, "practitioner-gone", words, field="practitioner")
    if wish.species_treated and wish.patient.species_id not in wish.species_treated:
        names = {"name": person.name, "species": str(wish.patient.species).lower()}
        words = _("%(name)s does not treat this species (%(species)s). Choose somebody else.") % names
        raise refusal(wish, "wrong-species", words, field="practitioner")


def _check_where(wish: Wish) -> None:
    if wish.room is not None and wish.place is not None:
        raise Refused("room-and-place", _("Choose a room or a place, not both."), field="room")
    if wish.room is not None and wish.room.site_id != wish.site.pk:
        raise Refused(
            "room-elsewhere", _("This room belongs to another site. Choose a room of this one."), field="room"
        )
    if wish.room is not None and not wish.room.is_active:
        raise Refused("room-not-in-use", _("This room is no longer in use. Choose another."), field="room")
    if wish.room is not None and not (room_choice.takes(wish.room, wish.patient.species) or wish.takes_back):
        raise Refused("room-wrong-species", room_choice.why_not(wish.room, wish.patient.species), field="room")
    if wish.place is not None and wish.place.is_archived:
        raise Refused("place-not-in-use", _("This place is no longer in use. Choose another."), field="place")


def _check_session(wish: Wish, planned: PlannedSession) -> None:
    course = planned.course
    if course.patient_id != wish.patient.pk:
        raise Refused("other-patient", _("This session belongs to another patient."))
    if not course.is_open:
        raise Refused("course-closed", _("This course has ended. Book a visit without it, or prescribe a new one."))
    if course.status == course.Status.PAUSED:
        raise Refused("course-paused", _("This course is paused. A practitioner must resume it first."))
    if planned.status != PlannedSession.Status.PLANNED and not wish.without:
        raise Refused("already-booked", _("This session is already booked, done or skipped. Load the plan again."))


def check_window(wish: Wish, planned: PlannedSession) -> None:
    """Raise Refused("outside-window") for a day outside the window of its session, unless a reason is given."""
    if wish.takes_back:
        return
    first_on, last_on = window(planned, local_day(wish.now, wish.site.zone))
    if not first_on <= local_day(wish.starts_at, wish.site.zone) <= last_on and not wish.outside_window_reason.strip():
        days = {"first": date_format(planned.earliest_on), "last": date_format(max(planned.latest_on, planned.due_on))}
        words = _("This day is outside the window of the session (%(first)s to %(last)s). Say why, or choose another.")
        if days["first"] == days["last"]:
            words = _(
                "The session is due on %(first)s and no other day. Say why it is another one, or choose that day."
            )
        raise Refused("outside-window", words % days, field="outside_window_reason", window=(first_on, last_on))


def find_room(wish: Wish) -> tuple[Room | None, bool]:
    """Return the room to use and whether the visit is squeezed in. Raises Refused when the time is not free.

    Five SQL statements; a squeeze needs one more.
    """
    return choose_room(wish, read_agendas([wish]))


def read_agendas(wishes: Sequence[Wish]) -> availability.Agendas:
    """Read what stands against wishes of one site, all at it or all away from it. Five SQL statements."""
    return availability.agendas_at(
        wishes[0].site,
        spans=[(wish.starts_at, wish.ends_at) for wish in wishes],
        now=wishes[0].now,
        practitioner_ids={wish.practitioner.pk for wish in wishes},
        room_ids={room.pk for wish in wishes for room in wish.rooms},
        patient_ids={wish.patient.pk for wish in wishes},
        away=wishes[0].place is not None,
        without=wishes[0].without,
    )


def choose_room(wish: Wish, known: availability.Agendas) -> tuple[Room | None, bool]:
    """Do what `find_room` does with agendas already read."""
    start, end = minute_of(wish.starts_at), minute_after(wish.ends_at)
    agenda = known.practitioners[wish.practitioner.pk]
    rooms = {room.pk: known.rooms[room.pk] for room in wish.rooms}
    wanted = Wanted(wish.minutes, known.between, patient=known.patients[wish.patient.pk])
    in_the_way = set(why_not_free(start, end, agenda, wanted))
    if wish.is_walk_in or wish.takes_back or wish.stays_blocked or wish.blocked_day_reason.strip():
        in_the_way.discard(WhyNot.BLOCKED)
    squeezed = bool(in_the_way) and _may_squeeze(wish, in_the_way)
    if squeezed:  # whoever works outside the hours finds the door open; what stands in the room still counts
        rooms = {one: replace(room, hours=None, closures=()) for one, room in rooms.items()}
        in_the_way &= {WhyNot.PATIENT, WhyNot.BLOCKED}
    free = [room for room in wish.rooms if contains(rooms[room.pk].free_intervals((start, end)), start, end)]
    if wish.rooms and not free and not wish.is_walk_in:
        in_the_way.add(WhyNot.ROOM)
    if in_the_way:
        raise _not_free(wish, in_the_way, known)
    if squeezed and not wish.is_walk_in:
        _check_squeeze_limit(wish)
    return (free[0] if free else None), squeezed


def _may_squeeze(wish: Wish, in_the_way: set[WhyNot]) -> bool:
    """Say whether a reason was given that carries past what is in the practitioner's way. Raises Refused("no-right")."""
    if wish.is_walk_in:
        return bool(in_the_way - {WhyNot.PATIENT})
    if not wish.squeeze_reason.strip() or not in_the_way & ITS_OWN_TIME or in_the_way - ITS_OWN_TIME - {WhyNot.PATIENT}:
        return False
    if wish.actor is not None and not wish.takes_back and not wish.actor.has_perm(RIGHT_TO_SQUEEZE):
        raise refusal(wish, "no-right", _("You may not squeeze in visits. Choose a free time."))
    return True


def _check_squeeze_limit(wish: Wish) -> None:
    """Raise Refused("squeeze-limit") when the half-day is full. Exact: the practitioner's row is locked."""
    day = local_day(wish.starts_at, wish.site.zone)
    first, last = day_bounds(day, wish.site.zone)
    noon = datetime.combine(day, NOON, tzinfo=wish.site.zone)
    first, last = (first, noon) if wish.starts_at < noon else (noon, last)
    taken = Appointment.objects.live().filter(practitioner=wish.practitioner, is_squeezed_in=True)
    count = taken.filter(starts_at__gte=first, starts_at__lt=last).exclude(pk__in=wish.without).count()
    limit = wish.site.clinic.squeeze_limit
    if count >= limit:
        words = _("%(name)s already has %(count)s squeezed-in visits in this half-day, and %(limit)s is the limit.")
        names = {"name": wish.practitioner.name, "count": count, "limit": limit}
        raise refusal(wish, "squeeze-limit", words % names)


def why_blocked(wish: Wish, known: availability.Agendas) -> str:
    """Say what blocks the patient at the time asked for; empty when nothing does."""
    start, end = minute_of(wish.starts_at), minute_after(wish.ends_at)
    return reasons(known.blocked_of(wish.patient.pk), start, end, wish.site.zone)


def noting_blocked(wish: Wish, known: availability.Agendas) -> Wish:
    """Keep the reason for a blocked day only where the day is blocked; a walk-in says by itself what stood against it."""
    words = why_blocked(wish, known)
    if (wish.is_walk_in or not words) and wish.blocked_day_reason != words:
        return replace(wish, blocked_day_reason=words)
    return wish


def as_it_stood(wish: Wish, visit: Appointment, known: availability.Agendas) -> Wish:
    """Say whether a visit that moves stood on the same blocked days before; then its reason goes along."""
    old = minute_of(visit.starts_at), minute_after(visit.ends_at)
    new = minute_of(wish.starts_at), minute_after(wish.ends_at)
    met = [one for one in known.blocked_of(wish.patient.pk) if one.meets(*new)]
    if not met or not all(one.meets(*old) for one in met):
        return wish
    said = visit.exception_reason if visit.is_on_blocked_day else ""
    return replace(wish, stays_blocked=True, blocked_day_reason=wish.blocked_day_reason or said)


def _not_free(wish: Wish, in_the_way: set[WhyNot], known: availability.Agendas) -> Refused:
    reason = next(one for one in WhyNot if one in in_the_way)
    closed_for = known.closed.reason(local_day(wish.starts_at, wish.site.zone))
    name = {"name": wish.practitioner.name, "patient": wish.patient.name}
    if reason is WhyNot.CLOSED:
        words = _("The clinic is closed that day (%(why)s).") % {"why": closed_for} if closed_for else ""
        return refusal(wish, "closed", words or _("The clinic is closed that day."))
    if reason is WhyNot.ABSENT:
        return refusal(wish, "away", _("%(name)s is away then.") % name)
    if reason is WhyNot.OUTSIDE_HOURS:
        return refusal(wish, "outside-hours", _("%(name)s does not work then.") % name, may_squeeze=True)
    if reason is WhyNot.BREAK:
        return refusal(wish, "break", _("%(name)s has a break then.") % name, may_squeeze=True)
    if reason is WhyNot.BOOKED:
        return just_taken(wish, may_squeeze=not in_the_way - ITS_OWN_TIME)
    if reason is WhyNot.BLOCKED:
        words = _("%(patient)s: %(why)s. Say why at this time all the same, or choose another.")
        words %= name | {"why": why_blocked(wish, known)}
        return refusal(wish, "blocked-day", words, field="outside_window_reason")
    if reason is WhyNot.PATIENT:
        return refusal(wish, "patient-busy", _("%(patient)s already has an appointment then.") % name)
    if wish.room is not None:
        return just_taken(wish, _("That room has just been taken."))
    return refusal(wish, "no-room", _("No room is free then."))


def just_taken(wish: Wish, words: str = "", **details: object) -> Refused:
    """Return what the loser of a race hears, with other times to choose from."""
    return refusal(wish, "just-taken", words or _("That time has just been taken."), **details)


def refusal(wish: Wish, code: str, words: str, *, field: str = "starts_at", **details: object) -> Refused:
    """Return a refusal that `offering_alternatives` completes with up to three other times."""
    return Refused(code, words, field=field, wish=wish, **details)


def offering_alternatives(service: Callable[..., Result]) -> Callable[..., Result]:
    """Let a booking service name other times when it refuses one: after its transaction, so nobody waits for them."""

    @wraps(service)
    def answering(**asked: object) -> Result:
        try:
            return service(**asked)
        except Refused as no:
            if wish := no.details.pop("wish", None):
                no.details["alternatives"] = _alternatives(wish)
            raise

    return answering


def _alternatives(wish: Wish) -> list[reads.FreeTime]:
    """Find times that are free where the wish may go: a room that was named stays named when one of them is taken."""
    span = window(wish.planned_session, local_day(wish.now, wish.site.zone)) if wish.planned_session else None
    return reads.alternatives(
        wish.site,
        practitioner=wish.practitioner,
        starts_at=wish.starts_at,
        minutes=wish.minutes,
        patient=wish.patient,
        rooms=wish.rooms,
        away=wish.place is not None,
        now=wish.now,
        without=wish.without,
        window=span,
        is_treatment=wish.planned_session is not None,
    )
