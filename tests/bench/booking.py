"""P1: plan a course and book every session of it, against the same rows by raw SQL under the same locks."""

from datetime import datetime, time, timedelta
from types import SimpleNamespace

from django.db import transaction

from mesoclinic.core.models import AuditEvent
from sessions.models import Appointment, Course, PlannedSession
from sessions.services import appointments, plans
from tests.bench import raw
from tests.bench.timing import Ratio, Timed, interleaved, require
from tests.bench.world import SLOTS, make_world, next_monday, slot_at
from tests.factories import make_course, make_patient

TAPER = "4x1w@20, 4x2w@20, 7x4w@20"


def plan_and_book(*, rounds: int = 15, cadence: str = TAPER) -> Ratio:
    """P1: plan a course and book all of it, one transaction each, on both sides."""
    count = rounds + 2  # the warm-up, and one course whose rows are the pattern of the floor
    ours, floors = (make_world(practitioners=-(-count // SLOTS), patients=1) for _side in range(2))
    now = datetime.combine(next_monday(), time(7), tzinfo=ours.site.zone)
    for world in (ours, floors):
        world.now = now
        world.courses = [_prescribed(world, cadence, now) for _number in range(count)]
    pattern = _pattern(ours, floors, count - 1)

    def by_services(number: int) -> Timed:
        return lambda: _through_services(ours, number)

    def by_sql(number: int) -> Timed:
        rows = _Rows(pattern, floors, number)
        return rows.write

    sessions = len(pattern.sessions)
    return interleaved(
        "P1",
        f"plan + book a series of {sessions} / its rows in every table by raw multi-row SQL under the same locks, one transaction each",
        by_services,
        by_sql,
        same=lambda mine, floor: _booked(mine) == _booked(floor) and len(_booked(mine)) == sessions,
        rounds=rounds,
        bound=4,
        aim=2.5,
    )


def _prescribed(world: SimpleNamespace, cadence: str, now: datetime) -> Course:
    return make_course(
        world.clinic,
        cadence=cadence,
        patient=make_patient(world.clinic),
        protocol_version=world.version,
        practitioner=world.people[0],
        indication=world.indication,
        actor=world.user,
        now=now,
        plan=False,
    )


def _through_services(world: SimpleNamespace, number: int) -> Course:
    course = world.courses[number]
    with transaction.atomic():
        plans.plan_sessions(course.pk, now=world.now)
        bookings = [
            appointments.Booking(
                patient=course.patient,
                practitioner=world.people[number // SLOTS],
                room=world.rooms[number // SLOTS],
                starts_at=slot_at(world, planned.due_on, number % SLOTS),
                minutes=planned.minutes,
                planned_session=planned,
            )
            for planned in course.planned_sessions.order_by("number")
        ]
        appointments.book_many(actor=world.user, clinic=world.clinic, site=world.site, bookings=bookings, now=world.now)
    return course


def _pattern(ours: SimpleNamespace, floors: SimpleNamespace, number: int) -> SimpleNamespace:
    """Give the rows one course is, made through the services. Raises when the floor would not write as many."""
    before = raw.row_counts()
    course = _through_services(ours, number)
    after = raw.row_counts()
    visits = list(Appointment.objects.filter(planned_session__course=course).order_by("starts_at"))
    pattern = SimpleNamespace(
        number=number,
        sessions=list(course.planned_sessions.order_by("number")),
        visits=visits,
        events=list(AuditEvent.objects.filter(subject_id__in=[one.pk for one in visits]).order_by("pk")),
    )
    pattern.events = [one for one in pattern.events if one.verb == "appointment.booked"]
    _Rows(pattern, floors, number).write()
    written, by_floor = raw.grown(before, after), raw.grown(after, raw.row_counts())
    require(written == by_floor, f"P1: the services write {written}, the floor {by_floor}")
    return pattern


class _Rows:
    """The rows of one course of the floor, ready to be sent."""

    def __init__(self, pattern: SimpleNamespace, world: SimpleNamespace, number: int) -> None:
        self.course = world.courses[number]
        person, room = world.people[number // SLOTS], world.rooms[number // SLOTS]
        self.sessions = raw.Insert(
            PlannedSession, (raw.values(one, course_id=self.course.pk) for one in pattern.sessions)
        )
        own = {"clinic_id": world.clinic.pk, "site_id": world.site.pk, "created_by_id": world.user.pk}
        own |= {"patient_id": self.course.patient_id, "practitioner_id": person.pk, "room_id": room.pk}
        later = number % SLOTS - pattern.number % SLOTS
        moved = timedelta(minutes=20 * later)
        self.visits = raw.Insert(
            Appointment,
            (
                raw.values(one, **own, starts_at=one.starts_at + moved, ends_at=one.ends_at + moved)
                for one in pattern.visits
            ),
        )
        self.locked = (self.course, person, room, self.course.patient)
        own = {"clinic_id": world.clinic.pk, "actor_id": world.user.pk, "patient_id": self.course.patient_id}
        self.events = raw.Insert(AuditEvent, (raw.values(one, **own) for one in pattern.events))

    def write(self) -> Course:
        with transaction.atomic():
            for row in self.locked:
                raw.lock(row)
            keys = self.sessions.run()
            self.visits.fill("planned_session_id", keys)
            self.events.fill("subject_id", self.visits.run())
            self.events.run()
            Course.objects.filter(pk=self.course.pk).update(plan_made=self.course.plan_wanted)
        return self.course


def _booked(course: Course) -> list[tuple]:
    """What stands in the books of a course: number, day, status, and that the visit is on that day."""
    rows = PlannedSession.objects.filter(course=course, appointments__status="booked").order_by("number")
    found = rows.values_list("number", "due_on", "status", "appointments__starts_at__date")
    return [row[:3] for row in found if row[1] == row[3]]
