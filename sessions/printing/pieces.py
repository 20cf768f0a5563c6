"""Small pieces of a printed report: tables without empty columns, ranges of days, changes, joined texts."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sessions.printing.charts import number
from sessions.printing.fonts import printable_text
from sessions.printing.words import Words, print_day

Block = dict[str, Any]
Rows = list[list[str]]


def table(columns: Sequence[tuple[str, str, str]], rows: Rows, *, total: bool = False) -> list[Block]:
    """Drop the columns that say nothing; no rows, no table. `total` sets the last row apart."""
    said = rows[:-1] if total else rows
    kept = [index for index in range(len(columns)) if any(row[index] for row in said)]
    if not kept:
        return []
    widths = [columns[index][2] for index in kept]
    if "1fr" not in widths:
        widths[-1] = "1fr"
    return [
        {
            "kind": "table",
            "heads": [columns[index][0] for index in kept],
            "aligns": [columns[index][1] for index in kept],
            "widths": widths,
            "rows": [[row[index] for index in kept] for row in rows],
            "total": total,
        }
    ]


def facts_said(rows: Rows) -> Rows:
    return [row for row in rows if row[1]]


def window(earliest: date, latest: date, words: Words) -> str:
    """Write a range of days without saying month and year twice."""
    if earliest == latest:
        return ""
    first, last = print_day(earliest, words).split(" "), print_day(latest, words)
    same = 1 if earliest.replace(day=1) == latest.replace(day=1) else 2 if earliest.year == latest.year else 3
    return f"{' '.join(first[:same])} – {last}"


def change(before: Decimal | None, after: Decimal | None) -> str:
    """Both the raw change and the share, as the field reports it (DOMAIN.md 1.4)."""
    if before is None or after is None:
        return ""
    change = after - before
    text = f"{'+' if change > 0 else ''}{number(change)}"
    if before:
        share = (change / before * 100).quantize(Decimal(1))
        text += f" ({'+' if share > 0 else ''}{number(share)} %)"
    return text


def ml(volume: Decimal | None) -> str:
    return "" if volume is None else f"{number(volume)} mL"


def joined(parts: Iterable[str]) -> str:
    return " · ".join(part for part in parts if part)


def comma(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)


def colon(head: str, text: str) -> str:
    return ": ".join(part for part in (head, text) if part)


def heading(text: str) -> str:
    """Give a text for a heading, which PDF/UA does not allow to be empty."""
    return printable_text(text).strip() or "—"


def make_printable(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.startswith("<svg") else printable_text(value)
    if isinstance(value, dict):
        return {key: make_printable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [make_printable(one) for one in value]
    return value
