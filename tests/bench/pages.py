"""P10: every page without a path of its own asks the database as often for a thousand rows as for ten."""

import uuid
from datetime import timedelta
from types import SimpleNamespace

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from mesoclinic.core.models import AuditEvent
from protocols.models import ProtocolLine
from sessions.models import Absence, Closure, PlannedSession, SessionRecord
from tests.bench import raw
from tests.bench.timing import Amount, require
from tests.bench.world import make_world, open_day, slot_at
from tests.factories import (
    make_appointment,
    make_course,
    make_horse,
    make_lot,
    make_practitioner,
    make_protocol_version,
    make_room,
    make_substance,
    make_user,
)
from tests.web.rights import all_rows, all_views

SKIPPED = ("accounts", "mfa_", "account_", "usersessions", "healthz", "readyz", "set_language", "core:styleguide")


def queries_per_page(*, few: int = 10, many: int = 1000) -> list[Amount]:
    """Give one line for all pages, and one for each whose number of queries depends on the rows."""
    small, large = (crowded(count) for count in (few, many))
    uneven, seen = [], 0
    for name in sorted(all_views()):
        counts = [_count(world, name) for world in (small, large)]
        if None in counts:
            continue
        seen += 1
        if counts[0] != counts[1]:  # once a minute a request renews the session: ask again before believing it
            counts = [min(count, _count(world, name)) for world, count in zip((small, large), counts, strict=True)]
        if counts[0] != counts[1]:
            uneven.append((name, counts))
    require(seen > 10, "P10: fewer pages than there are lists")
    words = f"P10 queries per page, {many:,} rows / {few} rows, {seen} pages"
    worst = max((large / small for _name, (small, large) in uneven), default=1.0)
    verdict = "OVER BOUND" if worst > 1 else "aim met"
    lines = [Amount(words, f"{worst:.2f}", "1.00", verdict)]
    return lines + [
        Amount(
            f"P10 {name}", f"{counts[1]} / {counts[0]} queries", "equal", "OVER BOUND" if counts[1] > counts[0] else ""
        )
        for name, counts in uneven
    ]


def _count(world: SimpleNamespace, name: str) -> int | None:
    """Count the queries of a page for somebody with every right; None when it is not a page by itself."""
    if name.startswith(SKIPPED):
        return None
    try:
        url = reverse(name)
    except NoReverseMatch:
        return None
    row = all_rows().get(name)
    query = dict(row.query) if row else {}
    if world.client.get(url, query).status_code != 200:
        return None
    with CaptureQueriesContext(connection) as asked:
        world.client.get(url, query)
    return len([one for one in asked.captured_queries if "SAVEPOINT" not in one["sql"]])


def crowded(count: int) -> SimpleNamespace:
    """A clinic with `count` rows of everything a list shows, made from one good example each."""
    world = make_world(practitioners=1, patients=1)
    today = timezone.now().astimezone(world.site.zone).date()
    horse = make_horse(world.clinic)
    horses = _more(horse, count, lambda n: {"number": 1000 + n, "name": f"Horse {n:04}"})
    link = horse.party_links.get()
    _more(link, count, lambda n: {"patient_id": horses[n]})
    people = _more(make_practitioner(world.clinic), count, lambda n: {"name": f"Dr No {n:04}"})
    _more(make_room(world.clinic), count, lambda n: {"name": f"Room No {n:04}"})
    _more(make_user(world.clinic), count, lambda n: {"username": uuid.uuid4().hex, "email": ""})
    _stock(world, count)
    courses = _courses(world, horses, count, today)
    _visits(world, horses, people, courses, count)
    _days(world, people, count, today)
    world.client = Client()
    world.client.force_login(world.user)
    return world


def _more(row, count: int, change) -> list[int]:
    """Give the keys of `count` rows: the example and copies of it."""
    return [row.pk, *raw.clones(row, count - 1, lambda number: change(number + 1))]


def _stock(world: SimpleNamespace, count: int) -> None:
    substance = make_substance(world.clinic)
    substances = _more(substance, count, lambda n: {"name": f"Substance No {n:04}", "code": f"substance-no-{n}"})
    _more(make_lot(world.clinic, substance), count, lambda n: {"substance_id": substances[n], "number": f"No {n}"})
    version = make_protocol_version(world.clinic)
    protocols = _more(version.protocol, count, lambda n: {"name": f"Protocol No {n:04}", "code": f"protocol-no-{n}"})
    versions = _more(version, count, lambda n: {"protocol_id": protocols[n], "status": "draft", "published_at": None})
    line = ProtocolLine.objects.get(version=version)
    _more(line, count, lambda n: {"version_id": versions[n], "substance_id": substances[n]})
    drafts = type(version).objects.filter(pk__in=versions, status="draft")
    drafts.update(status=version.status, published_at=version.published_at)


def _courses(world: SimpleNamespace, horses: list[int], count: int, today) -> list[int]:
    course = make_course(
        world.clinic,
        cadence="2x1w!, 2x2w",
        patient=world.patient,
        protocol_version=world.version,
        practitioner=world.people[0],
        indication=world.indication,
    )
    courses = _more(course, count, lambda n: {"number": course.number + n, "patient_id": horses[n]})
    _more(course.revisions.get(), count, lambda n: {"course_id": courses[n]})
    for planned in course.planned_sessions.all():
        _more(planned, count, lambda n, planned=planned: {"course_id": courses[n]})
    due = PlannedSession.objects.filter(course_id__in=courses, number=1)
    due.update(due_on=today, earliest_on=today - timedelta(days=3), latest_on=today + timedelta(days=3))
    return courses


def _visits(world: SimpleNamespace, horses: list[int], people: list[int], courses: list[int], count: int) -> None:
    """Visits of today, every fifth of a status of its own, and a draft of a record each."""
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
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=30),
            "status": statuses[n % len(statuses)],
        },
    )
    record = SessionRecord.objects.create(
        clinic=world.clinic, patient=world.patient, course_id=courses[0], created_by=world.user, edited_by=world.user
    )
    own = {"performed_at": starts_at, "performed_by_id": world.people[0].pk}
    raw.clones(
        record,
        count,
        lambda n: {
            "appointment_id": visits[n],
            "patient_id": horses[n],
            "course_id": courses[n],
            **({"status": "done", **own} if n % 2 else {}),
        },
    )


def _days(world: SimpleNamespace, people: list[int], count: int, today) -> None:
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
