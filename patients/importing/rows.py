"""One row of a file, read into what registering a patient takes, with every fault in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from mesoclinic.core.models import Clinic
from mesoclinic.core.tables import LONGEST_CELL
from patients.forms.imports import ImportedPatientForm
from patients.forms.parties import ContactPick
from patients.importing import cells, columns
from patients.models.flags import FlagKind
from patients.models.patients import IdentifierScheme
from patients.services.identifiers import normalised
from protocols.allergens import CLASSES, MATERIALS, allergen_code
from protocols.folding import fold
from protocols.models import Species, Substance

Fault = tuple[str, str]  # the heading, and what is wrong
SCHEMES = tuple(scheme for scheme in IdentifierScheme.values if scheme != IdentifierScheme.OTHER)
IN_FORM = ("microchip", "ueln", "passport", "fei", "national")
TEXTS = ("registered_name", "breed", "colour", "stall_note", "phone", "email", "note")
TICKS = ("birth_is_estimated", "weight_is_estimated")
MAY = ("may_call", "may_email", "may_text")
CONTACTS = ("owner", "guardian", "trainer", "referrer")
LONGEST_ALLERGEN, LONGEST_ALERT, LONGEST_NUMBER, LONGEST_PLACE = 60, 300, 60, 200


@dataclass(frozen=True, slots=True)
class Reader:
    """What reading the rows of one file needs: read once."""

    clinic: Clinic
    heads: Sequence[str]
    fields: Sequence[str]
    words: cells.Words
    species: Species
    month_first: bool
    today: date
    substances: Mapping[str, Substance]

    def head_of(self, field_name: str) -> str:
        """The heading of a field's column; of one without a column, what we call it."""
        if field_name in self.fields:
            return self.heads[self.fields.index(field_name)]
        return columns.label(field_name) if field_name in columns.NAMES else ""


@dataclass(slots=True)
class ReadRow:
    """`given` are the keywords of `register_patient`; of no use while there are faults."""

    species: Species
    name: str = ""
    registered_name: str = ""
    birth_on: date | None = None
    phone: str = ""
    numbers: list[tuple[str, str]] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)
    contacts: list[dict[str, str]] = field(default_factory=list)
    place_name: str = ""
    flags: list[dict[str, Any]] = field(default_factory=list)
    no_allergies_on: date | None = None
    faults: list[Fault] = field(default_factory=list)

    @property
    def who(self) -> str:
        """The name as files are compared by."""
        return fold(" ".join(one for one in (self.name, self.registered_name) if one))


class _Cells:
    """The cells of a row by field; what a cell cannot be read as becomes a fault."""

    def __init__(self, reader: Reader, texts: Sequence[str]) -> None:
        self.reader, self.faults = reader, []
        self.by_field = {name: text.strip() for name, text in zip(reader.fields, texts, strict=False) if name}
        for head, text in zip(reader.heads, texts, strict=False):
            if len(text) > LONGEST_CELL:
                words = _("This cell holds more than %(most)d characters. Shorten it.")
                self.faults.append((head, words % {"most": LONGEST_CELL}))

    def __getitem__(self, name: str) -> str:
        return self.by_field.get(name, "")

    def read(self, name: str, how: Any, *, empty: Any = None) -> Any:
        """Read a cell that is not empty; a formula is none of ours to work out."""
        text = self[name]
        if not text:
            return empty
        if text.startswith("="):
            return self.fault(name, _("This cell holds a formula. Write what it comes to."), empty)
        try:
            return how(text)
        except ValueError as exc:
            return self.fault(name, str(exc), empty)

    def fault(self, name: str, words: str, value: Any = None) -> Any:
        self.faults.append((self.reader.head_of(name), words))
        return value

    def day(self, name: str) -> date | None:
        return self.read(name, lambda text: cells.day_of(text, month_first=self.reader.month_first))

    def short(self, name: str, most: int) -> str:
        text = self.read(name, str, empty="")
        if len(text) > most:
            return self.fault(name, _("Enter at most %(most)d characters.") % {"most": most}, "")
        return text


