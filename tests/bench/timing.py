"""How things are measured: ratios from interleaved rounds, absolute times as p50 and p95, results always looked at."""

import gc
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any

Timed = Callable[[], Any]


class WrongResultError(AssertionError):
    """What was measured did not do what it should: its time says nothing."""


@dataclass(frozen=True)
class Ratio:
    """Ours against its floor, both in milliseconds, and the spread of the ratio over the rounds."""

    code: str
    what: str
    ours_ms: float
    floor_ms: float
    ratio: float
    lowest: float
    highest: float
    rounds: int
    bound: float
    aim: float
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.ratio <= self.aim:
            return "aim met"
        return "within bound" if self.ratio <= self.bound else "OVER BOUND"


@dataclass(frozen=True)
class Times:
    """A request or a call measured by itself. `cpu_ms` is what the serving process computed for one, when known."""

    what: str
    p50_ms: float
    p95_ms: float
    count: int
    aim_p50_ms: float | None = None
    aim_p95_ms: float | None = None
    size_bytes: int | None = None
    cpu_ms: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.aim_p50_ms is None or self.aim_p95_ms is None:
            return ""
        return "met" if self.p50_ms <= self.aim_p50_ms and self.p95_ms <= self.aim_p95_ms else "MISSED"


@dataclass(frozen=True)
class Amount:
    """Anything else worth a line: megabytes, queries."""

    what: str
    value: str
    limit: str = ""
    verdict: str = ""


Result = Ratio | Times | Amount


def timed(run: Timed) -> tuple[float, Any]:
    """Run once and give milliseconds and result."""
    begun = time.perf_counter()
    result = run()
    return (time.perf_counter() - begun) * 1000, result


def interleaved(
    code: str,
    what: str,
    ours: Callable[[int], Timed],
    floor: Callable[[int], Timed],
    *,
    same: Callable[[Any, Any], bool],
    rounds: int,
    bound: float,
    aim: float,
    note: str = "",
) -> Ratio:
    """Measure ours and its floor in turn, each first every other time.

    `ours(n)` and `floor(n)` prepare round n, untimed, and give what is timed. The first round warms up and is not
    counted. Raises WrongResultError when `same` says that the two did not do the same.
    """
    pairs = []
    for number in range(rounds + 1):
        steps = {"ours": ours, "floor": floor} if number % 2 == 0 else {"floor": floor, "ours": ours}
        found = {}
        for name, prepare in steps.items():
            call = prepare(number)
            gc.collect()  # the garbage of others: looking through it may take as long as what is measured
            gc.freeze()
            found[name] = timed(call)
        require(same(found["ours"][1], found["floor"][1]), f"{code}: ours and the floor differ in round {number}")
        if number:
            pairs.append((found["ours"][0], found["floor"][0]))
    ratios = [mine / floors for mine, floors in pairs]
    ours_ms, floor_ms = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    return Ratio(code, what, ours_ms, floor_ms, ours_ms / floor_ms, min(ratios), max(ratios), rounds, bound, aim, note)


def spread(what: str, milliseconds: list[float], **more: Any) -> Times:
    """Give p50 and p95 of single times."""
    if len(milliseconds) < 2:
        milliseconds = milliseconds * 2
    p95 = quantiles(milliseconds, n=20, method="inclusive")[18]
    return Times(what, median(milliseconds), p95, len(milliseconds), **more)


def repeated(what: str, run: Callable[[int], Any], count: int, check: Callable[[Any], bool], **more: Any) -> Times:
    """Measure a call `count` times after a warm-up."""
    gc.collect()
    gc.freeze()
    measured = []
    for number in range(count + 1):
        taken, result = timed(lambda number=number: run(number))
        require(check(result), f"{what}: wrong result")
        measured.append(taken)
    return spread(what, measured[1:], **more)


def require(truth: object, words: str) -> None:
    if not truth:
        raise WrongResultError(words)


def as_data(results: list[Result]) -> list[dict[str, Any]]:
    return [{"kind": type(one).__name__, **asdict(one)} for one in results]


def from_data(rows: list[dict[str, Any]]) -> list[Result]:
    kinds = {kind.__name__: kind for kind in (Ratio, Times, Amount)}
    return [kinds[row.pop("kind")](**row) for row in rows]


def exit_code(engines: dict[str, list[Result]]) -> int:
    """Give 1 when anything could not be measured, or is simply wrong however fast the machine."""
    return int(any(one.verdict == "FAILED" for rows in engines.values() for one in rows))
