"""`python -m tests.bench`: measure, print, write docs/benchmarks.md. `make bench` runs it with PostgreSQL and Redis.

On PostgreSQL everything is measured, then the engine-bound rows once more on SQLite in a process of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import timeit
import traceback
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesoclinic.settings.test")

import django

django.setup()

from django.db import connection  # noqa: E402
from django.test.utils import get_runner, setup_test_environment  # noqa: E402

from mesoclinic.core import doorbell  # noqa: E402
from tests.bench import (  # noqa: E402
    batches,
    booking,
    checking,
    overview,
    pages,
    paper,
    plans,
    reading,
    recalls,
    record_page,
    records,
    searching,
    series,
    serving,
)
from tests.bench.timing import Amount, Result, as_data, exit_code, from_data  # noqa: E402

PAGE = Path(__file__).parent.parent.parent / "docs" / "benchmarks.md"
MANY = 1_000_000  # visits of past years in the table before anything else is measured on PostgreSQL
NAMES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}


def main() -> int:
    options = _options()
    begun, load, pace = time.monotonic(), os.getloadavg(), _pace_ms()
    setup_test_environment()
    runner = get_runner(django.conf.settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        results = list(_measure(options))
    finally:
        runner.teardown_databases(databases)
    if options.json:
        Path(options.json).write_text(json.dumps(as_data(results)))
        return 0
    engines = {_engine(): results}
    _write(engines, options, _about(options, begun, load, pace))
    if connection.vendor == "postgresql":
        engines["SQLite"] = _elsewhere(options)
        _write(engines, options, _about(options, begun, load, pace))
    return exit_code(engines)


def _write(engines: dict[str, list[Result]], options: argparse.Namespace, about: dict[str, str]) -> None:
    """Write the page with what is known so far, unless only some rows were asked for."""
    if not options.print_only and not options.only:
        PAGE.write_text(paper.page(engines, about))
        print(f"\nwritten: docs/{PAGE.name}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="the sizes of the design; takes long")
    parser.add_argument(
        "--only",
        default="",
        help="some of P11, P1, P2, P3, P6, P7, P8, P10, batch, record, checks, http, memory, search, recall, overview, parted by commas",
    )
    parser.add_argument("--print-only", action="store_true", help="leave docs/benchmarks.md as it is")
    parser.add_argument("--json", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(options: argparse.Namespace):
    """Yield every result, printed as it comes."""
    ring, doorbell.send = doorbell.send, lambda *_args: None  # nobody listens but in the rows that start a worker
    rows = _rows(full=options.full, ring=ring)
    print(f"\n{_engine()}", flush=True)
    for name, row in rows.items():
        if options.only and name not in options.only.split(","):
            continue
        begun = time.monotonic()
        try:
            results = row()
        except Exception:  # one row that fails must not keep the others from being measured; the run still fails
            traceback.print_exc()
            results = [Amount(f"{name}: not measured", "FAILED", "", "FAILED")]
        for result in results:
            print(paper.line(result), flush=True)
            yield result
        print(f"         {name} took {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


def _rows(*, full: bool, ring) -> dict:
    everything = {
        "P11": lambda: reading.growth(reading.big_clinic(practitioners=20, visits_a_day=6), more=MANY),
        "P1": lambda: [booking.plan_and_book(rounds=200 if full else 15)],
        "P2": lambda: [series.propose_series(series.busy_clinic())],
        "P3": lambda: _read(),
        "P6": lambda: [records.report_pdf()],
        "P7": lambda: [records.save_record()],
        "batch": lambda: batches.reports_in_one_go(count=500 if full else 300),
        "record": lambda: record_page.record_page(),
        "checks": lambda: checking.checks(),
        "P8": lambda: _night(10_000 if full else 200),
        "P10": lambda: pages.queries_per_page(),
        "http": lambda: _serve(full),
        "memory": lambda: _worker(ring, 1000 if full else 100),
        "search": lambda: searching.searches(searching.crowd()),
        "overview": lambda: overview.parts(overview.years_of_sessions(MANY)),
        "recall": lambda: recalls.recall_found(recalls.lots_given(1_000_000 if full else 100_000)),
    }
    on_sqlite = ("P1", "P2", "P3", "search", "recall")
    return everything if connection.vendor == "postgresql" else {name: everything[name] for name in on_sqlite}


def _read() -> list[Result]:
    world = reading.big_clinic()
    page = reading.free_times_page(world)
    return [
        reading.free_times(world),
        page,
        reading.day_feed(reading.big_clinic(practitioners=20, visits_a_day=6)),
    ]


def _night(count: int) -> list[Result]:
    world = plans.open_courses(count)
    return [plans.nightly(world), plans.planned_anew(world), plans.quiet_night(world)]


def _serve(full: bool) -> list[Result]:
    world = serving.clinic_with()
    with serving.gunicorn() as server:
        world.server = server
        lines = serving.requests(world, lambda user: serving.browser(server.port, user), count=200 if full else 20)
        asks = [serving.browser(server.port, user) for user in (world.user, world.report.user)]
        return [*lines, serving.web_memory(world, *asks, count=10_000 if full else 400)]


def _worker(ring, courses: int) -> list[Result]:
    doorbell.send = ring
    return [serving.worker_memory(courses=courses)]


def _elsewhere(options: argparse.Namespace) -> list[Result]:
    """Measure on SQLite, in a process that knows no server."""
    servers = ("DATABASE_URL", "REDIS_URL", "REDIS_CACHE_URL", "TEST_REDIS_URLS", "MESOCLINIC_DATA_DIR")
    environment = {name: value for name, value in os.environ.items() if name not in servers}
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "results.json"
        command = [sys.executable, "-m", "tests.bench", "--json", str(target), "--only", options.only]
        subprocess.run(command + (["--full"] if options.full else []), env=environment, check=True)
        return from_data(json.loads(target.read_text()))


def _engine() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version()" if connection.vendor == "postgresql" else "SELECT sqlite_version()")
        version = cursor.fetchone()[0].replace("PostgreSQL ", "").split()[0]
    return f"{NAMES[connection.vendor]} {version}"


def _pace_ms() -> float:
    """Give how long a million sums in a loop take here, the median of nine: what absolute times of two machines differ by."""
    return median(timeit.repeat("for n in range(1_000_000): total += n", "total = 0", number=1, repeat=9)) * 1000


def _about(options: argparse.Namespace, begun: float, load: tuple[float, float, float], pace: float) -> dict[str, str]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    processor = next((row.split(":")[1].strip() for row in _cpuinfo() if row.startswith("model name")), "")
    loads = [f"{one:.1f}" for one in (load[0], os.getloadavg()[0])]
    return {
        "commit": commit.stdout.strip() or "unknown",
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, {processor or sys.platform}",
        "load before / after": f"{' / '.join(loads)} (above the number of cores, absolute times are too long)",
        "pace before / after": f"{pace:.0f} / {_pace_ms():.0f} ms for a million sums (twice as long, and so are absolute times)",
        "Python, Django": f"{sys.version.split()[0]}, {django.__version__}",
        "sizes": "full"
        if options.full
        else "the usual ones, a million visits among them on PostgreSQL; `python -m tests.bench --full` takes those of the design",
        "took": f"{time.monotonic() - begun:.0f} s",
    }


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    sys.exit(main())
