"""Whole HTTP requests against a real gunicorn on loopback, and what its process and a Celery worker need."""

import contextlib
import http.client
import re
import secrets
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from html.parser import HTMLParser
from types import SimpleNamespace
from urllib.parse import urlencode

import psutil
from django.db.models import F
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from mesoclinic.core import doorbell
from patients.models import Patient
from sessions.models import Appointment, Course, Practitioner
from sessions.queries.availability import is_open_on
from tests.bench import raw
from tests.bench.plans import open_courses
from tests.bench.timing import Amount, Times, require, spread
from tests.bench.world import SLOTS, fill, make_world, next_monday, open_day, slot_at, workdays
from tests.factories import make_course
from tests.processes import celery_worker, empty_broker, process_environment, running, wait_for
from tests.servers import free_port
from tests.sessions.record_world import record_world, start
from tests.sessions.report_world import full_world

MEGABYTE = 1024 * 1024
WARM_UP = 2
TAPER = "1x@30, 3x1w@15, 1x2w@30, 1x3w@30, 1x4w@30, 8x4-6w@30"
Ask = Callable[..., tuple[int, bytes]]


@contextlib.contextmanager
def gunicorn() -> Iterator[SimpleNamespace]:
    """Start the product's own gunicorn with one sync worker on this database; yield its port and worker process."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "python:mesoclinic.gunicorn", "mesoclinic.wsgi"]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--max-requests", "0"]
    with running(command, process_environment()) as started:
        wait_for(lambda: _answers(port), what="gunicorn")
        (worker,) = psutil.Process(started.pid).children()
        yield SimpleNamespace(port=port, worker=worker)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    return False


def browser(port: int, user) -> Ask:
    """Give a function that asks as a signed-in user does, a connection each, and reads the answer to its end."""
    client = Client()
    client.force_login(user)
    token = secrets.token_hex(16)
    cookies = f"{'; '.join(f'{one.key}={one.value}' for one in client.cookies.values())}; csrftoken={token}"

    def ask(path: str, data: dict | None = None, **more: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Cookie": cookies, "X-CSRFToken": token, **more}
        if data is None:
            connection.request("GET", path, headers=headers)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request("POST", path, urlencode(data, doseq=True), headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    return ask


def in_process(user) -> Ask:
    """The same without a server, for tests of this bench."""
    client = Client()
    client.force_login(user)

    def ask(path: str, data: dict | None = None, **more: str) -> tuple[int, bytes]:
        answer = client.get(path, headers=more) if data is None else client.post(path, data, headers=more)
        return answer.status_code, answer.content

    return ask


def clinic_with(*, appointments: int = 10_000, visits_a_day: int = 15) -> SimpleNamespace:
    """Four practitioners, sixty visits on each open day of one week, and the rest of the visits in the past."""
    world = make_world(practitioners=4, patients=max(40, min(appointments // 20, 500)))
    world.week = next_monday(3)
    world.in_week = fill(world, list(workdays(world.week, 7)), visits_a_day)
    past, made = -8, world.in_week
    while made < appointments:
        made += fill(world, list(workdays(next_monday(past), 7)), 20)
        past -= 1
    world.made = made
    world.report = full_world()
    world.recorded = record_world()
    world.draft = start(world.recorded)
    world.course = make_course(
        world.clinic,
        patient=world.patient,
        protocol_version=world.version,
        practitioner=world.people[0],
        indication=world.indication,
    )
    raw.analyze()
    return world


def requests(world: SimpleNamespace, connect: Callable, *, count: int = 40) -> list[Times]:
    """Measure the pages and deeds of DESIGN 13; `connect(user)` gives an `Ask`."""
    ask, ask_of_report = connect(world.user), connect(world.report.user)
    ask_of_record = connect(world.recorded.doctor_user)
    patient = world.patient.public_id
    day = open_day(world, weeks=5).isoformat()
    times = {"patient": patient, "from_on": day}
    week = {"on": world.week.isoformat(), "view": "week"}
    pages = [
        _page("open a patient", ask, "sessions:patient", [patient], aim=(60, 120)),
        _page("page of a course with its plan", ask, "sessions:course", [world.course.public_id], aim=(60, 120)),
        _page("prescribe page", ask, "sessions:prescribe", [patient], aim=(60, 120)),
        _page(
            "page of a record being written",
            ask_of_record,
            "sessions:record-edit",
            [world.draft.public_id],
            aim=(60, 120),
        ),
        _page("front page: today", ask, "sessions:today", [], aim=(60, 120)),
        _page("the booking page, all of it", ask, "sessions:book", [], times, aim=(60, 120)),
        _page(
            "free times, 4 practitioners × 7 days, as they change on the page",
            lambda path: ask(path, **{"HX-Request": "true"}),
            "sessions:book",
            [],
            times,
            aim=(15, 40),
        ),
        _page(
            f"calendar feed of a week, {world.in_week} visits", ask, "sessions:calendar-feed", [], week, aim=(30, 60)
        ),
        _page("search as you type (JSON)", ask, "patients:search", [], {"q": "pat 1"}, aim=(30, 60)),
        _page(
            "course report as PDF",
            ask_of_report,
            "sessions:course-report-pdf",
            [world.report.course.public_id],
            aim=(60, 120),
        ),
    ]
    lines = [_asked(page, count, world.server) for page in pages if page is not None]
    lines.insert(0, _booking(world, ask, count))
    lines.insert(1, _tapering(world, ask, max(count // 2, 2)))
    lines.insert(2, _prescribing(world, ask, max(count // 2, 2)))
    return lines


def _page(what: str, ask: Ask, name: str, args: list, query: dict | None = None, aim=(None, None)):
    try:
        path = reverse(name, args=args, query=query)
    except NoReverseMatch:
        return None
    return SimpleNamespace(what=what, ask=ask, path=path, aim=aim)


def _asked(page: SimpleNamespace, count: int, server: SimpleNamespace | None) -> Times:
    size = 0

    def once(_number: int) -> None:
        nonlocal size
        status, body = page.ask(page.path)
        require(status == 200, f"{page.what}: status {status}")
        size = len(body)

    return _measured(page.what, once, count, server, page.aim, lambda: size)


def _measured(what, once, count, server, aim, size=lambda: None) -> Times:
    for warm in range(WARM_UP):
        once(-1 - warm)
    before = _cpu_seconds(server)
    taken = []
    for number in range(count):
        begun = time.perf_counter()
        once(number)
        taken.append((time.perf_counter() - begun) * 1000)
    cpu = (_cpu_seconds(server) - before) * 1000 / count if server else None
    return spread(what, taken, aim_p50_ms=aim[0], aim_p95_ms=aim[1], size_bytes=size(), cpu_ms=cpu)


def _cpu_seconds(server: SimpleNamespace | None) -> float:
    if server is None:
        return 0.0
    used = server.worker.cpu_times()
    return used.user + used.system


def _booking(world: SimpleNamespace, ask: Ask, count: int) -> Times:
    """Book by the form, each a time of its own; every one must stand in the books."""
    free = _free(world)
    booked = Appointment.objects.filter(clinic=world.clinic).count()

    def once(_number: int) -> None:
        starts_at, person, patient = next(free)
        local = starts_at.astimezone(world.site.zone)
        path = reverse("sessions:book", query={"patient": patient, "minutes": 20, "kind": "session"})
        data = {"slot": "other", "on": f"{local:%Y-%m-%d}", "at": f"{local:%H:%M}", "with_whom": person.public_id}
        status, body = ask(path, data | {"booking_token": uuid.uuid4()})
        require(status == 302, f"book one appointment: status {status} {body[-3000:]!r}")

    found = _measured("book one appointment, all checks (the form sent)", once, count, world.server, (15, 40))
    require(Appointment.objects.filter(clinic=world.clinic).count() == booked + count + WARM_UP, "a booking is missing")
    return found


def _free(world: SimpleNamespace) -> Iterator[tuple[datetime, Practitioner, uuid.UUID]]:
    """Times nobody has booked, each with a practitioner and a patient who is free then."""
    patients = Patient.objects.filter(pk__in=world.patients).values_list("public_id", flat=True)[: len(world.people)]
    is_open = is_open_on(world.site)
    for day in workdays(next_monday(7), 700):
        for slot in range(SLOTS) if is_open(day) else ():
            for person, patient in zip(world.people, patients, strict=True):
                yield slot_at(world, day, slot), person, patient


def _tapering(world: SimpleNamespace, ask: Ask, count: int) -> Times:
    """Ask for the proposal of a whole series and accept what the page shows, each of a course of its own.

    Two requests are one time. Every session must be booked, and every series exactly as it was shown.
    """
    courses = iter([_taper(world, number) for number in range(count + WARM_UP)])

    def once(_number: int) -> None:
        path = reverse("sessions:book-series", args=[next(courses)])
        status, page = ask(path)
        keys = re.findall(r'name="time" value="([^"]+)"', page.decode())
        require((status, len(keys)) == (200, 15), f"propose a taper: status {status}, {len(keys)} times")
        status, body = ask(path, {"time": keys, "token": uuid.uuid4()})
        require(status == 302, f"book a taper: status {status} {body[-3000:]!r}")
        for _session, at, who, _room in (key.split("~") for key in keys):
            shown.add((datetime.fromisoformat(at), uuid.UUID(who)))

    shown: set[tuple[datetime, uuid.UUID]] = set()
    what = "propose and book a taper of 15, exact, all or nothing (page and form sent)"
    found = _measured(what, once, count, world.server, (80, 200))
    booked = Appointment.objects.filter(clinic=world.clinic, planned_session__course__cadence=TAPER)
    stands = list(booked.values_list("starts_at", "practitioner__public_id"))
    require(len(stands) == 15 * (count + WARM_UP), "a session of a series is missing")
    require(set(stands) == shown, "a series is not booked as it was shown")
    return found


def _taper(world: SimpleNamespace, number: int) -> uuid.UUID:
    """A course of the equine founding text from next Monday on, planned and not booked, of a patient of its own.

    Not from today: late in the day its first session would no longer fit.
    """
    course = make_course(
        world.clinic,
        cadence=TAPER,
        start_on=next_monday(),
        now=timezone.now(),
        patient=Patient.objects.get(pk=world.patients[number % len(world.patients)]),
        protocol_version=world.version,
        practitioner=world.people[number % len(world.people)],
        indication=world.indication,
    )
    return course.public_id


def _prescribing(world: SimpleNamespace, ask: Ask, count: int) -> Times:
    """Send the form of a prescription as the page gives it; every course must be there."""
    path = reverse("sessions:prescribe", args=[world.patient.public_id], query={"version": world.version.public_id})
    status, page = ask(path)
    require(status == 200, f"prescribe: status {status}")
    data = fields_of(page.decode()) | {"indication": world.indication.public_id}
    prescribed = Course.objects.filter(clinic=world.clinic).count()

    def once(_number: int) -> None:
        status, body = ask(path, data | {"token": uuid.uuid4()})
        require(status == 302, f"prescribe: status {status} {body[-3000:]!r}")

    found = _measured("prescribe a course (the form sent)", once, count, world.server, (60, 120))
    require(Course.objects.filter(clinic=world.clinic).count() == prescribed + count + WARM_UP, "a course is missing")
    return found


class _Fields(HTMLParser):
    """Collect what a browser would send of the forms of a page, buttons left out."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in given or self.select not in self.values):
            self.values[self.select] = given.get("value", "")
        elif tag == "textarea" or (tag == "input" and name and kind not in ("checkbox", "radio", "submit")):
            self.values.setdefault(name, given.get("value") or "")
        elif tag == "input" and name and "checked" in given:
            self.values[name] = given.get("value", "on")


