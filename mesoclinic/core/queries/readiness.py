"""What must answer for the product to work: database, migrations, triggers, zones, broker, beat, no forgotten work."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from celery import current_app
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from mesoclinic.core import freeze
from mesoclinic.core.models import Heartbeat, Site

LATE = timedelta(minutes=5)


@dataclass(frozen=True)
class Delay:
    """Something that should have happened: `text` for probes, `what` and `since` for people in their own words."""

    text: str
    what: str
    since: datetime


@dataclass(frozen=True)
class Check:
    name: str
    is_ok: bool
    text: str
    delay: Delay | None = None


def checks() -> list[Check]:
    """Run every check; a failing one never hides the others."""
    rows = []
    for name, ask in CHECKS.items():
        try:
            problem = ask()
        except Exception as exc:  # whatever is broken is the answer
            problem = f"{type(exc).__name__}"
        delay = problem if isinstance(problem, Delay) else None
        rows.append(Check(name, problem is None, delay.text if delay else problem or "ok", delay))
    return rows


def _database() -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return None


def _migrations() -> str | None:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(waiting)} to apply" if waiting else None


def _triggers() -> str | None:
    missing = freeze.expected_triggers() - freeze.installed_triggers()
    return f"missing: {', '.join(sorted(missing))}" if missing else None


def unknown_zones() -> list[tuple[str, str]]:
    """Sites whose zone this machine does not know, as (name, zone). One SQL statement."""
    known = available_timezones()
    return [row for row in Site.objects.order_by("pk").values_list("name", "time_zone") if row[1] not in known]


def _zones() -> str | None:
    unknown = sorted({zone for _name, zone in unknown_zones()})  # the page is open to all: no site's name
    return f"unknown to this machine: {', '.join(unknown)}" if unknown else None


def _broker() -> str | None:
    with current_app.connection_for_write() as link:
        link.ensure_connection(max_retries=1, timeout=2)
    return None


def _beat() -> str | Delay | None:
    beat = Heartbeat.objects.filter(name="beat").first()
    if beat is None:
        return gettext_noop("never seen")
    if timezone.now() - beat.at < LATE:
        return None
    return Delay(f"last seen {beat.at.isoformat(timespec='seconds')}", "", beat.at)


def _work() -> Delay | None:
    """Name the oldest work that was due and that nobody has taken up."""
    before = timezone.now() - LATE
    waiting = [(due_at, words) for words, ask in DUE_WORK.items() if (due_at := ask(before)) is not None]
    if not waiting:
        return None
    due_at, words = min(waiting)
    return Delay(f"{words} since {due_at.isoformat(timespec='seconds')}", words, due_at)


def oldest(due: QuerySet, column: str, before: datetime) -> datetime | None:
    """Give the earliest instant of a column before another one. One SQL statement."""
    rows = due.filter(**{f"{column}__lt": before}).order_by(column)
    return rows.values_list(column, flat=True).first()


# Due rows by what is said of them, marked for translation: when the oldest one was due before an instant. The apps above add theirs in `ready()`.
DUE_WORK: dict[str, Callable[[datetime], datetime | None]] = {}

CHECKS: dict[str, Callable[[], str | Delay | None]] = {
    "database": _database,
    "migrations": _migrations,
    "triggers": _triggers,
    "zones": _zones,
    "broker": _broker,
    "beat": _beat,
    "work": _work,
}
