"""How well treatments went, in numbers a reader can check: shares and medians with their intervals. Pure, no Django.

A number without its uncertainty invites belief: every share and median comes with n and a 95 % interval, and a group
below `SMALLEST_GROUP` says nothing but that it is small.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from math import comb, sqrt

from sessions.scheduling.followup import RESPONSE_PERCENT

SMALLEST_GROUP = 5  # a median of four says nothing, and a reader of the list would know them all by name
RESPONSE_SHARE = Decimal(RESPONSE_PERCENT) / 100  # Source: DOMAIN section 1.5, S61: 2 points or 30 % matter to patients
Z95 = 1.959963984540054  # the 97.5 % point of the normal distribution
EXACT_UP_TO = 1000  # above, the binomial tail is taken from the normal distribution


@dataclass(frozen=True)
class Share:
    """`count` of `total`, with the ends of its 95 % interval as shares between 0 and 1."""

    count: int
    total: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.count / self.total


@dataclass(frozen=True)
class Middle:
    """The median of n values, with the two values of the sample that enclose the true median 19 times of 20.

    `low` and `high` are None where n is too small for such a pair (below 6).
    """

    median: Decimal
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True)
class Outcome:
    """What the courses of one group came to: n of them, the median change of the score, who responded."""

    n: int
    change: Middle | None
    responders: Share | None

    @property
    def is_small(self) -> bool:
        return self.n < SMALLEST_GROUP


def wilson(count: int, total: int) -> Share | None:
    """Give a share with its Wilson score interval of 95 %; None of nothing.

    (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n). Source: Wilson 1927, J Am Stat Assoc 22:209–212.
    """
    if not 0 <= count <= total:
        raise ValueError("a share is a part of its whole")
    if total == 0:
        return None
    p, z2 = count / total, Z95 * Z95
    middle = p + z2 / (2 * total)
    reach = Z95 * sqrt(p * (1 - p) / total + z2 / (4 * total * total))
    whole = 1 + z2 / total
    low = 0.0 if count == 0 else (middle - reach) / whole
    high = 1.0 if count == total else (middle + reach) / whole
    return Share(count, total, low, high)


def middle(counts: Mapping[Decimal, int]) -> Middle | None:
    """Give the median of values that are counted ({value: how often}) with its exact binomial interval of 95 %.

    The interval's ends are the k-th lowest and k-th highest value, k the largest with P(Bin(n, ½) < k) ≤ 2.5 %.
    Source: Conover, Practical Nonparametric Statistics, 3rd edition, section 3.2.
    """
    ordered = sorted((value, count) for value, count in counts.items() if count)
    n = sum(count for _value, count in ordered)
    if n == 0:
        return None
    below, above = _at(ordered, (n + 1) // 2), _at(ordered, n // 2 + 1)
    k = _rank(n)
    ends = (_at(ordered, k), _at(ordered, n + 1 - k)) if k else (None, None)
    return Middle((below + above) / 2, *ends)


def responded(first: Decimal, last: Decimal) -> bool:
    """Say whether pain fell by 30 % or more of the first score."""
    return first > 0 and last <= first * (1 - RESPONSE_SHARE)


def outcome(pairs: Iterable[tuple[Decimal, Decimal, int]]) -> Outcome:
    """Sum up courses given as (first score, last score, how many such courses); a first score of 0 cannot fall and is left out.

    A small group keeps its n and nothing else.
    """
    counts: dict[Decimal, int] = {}
    n = better = 0
    for first, last, count in pairs:
        if first <= 0:
            continue
        counts[last - first] = counts.get(last - first, 0) + count
        n += count
        better += count if responded(first, last) else 0
    if n < SMALLEST_GROUP:
        return Outcome(n, None, None)
    return Outcome(n, middle(counts), wilson(better, n))


def per_thousand(share: Share) -> tuple[float, float, float]:
    """Give a share and its interval as so many of a thousand."""
    return share.value * 1000, share.low * 1000, share.high * 1000


def _at(ordered: Sequence[tuple[Decimal, int]], rank: int) -> Decimal:
    """Give the value of a rank, the lowest being 1."""
    for value, count in ordered:
        rank -= count
        if rank <= 0:
            return value
    raise ValueError("no value has this rank")


@lru_cache(maxsize=EXACT_UP_TO)
def _rank(n: int) -> int:
    """Give the rank of the interval's lower end; 0 when n is too small for one."""
    if n > EXACT_UP_TO:
        return int((n - Z95 * sqrt(n)) / 2)
    tail, k = 0, 0
    while True:
        tail += comb(n, k)
        if tail * 40 > 2**n:  # the chance of fewer than k + 1 below the median is above 2.5 %
            return k
        k += 1
