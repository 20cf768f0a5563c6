"""P3, P4 and P11: free times and the calendar's feed, as many visits as a clinic has."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from sessions.models import Appointment
from sessions.queries import appointments as reads
from sessions.queries import availability
from sessions.scheduling import slots
from sessions.scheduling.walltime import instant_of, minute_of
from sessions.views import calendar
from tests.bench import raw
from tests.bench.timing import Ratio, Timed, interleaved, require
from tests.bench.world import fill, flood, make_world, next_monday, workdays

MINUTES = 30
STEP_MIN = 15


def big_clinic(*, practitioners: int = 40, days: int = 60, visits_a_day: int = 6) -> SimpleNamespace:
    """Forty practitioners and about 10,000 visits in sixty days unless told otherwise."""
    world = make_world(practitioners=practitioners, patients=max(practitioners, 400))
    world.first, world.days = next_monday(1), days
    world.count = fill(world, list(workdays(world.first, days)), visits_a_day)
    world.visits_a_day = visits_a_day
    raw.analyze()
    return world


def free_times(world: SimpleNamespace, *, rounds: int = 4, code: str = "P3") -> Ratio:
    """The whole query (SQL, agendas, engine, times as the page takes them) against the engine on prepared agendas."""
    now = timezone.now()
    until_on = world.first + timedelta(days=world.days - 1)
    agendas = _agendas(world, until_on, now)

    def ours(_number: int) -> Timed:
        return lambda: reads.free_times(
            world.site,
            availability.practitioners(world.clinic, world.first),
            world.first,
            until_on,
            MINUTES,
            patient=world.patient,
            now=now,
            step_min=STEP_MIN,
        ).told()

    return interleaved(
        code,
        f"free times, {len(world.people)} practitioners × {world.days} days, the query the page asks / pure merge",
        ours,
        lambda _number: lambda: _merged(agendas),
        same=lambda mine, floor: _starts(mine) == [(instant_of(one.start), one.practitioner) for one in floor],
        rounds=rounds,
        bound=10,
        aim=5,
        note=f"{world.count} visits in the range; a page asks for 14 days at most",
    )


def _agendas(world: SimpleNamespace, until_on, now: datetime) -> SimpleNamespace:
    from_at, until_at = availability.day_span(world.site, world.first, until_on)
    known = availability.agendas(
        world.site,
        from_at=from_at,
        until_at=until_at,
        now=now,
        practitioner_ids=[one.pk for one in world.people],
        room_ids=[room.pk for room in world.rooms],
        patient_id=world.patient.pk,
    )
    wanted = slots.Wanted(MINUTES, known.between, patient=known.patient, rooms=known.rooms)
    return SimpleNamespace(practitioners=known.practitioners, wanted=wanted, now=now)


def _merged(known: SimpleNamespace) -> list[slots.Slot]:
    return slots.free_slots(
        known.practitioners, known.wanted, step_minutes=STEP_MIN, not_before=minute_of(known.now) + 1
    )


def _starts(found: list[reads.FreeTime]) -> list[tuple[datetime, int]]:
    return [(one.starts_at, one.practitioner.pk) for one in found]


def free_times_page(world: SimpleNamespace, *, rounds: int = 7) -> Ratio:
    """The booking page as a browser gets it, a week of everybody, against the pure merge of that week."""
    now = timezone.now()
    week = SimpleNamespace(**{**vars(world), "days": 7})
    agendas = _agendas(week, world.first + timedelta(days=6), now)
    client = _client(world)
    url = reverse("sessions:book")
    asked = {"patient": world.patient.public_id, "from_on": world.first.isoformat(), "minutes": MINUTES}

    def ours(_number: int) -> Timed:
        return lambda: client.get(url, asked).content.decode()

    def same(page: str, floor: list[slots.Slot]) -> bool:
        told = sum(int(number) for number in re.findall(r"(\d+) free times?", page))
        return told == len(floor) > 0 and page.count('name="slot"') > 1

    return interleaved(
        "P3 page",
        f"free times, {len(world.people)} practitioners × 7 days, the whole booking page as HTML / pure merge",
        ours,
        lambda _number: lambda: _merged(agendas),
        same=same,
        rounds=rounds,
        bound=10,
        aim=5,
        note="all times are counted by day, those of the first days are radio buttons; the bound of P3 for comparison",
    )


def day_feed(world: SimpleNamespace, *, rounds: int = 15, code: str = "P4") -> Ratio:
    """The view of the feed against one query of the same rows and a bare JsonResponse."""
    on = world.first
    request = _request(world, reverse("sessions:calendar-feed"), {"on": on.isoformat()})
    visits = len(world.people) * world.visits_a_day
    return interleaved(
        code,
        f"calendar feed of a day, {visits} visits, {len(world.people)} practitioners, the view / bare JsonResponse",
        lambda _number: lambda: calendar.feed(request),
        lambda _number: lambda: _bare(request, on),
        same=lambda mine, floor: len(json.loads(mine.content)["v"]) == len(json.loads(floor.content)["v"]) == visits,
        rounds=rounds,
        bound=3,
        aim=2,
        note="ours adds practitioners, shut times, closures, hours; middleware left out on both sides",
    )


def _bare(request: HttpRequest, on) -> JsonResponse:
    from_at, until_at = availability.day_span(request.site, on, on)
    rows = Appointment.objects.filter(site=request.site, starts_at__gte=from_at, starts_at__lt=until_at)
    columns = ("public_id", "practitioner_id", "starts_at", "ends_at", "status", "patient__name", "room__name")
    return JsonResponse({"v": list(rows.order_by("starts_at", "pk").values_list(*columns))})


def _request(world: SimpleNamespace, url: str, query: dict[str, str]) -> HttpRequest:
    request = RequestFactory().get(url, query)
    request.user, request.clinic, request.site = world.user, world.clinic, world.site
    return request


def _client(world: SimpleNamespace) -> Client:
    client = Client()
    client.force_login(world.user)
    return client


def growth(
    world: SimpleNamespace, *, more: int, rounds: int = 4, measures: tuple[Callable, ...] = (free_times, day_feed)
) -> list[Ratio]:
    """P11: the same questions before and after the table of visits has grown by `more` visits of other years.

    Each time is taken relative to its floor in its own round, so that a busier machine does not look like a slower
    query.
    """
    few = world.count
    before = [measure(world, rounds=rounds) for measure in measures]
    grow(world, more)
    raw.analyze()
    after = [measure(world, rounds=rounds) for measure in measures]
    return [
        Ratio(
            f"P11 {small.code}",
            f"{small.code} with {few + more:,} visits in the table / with {few:,}",
            big.ours_ms,
            small.ours_ms,
            big.ratio / small.ratio,
            big.lowest / small.ratio,
            big.highest / small.ratio,
            rounds,
            1.5,
            1.1,
            "ratio of the ratios to their floors, so that the load of the machine falls out",
        )
        for small, big in zip(before, after, strict=True)
    ]


def grow(world: SimpleNamespace, more: int) -> None:
    """Add visits of past years, outside the range asked about."""
    counted = Appointment.objects.count()
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        flood(world, more, next_monday(-6))
    else:  # in a test: a few
        days = list(workdays(next_monday(-6), 7))
        fill(world, days, -(-more // (len(days) * len(world.people))))
    require(Appointment.objects.count() >= counted + more, f"{more:,} visits more")
