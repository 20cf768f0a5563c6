"""A clinic with as many rows as wanted of what a page may list: in the clinic, and around one patient, one course …"""

import uuid
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import count as numbers
from types import SimpleNamespace
from typing import Any

from django.db.models import F, Model
from django.test import Client
from django.utils import timezone

from mesoclinic.core.models import AuditEvent, Clinic, User
from mesoclinic.core.roles import Role
from patients.models import Flag, Patient, Place
from patients.services import flags, identifiers, merging, parties, telling_apart
from patients.services.places import create_place
from protocols.models import Lot, ProtocolLine, ProtocolVersion, Substance
from protocols.services import lots
from sessions.models import (
    Absence,
    Appointment,
    CallAttempt,
    Closure,
    Course,
    PlannedSession,
    Practitioner,
    Room,
    SessionRecord,
    WorkingHours,
)
from tests.bench import raw
from tests.bench.crowd_desk import crowd_the_desk
from tests.bench.crowd_kept import crowd_what_is_kept
from tests.bench.world import make_world, open_day, slot_at
from tests.factories import (
    make_appointment,
    make_course,
    make_horse,
    make_lot,
    make_pair,
    make_patient,
    make_practitioner,
    make_protocol_version,
    make_room,
    make_substance,
    make_user,
    site_of,
)
from tests.web.rights import World

ENDLESS = "*x1w"
NUMBERS = numbers(1_000_000)  # of files and courses, far from those the clinic counts


class Crowd(World):
    """A crowded clinic whose user has every right. What the rows of the rights matrix ask for is crowded too."""

    def __init__(self, count: int) -> None:
        self.count, self._made = count, {}
        self.bench = crowded(count)
        self.clinic: Clinic = self.bench.clinic
        self.users = dict.fromkeys(Role, self.bench.user)
        self.client = Client()
        self.client.force_login(self.bench.user)

    def one(self, make: Callable[[Clinic], Any]) -> Any:
        if make not in self._made:
            for row in _rows_in(super().one(make)):
                crowd_around(row, self.count)
            # No worker makes plans here, and a page that waits for one shows no list.
            Course.objects.filter(clinic=self.clinic).update(plan_made=F("plan_wanted"))
            raw.analyze()  # nobody sees rows of an open transaction to count them, and a guess of none costs minutes
        return self._made[make]


def _rows_in(made: Any) -> list[Model]:
    """Give the row itself, or the rows of a little world."""
    if isinstance(made, SimpleNamespace):
        return [row for row in vars(made).values() if isinstance(row, Model)]
    return [made]


def crowd_around(row: Model, count: int) -> None:
    """Give `count` rows to every list on the pages of this row; do nothing for what has none."""
    if kind := next((kind for kind in AROUND if isinstance(row, kind)), None):
        AROUND[kind](row, count)


def crowded(count: int) -> SimpleNamespace:
    """A clinic with `count` rows of everything a list shows, made from one good example each."""
    world = make_world(practitioners=1, patients=1)
    today = timezone.now().astimezone(world.site.zone).date()
    horse = make_horse(world.clinic)
    horses = _more(horse, count, lambda n: {"number": next(NUMBERS), "name": f"Horse {n:04}"})
    for word in horse.search_words.all():
        _more(word, count, lambda n, word=word: {"patient_id": horses[n]})
    link = horse.party_links.get()
    _more(link, count, lambda n: {"patient_id": horses[n]})
    people = _more(make_practitioner(world.clinic), count, lambda n: {"name": f"Dr No {n:04}"})
    _more(make_room(world.clinic), count, lambda n: {"name": f"Room No {n:04}"})
    _more(make_user(world.clinic), count, lambda n: {"username": uuid.uuid4().hex, "email": ""})
    _stock(world, count)
    courses = _courses(world, horses, count, today)
    _visits(world, horses, people, courses, count)
    _days(world, people, count, today)
    crowd_the_desk(world, horses, people, today)
    crowd_what_is_kept(world, horses, courses, today)
    place = create_place(actor=None, clinic=world.clinic, name="Place 0")
    _more(place, count, lambda n: {"name": f"Place No {n:04}"})
    raw.analyze()
    return world


