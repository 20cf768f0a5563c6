"""The columns of this app's lists in a spreadsheet."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.exports import Column
from protocols.citations import pair_words, shipped_text
from protocols.importing.columns import NAMES, WRITTEN_ONLY
from protocols.models import Protocol, ProtocolLine, ProtocolVersion
from protocols.models.indications import IndicationField
from protocols.words import cadence_words

LOTS = (
    Column(_("Substance"), lambda lot: str(lot.substance)),
    Column(_("Lot"), lambda lot: lot.number),
    Column(_("Manufacturer"), lambda lot: lot.manufacturer),
    Column(_("Expires"), lambda lot: lot.expires_on),
    Column(pgettext_lazy("volume", "Left"), lambda lot: lot.stock_ml),
    Column(_("State"), lambda lot: lot.get_status_display()),
    Column(_("Reactions blamed on it"), lambda lot: lot.blamed or None),
)
SUBSTANCES = (
    Column(_("Substance"), str),
    Column(_("Synonyms"), lambda one: ", ".join(one.synonyms)),
    Column(_("Categories"), lambda one: ", ".join(map(str, one.categories.all()))),
    Column(_("Strength"), lambda one: one.strength),
    Column(_("Unit"), lambda one: one.strength_unit),
    Column(_("For"), lambda one: ", ".join(map(str, one.species.all()))),
    Column(_("Status"), lambda one: one.get_status_display()),
)
PAIRS = (
    Column(_("Pair"), lambda pair: pair_words(pair.name)),
    Column(_("What is known"), lambda pair: pair.get_level_display()),
    Column(_("What happens"), lambda pair: shipped_text(pair.effect)),
    Column(_("All right in"), lambda pair: str(pair.only_with) if pair.only_with else ""),
    Column(_("Source"), lambda pair: pair.source),
)
COMPETITION_RULES = (
    Column(_("Body"), lambda rule: rule.body),
    Column(_("Rule"), lambda rule: shipped_text(rule.name)),
    Column(_("About"), lambda rule: rule.get_applies_to_display()),
    Column(_("How many"), lambda rule: rule.amount),
    Column(_("Counted in"), lambda rule: rule.get_counting_display()),
    Column(_("Valid from"), lambda rule: rule.valid_from),
    Column(_("Valid until"), lambda rule: rule.valid_until),
    Column(_("Last compared"), lambda rule: rule.checked_on),
    Column(_("Source"), lambda rule: rule.source),
    Column(_("Not counted any more"), lambda rule: gettext("yes") if rule.is_archived else ""),
)
LIMITS_AND_RULES = (
    Column(_("Kind"), lambda line: line.kind),
    Column(_("What it says"), lambda line: line.words),
    Column(_("Here"), lambda line: line.here),
    Column(_("As shipped"), lambda line: line.shipped),
    Column(_("Unit"), lambda line: line.unit),
    Column(_("Country"), lambda line: line.country),
    Column(_("Source"), lambda line: line.source),
    Column(_("Not said any more"), lambda line: gettext("yes") if line.is_archived else ""),
)


@dataclass(frozen=True, slots=True)
class ProtocolRow:
    """A line of a mix, with its protocol: what a protocol has once stands in the first of its rows only."""

    version: ProtocolVersion
    line: ProtocolLine | None
    is_first: bool


def protocol_rows(protocols: Iterable[Protocol]) -> Iterator[ProtocolRow]:
    """The rows of the newest version of each. Needs the protocols of `queries.protocols.search`."""
    for one in protocols:
        lines = list(one.shown[0].lines.all()) or [None]
        yield from (ProtocolRow(one.shown[0], line, number == 0) for number, line in enumerate(lines))


def _once(field: str, value: Callable[[ProtocolVersion], Any]) -> Column:
    return Column(_label(field), lambda row: value(row.version) if row.is_first else None)


def _of_line(field: str, value: Callable[[ProtocolLine], Any]) -> Column:
    return Column(_label(field), lambda row: value(row.line) if row.line else None)


def _label(field: str) -> Any:
    return NAMES[field][0]


def _joined(rows: Iterable[Any]) -> str:
    return "; ".join(str(row) for row in rows)


# The same headings the import of protocols reads, so that a list taken from one clinic is the file for another.
PROTOCOLS = (
    Column(_label("name"), lambda row: row.version.protocol.name),
    _once("field", lambda version: IndicationField(version.protocol.field).label if version.protocol.field else ""),
    _once("species", lambda version: _joined(version.species.all())),
    _once("indications", lambda version: _joined(version.indications.all())),
    _once("cadence", lambda version: version.cadence),
    Column(WRITTEN_ONLY[0], lambda row: cadence_words(row.version.cadence) if row.is_first else None),
    _once("minimum_sessions", lambda version: version.minimum_sessions),
    _once("technique", lambda version: version.technique),
    _once("device", lambda version: version.get_device_display() if version.device else ""),
    *(
        _once(name, attrgetter(name))
        for name in ("needle", "needle_length_mm", "depth_min_mm", "depth_max_mm", "shots_min", "shots_max")
    ),
    _once("volume_per_point_ml", attrgetter("volume_per_point_ml")),
    _of_line("substance", lambda line: line.substance.name),
    _of_line("role", lambda line: line.get_role_display()),
    *(_of_line(name, attrgetter(name)) for name in ("volume_ml", "strength", "strength_unit", "syringe", "note")),
    *(_once(name, attrgetter(name)) for name in ("summary", "aftercare", "notes", "source")),
    Column(WRITTEN_ONLY[1], lambda row: row.version.number if row.is_first else None),
    Column(WRITTEN_ONLY[2], lambda row: row.version.get_status_display() if row.is_first else None),
)
