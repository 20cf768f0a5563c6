"""The rows of a table, read into the drafts of protocols, with every fault in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from mesoclinic.core.refused import Refused
from mesoclinic.core.tables import Numbered
from protocols.forms.imports import ImportedProtocolForm
from protocols.forms.protocols import LineForm
from protocols.importing.columns import HEADINGS, OF_LINE, OF_PROTOCOL, label
from protocols.importing.lists import Lists
from protocols.models import Indication
from protocols.models.protocols import LineRole
from protocols.services.protocols import COLUMNS, MOST_LINES, DraftLine, ProtocolDraft, canonical_cadence

CODES = ("device", "field")
MOST_PROTOCOLS = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a cell: the row as a spreadsheet numbers it, the heading (or nothing), the words."""

    row: int
    head: str
    words: str


@dataclass(slots=True)
class ReadProtocol:
    """`draft` is None while there are faults."""

    name: str
    row: int
    medical_field: str = ""
    draft: ProtocolDraft | None = None
    faults: list[Fault] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    """The rows of one protocol: its own cells, from whichever row holds them, and those of its lines."""

    row: int
    cells: dict[str, str] = field(default_factory=dict)
    said_in: dict[str, int] = field(default_factory=dict)
    lines: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_protocols(lists: Lists, heads: Sequence[str], rows: Iterable[Numbered]) -> list[ReadProtocol]:
    """Read the protocols of a table in its order. A row without a name goes on with the protocol above it.

    Raises Refused("too-many"): what is imported is saved while somebody waits.
    """
    groups = _groups(HEADINGS.fields_of(heads), rows)
    if len(groups) > MOST_PROTOCOLS:
        words = _("This file holds %(count)d protocols; %(most)d can be imported at once. Import it in parts.")
        raise Refused("too-many", words % {"count": len(groups), "most": MOST_PROTOCOLS}, field="file")
    return [_read(lists, group) for group in groups]


def _groups(fields: Sequence[str], rows: Iterable[Numbered]) -> list[_Group]:
    groups: dict[str, _Group] = {}
    current = _Group(0)
    for number, texts in rows:
        cells = {name: text.strip() for name, text in zip(fields, texts, strict=False) if name and text.strip()}
        if name := cells.get("name", ""):
            current = groups.setdefault(" ".join(name.lower().split()), _Group(number))
        elif cells and not current.row:
            current = groups.setdefault("", _Group(number))
        _take(current, number, cells)
    return list(groups.values())


def _take(group: _Group, number: int, cells: dict[str, str]) -> None:
    for name, text in cells.items():
        if text.startswith("="):
            group.faults.append(Fault(number, label(name), _("This cell holds a formula. Write what it comes to.")))
        elif name in OF_PROTOCOL and group.cells.setdefault(name, text) != text:
            words = _("Row %(row)d says something else of the same protocol. Write it once.")
            group.faults.append(Fault(number, label(name), words % {"row": group.said_in[name]}))
        group.said_in.setdefault(name, number)
    line = {name: text for name, text in cells.items() if name in OF_LINE}
    if line:
        group.lines.append((number, line))


def _read(lists: Lists, group: _Group) -> ReadProtocol:
    read = ReadProtocol(group.cells.get("name", ""), group.row, faults=group.faults)
    chosen = _chosen(lists, group)
    codes = {name: _found(group, name, getattr(lists, name).one, group.cells.get(name, "")) for name in CODES}
    form = ImportedProtocolForm({"minimum_sessions": "1", **group.cells, **codes}, clinic=lists.clinic)
    if not form.is_valid():
        read.faults += _form_faults(form, group.said_in, group.row)
    cadence = _cadence(group)
    lines = [line for number, cells in group.lines if (line := _line(lists, group, number, cells)) is not None]
    if len(group.lines) > MOST_LINES:
        words = _("A mix has at most %(most)s lines.") % {"most": MOST_LINES}
        read.faults.append(Fault(group.lines[MOST_LINES][0], label("substance"), words))
    read.faults.sort(key=lambda fault: fault.row)
    if not read.faults:
        values = form.cleaned_data
        typed = {name: values[name] for name in COLUMNS if name in values}
        read.name, read.medical_field = values["name"], values["field"]
        read.draft = ProtocolDraft(**typed, **chosen, cadence=cadence, lines=tuple(lines))
    return read


def _chosen(lists: Lists, group: _Group) -> dict[str, Any]:
    """The rows of the clinic's lists a protocol names; a word that stands for nothing becomes a fault and is left out."""
    species = _each(group, "species", lists.species.one)
    codes = {one.code for one in species}
    indications = _each(group, "indications", lambda text: _indication(lists, text, codes))
    technique = _found(group, "technique", lists.technique.one, group.cells.get("technique", "")) or None
    return {"species": tuple(species), "indications": tuple(indications), "technique": technique}


def _found(group: _Group, name: str, find: Any, text: str, row: int | None = None) -> Any:
    if not text or text.startswith("="):
        return ""
    try:
        return find(text)
    except ValueError as exc:
        group.faults.append(Fault(row or group.said_in[name], label(name), str(exc)))
        return ""


def _each(group: _Group, name: str, find: Any) -> list[Any]:
    """What the parts of a cell stand for, each once: they are parted by semicolons, or by line breaks."""
    parts = group.cells.get(name, "").replace("\n", ";").split(";")
    found = [_found(group, name, find, " ".join(part.split())) for part in parts]
    return list(dict.fromkeys(one for one in found if one))


def _indication(lists: Lists, text: str, species: set[str]) -> Indication:
    """The indication called so; of several, the one for these species. Raises ValueError."""
    found = lists.indications.find(text)
    fitting = [one for one in found if species & {kind.code for kind in one.species.all()}] or found
    if len(fitting) == 1:
        return fitting[0]
    words = _("Several indications are called “%(text)s” here. Write the code of one of them: %(codes)s.")
    raise ValueError(words % {"text": text, "codes": ", ".join(one.code for one in fitting)})


def _cadence(group: _Group) -> str:
    text = group.cells.get("cadence", "")
    if not text:
        words = _("Write the series, such as 4x1w, 4x2w, *x4w.")
        group.faults.append(Fault(group.row, label("cadence"), words))
        return ""
    try:
        return canonical_cadence(text)
    except Refused as refused:
        group.faults.append(Fault(group.said_in["cadence"], label("cadence"), refused.message))
        return ""


def _line(lists: Lists, group: _Group, number: int, cells: dict[str, str]) -> DraftLine | None:
    def found(name: str, empty: str) -> Any:
        return _found(group, name, getattr(lists, name).one, cells.get(name, ""), number) or empty

    before = len(group.faults)
    substance = found("substance", "")
    data = {"syringe": "A", **cells, "substance": getattr(substance, "pk", "")}
    data |= {"role": found("role", LineRole.ADD_IN), "strength_unit": found("strength_unit", "")}
    data["syringe"] = data["syringe"].upper()
    form = LineForm(data, substances=lists.substance_by_key)
    if not form.is_valid() and len(group.faults) == before:
        group.faults += _form_faults(form, {}, number)
    return form.line


def _form_faults(form: Any, said_in: dict[str, int], row: int) -> list[Fault]:
    faults = []
    for name, messages in form.errors.items():
        head = label(name) if name in form.fields else ""
        faults += [Fault(said_in.get(name, row), head, str(one)) for one in messages]
    return faults
