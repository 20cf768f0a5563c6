"""What must hold across the catalogue's entries: unique codes, known words, references that resolve, sources for all."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from protocols.cadence import CadenceError, parse
from protocols.catalogue import entries
from protocols.catalogue.errors import CatalogueError

CODE = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*\Z|S[0-9]+[a-z]*\Z")

# (table, field): the words that field may hold
WORDS = {
    ("substances", "kind"): {"pharmaceutical", "homeopathic", "vitamin", "mineral", "plant"},
    ("substances", "status"): {"active", "withdrawn"},
    ("substances", "food_chain"): {"allowed", "essential", "not_allowed", "unknown"},
    ("substances", "traits"): {
        "vehicle",
        "vasoconstrictor",
        "fat_soluble",
        "water_soluble",
        "short_term_only",
        "sedative",
    },
    ("incompatibilities", "verdict"): {"block", "warn", "compatible"},
    ("mix_rules", "verdict"): {"block", "warn", "info"},
    ("indications", "field"): {"pain", "sports", "cosmetic", "general"},
    ("indications", "course"): {"acute", "chronic", "either"},
    ("competition_rules", "counting"): {"elapsed_hours", "elapsed_days", "inclusive_days", "clear_days", "none"},
    ("competition_rules", "unit"): {"", "h", "d"},
    ("competition_rules", "classes"): {"corticosteroid", "sedative"},
    ("competition_rules", "route"): {"any", "intra-articular"},
    ("checklist", "default"): {"stop", "stop_substance", "ask", "advise"},
    ("country_notes", "severity"): {"info", "warn", "block"},
    ("scores", "better"): {"lower", "higher"},
    ("aftercare", "moment"): {"before", "session", "after", "watch"},
    ("consent_texts", "kind"): {"general", "off_label", "sedation", "photo", "insurer"},
}
CEILING_UNITS = {
    "per_kg": "mg/kg",
    "per_session": "mg",
    "per_24h": "mg",
    "per_course": "mg",
    "days_per_course": "d",
    "minutes_between": "min",
}
LINE_ROLES = {"base anaesthetic", "vasodilator", "add-in"}

# (table, field): the table its codes belong to
REFERENCES = {
    ("regions", "species"): "species",
    ("substances", "categories"): "categories",
    ("substances", "species"): "species",
    ("substances", "stop_flags"): "checklist",
    ("incompatibilities", "first"): "substances",
    ("incompatibilities", "second"): "substances",
    ("incompatibilities", "unless_with"): "substances",
    ("mix_rules", "species"): "species",
    ("indications", "species"): "species",
    ("indications", "region"): "regions",
    ("indications", "main_score"): "scores",
    ("indications", "categories"): "categories",
    ("techniques", "species"): "species",
    ("devices", "species"): "species",
    ("devices", "blocked_species"): "species",
    ("protocols", "species"): "species",
    ("protocols", "indications"): "indications",
    ("protocols", "techniques"): "techniques",
    ("protocols", "device"): "devices",
    ("protocols", "aftercare"): "aftercare",
    ("competition_rules", "substances"): "substances",
    ("competition_rules", "categories"): "categories",
    ("competition_rules", "species"): "species",
    ("checklist", "species"): "species",
    ("checklist", "substances"): "substances",
    ("country_notes", "substances"): "substances",
    ("country_notes", "categories"): "categories",
    ("country_notes", "indications"): "indications",
    ("country_notes", "species"): "species",
    ("scores", "species"): "species",
    ("aftercare", "species"): "species",
    ("consent_texts", "species"): "species",
}
RANGES = (
    ("depth_min_mm", "depth_max_mm"),
    ("needle_length_min_mm", "needle_length_max_mm"),
    ("weight_min_kg", "weight_max_kg"),
    ("shots_min", "shots_max"),
    ("volume_per_point_min_ml", "volume_per_point_max_ml"),
    ("rest_days_min", "rest_days_max"),
    ("minimum", "maximum"),
    ("ph_min", "ph_max"),
)


def check_catalogue(catalogue: entries.Catalogue, places: dict[str, list[str]]) -> None:
    """Raise CatalogueError at the first fault; `places` names file and entry of each table's entries, in order."""
    codes = {table: {entry.code for entry in getattr(catalogue, table)} for table in places}
    for table, where in places.items():
        seen: dict[Any, str] = {}
        for entry, place in zip(getattr(catalogue, table), where, strict=True):
            _check_code(entry, place, seen)
            _check_words(table, entry, place)
            _check_references(table, entry, place, codes)
            _check_sources(entry, place, codes["sources"])
            _check_ranges(entry, place)
    _each(catalogue.substances, places["substances"], _check_substance, codes)
    _each(catalogue.protocols, places["protocols"], _check_protocol, catalogue)
    _check_pairs(catalogue.incompatibilities, places["incompatibilities"])