def read_row(reader: Reader, texts: Sequence[str]) -> ReadRow:
    """Read a row; the same rules hold as for the form a patient is registered with."""
    row = _Cells(reader, texts)
    species = row.read("species", reader.words.species_of, empty=reader.species)
    _refuse_strangers_columns(row, species)
    data = _form_data(row, species)
    found = ReadRow(species=species, name=data["name"], registered_name=data.get("registered_name", ""))
    contacts = _contacts(row, data, species)
    form = ImportedPatientForm(data, species=species, clinic=reader.clinic, contacts=None)
    for name, messages in form.errors.items():
        row.fault("name" if name == "__all__" else name, " ".join(messages))
    found.birth_on = form.cleaned_data.get("birth_on")
    found.numbers = [*form.identifiers(), *_other_numbers(row)]
    found.phone = data.get("phone", "") or next((one["phone"] for one in contacts), "")
    _keep_days(row, form.cleaned_data)
    found.contacts = contacts
    found.place_name = row.short("place", LONGEST_PLACE)
    found.flags, found.no_allergies_on = _flags(row, species)
    found.given = {
        **form.fields_of_patient(),
        "language": row.read("language", reader.words.language_of, empty=""),
        "weight_kg": form.cleaned_data.get("weight_kg"),
        "weight_is_estimated": form.cleaned_data.get("weight_is_estimated", False),
    }
    found.faults = list(dict.fromkeys(row.faults))
    return found


def _refuse_strangers_columns(row: _Cells, species: Species) -> None:
    """Say so when a person has a chip, or a horse a health number: it would be lost."""
    of_animals = _("This is for animals only. Empty the cell, or correct the kind of patient.")
    of_people = _("This is for people only. Empty the cell, or correct the kind of patient.")
    others, words = ("people", of_people) if species.is_animal else ("animals", of_animals)
    gone = columns.WHOSE[others] - ({"may_call", "may_email", "may_text"} if species.is_animal else set())
    if species.is_animal and not species.traits.get("has_passport"):
        gone |= {"ueln", "passport", "fei"}
    if not species.is_animal:
        gone |= {"passport"}
    for name in sorted(gone):
        if row[name]:
            row.fault(name, words)


def _form_data(row: _Cells, species: Species) -> dict[str, str]:
    """What somebody would have typed into the form."""
    name = row["name"] or " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    for one in ("name", "first_name", "last_name"):
        row.read(one, str)
    day = row.day("birth_on")
    data = {"name": name, "birth_on": day.isoformat() if day else ""}
    data |= {one: row.read(one, str, empty="") for one in TEXTS}
    data["phone"] = row.read("phone", cells.whole_number, empty="")
    data["sex"] = row.read("sex", lambda text: row.reader.words.sex_of(species, text), empty="")
    data["address"] = _address(row)
    data["weight_kg"] = row.read("weight_kg", _bare_weight, empty="")
    data |= {one: "on" for one in TICKS if row.read(one, cells.yes_or_no)}
    data |= {one: "on" for one in MAY if row.read(one, cells.yes_or_no, empty=True)}
    return data | {one: row.read(one, cells.whole_number, empty="") for one in IN_FORM}


def _bare_weight(text: str) -> str:
    return text.lower().removesuffix("kg").strip().replace(" ", "")


def _address(row: _Cells) -> str:
    town = " ".join(part for part in (row["postcode"], row["city"]) if part)
    return "\n".join(part for part in (row.read("address", str, empty=""), town) if part)


def _other_numbers(row: _Cells) -> list[tuple[str, str]]:
    schemes = [scheme for scheme in SCHEMES if scheme not in IN_FORM and row.short(scheme, LONGEST_NUMBER)]
    found = ((scheme, row.read(scheme, cells.whole_number, empty="")) for scheme in schemes)
    return [(scheme, normalised(scheme, value)) for scheme, value in found if value]


