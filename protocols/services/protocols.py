"""Protocols: make one, change its draft, publish it for good, begin the next version, take it off the list."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.constraints import violated
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from protocols.cadence import CadenceError, parse
from protocols.models import Indication, Protocol, ProtocolLine, ProtocolVersion, Species, Substance, Technique
from protocols.models.protocols import LineRole, VersionStatus
from protocols.queries.protocols import with_everything
from protocols.services.archiving import set_archived
from protocols.services.codes import free_code
from protocols.words import cadence_fault

MOST_LINES = 20
LINKED = ("species", "indications")


@dataclass(frozen=True)
class DraftLine:
    """One line of the mix; lines keep the order they come in."""

    substance: Substance
    role: str = LineRole.ADD_IN
    volume_ml: Decimal | None = None
    strength: Decimal | None = None
    strength_unit: str = ""
    syringe: str = "A"
    note: str = ""

    @property
    def substance_id(self) -> int:
        return self.substance.pk

    def get_role_display(self) -> str:
        return str(LineRole(self.role).label)


@dataclass(frozen=True)
class ProtocolDraft:
    """Everything one edits on a draft. `cadence` may be any notation `cadence.parse` reads."""

    cadence: str = "1x"
    summary: str = ""
    source: str = ""
    technique: Technique | None = None
    device: str = ""
    needle: str = ""
    needle_length_mm: Decimal | None = None
    depth_min_mm: Decimal | None = None
    depth_max_mm: Decimal | None = None
    shots_min: int | None = None
    shots_max: int | None = None
    volume_per_point_ml: Decimal | None = None
    minimum_sessions: int = 1
    aftercare: str = ""
    notes: str = ""
    species: tuple[Species, ...] = ()
    indications: tuple[Indication, ...] = ()
    lines: tuple[DraftLine, ...] = field(default=())


COLUMNS = tuple(one.name for one in fields(ProtocolDraft) if one.name not in (*LINKED, "lines"))


@transaction.atomic
def create_protocol(
    *,
    actor: User | None,
    clinic: Clinic,
    name: str,
    field: str = "",
    draft: ProtocolDraft | None = None,
) -> ProtocolVersion:
    """Make a protocol and return its first version, a draft. Raises Refused as `save_draft`."""
    name = " ".join(name.split())
    protocol = Protocol(clinic=clinic, name=name, field=field, code=free_code(Protocol, clinic, name), is_edited=True)
    protocol.source = draft.source if draft is not None else ""
    check(protocol)
    protocol.save()
    version = ProtocolVersion(protocol=protocol, number=1, created_by=actor)
    _write(version, draft or ProtocolDraft())
    audit.record(actor=actor, verb="protocol.created", subject=version, clinic=clinic)
    return version


@transaction.atomic
def save_draft(
    *,
    actor: User | None,
    version: ProtocolVersion,
    edit_count: int,
    draft: ProtocolDraft,
    name: str | None = None,
    field: str | None = None,
) -> ProtocolVersion:
    """Replace a draft's content. `edit_count` is the one the writer saw; `name` and `field` are the protocol's own.

    Raises Refused("frozen" | "edited-meanwhile" | "cadence" | "other-clinic" | "too-many-lines" | "not-valid").
    """
    version = _locked_draft(version)
    if version.edit_count != edit_count:
        message = _("Somebody else saved this draft while you were working on it. Nothing of yours is lost: compare.")
        raise Refused("edited-meanwhile", message, version=version)
    before = {column: getattr(version, column) for column in COLUMNS}
    version.edit_count = edit_count + 1
    _rename(version.protocol, name, field, draft.source)
    _write(version, draft)
    changes = audit.changed(version, before, hidden=COLUMNS)
    audit.record(actor=actor, verb="protocol.draft-saved", subject=version, changes=changes)
    return version


def _rename(protocol: Protocol, name: str | None, field: str | None, source: str) -> None:
    if name is None and field is None:
        return
    protocol.name = " ".join(name.split()) if name is not None else protocol.name
    protocol.field = field if field is not None else protocol.field
    protocol.source, protocol.is_edited = source, True
    check(protocol)
    protocol.save(update_fields=["name", "field", "source", "is_edited"])


def _write(version: ProtocolVersion, draft: ProtocolDraft) -> None:
    clinic_id = version.protocol.clinic_id
    rows = [*draft.indications, *(line.substance for line in draft.lines)]
    rows += [draft.technique] if draft.technique is not None else []
    if any(row.clinic_id != clinic_id for row in rows):
        raise Refused("other-clinic", _("Choose from your own clinic's lists."))
    if len(draft.lines) > MOST_LINES:
        raise Refused("too-many-lines", _("A mix has at most %(most)s lines.") % {"most": MOST_LINES})
    for column in COLUMNS:
        setattr(version, column, getattr(draft, column))
    version.cadence = canonical_cadence(draft.cadence)
    check(version, but=["created_by", "published_by"])
    version.save()
    version.species.set(draft.species)
    version.indications.set(draft.indications)
    for old in version.lines.all():
        old.delete()  # one by one: the history keeps every line
    for position, line in enumerate(draft.lines, start=1):
        _write_line(version, position, line)


def canonical_cadence(text: str) -> str:
    """Return a cadence's canonical text. Raises Refused("cadence") with the first fault in words."""
    try:
        return str(parse(text))
    except CadenceError as error:
        raise Refused("cadence", cadence_fault(error), field="cadence", position=error.position) from error


