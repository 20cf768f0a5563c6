"""The manager's overview of a year, in a clinic with a million sessions behind it. PostgreSQL only."""

from datetime import timedelta
from types import SimpleNamespace

from django.db import connection, models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sessions.models import AdverseEvent, Appointment, CourseFigures, SessionRecord
from tests.bench import raw
from tests.bench.timing import Times, repeated
from tests.bench.world import flood, make_world, next_monday
from tests.factories import make_course

SESSIONS_A_COURSE = 10
AIMS = {"aim_p50_ms": 150, "aim_p95_ms": 300}


def years_of_sessions(count: int = 1_000_000, *, practitioners: int = 20) -> SimpleNamespace:
    """Give a clinic `count` visits, sessions of courses and records over some ten years until today, and what they came to."""
    world = make_world(practitioners=practitioners, patients=400)
    before = next_monday(0)
    example = make_course(
        world.clinic,
        patient=world.patient,
        protocol_version=world.version,
        practitioner=world.people[0],
        indication=world.indication,
    )
    planned = example.planned_sessions.first()
    flood(world, count, before)
    years = Appointment.objects.filter(clinic=world.clinic).aggregate(first=models.Min("starts_at"))
    days = (timezone.now() - years["first"]).days
    courses = count // SESSIONS_A_COURSE
    one_of = "(%(people)s::bigint[])[1 + n %% %(person_count)s]"
    patient = "(%(patients)s::bigint[])[1 + n %% %(patient_count)s]"
    given = {
        "people": [one.pk for one in world.people],
        "person_count": len(world.people),
        "patients": world.patients,
        "patient_count": len(world.patients),
        "first": timezone.localdate() - timedelta(days=days),
        "days": days,
        "a_course": SESSIONS_A_COURSE,
    }
    day = f"(%(first)s::date + (n::bigint * %(days)s / {courses})::int)"
    first_course = _many(
        example,
        courses,
        {"number": "1000000 + n", "patient_id": patient, "lead_practitioner_id": one_of, "start_on": day},
        given,
    )
    of_course = f"{first_course} + n / %(a_course)s"
    later = f"(%(first)s::date + (n::bigint * %(days)s / {count})::int)"
    number = "1 + n %% %(a_course)s"
    days_off = {"due_on": later, "earliest_on": later, "latest_on": f"{later} + 2", "performed_on": f"{later} + n %% 4"}
    _many(planned, count, {"course_id": of_course, "number": number, "status": "'done'", **days_off}, given)
    record = SessionRecord.objects.create(
        clinic=world.clinic, patient=world.patient, course=example, performed_by=world.people[0]
    )
    at = f"{later} + interval '10 hours'"
    told = {"course_id": of_course, "patient_id": patient, "performed_by_id": one_of, "performed_at": at}
    first_record = _many(record, count, {**told, "status": "'done'"}, given)
    event = AdverseEvent.objects.create(patient=world.patient, record=record, kind="bruise")
    _many(event, count // 100, {"record_id": f"{first_record} + n * 100"}, given)
    figures = CourseFigures(course=example, clinic=world.clinic, counted_at=timezone.now())
    scores = {"first_score": "4 + n %% 6", "last_score": "n %% 7", "last_score_on": day, "sessions_done": "n %% 11"}
    figures.save(force_insert=True)
    _many(figures, courses, {"course_id": f"{first_course} + n", **scores}, given)
    raw.analyze()
    world.sessions = count
    return world


def _many(example: models.Model, count: int, told: dict[str, str], given: dict) -> int:
    """Copy a row `count` times inside the database, `told` being SQL of n from 0; give the key of the first copy."""
    meta, quote = type(example)._meta, connection.ops.quote_name
    told = {"public_id": "gen_random_uuid()", **told}
    keyed = meta.pk.column in told
    columns = [one.column for one in meta.concrete_fields if keyed or not one.primary_key]
    values = ", ".join(told.get(column, f"example.{quote(column)}") for column in columns)
    key = quote(meta.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(meta.db_table)} ({', '.join(map(quote, columns))}) SELECT {values}"
            f" FROM {quote(meta.db_table)} AS example CROSS JOIN generate_series(0, %(count)s - 1) AS n"
            f" WHERE example.{key} = %(example)s ORDER BY n",
            {**given, "count": count, "example": example.pk},
        )
        cursor.execute(f"SELECT max({key}) FROM {quote(meta.db_table)}")
        return cursor.fetchone()[0] - count + 1


def parts(world: SimpleNamespace, *, count: int = 10) -> list[Times]:
    """Ask for each part of the overview of a year, and of a month, as a browser gets it."""
    client = Client()
    client.force_login(world.user)
    today = timezone.localdate()
    found = []
    for days, said in ((365, "a year"), (30, "a month")):
        asked = {"period": "own", "from_on": today - timedelta(days=days), "until_on": today}
        for part in ("visits", "courses", "outcomes", "safety"):
            url = reverse("sessions:overview-part", args=[part])
            found.append(
                repeated(
                    f"overview of {said}, {part}, {world.sessions:,} sessions in the table",
                    lambda _n, url=url, asked=asked: client.get(url, asked),
                    count,
                    lambda answer: answer.status_code == 200 and len(answer.context["part"].blocks) > 1,
                    **AIMS,
                )
            )
    return [*found, *_lists_and_paper(world, client, count)]


def _lists_and_paper(world: SimpleNamespace, client: Client, count: int) -> list[Times]:
    """Ask for the longest lists behind numbers of a year, and for a month's overview as PDF."""
    today = timezone.localdate()
    asked = {"period": "own", "from_on": today - timedelta(days=365), "until_on": today}
    month = {**asked, "from_on": today - timedelta(days=30)}
    found = [
        repeated(
            f"list behind a number of a year, {what}, {world.sessions:,} sessions in the table",
            lambda _n, what=what: client.get(reverse("sessions:overview-list"), {**asked, "what": what}),
            count,
            lambda answer: answer.status_code == 200 and answer.context["page"].object_list,
            **AIMS,
        )
        for what in ("booked", "sessions", "outcome", "given")
    ]
    paper = repeated(
        f"overview of a month as PDF, {world.sessions:,} sessions in the table",
        lambda _n: client.get(reverse("sessions:overview-pdf"), month),
        count,
        lambda answer: answer.content.startswith(b"%PDF"),
    )
    return [*found, paper]
