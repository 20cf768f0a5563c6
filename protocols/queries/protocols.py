"""Protocols and their versions as a clinic reads them. The only door to protocols."""

from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from mesoclinic.core.models import Clinic
from protocols.models import Indication, Protocol, ProtocolLine, ProtocolVersion, Species
from protocols.models.protocols import VersionStatus
from protocols.queries.shipped import called

LINES = Prefetch("lines", ProtocolLine.objects.select_related("substance").order_by("position"))
NEWEST = ~Exists(ProtocolVersion.objects.filter(protocol=OuterRef("protocol"), number__gt=OuterRef("number")))


def with_everything(versions: QuerySet[ProtocolVersion]) -> QuerySet[ProtocolVersion]:
    """Versions with protocol, technique, lines, species and indications: four statements for any number."""
    people = versions.select_related("protocol__clinic", "technique", "created_by", "published_by")
    return people.prefetch_related(LINES, "species", "indications")


def published_versions(
    clinic: Clinic, species: Species | None = None, indication: Indication | None = None
) -> QuerySet[ProtocolVersion]:
    """The newest published version of every protocol on offer, by name; four statements.

    A version without species or without indications fits all of them.
    """
    newer = ProtocolVersion.objects.filter(
        protocol=OuterRef("protocol"), status=VersionStatus.PUBLISHED, number__gt=OuterRef("number")
    )
    versions = ProtocolVersion.objects.filter(
        ~Exists(newer), status=VersionStatus.PUBLISHED, protocol__clinic=clinic, protocol__is_archived=False
    )
    if species is not None:
        versions = _linked(versions, ProtocolVersion.species.through, "species", species.pk)
    if indication is not None:
        versions = _linked(versions, ProtocolVersion.indications.through, "indication", indication.pk)
    return with_everything(versions).order_by("protocol__name", "pk")


def _linked(versions: QuerySet, through: type, name: str, key: int) -> QuerySet:
    """Versions linked to the row, or to none at all."""
    links = through.objects.filter(protocolversion=OuterRef("pk"))
    return versions.filter(Exists(links.filter(**{f"{name}_id": key})) | ~Exists(links))


def get_or_404(clinic: Clinic, public_id: UUID) -> Protocol:
    """One protocol. One statement. Raises Http404 for one of another clinic."""
    return get_object_or_404(Protocol.objects.filter(clinic=clinic), public_id=public_id)


def version_or_404(clinic: Clinic, public_id: UUID) -> ProtocolVersion:
    """One version with everything. Four statements. Raises Http404 for one of another clinic."""
    versions = with_everything(ProtocolVersion.objects.filter(protocol__clinic=clinic))
    return get_object_or_404(versions, public_id=public_id)


def leaflet_species(version: ProtocolVersion) -> list[Species]:
    """The species whose leaflet a version read with everything has: all where it names none; a draft has no leaflet.

    At most one statement.
    """
    if version.status == VersionStatus.DRAFT:
        return []
    return list(version.species.all()) or list(Species.objects.all())


def leaflet_species_or_404(version: ProtocolVersion, code: str) -> Species:
    """One species whose leaflet a version has. At most one statement. Raises Http404 for another."""
    for one in leaflet_species(version):
        if one.code == code:
            return one
    raise Http404


def newer_published(version: ProtocolVersion) -> ProtocolVersion | None:
    """The newest published version after this one, with everything. One statement when there is none, else four."""
    newer = ProtocolVersion.objects.filter(
        protocol=version.protocol_id, status=VersionStatus.PUBLISHED, number__gt=version.number
    )
    return with_everything(newer).order_by("-number").first()


def versions_of(protocol: Protocol) -> list[ProtocolVersion]:
    """All versions of a protocol with everything, newest first. Four statements."""
    return list(with_everything(protocol.versions.all()).order_by("-number"))


def search(
    clinic: Clinic, *, text: str = "", field: str = "", species: str = "", status: str = "", sort: str = ""
) -> QuerySet[Protocol]:
    """Protocols by name or source, with `shown`: a list of their newest version only, with species and lines.

    `status`: "" on offer, "draft" with a draft, "published" published and on offer, "archived". Five statements for
    a page of any length, one more to search in a language the names are translated to.
    """
    newest = ProtocolVersion.objects.filter(NEWEST)
    found = Protocol.objects.filter(clinic=clinic, is_archived=status == "archived")
    found = found.annotate(version_count=Count("versions", distinct=True))
    text = text.replace("\x00", "").strip()[:100]
    if text:
        by_name = Q(name__icontains=text) | Q(pk__in=called(Protocol, clinic, text))
        found = found.filter(by_name | Q(source__icontains=text))
    if field:
        found = found.filter(field=field)
    if status in VersionStatus.values:
        found = found.filter(Exists(ProtocolVersion.objects.filter(protocol=OuterRef("pk"), status=status)))
    if species:
        links = ProtocolVersion.species.through.objects.filter(protocolversion__protocol=OuterRef("pk"))
        found = found.filter(Exists(links.filter(species__code=species)) | ~Exists(links))
    shown = newest.select_related("technique").prefetch_related("species", LINES)
    return found.prefetch_related(Prefetch("versions", shown, to_attr="shown")).order_by(*_order(sort))


def _order(sort: str) -> list[str]:
    orders = {"name": ["name"], "field": ["field", "name"], "versions": ["version_count", "name"]}
    order = orders.get(sort.removeprefix("-"), ["name"])
    return [f"-{order[0]}" if sort.startswith("-") else order[0], *order[1:], "pk"]


def indications(clinic: Clinic) -> QuerySet[Indication]:
    """The indications on offer, by field and name. One statement."""
    return Indication.objects.filter(clinic=clinic, is_archived=False).order_by("field", "name")


def classes_of(version: ProtocolVersion) -> set[str]:
    """Return the classes of the substances in a version's mix. One SQL statement."""
    return set(version.lines.values_list("substance__categories__code", flat=True)) - {None}
