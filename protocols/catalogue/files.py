"""Read the shipped catalogue from its TOML files, or say exactly which file and entry is wrong.

Pure: no Django, no clock. `read_catalogue()` gives frozen dataclasses whose references all resolve.
"""

import dataclasses
import tomllib
import types
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from protocols.catalogue import entries
from protocols.catalogue.checks import check_catalogue
from protocols.catalogue.errors import CatalogueError

FOLDER = Path(__file__).parent

# (field of Catalogue, file or folder, table in it, what one entry is)
TABLES: tuple[tuple[str, str, str, type], ...] = (
    ("sources", "sources.toml", "source", entries.Source),
    ("categories", "categories.toml", "category", entries.Category),
    ("species", "species.toml", "species", entries.Species),
    ("substances", "substances", "substance", entries.Substance),
    ("incompatibilities", "incompatibilities.toml", "incompatibility", entries.Incompatibility),
    ("mix_rules", "incompatibilities.toml", "mix_rule", entries.MixRule),
    ("regions", "indications.toml", "region", entries.Region),
    ("indications", "indications.toml", "indication", entries.Indication),
    ("techniques", "techniques.toml", "technique", entries.Technique),
    ("devices", "techniques.toml", "device", entries.Device),
    ("protocols", "protocols", "protocol", entries.Protocol),
    ("competition_rules", "competition_rules.toml", "competition_rule", entries.CompetitionRule),
    ("checklist", "checklist.toml", "item", entries.ChecklistItem),
    ("country_notes", "country_notes.toml", "note", entries.CountryNote),
    ("scores", "scores.toml", "score", entries.Score),
    ("aftercare", "aftercare.toml", "aftercare", entries.Aftercare),
    ("consent_texts", "consent_texts.toml", "consent_text", entries.ConsentText),
)


def read_catalogue(folder: Path = FOLDER) -> entries.Catalogue:
    """Read and check every file. Raises CatalogueError naming the file and the entry at the first fault."""
    documents = _read_documents(folder)
    places: dict[str, list[str]] = {}
    tables: dict[str, tuple[Any, ...]] = {}
    for field, location, table, kind in TABLES:
        found, where = [], []
        for file, document in documents[location]:
            raw_entries = document.get(table, [])
            if not isinstance(raw_entries, list):
                raise CatalogueError(f"{file}: write [[{table}]] with two brackets on each side")
            for number, raw in enumerate(raw_entries, start=1):
                place = f"{file}, {table} {_label(raw, number)}"
                found.append(_read_entry(kind, raw, place))
                where.append(place)
        tables[field], places[field] = tuple(found), where
    catalogue = entries.Catalogue(**tables)
    check_catalogue(catalogue, places)
    return catalogue


def _read_documents(folder: Path) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Parse each location once: the (file name, content) pairs of a file, or of every TOML file of a folder."""
    documents: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for location in dict.fromkeys(location for _, location, _, _ in TABLES):
        path = folder / location
        files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        known = {table for _, place, table, _ in TABLES if place == location}
        documents[location] = [(str(file.relative_to(folder)), _parse(file, folder, known)) for file in files]
    return documents


def _parse(file: Path, folder: Path, known: set[str]) -> dict[str, Any]:
    name = str(file.relative_to(folder))
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CatalogueError(f"{name}: the file is missing") from None
    except UnicodeDecodeError:
        raise CatalogueError(f"{name}: the file is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{name}: not valid TOML: {error}") from None
    for table in document:
        if table not in known:
            raise CatalogueError(f'{name}: unknown table "{table}"; this file holds {_words(known)}')
    return document


def _label(raw: Any, number: int) -> str:
    code = raw.get("code") if isinstance(raw, dict) else None
    return f'"{code}"' if isinstance(code, str) and code else str(number)


def _read_entry(kind: type, raw: Any, place: str) -> Any:
    """Make one dataclass of a TOML table; keys, types and missing values are checked by its fields."""
    if not isinstance(raw, dict):
        raise CatalogueError(f"{place}: expected a table of keys and values")
    hints = get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for key in raw:
        if key not in fields:
            raise CatalogueError(f'{place}: unknown key "{key}"')
    values = {}
    for name, field in fields.items():
        if name in raw:
            values[name] = _read_value(hints[name], raw[name], name, place)
        elif field.default is dataclasses.MISSING:
            raise CatalogueError(f'{place}: "{name}" is missing')
    return kind(**values)


def _read_value(hint: Any, raw: Any, name: str, place: str) -> Any:
    if isinstance(hint, types.UnionType):
        hint = next(option for option in get_args(hint) if option is not types.NoneType)
    if hint is Decimal:
        return _read_decimal(raw, name, place)
    if get_origin(hint) is tuple:
        return _read_list(get_args(hint)[0], raw, name, place)
    if get_origin(hint) is dict:
        if not isinstance(raw, dict) or not all(isinstance(word, str) for word in raw.values()):
            raise CatalogueError(f'{place}: "{name}" must be a table of words')
        return raw
    if type(raw) is not hint:
        expected = {str: "text in quotes", int: "a whole number", bool: "true or false"}[hint]
        raise CatalogueError(f'{place}: "{name}" must be {expected}, found {raw!r}')
    if hint is not str:
        return raw
    text = raw.strip("\n")
    if text != text.strip():
        raise CatalogueError(f'{place}: "{name}" starts or ends with a blank')
    return text


def _read_list(member: Any, raw: Any, name: str, place: str) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        raise CatalogueError(f'{place}: "{name}" must be a list, found {raw!r}')
    if member is str:
        return tuple(_read_value(str, text, name, place) for text in raw)
    return tuple(_read_entry(member, one, f"{place}, {name} {number}") for number, one in enumerate(raw, start=1))


def _read_decimal(raw: Any, name: str, place: str) -> Decimal:
    if not isinstance(raw, str):
        raise CatalogueError(f'{place}: "{name}" must be a number written as text, such as "0.5", found {raw!r}')
    try:
        number = Decimal(raw)
    except InvalidOperation:
        raise CatalogueError(f'{place}: "{name}" is not a number: {raw!r}') from None
    if not number.is_finite() or number < 0 or not raw.isascii() or "_" in raw:
        raise CatalogueError(f'{place}: "{name}" must be a plain number of zero or more, found {raw!r}')
    return number


def _words(names: set[str]) -> str:
    return " and ".join(sorted(f'"{name}"' for name in names))
