"""What somebody asks for when booking or moving, and the locks that make the answer true until it is saved."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.http import Http404
from django.utils.translation import gettext as _

from mesoclinic.core.models import Site, User
from mesoclinic.core.refused import Refused
from patients.models import Patient, Place
from sessions.models import Course, PlannedSession, Practitioner, Room
from sessions.queries.availability import LONGEST_MIN


@dataclass(frozen=True)
class Wish:
    """A time asked for. `any_room` lets the first free room be chosen; `without` is the appointment being moved."""

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
    squeeze_reason: str = ""
    is_walk_in: bool = False
    without: tuple[int, ...] = ()
    rooms: tuple[Room, ...] = ()  # those that will do, filled by `locked`

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


def checked_minutes(minutes: int) -> int:
    """Raises Refused("bad-minutes") unless between 1 and 999."""
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= LONGEST_MIN:
        raise Refused("bad-minutes", _("A visit lasts between 1 and 999 minutes."), field="minutes")
    return minutes


def locked(wish: Wish) -> Wish:
    """Lock the rows of practitioner, room and patient, then the course, in this order, and read them anew.

    The order is everybody's, so two bookings never wait for each other. Objects of another clinic are 404.
    """
    clinic_id = wish.site.clinic_id
    practitioner = _one(Practitioner, clinic_id, wish.practitioner)
    room = _one(Room, clinic_id, wish.room) if wish.room else None
    rooms: tuple[Room, ...] = (room,) if room else ()
    if wish.any_room and room is None and wish.place is None:
        every = Room.objects.filter(site=wish.site, is_active=True).order_by("pk")
        rooms = tuple(sorted(every.select_for_update(no_key=True), key=lambda one: (one.position, one.name)))
    patient = _one(Patient, clinic_id, wish.patient, "species")
    place = wish.place
    if place is not None and place.clinic_id != clinic_id:
        raise Http404
    planned = locked_session(wish.planned_session, clinic_id) if wish.planned_session else None
    return replace(wish, practitioner=practitioner, room=room, rooms=rooms, patient=patient, planned_session=planned)


def locked_session(planned: PlannedSession, clinic_id: int) -> PlannedSession:
    """Lock a planned session behind its course. The course goes first: so does whoever re-plans it."""
    course = _one(Course, clinic_id, planned.course)
    fresh = PlannedSession.objects.select_for_update(no_key=True).filter(pk=planned.pk, course=course).first()
    if fresh is None:
        raise Refused("session-gone", _("The plan has changed: this session is not in it any more. Load it again."))
    fresh.course = course
    return fresh


def _one(model, clinic_id: int, row, *related: str):
    rows = model.objects.select_for_update(of=("self",), no_key=True).select_related(*related)
    fresh = rows.filter(pk=row.pk, clinic_id=clinic_id).first()
    if fresh is None:
        raise Http404
    return fresh
