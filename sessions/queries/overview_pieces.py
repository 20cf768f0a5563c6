"""What a part of the overview is made of: figures, tables of cells that lead to their lists, charts, remarks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import get_format, number_format

from sessions.outcomes import Share
from sessions.printing.numbers import number
from sessions.queries.overview_scope import Scope

Query = dict[str, str]


@dataclass(frozen=True)
class Cell:
    """A text; `query` is the address of the list behind a number."""

    text: str
    query: Query | None = None

    @property
    def address(self) -> str:
        """Where the list behind the number is; empty for a number without one."""
        return f"{reverse('sessions:overview-list')}?{urlencode(self.query)}" if self.query else ""


@dataclass(frozen=True)
class Figure:
    """A number that matters; `below` says more in small."""

    label: str
    cell: Cell
    below: str = ""


@dataclass(frozen=True)
class Block:
    """One piece of a page: `kind` is figures, table, chart, empty or text."""

    kind: str
    title: str = ""
    heads: Sequence[tuple[str, str]] = ()
    rows: Sequence[Sequence[Cell]] = ()
    figures: Sequence[Figure] = ()
    svg: str = ""
    alt: str = ""
    text: str = ""


@dataclass(frozen=True)
class Part:
    """One page of the overview."""

    key: str
    title: str
    blocks: Sequence[Block] = field(default_factory=list)


def filters(scope: Scope) -> Query:
    """Give the address of what a page shows: the days as they are, so that a list of today is the same tomorrow."""
    asked: dict[str, Any] = {
        "period": "own",
        "from_on": scope.from_on.isoformat(),
        "until_on": scope.until_on.isoformat(),
    }
    for name in ("site", "practitioner", "protocol", "room", "indication", "lot"):
        if (row := getattr(scope, name)) is not None:
            asked[name] = str(row.public_id)
    if scope.species is not None:
        asked["species"] = scope.species.code
    return asked


def linked(number: int, scope: Scope, what: str, /, **narrowed: Any) -> Cell:
    """Give a number with the list behind it; zero has none to show."""
    if not number:
        return Cell("0")
    return Cell(whole(number), {"what": what, **filters(scope), **{key: str(value) for key, value in narrowed.items()}})


def behind(text: str, *cells: Cell) -> Cell:
    """Give what is said of counted things, a share or a median, with the list of the first of these that has one."""
    return Cell(text, next((cell.query for cell in cells if cell.query), None))


def hours(minutes: int) -> str:
    return f"{whole(minutes // 60)}:{minutes % 60:02}"


def whole(number: int) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)


def decimal(number: float, places: int = 1) -> str:
    return number_format(f"{number:.{places}f}", decimal_pos=places, use_l10n=True).replace("-", "−")


def plain(value: Decimal | int) -> str:
    """Write a number without zeros nobody asked for: 2.75, in French 2,75."""
    return number(value, {"decimal": str(get_format("DECIMAL_SEPARATOR"))})


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.0f} %"


def of(count: int, total: int) -> str:
    """Say a share, or nothing of nothing."""
    return percent(count / total) if total else ""


def interval(share: Share | None) -> str:
    """Say a share with its interval: 62 % (48–74 %)."""
    if share is None:
        return "–"
    return f"{percent(share.value)} ({share.low * 100:.0f}–{share.high * 100:.0f} %)"