def _more(row: Model, count: int, change: Callable[[int], dict[str, Any]]) -> list[int]:
    """Give the keys of `count` rows: the example and copies of it."""
    return [row.pk, *raw.clones(row, count - 1, lambda number: change(number + 1))]


def _stock(world: SimpleNamespace, count: int) -> None:
    substance = make_substance(world.clinic)
    substances = _more(substance, count, lambda n: {"name": f"Substance No {n:04}", "code": f"substance-no-{n}"})
    pair = make_pair(world.clinic, substance)
    _more(pair, count, lambda n: {"first_id": substances[n], "name": f"Pair No {n:04}", "code": f"pair-no-{n}"})
    _more(make_lot(world.clinic, substance), count, lambda n: {"substance_id": substances[n], "number": f"No {n}"})
    version = make_protocol_version(world.clinic)
    protocols = _more(version.protocol, count, lambda n: {"name": f"Protocol No {n:04}", "code": f"protocol-no-{n}"})
    versions = _more(version, count, lambda n: {"protocol_id": protocols[n], "status": "draft", "published_at": None})
    line = ProtocolLine.objects.get(version=version)
    _more(line, count, lambda n: {"version_id": versions[n], "substance_id": substances[n]})
    drafts = type(version).objects.filter(pk__in=versions, status="draft")
    drafts.update(status=version.status, published_at=version.published_at)


def _courses(world: SimpleNamespace, horses: list[int], count: int, today: date) -> dict[int, list[int]]:
    """Give the keys of the courses as number 0, and those of each planned session by its number."""
    course = make_course(
        world.clinic,
        cadence="2x1w!, 2x2w",
        patient=world.patient,
        protocol_version=world.version,
        practitioner=world.people[0],
        indication=world.indication,
    )
    courses = _more(course, count, lambda n: {"number": next(NUMBERS), "patient_id": horses[n]})
    _more(course.revisions.get(), count, lambda n: {"course_id": courses[n]})
    keys = {
        planned.number: _more(planned, count, lambda n: {"course_id": courses[n]})
        for planned in course.planned_sessions.all()
    }
    due = PlannedSession.objects.filter(course_id__in=courses, number=1)
    due.update(due_on=today, earliest_on=today - timedelta(days=3), latest_on=today + timedelta(days=3))
    return {0: courses, **keys}


def _visits(
    world: SimpleNamespace, horses: list[int], people: list[int], courses: dict[int, list[int]], count: int
) -> None:
    """Visits of today, every fifth of a status of its own and too early for its session, and a record each."""
    starts_at = timezone.now().replace(minute=0, second=0, microsecond=0)
    visit = make_appointment(
        world.clinic,
        patient=make_horse(world.clinic),
        practitioner=world.people[0],
        starts_at=slot_at(world, open_day(world, weeks=8), 0),
    )
    statuses = ("booked", "arrived", "in_progress", "no_show", "fulfilled")
    visits = raw.clones(
        visit,
        count,
        lambda n: {
            "patient_id": horses[n],
            "practitioner_id": people[n],
            "planned_session_id": courses[2][n],
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=30),
            "status": statuses[n % len(statuses)],
        },
    )
    record = SessionRecord.objects.create(
        clinic=world.clinic, patient=world.patient, course_id=courses[0][0], created_by=world.user, edited_by=world.user
    )
    own = {"performed_at": starts_at, "performed_by_id": world.people[0].pk}
    raw.clones(
        record,
        count,
        lambda n: {
            "appointment_id": visits[n],
            "patient_id": horses[n],
            "course_id": courses[0][n],
            **({"status": "done", **own} if n % 2 else {}),
        },
    )


def _days(world: SimpleNamespace, people: list[int], count: int, today: date) -> None:
    now = timezone.now()
    absence = Absence.objects.create(
        clinic=world.clinic, practitioner_id=people[0], starts_at=now, ends_at=now + timedelta(days=2)
    )
    _more(absence, count, lambda n: {"practitioner_id": people[n]})
    closure = Closure.objects.create(
        clinic=world.clinic, site=world.site, from_on=today + timedelta(days=30), until_on=today + timedelta(days=30)
    )
    days = [today + timedelta(days=30 + n) for n in range(count)]
    _more(closure, count, lambda n: {"from_on": days[n], "until_on": days[n]})
    event = AuditEvent.objects.filter(clinic=world.clinic, patient_id__isnull=False).last()
    _more(event, count, lambda n: {"actor_id": world.user.pk})