def _each(found: Iterable[Any], where: list[str], check: Any, context: Any) -> None:
    for entry, place in zip(found, where, strict=True):
        check(entry, place, context)


def _check_code(entry: Any, place: str, seen: dict[Any, str]) -> None:
    if not CODE.match(entry.code):
        raise CatalogueError(f"{place}: a code is lower-case words joined by hyphens, found {entry.code!r}")
    key = (entry.code, getattr(entry, "version", ""))
    if key in seen:
        raise CatalogueError(f"{place}: the code is used twice, first in {seen[key].split(',')[0]}")
    seen[key] = place


def _check_words(table: str, entry: Any, place: str) -> None:
    for (owner, field), known in WORDS.items():
        value = getattr(entry, field) if owner == table else ()
        for word in value if isinstance(value, tuple) else (value,):
            if word not in known:
                expected = ", ".join(sorted(word for word in known if word))
                raise CatalogueError(f'{place}: "{field}" must be one of {expected}; found "{word}"')


def _check_references(table: str, entry: Any, place: str, codes: dict[str, set[str]]) -> None:
    for (owner, field), target in REFERENCES.items():
        if owner != table:
            continue
        value = getattr(entry, field)
        for code in value if isinstance(value, tuple) else (value,) if value else ():
            if code not in codes[target]:
                raise CatalogueError(f'{place}: "{field}" names "{code}", which is not in {target}')
        if field in ("species", "region", "main_score") and not value and table not in ("mix_rules", "country_notes"):
            raise CatalogueError(f'{place}: "{field}" names nothing')


def _check_sources(entry: Any, place: str, known: set[str]) -> None:
    if not hasattr(entry, "sources"):
        return
    if not entry.sources:
        raise CatalogueError(f"{place}: no source is named")
    for code in entry.sources:
        if code not in known:
            raise CatalogueError(f'{place}: source "{code}" is not in sources.toml')


def _check_ranges(entry: Any, place: str) -> None:
    for low, high in RANGES:
        bottom, top = getattr(entry, low, None), getattr(entry, high, None)
        if bottom is not None and top is not None and bottom > top:
            raise CatalogueError(f'{place}: "{low}" is above "{high}"')


def _check_substance(substance: entries.Substance, place: str, codes: dict[str, set[str]]) -> None:
    if not substance.categories:
        raise CatalogueError(f"{place}: a substance needs at least one category")
    if (substance.status == "withdrawn") != bool(substance.status_reason):
        raise CatalogueError(f'{place}: "status_reason" belongs to a withdrawn substance, and only to one')
    if sum(strength.default for strength in substance.strengths) > 1:
        raise CatalogueError(f"{place}: two strengths are marked as the default")
    if (substance.default_strength is None) != bool(substance.no_strength):
        raise CatalogueError(f'{place}: "no_strength" says why none is the default, and only then')
    for number, strength in enumerate(substance.strengths, start=1):
        at = f"{place}, strengths {number}"
        _check_sources(strength, at, codes["sources"])
        if strength.unit != substance.unit or not strength.amount:
            raise CatalogueError(f'{at}: needs an amount above zero in "{substance.unit}"')
        if not set(strength.species) <= set(substance.species):
            raise CatalogueError(f"{at}: is for a species the substance is not for")
    for number, ceiling in enumerate(substance.ceilings, start=1):
        at = f"{place}, ceilings {number}"
        _check_sources(ceiling, at, codes["sources"])
        if CEILING_UNITS.get(ceiling.kind) != ceiling.unit:
            kinds = ", ".join(f"{kind} in {unit}" for kind, unit in CEILING_UNITS.items())
            raise CatalogueError(f"{at}: a ceiling is {kinds}")
        if ceiling.species not in substance.species:
            raise CatalogueError(f"{at}: is for a species the substance is not for")