def _keep_days(row: _Cells, cleaned: Mapping[str, Any]) -> None:
    day = cleaned.get("birth_on")
    if day and day > row.reader.today:
        row.fault("birth_on", _("This day is still to come. Choose today or an earlier day."))


def _contacts(row: _Cells, data: dict[str, str], species: Species) -> list[dict[str, str]]:
    """Whom the row names; an animal's own phone, mail and address are its owner's."""
    found = []
    for role in CONTACTS:
        one = {"name": row.read(f"{role}_name", lambda text: " ".join(text.split()), empty="")}
        one["phone"] = row.read(f"{role}_phone", cells.whole_number, empty="")
        one["email"] = row.read(f"{role}_email", str, empty="")
        one["address"] = row.read(f"{role}_address", str, empty="")
        taken = {}
        if role == "owner" and species.is_animal:
            taken = {name: data.pop(name, "") for name in ("phone", "email", "address")}
            one |= {name: one[name] or text for name, text in taken.items()}
        if not any(one.values()):
            continue
        if not one["name"]:
            wrong = next(name for name in ("phone", "email", "address") if one[name])
            column = wrong if taken.get(wrong) else f"{role}_{wrong}"
            row.fault(column, _("Say whose this is: fill in the name of the owner or contact."))
        elif _is_right(row, role, one, taken):
            found.append({"role": role, **one})
    return found


def _is_right(row: _Cells, role: str, one: dict[str, str], taken: dict[str, str]) -> bool:
    form = ContactPick({name: one[name] for name in ("name", "phone", "email")}, clinic=row.reader.clinic)
    for name, messages in form.errors.items():
        column = f"{role}_{name}"
        row.fault(name if taken.get(name) and not row[column] else column, " ".join(messages))
    return not form.errors


def _flags(row: _Cells, species: Species) -> tuple[list[dict[str, Any]], date | None]:
    """Allergies and what else to know; "none" counts as an answer only with the day it was asked on."""
    found: list[dict[str, Any]] = []
    asked_on = row.day("allergies_asked_on")
    if asked_on and asked_on > row.reader.today:
        row.fault("allergies_asked_on", _("This day is still to come. Choose today or an earlier day."))
    text = row.read("allergies", str, empty="")
    for words in [] if cells.is_none(text) else cells.pieces(text, ",;/\n"):
        if len(words) > LONGEST_ALLERGEN:
            words_of = _("Name one allergy after the other, with semicolons, each in at most %(most)d characters.")
            row.fault("allergies", words_of % {"most": LONGEST_ALLERGEN})
            continue
        found.append(_allergy(row.reader, words))
    for words in cells.pieces(row.read("alerts", str, empty=""), ";\n"):
        if len(words) > LONGEST_ALERT:
            row.fault("alerts", _("Enter at most %(most)d characters.") % {"most": LONGEST_ALERT})
            continue
        found.append({"kind": FlagKind.OTHER, "text": words})
    return _each_once(found), asked_on if text and cells.is_none(text) else None


def _allergy(reader: Reader, words: str) -> dict[str, Any]:
    if substance := reader.substances.get(columns.bare(words)):
        return {"kind": FlagKind.ALLERGY_SUBSTANCE, "substance": substance}
    code = allergen_code(words)
    kind = FlagKind.ALLERGY_MATERIAL if code in MATERIALS and code not in CLASSES else FlagKind.ALLERGY_CLASS
    return {"kind": kind, "value": words}


def _each_once(flags: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[tuple, dict[str, Any]] = {}
    for flag in flags:
        substance = flag.get("substance")
        value = allergen_code(flag["value"]) if "value" in flag else ""
        found.setdefault((flag["kind"], substance.pk if substance else None, value, flag.get("text", "")), flag)
    return list(found.values())
