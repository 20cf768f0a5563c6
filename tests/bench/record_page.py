"""The page of a record with 300 points and 12 earlier sessions, whole on the server: middle and 95th of a hundred."""

import gc
import time
from decimal import Decimal
from types import SimpleNamespace
from unittest import mock

import time_machine
from django.test import Client
from django.urls import reverse

from mesoclinic import gunicorn
from sessions.models import SessionRecord
from sessions.recording import SiteTreated
from tests.bench.timing import Amount, require
from tests.sessions.record_world import book_session, done, filled, record_world, save, start

REGIONS = ("Neck", "Back", "Lower back", "Hip", "Knee", "Shoulder")
AIM_MS = 120


def long_past(*, sessions: int = 12, points: int = 300):
    """A course with so many sessions done, each with so many points in six places, and the next one begun."""
    world = record_world(cadence=f"{sessions + 1}x1w")
    for number in range(1, sessions + 1):
        done(world, number, sites=_sites(points))
    record = start(world, book_session(world, sessions + 1))
    save(world, record, filled(record, sites=_sites(points)))
    return world, SessionRecord.objects.select_related("appointment").get(pk=record.pk)


def record_page(*, rounds: int = 100) -> list[Amount]:
    """Give the 95th of so many requests for the page, through every middleware, without the wire.

    Garbage is looked for as in a worker of the server, between requests, and not in what was measured before; the
    test browser does not copy the context of every template, which no server does.
    """
    world, record = long_past()
    browser = Client()
    address = reverse("sessions:record-edit", args=[record.public_id])
    no_copies = mock.patch("django.test.client.store_rendered_templates", _keep_nothing)
    with time_machine.travel(record.appointment.starts_at, tick=True), no_copies:
        browser.force_login(world.doctor_user)
        thresholds = gc.get_threshold()
        gunicorn.post_worker_init(None)
        taken = sorted([_ms(browser, address, number) for number in range(rounds + 3)][3:])
        gc.set_threshold(*thresholds)
    p50, p95 = taken[len(taken) // 2], taken[int(len(taken) * 0.95)]
    words = "record page, 300 points, 12 earlier sessions, p50 / p95 on the server"
    verdict = "aim met" if p95 <= AIM_MS else "OVER BOUND"
    return [Amount(words, f"{p50:.0f} / {p95:.0f} ms", f"{AIM_MS} ms", verdict)]


def _keep_nothing(*_what, **_more) -> None:
    pass


def _ms(browser: Client, address: str, number: int) -> float:
    begun = time.perf_counter()
    answer = browser.get(address)
    taken = (time.perf_counter() - begun) * 1000
    gunicorn.post_request(SimpleNamespace(nr=number), None, {}, answer)
    require(answer.status_code == 200 and b"data-body-map" in answer.content, "the record page is not what it was")
    return taken


def _sites(points: int) -> tuple[SiteTreated, ...]:
    each = points // len(REGIONS)
    return tuple(
        SiteTreated(
            region,
            "left",
            points=each,
            volume_per_point_ml=Decimal("0.05"),
            is_reactive=place % 2 == 0,
            map_points=tuple(("back", 100 + n % 40, 100 + place * 30 + n // 40) for n in range(each)),
        )
        for place, region in enumerate(REGIONS)
    )