# Around one row


def _around_patient(patient: Patient, count: int) -> None:
    clinic = patient.clinic
    if Flag.objects.filter(patient=patient, text="No 0").exists():
        return  # reached before, by another way
    flag = flags.add_flag(actor=None, patient=patient, kind="heart", text="No 0")
    _more(flag, count, lambda n: {"text": f"Flag No {n}"})
    number = identifiers.add_identifier(actor=None, patient=patient, scheme="other", value="No 0")
    _more(number, count, lambda n: {"value": f"No {n}"})
    weight = patient.weights.first()
    _more(weight, count, lambda n: {"weighed_on": weight.weighed_on - timedelta(days=n)})
    link = parties.add_party(actor=None, patient=patient, role="trainer", name="Trainer 0", phone="+33 6 39 98 00 00")
    trainers = _more(link.party, count, lambda n: {"name": f"Trainer No {n}"})
    _more(link, count, lambda n: {"party_id": trainers[n]})
    relatives = _more(make_patient(clinic), count, lambda n: {"number": next(NUMBERS), "name": f"Relative No {n:04}"})
    for known in patient.party_links.exclude(role="trainer"):
        raw.clones(known, count, lambda n: {"patient_id": relatives[n]})
    merge = merging.merge_patient(actor=None, patient=make_patient(clinic, patient.species.code), into=patient)
    merged = _more(merge.merged, count, lambda n: {"number": next(NUMBERS)})
    _more(merge, count, lambda n: {"merged_id": merged[n]})
    other = make_patient(clinic, patient.species.code, name="No twin 0")
    others = _more(other, count, lambda n: {"number": next(NUMBERS), "name": f"No twin {n}"})
    pair = telling_apart.tell_files_apart(actor=None, patient=patient, other=other)
    _more(pair, count, lambda n: {"second_id": others[n]})
    _more(AuditEvent.objects.filter(patient_id=patient.pk).last(), count, lambda n: {})
    _more(CallAttempt.objects.create(clinic=clinic, patient=patient, outcome="no_answer"), count, lambda n: {})
    course = patient.courses.first() or make_course(clinic, patient=patient)
    courses = _more(course, count, lambda n: {"number": next(NUMBERS)})
    _more(course.revisions.first(), count, lambda n: {"course_id": courses[n]})
    for planned in course.planned_sessions.all():
        _more(planned, count, lambda n: {"course_id": courses[n]})
    _around_course(course, count)


def _around_course(course: Course, count: int) -> None:
    """An endless series: `count` sessions done, each with its record, and as many booked."""
    if not Course.objects.filter(pk=course.pk).exclude(cadence=ENDLESS).update(cadence=ENDLESS):
        return  # its patient came before it
    changed = {"cadence": ENDLESS, "kind": "changed"}
    raw.clones(course.revisions.first(), count, lambda n: {"number": 2 + n, **changed})
    today, first = timezone.localdate(), course.planned_sessions.count() + 1
    days = [today + timedelta(days=n - count) for n in range(2 * count + 1) if n != count]
    states = [{"status": "done", "performed_on": day} if day < today else {"status": "booked"} for day in days]
    windows = [{"due_on": day, "earliest_on": day, "latest_on": day, "ideal_on": day} for day in days]
    planned = raw.clones(
        course.planned_sessions.last(),
        2 * count,
        lambda n: {"number": first + n, "revision": 1 + count, **states[n], **windows[n]},
    )
    # At night, when no other visit of a test is, and each course at a time of its own.
    starts_at = timezone.now().replace(hour=1, minute=0, second=0, microsecond=0)
    starts_at += timedelta(minutes=25 * (next(NUMBERS) % 8))
    times = [starts_at + timedelta(days=(day - today).days) for day in days]
    visit = Appointment.objects.create(
        clinic=course.clinic,
        site=course.site,
        patient=course.patient,
        practitioner=make_practitioner(course.clinic),
        starts_at=times[-1] + timedelta(days=30),
        ends_at=times[-1] + timedelta(days=30, minutes=20),
    )
    visits = raw.clones(
        visit,
        2 * count,
        lambda n: {
            "planned_session_id": planned[n],
            "starts_at": times[n],
            "ends_at": times[n] + timedelta(minutes=20),
            "status": "fulfilled" if n < count else "booked",
        },
    )
    done = {"status": "done", "performed_by_id": visit.practitioner_id}
    record = SessionRecord.objects.create(clinic=course.clinic, patient=course.patient, course=course)
    raw.clones(
        record,
        count,
        lambda n: {"appointment_id": visits[n], "planned_session_id": planned[n], "performed_at": times[n], **done},
    )


