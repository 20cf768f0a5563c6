"""Rules of sports bodies and what they count: the earliest start after a treatment, and the time it blocks before one.

A rule gives the earliest possible start by that rule, never a clearance. Days are local to `zone`; hours and whole
days that elapse are counted in real time, over a change of the clocks too. Source: DOMAIN.md 2.3.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum

from protocols.dosing.quantities import checked_count, checked_or_none

Earliest = date | datetime
SEDATIVE = frozenset({"sedative"})  # the key of rules about whatever a horse is sedated with
EQUIDS = frozenset({"horse", "pony", "donkey", "mule"})
KG_IN_1000_LB = Decimal("453.59237")


class Counting(StrEnum):
    """How a rule counts. Inclusive: the day of treatment is day 1. Clear: neither end counts. DOMAIN.md 2.3."""

    ELAPSED_HOURS = "elapsed_hours"
    ELAPSED_DAYS = "elapsed_days"
    INCLUSIVE_DAYS = "inclusive_days"
    CLEAR_DAYS = "clear_days"
    NONE = "none"


ELAPSED = {Counting.ELAPSED_HOURS: timedelta(hours=1), Counting.ELAPSED_DAYS: timedelta(hours=24)}


@dataclass(frozen=True, slots=True)
class CompetitionRule:
    """A dated rule of one body: how long after a line with one of `keys` (any injection when empty).

    `text` is what a rule without a time says. `max_mg_per_1000_lb` is the most in 24 hours.
    """

    code: str
    body: str
    amount: int
    counting: Counting
    source: str
    keys: frozenset[str] = frozenset()
    route: str = "any"
    valid_from: date | None = None
    valid_until: date | None = None
    name: str = ""
    text: str = ""
    max_mg_per_1000_lb: Decimal | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "counting", Counting(self.counting))
        if not checked_count(self.amount, "amount") and self.counting is not Counting.NONE:
            raise ValueError("amount must be 1 or more")
        most = checked_or_none(self.max_mg_per_1000_lb, "max_mg_per_1000_lb", above_zero=True)
        object.__setattr__(self, "max_mg_per_1000_lb", most)

    @property
    def label(self) -> str:
        """The rule as people name it: its body and its title."""
        return f"{self.body}, {self.name}" if self.name else self.code

    def is_of(self, body: str) -> bool:
        """Whether the rule is that body's, however it was typed."""
        return folded(self.body) == folded(body)

    def in_force(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on <= self.valid_until
        )


@dataclass(frozen=True, slots=True)
class MixEvent:
    """A competition from one local day to another, both included, under the rules of a body ("" when not stated)."""

    name: str
    starts_on: date
    ends_on: date
    body: str = field(default="")


def folded(body: str) -> str:
    """Return a body's name as it is compared."""
    return " ".join(body.split()).casefold()


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return the instant a local day begins, where the clocks jump over midnight the instant of the jump."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC).astimezone(zone)


def earliest_start(
    rule: CompetitionRule, performed_on: date, performed_at: datetime | None = None, zone: tzinfo = UTC
) -> Earliest | None:
    """Return the earliest start a rule allows: an instant where time elapses, a day where days count, None without any.

    Without a time of treatment, time elapses from the end of its day. Inclusive: the day of treatment is day 1, and
    the day after the last is free. Clear: as many whole days lie between. Source: DOMAIN.md 2.3 (S92, S94, S95).
    """
    if rule.counting is Counting.NONE:
        return None
    if rule.counting in ELAPSED:
        since = performed_at if performed_at is not None else midnight(performed_on + timedelta(days=1), zone)
        return (since.astimezone(UTC) + ELAPSED[rule.counting] * rule.amount).astimezone(zone)
    return performed_on + timedelta(days=_days(rule))


def is_too_early(earliest: Earliest | None, starts_on: date, zone: tzinfo = UTC) -> bool:
    """Say whether a competition that may start with its first day starts before the earliest start."""
    if isinstance(earliest, datetime):
        return earliest > midnight(starts_on, zone)
    return earliest is not None and earliest > starts_on


def blocked_from(rule: CompetitionRule, starts_on: date, zone: tzinfo) -> datetime | None:
    """Return the instant from which on a treatment is too late for a start on a day; None for a rule without a time.

    The mirror of `earliest_start`: a treatment that is over by then is the last that is in time.
    """
    if rule.counting is Counting.NONE:
        return None
    if rule.counting in ELAPSED:
        start = midnight(starts_on, zone).astimezone(UTC)
        return (start - ELAPSED[rule.counting] * rule.amount).astimezone(zone)
    return midnight(starts_on - timedelta(days=_days(rule) - 1), zone)


def _days(rule: CompetitionRule) -> int:
    return rule.amount if rule.counting is Counting.INCLUSIVE_DAYS else rule.amount + 1
