"""The rules of the mix check as a clinic reads them: each number, flag and note beside what was shipped."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.http import Http404
from django.utils.formats import localize
from django.utils.translation import gettext

from mesoclinic.core.clinic_forms import country_choices
from mesoclinic.core.models import Clinic
from protocols.allergens import allergen_words
from protocols.citations import shipped_text, source_words
from protocols.dosing import CountryNote, FlagRule, shipped
from protocols.dosing.limits import LIMITS, NUMBERS, LimitNumber
from protocols.dosing.quantities import plain
from protocols.models import Category, MixLimit, MixRule, Species, Substance, Technique
from protocols.queries.mix_tables import NAMED, regions_of, shipped_notes

FLAG, COUNTRY = MixRule.About.FLAG, MixRule.About.COUNTRY


@dataclass(frozen=True)
class LimitLine:
    """One number: the shipped one, and the clinic's row where it has its own."""

    number: LimitNumber
    row: MixLimit | None = None

    @property
    def code(self) -> str:
        return self.number.code

    @property
    def value(self) -> Decimal | None:
        return self.number.shipped if self.row is None else self.row.value

    @property
    def source(self) -> str:
        return self.number.source if self.row is None else self.row.source


@dataclass(frozen=True)
class Words:
    """What is said: how loud, which sentence, by which source."""

    level: str
    text: str
    source: str

    @property
    def level_words(self) -> str:
        return str(MixRule.Level(self.level).label)


@dataclass(frozen=True)
class RuleLine:
    """One flag or note: the words that hold, and the shipped ones where there are any."""

    about: str
    code: str
    country: str
    holds: Words
    shipped: Words | None
    row: MixRule | None
    keys: tuple[str, ...]
    species: tuple[str, ...]

    @property
    def is_changed(self) -> bool:
        return self.row is not None and self.shipped is not None

    @property
    def is_archived(self) -> bool:
        return self.row is not None and self.row.is_archived

    @property
    def country_words(self) -> str:
        return country_words(self.country)


def limit_lines(clinic: Clinic) -> list[LimitLine]:
    """Every number of the check, in the order of the page. One statement."""
    own = {row.code: row for row in MixLimit.objects.filter(clinic=clinic)}
    return [LimitLine(number, own.get(number.code)) for number in LIMITS]


def limit_or_404(clinic: Clinic, code: str) -> LimitLine:
    """One number. One statement. Raises Http404 for a code there is none of."""
    if code not in NUMBERS:
        raise Http404
    return LimitLine(NUMBERS[code], MixLimit.objects.filter(clinic=clinic, code=code).first())


def rule_lines(clinic: Clinic, about: str) -> list[RuleLine]:
    """All flags, or all notes on countries, the clinic's own country first. One statement."""
    rows = {row.code: row for row in MixRule.objects.filter(clinic=clinic, about=about)}
    known = _shipped(about)
    lines = [_line(about, code, known.get(code), rows.get(code)) for code in (*known, *(rows.keys() - known.keys()))]
    if about == FLAG:
        return lines
    near = (clinic.country, *regions_of(clinic))
    return sorted(lines, key=lambda line: (line.country not in near, line.country_words, line.code))


@dataclass(frozen=True)
class RuleRow:
    """A limit, a technique or a rule as a row of a table."""

    kind: str
    words: str
    here: Decimal | str | None
    shipped: Decimal | str | None
    unit: str
    country: str
    source: str
    is_archived: bool = False


def as_rows(limits: Iterable[LimitLine], techniques: Iterable[Technique], rules: Iterable[RuleLine]) -> list[RuleRow]:
    """Give the limits and, below, techniques, flags and notes, as the page shows them. No statement."""
    return [*map(_limit_row, limits), *map(_technique_row, techniques), *map(_rule_row, rules)]


def _limit_row(line: LimitLine) -> RuleRow:
    known, unit = line.number, gettext(line.number.unit) if line.number.unit else ""
    words = gettext(known.words)
    return RuleRow(gettext("Limit"), words, line.value, known.shipped, unit, "", source_words(line.source))


def _technique_row(one: Technique) -> RuleRow:
    ends = (one.depth_min_mm, one.depth_max_mm)
    depths = dict.fromkeys(str(localize(Decimal(plain(depth)))) for depth in ends if depth is not None)
    said = (str(one), "–".join(depths), "", "mm" if depths else "", "", source_words(one.source))
    return RuleRow(gettext("Technique"), *said, is_archived=one.is_archived)


def _rule_row(line: RuleLine) -> RuleRow:
    known = line.shipped.level_words if line.shipped else ""
    country = line.country_words if line.country else ""
    said = (line.holds.text, line.holds.level_words, known, "", country, source_words(line.holds.source))
    return RuleRow(str(MixRule.About(line.about).label), *said, is_archived=line.is_archived)


def rule_or_404(clinic: Clinic, about: str, code: str) -> RuleLine:
    """One flag or note. One statement. Raises Http404 where there is none of the code."""
    known = _shipped(about).get(code) if about in MixRule.About.values else None
    row = MixRule.objects.filter(clinic=clinic, about=about, code=code).first()
    if known is None and row is None:
        raise Http404
    return _line(about, code, known, row)


def shipped_codes(about: str) -> set[str]:
    """The codes of the shipped flags, or of the shipped notes."""
    return set(_shipped(about))


def _shipped(about: str) -> dict[str, FlagRule | CountryNote]:
    return {rule.code: rule for rule in shipped.FLAG_RULES} if about == FLAG else {**shipped_notes()}


def _line(about: str, code: str, known: FlagRule | CountryNote | None, row: MixRule | None) -> RuleLine:
    as_shipped = known and Words(known.level.value, shown_text(known.message), known.source)
    holds = Words(row.level, row.text, row.source) if row is not None else as_shipped
    if holds is None:
        raise ValueError("a rule is shipped, the clinic's own, or both")
    return RuleLine(
        about=about,
        code=code,
        country=getattr(known, "country", "") or (row.country if row is not None else ""),
        holds=holds,
        shipped=as_shipped,
        row=row,
        keys=tuple(sorted(known.keys)) if known is not None else tuple(row.keys if row is not None else ()),
        species=_species(known, row),
    )


def _species(known: FlagRule | CountryNote | None, row: MixRule | None) -> tuple[str, ...]:
    if known is not None:
        return tuple(sorted(getattr(known, "species", ())))
    return tuple(row.species if row is not None else ())


def shown_text(message: str) -> str:
    """The template of a finding as people read and write it."""
    return gettext(message).replace("%(substance)s", NAMED).replace("%%", "%")


def country_words(code: str) -> str:
    """Name a country, or the European Union, by its code."""
    return gettext("European Union") if code == "EU" else str(dict(country_choices()).get(code, code))


def named_words(clinic: Clinic, lines: Iterable[RuleLine]) -> dict[str, str]:
    """Name the substances, categories, classes and species the lines are about. Three statements."""
    codes = {code for line in lines for code in line.keys}
    words = {code: str(allergen_words(code)) for code in codes}
    words |= {code: gettext(name) for code, name in Category.objects.values_list("code", "name")}
    substances = Substance.objects.filter(clinic=clinic, code__in=codes).values_list("code", "name")
    words |= {code: shipped_text(name) for code, name in substances}
    return words | {code: gettext(name) for code, name in Species.objects.values_list("code", "name")}
