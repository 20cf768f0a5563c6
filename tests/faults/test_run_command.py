"""`manage.py run`: web, worker and beat live and die together."""

import contextlib
import http.client
import os
import re
import signal
import socket
import sqlite3
import sys

import pytest
from django.db import connection

from tests.processes import empty_broker, gone, process_environment, running, wait_for

STOPPED_WITHIN_SECONDS = 30
KILLED_WITHIN_SECONDS = 10


def command(*arguments):
    return [sys.executable, "manage.py", "run", *arguments]


@pytest.fixture
def environment(transactional_db, tmp_path):
    """The embedded way with a data folder of its own, or production's servers with the database of this test."""
    empty_broker()
    connection.ensure_connection()
    variables = process_environment(DJANGO_SETTINGS_MODULE="mesoclinic.settings.dev", MESOCLINIC_DATA_DIR=str(tmp_path))
    if connection.vendor == "sqlite":
        del variables["DATABASE_URL"]
        # A migrated database to begin with: only the first start takes the time to make one.
        with contextlib.closing(sqlite3.connect(tmp_path / "mesoclinic.sqlite3")) as copy:
            connection.connection.backup(copy)
    yield variables
    empty_broker()


@pytest.fixture
def house(environment):
    """A running house, ready to answer, with its worker's and web's children born."""
    with running(command("--bind", "127.0.0.1:0"), environment) as started:
        started.wait_for_words("Mesoclinic is ready")
        # run, gunicorn and two workers, celery and two of its pool, beat
        wait_for(lambda: len(started.family()) >= 8, what="all processes")
        yield started


def address(started):
    return "127.0.0.1", int(re.search(r"http://127\.0\.0\.1:(\d+)", started.printed())[1])


def is_free(address):
    try:
        with socket.create_server(address):
            return True
    except OSError:
        return False


def one_called(started, name):
    """Return the head process of one part: web, worker or beat."""
    words = {"web": "gunicorn", "worker": "worker", "beat": "beat"}[name]
    return next(p for p in started.family()[1:] if p.ppid() == started.pid and words in " ".join(p.cmdline()))


def test_run_answers_healthz_and_refuses_a_second_run_on_the_same_data(house, environment):
    connection_to_web = http.client.HTTPConnection(*address(house), timeout=5)

    connection_to_web.request("GET", "/healthz")

    assert connection_to_web.getresponse().status == 200
    with running(command("--bind", "127.0.0.1:0"), environment) as second:
        assert second.process.wait(60) == 1
        assert "already running" in second.printed()


def test_run_becomes_ready_once_beat_rang_and_a_worker_answered(house):
    def ready():
        web = http.client.HTTPConnection(*address(house), timeout=5)
        web.request("GET", "/readyz")
        return web.getresponse().status == 200

    wait_for(ready, seconds=60, what="a heartbeat that went from beat through the broker to a worker")

    assert "ERROR celery" not in house.printed()


@pytest.mark.once
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asking_run_to_stop_stops_everything(house, number):
    family = house.family()

    os.kill(house.pid, number)

    assert house.process.wait(STOPPED_WITHIN_SECONDS) == 0
    wait_for(lambda: gone(family), seconds=5, what="the end of all processes")


def test_killing_run_leaves_no_orphan(house):
    family = house.family()

    os.kill(house.pid, signal.SIGKILL)

    wait_for(lambda: gone(family), seconds=KILLED_WITHIN_SECONDS, what="the end of all processes")
    # A process of several threads counts as gone from when its first one is, which may be before it lets go of the port.
    wait_for(lambda: is_free(address(house)), seconds=5, what="the port to be free again")


@pytest.mark.once
@pytest.mark.parametrize("part", ["web", "worker", "beat"])
def test_run_stops_everything_when_one_part_dies(house, part):
    family = house.family()

    one_called(house, part).kill()

    assert house.process.wait(STOPPED_WITHIN_SECONDS) == 1
    assert f"{part} ended with code -9" in house.printed()
    wait_for(lambda: gone(family), seconds=5, what="the end of all processes")


def test_run_refuses_a_taken_port_in_words(environment):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running(command("--bind", f"127.0.0.1:{port}"), environment) as started:
            assert started.process.wait(60) == 1

            assert f"Cannot listen on 127.0.0.1:{port}" in started.printed()
            assert "Traceback" not in started.printed()


@pytest.mark.parametrize("bind", ["nonsense", "127.0.0.1:99999"])
def test_run_refuses_nonsense_as_address(environment, bind):
    with running(command("--bind", bind), environment) as started:
        assert started.process.wait(60) == 1

        assert "is not an address" in started.printed()
