"""The bridge from a clinic's rules to the pure mix check: what was shipped, with the clinic's own word in its place."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

from mesoclinic.core.models import Clinic
from protocols.catalogue.files import read_catalogue
from protocols.catalogue.rows import cite
from protocols.citations import shipped_text
from protocols.dosing import (
    CountryNote,
    FlagRule,
    Level,
    MixLimits,
    MixPair,
    NumberRange,
    Verdict,
    shipped,
)
from protocols.dosing.limits import NUMBERS, with_changes
from protocols.models import Incompatibility, MixLimit, MixRule

# Source: the European Union's own list of its members.
EU_COUNTRIES = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
VERDICTS = {
    Incompatibility.Level.BLOCK: (Verdict.INCOMPATIBLE, Level.BLOCK),
    Incompatibility.Level.WARN: (Verdict.CAUTION, Level.WARN),
    Incompatibility.Level.ALLOW: (Verdict.COMPATIBLE, Level.INFO),
}
VEHICLES = frozenset({"sodium-bicarbonate", "sodium-chloride", "water-for-injection"})
PAIR_COLUMNS = (
    *("level", "effect", "source", "second_class", "only_from_mg_per_ml", "only_to_mg_per_ml"),
    *("is_archived", "shipped_digest", "first__code", "second__code", "only_with__code", "only_with__name"),
)
NAMED = "[substance]"  # how a clinic writes the place of the products' names


@dataclass(frozen=True)
class MixTables:
    """What `MixContext` needs of the clinic: `MixContext(performed_on=…, **tables.as_context())`."""

    country: str
    regions: frozenset[str]
    pairs: tuple[MixPair, ...]
    country_notes: tuple[CountryNote, ...]
    reworded_notes: frozenset[str] = frozenset()
    flag_rules: tuple[FlagRule, ...] = shipped.FLAG_RULES
    limits: MixLimits = field(default_factory=MixLimits)

    def as_context(self) -> dict[str, Any]:
        names = ("country", "regions", "pairs", "country_notes")
        return {name: getattr(self, name) for name in (*names, "reworded_notes", "flag_rules", "limits")}


def mix_tables(clinic: Clinic) -> MixTables:
    """The clinic's tables for one check, but the rules of competitions. Three statements.

    Country notes about single substances are on the substances themselves (`legal_notes`) until the clinic rewords
    them.
    """
    own = list(MixRule.objects.filter(clinic=clinic).order_by("country", "code"))
    notes = {row.code: row for row in own if row.about == MixRule.About.COUNTRY}
    return MixTables(
        country=clinic.country,
        regions=regions_of(clinic),
        pairs=mix_pairs(clinic),
        country_notes=_country_notes(notes),
        reworded_notes=frozenset(notes),
        flag_rules=_flag_rules({row.code: row for row in own if row.about == MixRule.About.FLAG}),
        limits=with_changes(changed_limits(clinic)),
    )


def regions_of(clinic: Clinic) -> frozenset[str]:
    """The wider laws that hold where the clinic is."""
    return frozenset({"EU"}) if clinic.country in EU_COUNTRIES else frozenset()


# --- numbers, flags and notes


def changed_limits(clinic: Clinic) -> dict[str, Any]:
    """The clinic's own numbers by code. One statement."""
    rows = MixLimit.objects.filter(clinic=clinic).values_list("code", "value")
    return {code: value for code, value in rows if code in NUMBERS}


@cache
def shipped_notes() -> dict[str, CountryNote]:
    """The shipped notes the check can raise, by code: two on every mix, the others on single substances."""
    general = {note.code: note for note in shipped.COUNTRY_NOTES if not note.keys}
    catalogue = read_catalogue()
    named = {
        note.code: CountryNote(
            note.country,
            Level(note.severity),
            escaped(note.text),
            cite(catalogue, note.sources),
            keys=frozenset((*note.substances, *note.categories)),
            species=frozenset(note.species),
            code=note.code,
        )
        for note in catalogue.country_notes
        if note.substances or note.categories
    }
    return {**general, **named}


