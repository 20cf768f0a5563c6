"""What a rule has to say: level, rule, the sentence with its numbers, the source, and the lines it is about."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from protocols.dosing.quantities import plain

Value = Decimal | int | str | date


class Level(StrEnum):
    """How loud a finding is. A block needs a practitioner and a reason; it never makes recording impossible."""

    INFO = "info"
    WARN = "warn"
    BLOCK = "block"


LOUDEST_FIRST = {Level.BLOCK: 0, Level.WARN: 1, Level.INFO: 2}
_PLACE: Final = re.compile(r"%(?:\((?P<name>\w+)\)s|%)")


def show_value(value: Value) -> str:
    """Write one number, date or name for an English sentence."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return value.isoformat() if isinstance(value, date) else str(value)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the check noticed.

    `message` is an English template with `%(name)s` places, `numbers` fills them; `lines` are positions in the list
    that was checked (empty: the finding is about the session), `sites` positions in `MixContext.sites`.
    """

    level: Level
    rule: str
    message: str
    numbers: Mapping[str, Value] = field(default_factory=dict, hash=False)
    source: str = ""
    lines: tuple[int, ...] = ()
    sites: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", Level(self.level))

    def render(self, translate: Callable[[str], str] = str, show: Callable[[Value], str] = show_value) -> str:
        """Return the sentence, translated and with numbers written by `show`.

        A place without its number, or a stray % in a clinic's own wording, is shown as it stands, never an error.
        """
        numbers = self.numbers

        def fill(place: re.Match[str]) -> str:
            name = place["name"]
            if name is None:
                return "%"
            return show(numbers[name]) if name in numbers else place[0]

        return _PLACE.sub(fill, translate(self.message))

    @property
    def text(self) -> str:
        """The sentence in English."""
        return self.render()

    @property
    def key(self) -> str:
        """A stable name for "this finding was overridden": rule, lines and numbers.

        Changed numbers give another key, so an override never covers a higher dose than the one it was given for.
        """
        numbers = ",".join(f"{name}={show_value(self.numbers[name])}" for name in sorted(self.numbers))
        lines = ",".join(map(str, self.lines))
        return f"{self.rule}|{lines}|{','.join(map(str, self.sites))}|{numbers}"
