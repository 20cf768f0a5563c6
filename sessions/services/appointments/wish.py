"""What somebody asks for when booking or moving, and the locks that make the answer true until it is saved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from mesoclinic.core.models import Site, User
from mesoclinic.core.refused import Refused
from patients.models import Patient, Place
from sessions.models import Course, PlannedSession, Practitioner, Room
from sessions.queries import room_choice
from sessions.queries.availability import LONGEST_MIN, species_treated


@dataclass(frozen=True)
class Wish:
    """A time asked for. `any_room` lets the first free room be chosen; `without` are the appointments being moved.

    `blocked_day_reason` is why the patient is booked on a blocked day all the same: always somebody's own words.
    `stays_blocked`: the visit stood on those days before, so that moving it there decides nothing new.
    """

    actor: User | None
    site: Site
    patient: Patient
    practitioner: Practitioner
    starts_at: datetime
    minutes: int
    now: datetime
    room: Room | None = None
    place: Place | None = None
    any_room: bool = False
    planned_session: PlannedSession | None = None
    outside_window_reason: str = ""
    blocked_day_reason: str = ""
    stays_blocked: bool = False
    squeeze_reason: str = ""
    is_walk_in: bool = False
    takes_back: bool = False  # a move is undone: what was true of the old time is true again
    without: tuple[int, ...] = ()
    rooms: tuple[Room, ...] = ()  # those that will do, the best first, filled by `locked`
    species_treated: frozenset[int] = frozenset()  # by the practitioner, none meaning all; filled by `locked`

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


def checked_minutes(minutes: int) -> int:
    """Raises Refused("bad-minutes") unless between 1 and 999."""
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= LONGEST_MIN:
        raise Refused("bad-minutes", _("A visit lasts between 1 and 999 minutes."), field="minutes")
    return minutes


def locked(wish: Wish) -> Wish:
    return locked_many([wish])[0]


def locked_many(wishes: Sequence[Wish]) -> list[Wish]:
    """Lock the rows of practitioners, rooms and patients, then courses and sessions, in this order, and read them anew.

    The order is everybody's, and within each kind it is by key, so two bookings never wait for each other. At most
    eight SQL statements, whatever their number. Objects of another clinic are 404.
    Raises Refused("patient-gone" | "session-gone").
    """
    clinic_id = wishes[0].site.clinic_id
    people = _rows(Practitioner, clinic_id, (wish.practitioner for wish in wishes))
    treated = species_treated(people)
    rooms = _rooms(clinic_id, wishes)
    patients = _patients(clinic_id, [wish.patient for wish in wishes])
    if any(wish.place is not None and wish.place.clinic_id != clinic_id for wish in wishes):
        raise Http404
    planned = _sessions(clinic_id, [wish.planned_session for wish in wishes if wish.planned_session])
    return [
        replace(
            wish,
            practitioner=people[wish.practitioner.pk],
            species_treated=treated[wish.practitioner.pk],
            room=rooms[wish.room.pk] if wish.room else None,
            rooms=_that_will_do(rooms.values(), wish, patients[wish.patient.pk]),
            patient=patients[wish.patient.pk],
            planned_session=planned[wish.planned_session.pk] if wish.planned_session else None,
        )
        for wish in wishes
    ]


def _patients(clinic_id: int, wanted: Sequence[Patient]) -> dict[int, Patient]:
    """Lock patients. Nothing but an import that is taken back deletes a file: whoever comes too late is told so."""
    try:
        return _rows(Patient, clinic_id, wanted, "species")
    except Http404:
        there = set(Patient.objects.filter(pk__in=[one.pk for one in wanted]).values_list("pk", flat=True))
        gone = next((one for one in wanted if one.pk not in there), None)
        if gone is None:
            raise
        words = _("The file of %(patient)s has just been deleted: the import it came with was taken back.")
        raise Refused("patient-gone", words % {"patient": gone.name}) from None


def _takes_any(wish: Wish) -> bool:
    return wish.any_room and wish.room is None and wish.place is None


def _that_will_do(rooms: Iterable[Room], wish: Wish, patient: Patient) -> tuple[Room, ...]:
    if wish.room is not None:
        return tuple(room for room in rooms if room.pk == wish.room.pk)
    if not _takes_any(wish):
        return ()
    in_use = (room for room in rooms if room.site_id == wish.site.pk and room.is_active)
    return tuple(room_choice.fitting(in_use, patient.species))


def _rooms(clinic_id: int, wishes: Sequence[Wish]) -> dict[int, Room]:
    """Lock the rooms named, and every room of a site where any will do; in the site's order."""
    named = {wish.room.pk for wish in wishes if wish.room}
    sites = {wish.site.pk for wish in wishes if _takes_any(wish)}
    if not named and not sites:
        return {}
    asked = Q(pk__in=named) | Q(site__in=sites, is_active=True) if sites else Q(pk__in=named)
    found = list(_locking(Room, is_one=len(named) == 1 and not sites).filter(asked, clinic_id=clinic_id))
    if not named <= {room.pk for room in found}:
        raise Http404
    return {room.pk: room for room in sorted(found, key=lambda one: (one.position, one.name))}


def _sessions(clinic_id: int, asked: Sequence[PlannedSession]) -> dict[int, PlannedSession]:
    """Lock planned sessions behind their courses. The courses go first: so does whoever re-plans them."""
    if not asked:
        return {}
    courses = _rows(Course, clinic_id, (planned.course for planned in asked))
    keys = {planned.pk for planned in asked}
    rows = _locking(PlannedSession, is_one=len(keys) == 1)
    found = {row.pk: row for row in rows.filter(pk__in=keys, course__in=courses)}
    for row in found.values():
        row.course = courses[row.course_id]
    if any(planned.pk not in found for planned in asked):
        raise Refused("session-gone", _("The plan has changed: this session is not in it any more. Load it again."))
    return found


def _rows(model: Any, clinic_id: int, wanted: Iterable[Any], *related: str) -> dict[int, Any]:
    keys = {row.pk for row in wanted}
    rows = _locking(model, is_one=len(keys) == 1)
    if related:  # without names it would join every table there is a way to
        rows = rows.select_related(*related)
    found = {row.pk: row for row in rows.filter(pk__in=keys, clinic_id=clinic_id)}
    if len(found) < len(keys):
        raise Http404
    return found


def _locking(model: Any, *, is_one: bool) -> QuerySet:
    """Lock rows in the order of their keys. One needs no order, and the ORM is slow to write one."""
    rows = model.objects.select_for_update(of=("self",), no_key=True)
    return rows.order_by() if is_one else rows.order_by("pk")
