"""The ways to accept a whole series in a race: as the product does, and as one does who only looks first."""

from datetime import datetime, timedelta

from mesoclinic.core.refused import Refused
from sessions.models import Appointment, Course, Practitioner, Room
from sessions.services import appointments
from sessions.services.appointments import SeriesTime


def accept_series(asked):
    """Book the times shown to everybody before the race, all or none."""
    course, times = _series(asked)
    now = datetime.fromisoformat(asked["now"])
    return appointments.book_series(actor=None, clinic=course.clinic, course=course, times=times, now=now)[0]


def accept_carelessly(asked):
    """The control: look whether every time is free, then save one after the other."""
    course, times = _series(asked)
    for one in times:
        if Appointment.objects.live().filter(practitioner=one.practitioner, starts_at=one.starts_at).exists():
            raise Refused("just-taken", "taken")
    visits = []
    for one in times:
        visit = Appointment(clinic=course.clinic, site=course.site, patient=course.patient, starts_at=one.starts_at)
        visit.practitioner, visit.room = one.practitioner, one.room
        visit.ends_at = one.starts_at + timedelta(minutes=20)
        visit.save()
        visits.append(visit)
    return visits[0]


def _series(asked):
    course = Course.objects.select_related("clinic", "site", "patient").get(pk=asked["course"])
    people, rooms = Practitioner.objects.in_bulk(), Room.objects.in_bulk()
    return course, [
        SeriesTime(number, datetime.fromisoformat(starts_at), people[who], rooms.get(room))
        for number, starts_at, who, room in asked["times"]
    ]
