"""The outbox survives killed workers: 800 messages due, 12 kills; none lost, at most one repeat a kill, none for what is no more."""

import json
import threading
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mesoclinic.core import doorbell
from patients.models import Patient
from sessions.models import Appointment, Reminder, ReminderSettings
from sessions.services.reminders.delivering import STUCK_AFTER
from tests.factories import make_clinic, make_patient, make_practitioner, site_of
from tests.processes import wait_for

DUE, CANCELLED, MOVED = 800, 25, 15
KILLS, SENDERS = 12, 6  # eleven kills of a child that sends, one of a whole worker


@contextmanager
def gateway():
    """A gateway for text messages that remembers whom it was told of."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            heard.append(told["to"])
            try:
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:
                pass  # who asked was killed before the answer came

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", heard
        finally:
            server.shutdown()


def outbox() -> list[Reminder]:
    """Rows due now for visits of 800 people in two days' time, written straight into the tables."""
    clinic = make_clinic(time_zone="UTC")
    ReminderSettings.objects.create(
        clinic=clinic, first_channel="text", night_from_time=time(0), night_until_time=time(0)
    )
    site, model = site_of(clinic), make_patient(clinic)
    doctor = make_practitioner(clinic)
    day = datetime.combine(timezone.now().date() + timedelta(days=2), time(0, 1), UTC)
    common = {"clinic": clinic, "species": model.species, "may_email": False}
    people = Patient.objects.bulk_create(
        [Patient(**common, number=1000 + n, name=f"Person {n}", phone=f"+33{n:09}") for n in range(DUE)]
    )
    visits = Appointment.objects.bulk_create(
        [
            Appointment(
                clinic=clinic, site=site, patient=one, practitioner=doctor, starts_at=at, ends_at=at + timedelta(minutes=1)
            )
            for one, at in ((one, day + timedelta(minutes=n)) for n, one in enumerate(people))
        ]
    )  # fmt: skip
    told = {"clinic": clinic, "kind": "reminder", "channel": "text", "due_at": timezone.now(), "lead_min": 2880}
    return Reminder.objects.bulk_create([Reminder(appointment=one, sent_for=one.starts_at, **told) for one in visits])


def spoil(rows: list[Reminder]) -> set[str]:
    """Cancel some visits and move others, all over the outbox; return the numbers that must never be told."""
    chosen = rows[:: len(rows) // (CANCELLED + MOVED)][: CANCELLED + MOVED]
    with transaction.atomic():
        for place, row in enumerate(chosen):
            visit = Appointment.objects.filter(pk=row.appointment_id)
            if place < CANCELLED:
                visit.update(status="cancelled", cancelled_by="patient", status_reason="ill")
            else:
                visit.update(
                    starts_at=row.sent_for + timedelta(days=3), ends_at=row.sent_for + timedelta(days=3, minutes=1)
                )
    return {row.appointment.patient.phone for row in chosen}


def kill_a_child(worker, heard: list[str], number: int) -> int:
    """Kill the child that has been sending for longest, once some more messages have gone out; return how many end by it.

    Where the broker is a folder all children take their tasks from one pipe, and one that dies takes the others along.
    """
    before, pool = len(heard), psutil.Process(worker.pid)
    wait_for(lambda: len(heard) >= before + 15, seconds=60, what=f"messages before kill {number}")
    children = wait_for(pool.children, what=f"children before kill {number}:\n{worker.printed()}")
    min(children, key=lambda child: child.create_time()).kill()
    return 1 if settings.REDIS_URL else len(children)


def kill_all_of_it(worker) -> int:
    """Kill a worker with its children, as a power cut would; return how many processes may have been sending."""
    children = psutil.Process(worker.pid).children()
    worker.kill()
    return len(children)


def faults_in(printed: str) -> str:
    """Return what a worker said went wrong, but that a child of it was killed."""
    lines = [line for line in printed.splitlines() if "Error" in line or "was not taken" in line]
    return "\n".join(line for line in lines if "WorkerLostError" not in line and "Worker exited" not in line)


def claims_of_the_dead_run_out() -> None:
    """What five minutes bring about; called when nobody is left alive who holds a claim."""
    old = timezone.now() - STUCK_AFTER - timedelta(seconds=1)
    Reminder.objects.filter(status="sending").update(claimed_at=old)


def ring(times: int) -> None:
    for _bell in range(times):
        doorbell.send("sessions.deliver_due_reminders")


def test_no_message_is_lost_and_each_kill_repeats_at_most_one(start_worker):
    rows = outbox()
    never = spoil(rows)
    with gateway() as (address, heard):
        worker = start_worker(concurrency=SENDERS, SMS_URL=address)
        ring(SENDERS)
        killed = sum(kill_a_child(worker, heard, number) for number in range(1, KILLS))
        killed += kill_all_of_it(worker)
        printed = worker.printed()
        assert len(set(heard)) < DUE - len(never), "the kills came too late to show anything"

        claims_of_the_dead_run_out()
        start_worker(concurrency=3, SMS_URL=address)
        ring(3)
        wait_for(
            lambda: not Reminder.objects.filter(status__in=["queued", "sending"]).exists(), seconds=240, what="all"
        )

    counts = Counter(heard)
    wanted = {f"+33{n:09}" for n in range(DUE)} - never
    assert wanted - counts.keys() == set(), "lost"
    assert counts.keys() & never == set(), "told of a visit that was cancelled or moved"
    assert sum(counts.values()) - len(counts) <= killed, faults_in(printed)
    assert Counter(Reminder.objects.values_list("status", flat=True)) == {
        "sent": DUE - len(never),
        "cancelled": len(never),
    }
