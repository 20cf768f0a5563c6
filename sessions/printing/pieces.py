"""Small pieces of a printed report: tables without empty columns, ranges of days, changes, joined texts."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sessions.printing.document import ClinicPart
from sessions.printing.file_names import file_part
from sessions.printing.fonts import printable_text
from sessions.printing.numbers import number
from sessions.printing.words import Words, print_day

Block = dict[str, Any]
Rows = list[list[str]]
_NARROW = 24  # letters
_ALL_NARROW = 74  # letters of about 96 on a line


def table(
    columns: Sequence[tuple[str, str, str]], rows: Rows, *, total: bool = False, notes: bool = False
) -> list[Block]:
    """Drop the columns that say nothing; no rows, no table. `total` sets the last row apart; with `notes` the lines of
    a cell below its first are set small.
    """
    said = rows[:-1] if total else rows
    kept = [index for index in range(len(columns)) if any(row[index] for row in said)]
    if not kept:
        return []
    widths = _widths([columns[index] for index in kept], [[row[index] for index in kept] for row in rows])
    return [
        {
            "kind": "table",
            "heads": [columns[index][0] for index in kept],
            "aligns": [columns[index][1] for index in kept],
            "widths": widths,
            "rows": [[row[index] for index in kept] for row in rows],
            "total": total,
            "notes": notes,
        }
    ]


def _widths(columns: Sequence[tuple[str, str, str]], rows: Rows) -> list[str]:
    """Short columns take what they need, the others share the rest: an `auto` column would push them off the page."""
    lengths = [_longest_line(column[0], *cells) for column, *cells in zip(columns, *rows, strict=True)]
    narrow = [n for n, column in enumerate(columns) if column[2] == "auto" and lengths[n] <= _NARROW]
    while narrow and sum(lengths[n] + 2 for n in narrow) > _ALL_NARROW:
        narrow.remove(max(narrow, key=lambda n: lengths[n]))
    if len(narrow) == len(columns):
        narrow.pop()
    wide = [n for n in range(len(columns)) if n not in narrow]
    if len(wide) == 1:
        return ["auto" if n in narrow else "1fr" for n in range(len(columns))]
    return ["auto" if n in narrow else f"{min(max(lengths[n], 12), 40)}fr" for n in range(len(columns))]


def _longest_line(*texts: str) -> int:
    return max(len(line) for text in texts for line in text.split("\n"))


def listed(items: list[str]) -> list[Block]:
    return [{"kind": "list", "items": items}] if items else []


def facts_said(rows: Rows) -> Rows:
    return [row for row in rows if row[1]]


def window(earliest: date | None, latest: date | None, words: Words) -> str:
    """Write a range of days without saying month and year twice."""
    if earliest is None or latest is None or earliest == latest:
        return ""
    first, last = print_day(earliest, words).split(" "), print_day(latest, words)
    same = 1 if earliest.replace(day=1) == latest.replace(day=1) else 2 if earliest.year == latest.year else 3
    return f"{' '.join(first[:same])} – {last}"


def change(before: Decimal | None, after: Decimal | None, words: Words) -> str:
    """Both the raw change and the share, as the field reports it (DOMAIN.md 1.4)."""
    if before is None or after is None:
        return ""
    change = after - before
    text = f"{'+' if change > 0 else ''}{number(change, words)}"
    if before:
        share = (change / before * 100).quantize(Decimal(1))
        text += f" ({'+' if share > 0 else ''}{number(share)} %)"
    return text


def ml(volume: Decimal | None, words: Words) -> str:
    return "" if volume is None else f"{number(volume, words)} mL"


def was(text: str, signed: str, words: Words) -> str:
    """Set beside a value what was signed, where a correction gave another; nothing where it is empty."""
    return f"{text} ({words['signed_as'].format(value=signed)})" if signed else text


def joined(parts: Iterable[str]) -> str:
    return " · ".join(part for part in parts if part)


def comma(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)


def colon(head: str, text: str, words: Words) -> str:
    return words["colon"].format(head=head, text=text) if head and text else head or text


def clinic_data(clinic: ClinicPart) -> dict[str, Any]:
    """Give what `base.typ` sets at the head of every paper."""
    lines = [line for line in (*clinic.address, joined([clinic.phone, clinic.email])) if line]
    return {"name": clinic.name, "lines": lines, "logo": clinic.logo}


def heading(text: str) -> str:
    """Give a text for a heading, which PDF/UA does not allow to be empty."""
    return printable_text(text).strip() or "—"


def shortened(text: str, letters: int) -> str:
    """Cut a text that is longer than `letters` between two words, with an ellipsis; a long word anywhere."""
    if len(text) <= letters:
        return text
    kept = text[: letters - 1]
    if not text[letters - 1].isspace() and (space := kept.rfind(" ")) > letters // 2:
        kept = kept[:space]
    return f"{kept.rstrip(' ·,–')}…"


def paper_file_name(day: date, name: str, what: str) -> str:
    """Name a PDF so that a person finds it again: `2026-03-02_Name_appointments.pdf`."""
    return f"{day.isoformat()}_{file_part(name, 'patient')}_{what}.pdf"


def make_printable(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.startswith("<svg") else printable_text(value)
    if isinstance(value, dict):
        return {key: one if key == "href" else make_printable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [make_printable(one) for one in value]
    return value
