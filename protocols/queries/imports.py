"""What importing a table of protocols would come to, protocol by protocol."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic.core.models import Clinic
from mesoclinic.core.tables import Numbered
from protocols.importing.columns import label
from protocols.importing.lists import Lists
from protocols.importing.rows import Fault, ReadProtocol, read_protocols
from protocols.models import ProtocolVersion
from protocols.queries.protocols import NEWEST, with_everything
from protocols.services.protocols import ProtocolDraft, draft_of


class Outcome(models.TextChoices):
    NEW = "new", gettext_lazy("New")
    NEXT = "next", gettext_lazy("Next version")
    HERE = "here", gettext_lazy("Here already")
    FAULTY = "faulty", gettext_lazy("Faulty")


@dataclass(slots=True)
class PlannedProtocol:
    """`newest` is the version it would follow; `faults` say why it is left out."""

    read: ReadProtocol
    outcome: Outcome
    newest: ProtocolVersion | None = None
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    protocols: list[PlannedProtocol]

    def count(self, outcome: Outcome) -> int:
        return sum(one.outcome == outcome for one in self.protocols)

    @property
    def to_do(self) -> list[PlannedProtocol]:
        return [one for one in self.protocols if one.outcome in (Outcome.NEW, Outcome.NEXT)]

    @property
    def digest(self) -> str:
        """The same as long as importing the same table would come to the same."""
        seen = [f"{one.read.name}|{one.outcome}|{one.newest and one.newest.pk}" for one in self.protocols]
        return sha256("\n".join(seen).encode()).hexdigest()


def import_plan(clinic: Clinic, heads: Sequence[str], rows: Iterable[Numbered]) -> ImportPlan:
    """Read a table and compare it with what is here; nothing is saved. The same number of statements for any table.

    Raises Refused("too-many").
    """
    lists = Lists(clinic)
    read = read_protocols(lists, heads, rows)
    names = {" ".join(one.name.lower().split()) for one in read if one.draft is not None}
    newest = ProtocolVersion.objects.filter(NEWEST, protocol__clinic=clinic)
    here: dict[str, list[ProtocolVersion]] = {}
    for version in with_everything(newest.alias(low=Lower("protocol__name")).filter(low__in=names)):
        here.setdefault(version.protocol.name.lower(), []).append(version)
    return ImportPlan([_planned(one, here.get(" ".join(one.name.lower().split()), [])) for one in read])


def _planned(read: ReadProtocol, here: list[ProtocolVersion]) -> PlannedProtocol:
    if read.draft is None:
        return PlannedProtocol(read, Outcome.FAULTY, faults=read.faults)
    if not here:
        return PlannedProtocol(read, Outcome.NEW)
    newest = here[0]
    if any(_same(read, version) for version in here):
        return PlannedProtocol(read, Outcome.HERE, newest)
    if why := _why_not(here):
        return PlannedProtocol(read, Outcome.FAULTY, newest, [Fault(read.row, label("name"), why)])
    return PlannedProtocol(read, Outcome.NEXT, newest)


def _why_not(here: list[ProtocolVersion]) -> str:
    if len(here) > 1:
        return _("Several protocols are called so here. Rename all but one of them first.")
    if here[0].protocol.is_archived:
        return _("This protocol is off the list. Put it back on the list first.")
    if not here[0].is_published:
        return _("Somebody is working on a draft of this protocol. Publish it or throw it away first.")
    return ""


def _same(read: ReadProtocol, version: ProtocolVersion) -> bool:
    return (
        read.draft is not None
        and read.medical_field == version.protocol.field
        and _sorted(read.draft) == _sorted(draft_of(version))
    )


def _sorted(draft: ProtocolDraft) -> ProtocolDraft:
    """The draft without the order of what has none, and with every blank the same: spreadsheets change ends of lines."""
    linked = {name: tuple(sorted(getattr(draft, name), key=lambda row: row.pk)) for name in ("species", "indications")}
    texts = {name: " ".join(getattr(draft, name).split()) for name in ("summary", "aftercare", "notes", "source")}
    return replace(draft, **linked, **texts)
