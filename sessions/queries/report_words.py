"""The words of a printed course in the reader's language, and in the words of the patient's species."""

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from django.utils.formats import get_format
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mesoclinic.core.wording import date_format
from protocols.models import Species
from sessions.models.courses import BodySide
from sessions.printing.words import ENGLISH, Words, print_day
from sessions.queries.scale_words import behaviour_label


def report_words(species: Species) -> Words:
    """Translate every word of the report; a horse has a stable where a person has an address."""
    words = dict(_translated(get_language()))
    if place := species.words.get("place"):
        words["stable"] = capfirst(_(place))
    words["behaviour"] = behaviour_label(species)
    return words


@cache
def _translated(language: str | None) -> Words:
    """Look up every word once a language: a process keeps its translations."""
    return {key: _(text) for key, text in ENGLISH.items()} | decimal_words()


def decimal_words() -> dict[str, str]:
    """Say what stands between whole and part of a number in the reader's language."""
    return {"decimal": str(get_format("DECIMAL_SEPARATOR"))}


def side_words(species: Species, side: str) -> str:
    """Say a side inside a phrase, as the species' people do: the near side of a horse."""
    if side in (BodySide.LEFT, BodySide.RIGHT) and species.words.get(side):
        return _(species.words[side])
    return str(BodySide(side).label).lower() if side else ""


def moment_words(at: datetime, zone: ZoneInfo, words: Words) -> str:
    """Write an instant in the site's own time: 2 Mar 2026 18:00."""
    local = at.astimezone(zone)
    return f"{print_day(local.date(), words)} {local:%H:%M}"


def weekday_words(at: datetime, zone: ZoneInfo, words: Words) -> str:
    """Write an instant with its weekday, as one reads an appointment: Mon 23 Mar 2026, 09:30."""
    local = at.astimezone(zone)
    return f"{date_format(local, 'D')} {print_day(local.date(), words)}, {local:%H:%M}"
