"""A finding's sentence and numbers as plain JSON: what is kept with a record is said anew in any language."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from protocols.dosing.findings import Finding, Level, Value
from protocols.dosing.quantities import plain

# How JSON keeps what it has no word for: an object of one key, which says what it is.
NUMBER: Final = "number"
DAY: Final = "day"
TIME: Final = "time"


def sentence_of(finding: Finding) -> dict[str, Any]:
    """Return the English template and its numbers, ready for JSON."""
    return {"message": finding.message, "numbers": {name: _plain(one) for name, one in finding.numbers.items()}}


def kept_finding(row: Mapping[str, Any]) -> Finding | None:
    """Read what `sentence_of` wrote, with its level and rule; None where a row has no template or cannot be read."""
    message, numbers = row.get("message"), row.get("numbers", {})
    if not isinstance(message, str) or not message or not isinstance(numbers, dict):
        return None
    try:
        level, values = Level(row.get("level", Level.INFO)), {name: _value(one) for name, one in numbers.items()}
    except (ValueError, InvalidOperation, TypeError):
        return None
    return Finding(level, str(row.get("rule", "")), message, values, str(row.get("source", "")))


def _plain(value: Value) -> Any:
    if isinstance(value, Decimal):
        return {NUMBER: plain(value)}
    if isinstance(value, datetime):  # a day too, so it comes first
        return {TIME: value.isoformat()}
    return {DAY: value.isoformat()} if isinstance(value, date) else value


def _value(kept: Any) -> Value:
    if isinstance(kept, str | int):
        return kept
    [(kind, text)] = kept.items() if isinstance(kept, dict) else [("", "")]
    if kind == NUMBER:
        return Decimal(text)
    if kind == TIME:
        return datetime.fromisoformat(text)
    if kind == DAY:
        return date.fromisoformat(text)
    raise ValueError("no value of a finding")
