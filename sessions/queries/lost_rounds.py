"""Rounds of which visits have lost their time: each is moved as one where that can be, and said why where it cannot."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site
from mesoclinic.core.wording import date_format
from sessions.models import Appointment, Practitioner, Round
from sessions.models.courses import CourseStatus
from sessions.queries import broken
from sessions.queries.appointments import FreeTime
from sessions.queries.availability import Agendas
from sessions.queries.licences import while_here
from sessions.queries.rebook_choices import Choice, when_words
from sessions.scheduling.intervals import Interval
from sessions.scheduling.reassign import Candidate, Placement
from sessions.scheduling.reassign_rounds import BrokenRound, Part, round_candidate
from sessions.scheduling.slots import Agenda
from sessions.scheduling.walltime import instant_of, minute_after, minute_of


def may_move(visit: Appointment) -> bool:
    """Say whether a visit may be given another time: not while its course is paused or over."""
    return visit.planned_session is None or visit.planned_session.course.status == CourseStatus.ACTIVE


@dataclass(frozen=True)
class LostRound:
    """A round with its live visits in order. `lost` are the keys of those that have lost their time."""

    round: Round
    visits: tuple[Appointment, ...]
    lost: frozenset[int]

    @property
    def key(self) -> int:
        """The number it is asked for by, beside visits: none of theirs."""
        return -self.round.pk

    @property
    def starts_at(self) -> datetime:
        return self.visits[0].starts_at

    @property
    def ends_at(self) -> datetime:
        return self.visits[-1].ends_at

    @property
    def mark(self) -> str:
        """The same while nobody has changed the round: sent with a choice, so that nobody moves what was not shown."""
        return f"{len(self.visits)}-{sum(visit.moved_count for visit in self.visits)}"

    def must_call(self, now: datetime) -> bool:
        return any(broken.must_call(visit, now) for visit in self.visits)

    @property
    def why_torn(self) -> str:
        """Say why it cannot move as one whatever time is free; nothing when it can."""
        for visit in self.visits:
            if visit.status not in broken.MENDABLE:
                return _("It has begun (%(name)s: %(status)s), so only the visits still to come are moved.") % {
                    "name": visit.patient.name,
                    "status": visit.get_status_display().lower(),
                }
            if not may_move(visit):
                words = _(
                    "The course of %(name)s is not active. Resume it, or cancel that visit, to keep the round whole."
                )
                return words % {"name": visit.patient.name}
        return ""


def lost_rounds(visits: Iterable[Appointment]) -> list[LostRound]:
    """Find the rounds these broken visits belong to, the soonest first. One SQL statement, none without a round."""
    lost: dict[int, set[int]] = defaultdict(set)
    for visit in visits:
        if visit.round_id is not None:
            lost[visit.round_id].add(visit.pk)
    return _with_visits({"round__in": list(lost)}, lost) if lost else []


def rounds_by_id(clinic: Clinic, public_ids: Collection[UUID]) -> dict[UUID, LostRound]:
    """Find rounds of a clinic that have visits, none of which is said to be lost. One SQL statement, none for none."""
    if not public_ids:
        return {}
    found = _with_visits({"round__clinic": clinic, "round__public_id__in": list(public_ids)}, {})
    return {one.round.public_id: one for one in found}


def _with_visits(which: dict[str, Any], lost: Mapping[int, Collection[int]]) -> list[LostRound]:
    rows = Appointment.objects.live().filter(**which)
    rows = rows.select_related(*broken.WITH_NAMES, "round__place", "round__practitioner", "round__site__clinic")
    stops: dict[int, list[Appointment]] = defaultdict(list)
    for visit in rows.order_by("starts_at", "pk"):
        stops[visit.round_id].append(visit)
    return [LostRound(live[0].round, tuple(live), frozenset(lost.get(key, ()))) for key, live in stops.items()]


class Known(Protocol):
    """What a round asks of the solve it is part of."""

    site: Site
    now: datetime
    people: dict[int, Practitioner]
    known: dict[bool, Agendas]
    declined: Mapping[int, Collection[datetime]]
    span: tuple[datetime, datetime]
    step_min: int

    def may_treat(self, visit: Appointment, practitioner: int) -> bool: ...
    def between(self, start: int, must_call: bool) -> Interval: ...
    def window_of(self, visit: Appointment) -> Interval | None: ...
    def busy_of(self, visit: Appointment) -> Sequence[Interval]: ...


class RoundQuestion:
    """A round as the engine is asked about it, and the answer in words."""

    def __init__(self, lost: LostRound, known: Known) -> None:
        self.lost, self.known, self.key = lost, known, lost.key
        one = lost.round
        self.broken = BrokenRound(
            key=self.key,
            practitioner=one.practitioner_id,
            parts=tuple(self._part(visit) for visit in lost.visits),
            before_min=one.travel_before_min,
            after_min=one.travel_after_min,
            not_at=frozenset(minute_of(at) for at in known.declined.get(lost.visits[0].pk, ())),
        )

    def _part(self, visit: Appointment) -> Part:
        start = minute_of(visit.starts_at)
        length = minute_after(visit.ends_at) - start
        return Part(visit.patient_id, start, length, self.known.window_of(visit), self.known.busy_of(visit))

    @cached_property
    def people(self) -> dict[int, Agenda]:
        """Who may drive there: treats, and may inject, all of them."""
        is_session = not all(visit.can_do_without_record for visit in self.lost.visits)
        agendas = self.known.known[True].practitioners
        return {
            key: while_here(person, agendas[key], self.known.site.zone, is_treatment=is_session)
            for key, person in self.known.people.items()
            if all(self.known.may_treat(visit, key) for visit in self.lost.visits)
        }

    @cached_property
    def candidate(self) -> Candidate:
        between = self.known.between(self.broken.start, self.lost.must_call(self.known.now))
        return round_candidate(self.broken, self.people, between=between, step_minutes=self.known.step_min)

    def choice(self, placement: Placement) -> Choice:
        option = placement.option
        first = option.start + self.broken.before_min
        free = FreeTime(
            instant_of(first), instant_of(first + self.broken.minutes), self.known.people[option.practitioner]
        )
        return Choice(free, "; ".join(self._words(placement, free)), bool(option.price.outside_window))

    def _words(self, placement: Placement, free: FreeTime) -> Iterator[str]:
        option, zone = placement.option, self.known.site.zone
        yield when_words(self.lost.starts_at, free.starts_at, self.known.site)
        if option.price.other_practitioner:
            yield _("with %(name)s") % {"name": free.practitioner.name}
        if self.broken.before_min or self.broken.after_min:
            leaves, back = (instant_of(minute).astimezone(zone) for minute in (option.start, option.end))
            yield _("leaves %(leaves)s, back %(back)s") % {"leaves": f"{leaves:%H:%M}", "back": f"{back:%H:%M}"}
        if outside := option.price.outside_window:
            words = ngettext("%(count)s outside its window", "%(count)s outside their windows", outside)
            yield words % {"count": outside}

    def why_torn(self) -> str:
        """Say why there is no time for the whole round."""
        names = {
            "minutes": self.broken.minutes,
            "way": self.broken.before_min + self.broken.after_min,
            "day": date_format(local_day(self.known.span[1] - timedelta(minutes=1), self.known.site.zone), "j M"),
        }
        if not self.people:
            return _("Nobody who is here treats all of them, so the visits are proposed one by one.")
        if not self.candidate.options:
            words = _(
                "Nobody who treats all of them has %(minutes)s minutes in one piece, and %(way)s minutes for the way, until "
                "%(day)s. The visits are proposed one by one."
            )
            return words % names
        return _("Another round needs the only times it fits, so the visits are proposed one by one.")