def _flag_rules(own: dict[str, MixRule]) -> tuple[FlagRule, ...]:
    return tuple(replace(rule, **_said(own[rule.code])) if rule.code in own else rule for rule in shipped.FLAG_RULES)


def _country_notes(own: dict[str, MixRule]) -> tuple[CountryNote, ...]:
    """The notes on every mix, and all the clinic says in its own way."""
    kept = [note for note in shipped.COUNTRY_NOTES if not note.keys and note.code not in own]
    return (*kept, *(_country_note(row) for row in own.values() if not row.is_archived))


def _country_note(row: MixRule) -> CountryNote:
    """A shipped note in the clinic's words, or the clinic's own."""
    note = shipped_notes().get(row.code)
    if note is None:
        keys, species = frozenset(row.keys), frozenset(row.species)
        note = CountryNote(row.country, Level.INFO, "", "", keys=keys, species=species, code=row.code)
    return replace(note, **_said(row))


def _said(row: MixRule) -> dict[str, Any]:
    message = escaped(row.text).replace(NAMED, "%(substance)s")
    return {"level": Level(row.level), "message": message, "source": row.source}


# --- pairs


def mix_pairs(clinic: Clinic) -> tuple[MixPair, ...]:
    """The shipped pairs and the clinic's own and changed ones, which the check hears first. One statement.

    A row as shipped says what `dosing.shipped.PAIRS` says with its strengths and vehicles; a changed row takes its
    place, a row no longer offered takes the shipped one away.
    """
    rows = (
        Incompatibility.objects.filter(clinic=clinic)
        .exclude(is_edited=False, is_archived=False, shipped_digest__gt="")
        .select_related("first", "second", "only_with")
        .only(*PAIR_COLUMNS)
        .order_by("pk")
    )
    return (*shipped.PAIRS, *_pairs(rows))


def _pairs(rows: Iterable[Incompatibility]) -> Iterator[MixPair]:
    for row in rows:
        if not row.is_archived:
            yield from _pair(row)
        elif row.shipped_digest:
            yield MixPair(row.first.code, _second(row), Verdict.UNKNOWN, "", "", Level.INFO, own=True)


def _second(row: Incompatibility) -> str:
    return row.second.code if row.second is not None else row.second_class


def _pair(row: Incompatibility) -> Iterator[MixPair]:
    """What a row says; where it names a vehicle, once without and once with it.

    With the vehicle alone, and in the strengths given, the two go together; without it they do not.
    """
    verdict, level = VERDICTS[Incompatibility.Level(row.level)]
    reason = escaped(shipped_text(row.effect)) or "%(left)s + %(right)s"
    left, right, source = row.first.code, _second(row), row.source or _("Set by the clinic")
    if row.only_with is None:
        yield MixPair(left, right, verdict, reason, source, level, own=True)
        return
    if verdict is Verdict.COMPATIBLE:
        verdict, level = VERDICTS[Incompatibility.Level.WARN]
    only = escaped(_("Only with %(vehicle)s.") % {"vehicle": row.only_with})
    yield MixPair(left, right, verdict, f"{reason} {only}", source, level, own=True)
    yield MixPair(
        left,
        right,
        Verdict.COMPATIBLE,
        reason,
        source,
        Level.INFO,
        needs=frozenset({row.only_with.code}),
        bars=VEHICLES - {row.only_with.code},
        right_mg_per_ml=_strengths(row),
        own=True,
    )


def _strengths(row: Incompatibility) -> NumberRange | None:
    low, high = row.only_from_mg_per_ml, row.only_to_mg_per_ml
    return None if low is None or high is None else NumberRange(low, high)


def escaped(text: str) -> str:
    """Text of a person as the template of a finding."""
    return text.replace("%", "%%")
