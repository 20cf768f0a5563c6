"""Real processes for tests: workers and servers that share this test's database and broker, and surely end."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import redis
from django.conf import settings
from django.db import connection

from tests.servers import die_with_parent


def wait_for(condition: Callable[[], object], *, seconds: float = 30, what: str = "the condition") -> object:
    """Return the condition's first true value; fail when there is none in time."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"{what} did not come true within {seconds} s"
        time.sleep(0.02)
    return value


def test_database_url() -> str:
    """Return the URL of the database this test runs on, which no setting names: it is made for the run."""
    where = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{where['NAME']}"
    user = quote(where["USER"], safe="") + (f":{quote(where['PASSWORD'], safe='')}" if where["PASSWORD"] else "")
    port = f":{where['PORT']}" if where["PORT"] else ""
    return f"postgres://{user}@{quote(where['HOST'], safe='')}{port}/{where['NAME']}"


test_database_url.__test__ = False


def process_environment(**more: str) -> dict[str, str]:
    """Return the environment in which another process sees the database, the broker and the cache of this test."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "mesoclinic.settings.test",
        "MESOCLINIC_DATA_DIR": str(settings.DATA_DIR),
        "DATABASE_URL": test_database_url(),
        "PYTHONUNBUFFERED": "1",
    }
    # The address above is already the one of this xdist worker; the settings would derive it a second time.
    environment.pop("PYTEST_XDIST_WORKER", None)
    if settings.REDIS_URL:
        environment |= {"REDIS_URL": settings.REDIS_URL, "REDIS_CACHE_URL": settings.CACHES["default"]["LOCATION"]}
    return environment | more


def empty_broker() -> None:
    """Throw away every message: a test starts with a silent doorbell."""
    if settings.REDIS_URL:
        with contextlib.closing(redis.Redis.from_url(settings.REDIS_URL)) as client:
            client.flushdb()
        return
    for message in Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]).glob("*.msg"):
        message.unlink(missing_ok=True)


class Running:
    """A process with all its children, and what it printed."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env=environment,
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def printed(self) -> str:
        return self.log.read_text(errors="replace")

    def family(self) -> list[psutil.Process]:
        """Return the process and all that descend from it, as they are now."""
        with contextlib.suppress(psutil.NoSuchProcess):
            head = psutil.Process(self.pid)
            return [head, *head.children(recursive=True)]
        return []

    def wait_for_words(self, words: str, seconds: float = 60) -> None:
        def seen() -> bool:
            assert self.process.poll() is None or words in self.printed(), f"ended early:\n{self.printed()}"
            return words in self.printed()

        try:
            wait_for(seen, seconds=seconds, what=repr(words))
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.printed()}") from None

    def kill(self) -> None:
        """End the process and all that descend from it the way a power cut would."""
        for member in self.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[Running]:
    """Start a command and yield it; at the end it is gone, whatever happened."""
    with tempfile.TemporaryDirectory(prefix="mesoclinic-log-") as folder:
        started = Running(command, environment, Path(folder) / "log")
        try:
            yield started
        finally:
            started.kill()  # at once: a polite end of a worker takes five seconds


@contextlib.contextmanager
def celery_worker(*, concurrency: int = 2, include: str = "", **environment: str) -> Iterator[Running]:
    """Start a real prefork worker on this test's database and broker, and yield it when it takes tasks."""
    command = [sys.executable, "-m", "celery", "-A", "mesoclinic", "worker", "--pool", "prefork", "--loglevel", "INFO"]
    command += ["--concurrency", str(concurrency), "--without-mingle", "--without-gossip"]
    command += ["--include", include] if include else []
    with running(command, process_environment(**environment)) as worker:
        worker.wait_for_words(" ready.")
        yield worker


@contextlib.contextmanager
def celery_beat() -> Iterator[Running]:
    """Start the product's own beat, with its table as it is, on this test's database and broker."""
    command = [sys.executable, "-m", "celery", "-A", "mesoclinic", "beat", "--loglevel", "INFO", "--pidfile", ""]
    with running(command, process_environment()) as beat:
        beat.wait_for_words("beat: Starting")
        yield beat


def gone(members: list[psutil.Process]) -> bool:
    """Return whether none of the processes runs any more; one that only waits to be reaped counts as gone."""

    def over(member: psutil.Process) -> bool:
        try:
            return not member.is_running() or member.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return all(over(member) for member in members)
