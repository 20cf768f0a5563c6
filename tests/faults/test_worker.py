"""A real worker, a real broker, one real database for both processes."""

import os
import signal

from django.contrib.sessions.models import Session

from mesoclinic.core import doorbell
from tests.processes import gone, wait_for


def test_ring_reaches_a_real_worker_that_sees_this_database(start_worker):
    start_worker(include="tests.faults.ping")

    doorbell.send("tests.ping", "rung")

    wait_for(Session.objects.filter(session_key="rung").exists, seconds=15, what="the row of the task")


def test_ring_from_before_the_worker_started_is_heard_later(start_worker):
    doorbell.send("tests.ping", "early")

    start_worker(include="tests.faults.ping")

    wait_for(Session.objects.filter(session_key="early").exists, seconds=15, what="the row of the task")


def test_killed_worker_leaves_no_child_behind(start_worker):
    worker = start_worker(include="tests.faults.ping")
    family = worker.family()
    assert len(family) >= 3, "a prefork worker has children"

    os.kill(worker.pid, signal.SIGKILL)

    wait_for(lambda: gone(family), seconds=30, what="the end of the pool")