def _check_protocol(protocol: entries.Protocol, place: str, catalogue: entries.Catalogue) -> None:
    try:
        parse(protocol.cadence)
    except CadenceError as error:
        raise CatalogueError(f"{place}: {error}") from None
    substances = {substance.code: substance for substance in catalogue.substances}
    indications = {indication.code: indication for indication in catalogue.indications}
    if not protocol.indications:
        raise CatalogueError(f"{place}: names no indication")
    for code in protocol.indications:
        if not set(indications[code].species) & set(protocol.species):
            raise CatalogueError(f'{place}: indication "{code}" is for none of its species')
    for number, line in enumerate(protocol.lines, start=1):
        _check_line(line, protocol, f"{place}, lines {number}", substances, catalogue)


def _check_line(
    line: entries.Line,
    protocol: entries.Protocol,
    at: str,
    substances: dict[str, entries.Substance],
    catalogue: entries.Catalogue,
) -> None:
    if line.role not in LINE_ROLES:
        raise CatalogueError(f'{at}: "role" must be one of {", ".join(sorted(LINE_ROLES))}; found "{line.role}"')
    if bool(line.substance) == bool(line.category):
        raise CatalogueError(f"{at}: name a substance, or a category when the source names no substance")
    if line.category and line.category not in {category.code for category in catalogue.categories}:
        raise CatalogueError(f'{at}: "category" names "{line.category}", which is not in categories')
    for code in (line.substance, *line.alternatives) if line.substance else ():
        if code not in substances:
            raise CatalogueError(f'{at}: "substance" names "{code}", which is not in substances')
        if substances[code].status == "withdrawn":
            raise CatalogueError(f'{at}: "{code}" is withdrawn and cannot be planned')
        if not set(protocol.species) <= set(substances[code].species):
            raise CatalogueError(f'{at}: "{code}" is not for every species of the protocol')
    strengths = {one.amount for one in substances[line.substance].strengths} if line.substance else set()
    if line.strength is not None and line.strength not in strengths:
        raise CatalogueError(f'{at}: "{line.substance}" has no strength {line.strength}')
    if line.volume_ml is not None and line.volume_ml <= Decimal(0):
        raise CatalogueError(f"{at}: a volume is above zero; leave it out when the source gives none")


def _check_pairs(found: tuple[entries.Incompatibility, ...], where: list[str]) -> None:
    seen: dict[frozenset[str], str] = {}
    for entry, place in zip(found, where, strict=True):
        if bool(entry.unless_with) != bool(entry.exception):
            raise CatalogueError(f'{place}: "unless_with" and "exception" belong together')
        if (entry.unless_from_mg_per_ml is None) != (entry.unless_to_mg_per_ml is None):
            raise CatalogueError(f'{place}: "unless_from_mg_per_ml" and "unless_to_mg_per_ml" belong together')
        for other in entry.second:
            pair = frozenset((entry.first, other))
            if len(pair) == 1:
                raise CatalogueError(f'{place}: "{other}" is paired with itself')
            if pair in seen:
                raise CatalogueError(f'{place}: the pair with "{other}" is also in {seen[pair]}')
            seen[pair] = place