def _around_version(version: ProtocolVersion, count: int) -> None:
    if version.status == "draft":  # a published one is frozen
        line = version.lines.first()
        substances = _more(line.substance, count, lambda n: {"name": f"Part No {n:04}", "code": uuid.uuid4().hex})
        _more(line, count, lambda n: {"position": line.position + n, "substance_id": substances[n]})
    published = {"status": "published", "published_at": timezone.now()}
    raw.clones(version, count, lambda n: {"number": version.number + 1 + n, **published})


def _around_substance(substance: Substance, count: int) -> None:
    _more(make_lot(substance.clinic, substance), count, lambda n: {"number": f"No {n}"})


def _around_lot(lot: Lot, count: int) -> None:
    _more(lot.movements.first(), count, lambda n: {})
    until, site = lot.expires_on, lot.movements.first().site
    vial = lots.open_vial(actor=make_user(lot.clinic), lot=lot, site=site, beyond_use_on=until)
    _more(vial, count, lambda n: {})


def _around_working(row: Practitioner | Room, count: int) -> None:
    """Hours that were valid once, one after the other, and days away."""
    whose = {"practitioner" if isinstance(row, Practitioner) else "room": row}
    site = getattr(row, "site", None) or site_of(row.clinic)
    now = timezone.now()
    days = [timezone.localdate() - timedelta(days=n + 1) for n in range(count)]
    hours = WorkingHours(clinic=row.clinic, site=site, weekday=1, start_time=time(9), end_time=time(17), **whose)
    raw.clones(hours, count, lambda n: {"from_on": days[n], "until_on": days[n]})
    absence = Absence(clinic=row.clinic, starts_at=now, ends_at=now, **whose)
    raw.clones(
        absence,
        count,
        lambda n: {"starts_at": now + timedelta(days=n + 9), "ends_at": now + timedelta(days=n + 9, hours=1)},
    )


def _around_closure(closure: Closure, count: int) -> None:
    """The visits it breaks, each of another practitioner and patient."""
    clinic = closure.clinic
    people = Practitioner.objects.filter(clinic=clinic).values_list("pk", flat=True).order_by("pk")[:count]
    patients = Patient.objects.filter(clinic=clinic, merged_into=None).values_list("pk", flat=True).order_by("pk")
    starts_at = datetime.combine(closure.from_on, time(12), tzinfo=closure.site.zone)
    ends_at = starts_at + timedelta(minutes=20)
    visit = Appointment(clinic=clinic, site=closure.site, starts_at=starts_at, ends_at=ends_at, created_at=starts_at)
    pairs = list(zip(people, patients[:count], strict=False))
    raw.clones(visit, len(pairs), lambda n: dict(zip(("practitioner_id", "patient_id"), pairs[n], strict=True)))


def _around_place(place: Place, count: int) -> None:
    _more(make_horse(place.clinic, place=place), count, lambda n: {"number": next(NUMBERS), "name": f"Guest {n:04}"})


def _around_user(user: User, count: int) -> None:
    _more(AuditEvent.objects.filter(clinic=user.clinic).last(), count, lambda n: {"actor_id": user.pk})


AROUND: dict[type[Model], Callable[[Any, int], None]] = {
    Patient: _around_patient,
    Flag: lambda row, count: _around_patient(row.patient, count),
    Course: _around_course,
    Appointment: lambda row, count: _around_patient(row.patient, count),
    ProtocolVersion: _around_version,
    Substance: _around_substance,
    Lot: _around_lot,
    Closure: _around_closure,
    Practitioner: _around_working,
    Room: _around_working,
    Place: _around_place,
    User: _around_user,
}