def _write_line(version: ProtocolVersion, position: int, line: DraftLine) -> None:
    row = ProtocolLine(version=version, position=position)
    for column in ("substance", "role", "volume_ml", "strength", "strength_unit", "syringe", "note"):
        setattr(row, column, getattr(line, column))
    try:
        check(row)
    except Refused as refused:
        raise Refused(
            refused.code, refused.message, field="lines", line=position - 1, column=refused.field
        ) from refused
    row.save()


@transaction.atomic
def publish_version(*, actor: User | None, version: ProtocolVersion, edit_count: int | None = None) -> ProtocolVersion:
    """Make a draft the version in use; from then on database triggers refuse every change. Twice does no harm.

    Raises Refused("nothing-to-inject") for a mix without lines unless the technique is dry,
    Refused("substance-withdrawn") naming a withdrawn substance, Refused("edited-meanwhile") when it changed since.
    """
    locked = ProtocolVersion.objects.select_for_update(of=("self",)).select_related("protocol__clinic", "technique")
    version = locked.get(pk=version.pk)
    if version.is_published:
        return version
    if edit_count is not None and version.edit_count != edit_count:
        message = _("Somebody else saved this draft after you opened it. Look at it again, then publish.")
        raise Refused("edited-meanwhile", message, version=version)
    _refuse_unfit(version)
    version.status, version.published_by, version.published_at = VersionStatus.PUBLISHED, actor, timezone.now()
    version.save(update_fields=["status", "published_by", "published_at"])
    audit.record(actor=actor, verb="protocol.published", subject=version)
    return version


def _refuse_unfit(version: ProtocolVersion) -> None:
    substances = [line.substance for line in version.lines.select_related("substance")]
    if not substances and not version.is_dry:
        message = _("The mix is empty. Add at least one substance, or choose a technique without a mix.")
        raise Refused("nothing-to-inject", message)
    for substance in substances:
        if substance.status == Substance.Status.WITHDRAWN:
            message = _("%(substance)s has been withdrawn; a protocol cannot plan it. Take it out of the mix.")
            raise Refused("substance-withdrawn", message % {"substance": substance})


@transaction.atomic
def start_next_version(*, actor: User | None, protocol: Protocol) -> ProtocolVersion:
    """Copy the newest version into a new draft, or return the draft there is already. Twice does no harm."""
    protocol = Protocol.objects.select_for_update().get(pk=protocol.pk)
    newest = with_everything(protocol.versions.all()).order_by("-number").first()
    if newest is None or not newest.is_published:
        return newest or _first_version(actor, protocol)
    version = ProtocolVersion(protocol=protocol, number=newest.number + 1, created_by=actor)
    try:
        with transaction.atomic():
            _write(version, draft_of(newest))
    except IntegrityError as error:
        if violated(error) not in ("protocol_one_draft", "protocol_version_unique"):
            raise
        return protocol.versions.get(status=VersionStatus.DRAFT)
    audit.record(actor=actor, verb="protocol.version-started", subject=version)
    return version


def _first_version(actor: User | None, protocol: Protocol) -> ProtocolVersion:
    version = ProtocolVersion(protocol=protocol, number=1, created_by=actor)
    _write(version, ProtocolDraft(source=protocol.source))
    return version


def draft_of(version: ProtocolVersion) -> ProtocolDraft:
    """Read a version back as a draft. No statement for one of `queries.protocols.with_everything`."""
    return ProtocolDraft(
        **{column: getattr(version, column) for column in COLUMNS},
        species=tuple(version.species.all()),
        indications=tuple(version.indications.all()),
        lines=tuple(_draft_lines(version.lines.all())),
    )


def _draft_lines(lines: Iterable[ProtocolLine]) -> Iterable[DraftLine]:
    for line in lines:
        yield DraftLine(
            line.substance, line.role, line.volume_ml, line.strength, line.strength_unit, line.syringe, line.note
        )


@transaction.atomic
def discard_draft(*, actor: User | None, version: ProtocolVersion) -> None:
    """Throw a draft away; the published versions stay. Raises Refused("frozen" | "only-version")."""
    version = _locked_draft(version)
    if version.protocol.versions.count() == 1:
        raise Refused("only-version", _("This is the protocol's only version. Take the protocol off the list instead."))
    audit.record(actor=actor, verb="protocol.draft-discarded", subject=version)
    for line in version.lines.all():
        line.delete()
    version.delete()


def archive(*, actor: User | None, protocol: Protocol, is_archived: bool = True) -> Protocol:
    """Take a protocol off the list, or put it back. Running courses keep it. Twice does no harm."""
    return set_archived(actor=actor, row=protocol, is_archived=is_archived, noun="protocol")


def _locked_draft(version: ProtocolVersion) -> ProtocolVersion:
    rows = ProtocolVersion.objects.select_for_update(of=("self",)).select_related("protocol__clinic", "technique")
    version = rows.get(pk=version.pk)
    if version.is_published:
        message = _("This version is published and cannot be changed any more. Start the next version.")
        raise Refused("frozen", message, version=version)
    return version
