"""Start web, worker and beat together, the embedded way to run; stop them together, whatever happens to one of them."""

import contextlib
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time

from celery.platforms import set_pdeathsig
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from mesoclinic.core.checks import refuse_unknown_zones

STOP_SECONDS = 20
START_SECONDS = 60
LOOK_SECONDS = 0.2


class Command(BaseCommand):
    help = "Start web, worker and beat together; stop all on Ctrl-C or when one of them ends."

    def add_arguments(self, parser):
        parser.add_argument("--bind", default="127.0.0.1:8000", metavar="ADDRESS:PORT")
        parser.add_argument("--any-port", action="store_true", help="take a free port when the asked one is taken")
        parser.add_argument("--concurrency", type=int, default=2, help="tasks worked on at the same time")

    def handle(self, *, bind, any_port, concurrency, **options):
        self.asked_to_stop = 0
        with only_one(), listen(bind, any_port) as listener:
            prepare()
            # All three by hand: a shell that starts us with "&" hands SIGINT over as ignored.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self.on_signal)
            running = start(listener, concurrency)
            # The children hold it from here on; else the port would answer while nobody serves.
            host, port = listener.getsockname()[:2]
            listener.close()
            try:
                ended = self.watch(running, host, port)
            finally:
                self.stop(running)
        if ended:
            sys.exit(1)

    def on_signal(self, _number, _frame):
        self.asked_to_stop += 1

    def watch(self, running, host, port):
        """Return the name of the process that ended by itself, or nothing when we were asked to stop."""
        host = nearest(host)
        announced, late_at = False, time.monotonic() + START_SECONDS
        while not self.asked_to_stop:
            for name, process in running.items():
                if process.poll() is not None:
                    self.stderr.write(f"{name} ended with code {process.returncode}; stopping the others.")
                    return name
            if not announced and healthy(host, port):
                announced = True
                self.stdout.write(f"\nMesoclinic is ready: {address_of(host, port)}   (Ctrl-C stops it)\n")
                self.stdout.flush()
            if not announced and time.monotonic() > late_at:
                self.stderr.write(f"The web pages did not answer within {START_SECONDS} seconds; stopping.")
                return "web"
            time.sleep(LOOK_SECONDS)
        return None

    def stop(self, running):
        """End every process politely; after a while, or when asked twice, at once, children's children included."""
        for process in running.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while any(p.poll() is None for p in running.values()):
            if time.monotonic() > deadline or self.asked_to_stop > 1:
                break
            time.sleep(LOOK_SECONDS / 2)
        for process in running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def only_one():
    """Hold the data folder: two runs in it would share a broker folder and send every message of beat twice."""
    with (settings.DATA_DIR / "run.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"Mesoclinic is already running with the data in {settings.DATA_DIR}.") from None
        yield


def listen(bind, any_port):
    """Open the web socket ourselves, so that a taken port is told in words and no other process can take it later."""
    host, _, port = bind.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise CommandError(f"“{bind}” is not an address to listen on; say for example --bind 127.0.0.1:8000")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for attempt in (int(port), 0) if any_port else (int(port),):
        try:
            return socket.create_server((host, attempt), family=family, backlog=512)
        except OSError as error:
            fault = error
    raise CommandError(
        f"Cannot listen on {bind}: {fault.strerror}. Stop what uses the port, or choose another: --bind {host}:8001"
    )


def nearest(host):
    """Name a host a browser on this machine can ask for, where all of them are listened on."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def address_of(host, port):
    host = nearest(host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def prepare():
    """Bring the database and the catalogue up to date, and the static files where pages are served from a folder."""
    call_command("migrate", verbosity=0, interactive=False)
    refuse_unknown_zones()
    call_command("load_catalogue", verbosity=0)
    if any(c["BACKEND"].endswith(".DatabaseCache") for c in settings.CACHES.values()):
        call_command("createcachetable", verbosity=0)
    if not settings.WHITENOISE_USE_FINDERS:
        call_command("collectstatic", verbosity=0, interactive=False)


def start(listener, concurrency):
    """Start the three, each in a session of its own: the terminal's Ctrl-C reaches only us."""
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "mesoclinic"]
    alone = ["--without-mingle", "--without-gossip"]
    web = [sys.executable, "-m", "gunicorn", "-c", "python:mesoclinic.gunicorn", "mesoclinic.wsgi"]
    commands = {
        "web": [*web, "--bind", f"fd://{listener.fileno()}"],
        "worker": [*celery, "worker", "--loglevel", "WARNING", "--concurrency", str(concurrency), *alone],
        "beat": [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""],
    }
    parent = os.getpid()

    def die_with_us():
        set_pdeathsig("SIGKILL")
        if os.getppid() != parent:  # killed before the line above took hold
            os._exit(1)

    environment = os.environ | {"DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE}
    # Links in mails lead here, whichever port was free.
    environment.setdefault("SITE_ADDRESS", address_of(*listener.getsockname()[:2]))
    return {
        name: subprocess.Popen(  # noqa: S603
            command,
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_us,
            pass_fds=[listener.fileno()] if name == "web" else [],
        )
        for name, command in commands.items()
    }


def healthy(host, port):
    """Return whether /healthz answers, asked under a name that is allowed here."""
    name = next((h for h in settings.ALLOWED_HOSTS if not h.startswith((".", "*"))), "localhost")
    connection = http.client.HTTPConnection(host, port, timeout=2)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/healthz", headers={"Host": name})
        return connection.getresponse().status == 200
    return False