def fields_of(page: str) -> dict[str, str]:
    reader = _Fields()
    reader.feed(page)
    return {name: value for name, value in reader.values.items() if name and name != "csrfmiddlewaretoken"}


def web_memory(world: SimpleNamespace, ask: Ask, ask_of_report: Ask, *, count: int = 2000) -> Amount:
    """Ask for everything in turn and look what the worker holds then, typst included."""
    report = [world.report.course.public_id]
    week = {"on": world.week.isoformat(), "view": "week"}
    paths = [
        (ask, reverse("sessions:calendar-feed", query=week)),
        (ask, reverse("patients:search", query={"q": "pat"})),
        (ask, reverse("sessions:patient", args=[world.patient.public_id])),
        (ask, reverse("sessions:course", args=[world.course.public_id])),
        (ask, reverse("sessions:book", query={"patient": world.patient.public_id})),
    ]
    heavy = (ask_of_report, reverse("sessions:course-report-pdf", args=report))
    for number in range(count):
        who, path = heavy if number % 20 == 19 else paths[number % len(paths)]
        status, _body = who(path)
        require(status == 200, f"{path}: status {status}")
    return _memory(f"web worker after {count:,} more requests, PDFs among them", world.server.worker, 250)


def _memory(what: str, process: psutil.Process, limit_mb: int) -> Amount:
    held = process.memory_info().rss / MEGABYTE
    return Amount(what, f"{held:.0f} MB", f"{limit_mb} MB", "met" if held < limit_mb else "MISSED")


def worker_memory(*, courses: int = 200) -> Amount:
    """Let a real worker plan courses, and look what its process holds then."""
    empty_broker()
    world = open_courses(courses)
    Course.objects.filter(clinic=world.clinic).update(plan_wanted=F("plan_made") + 1)
    with celery_worker(concurrency=1) as worker:
        for key in world.courses:
            doorbell.send("sessions.generate_schedule", key)
        unplanned = Course.objects.filter(clinic=world.clinic, plan_made__lt=F("plan_wanted"))
        wait_for(lambda: not unplanned.exists(), seconds=120, what="every plan")
        (child,) = psutil.Process(worker.pid).children()
        return _memory(f"Celery worker after {courses} plans", child, 300)
