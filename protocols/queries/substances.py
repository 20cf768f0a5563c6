"""Substances as a clinic reads them. The only door to substances and incompatible pairs."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet, prefetch_related_objects
from django.shortcuts import get_object_or_404

from mesoclinic.core.models import Clinic
from protocols.folding import fold
from protocols.models import Incompatibility, Substance
from protocols.queries.shipped import called


def substances(clinic: Clinic) -> QuerySet[Substance]:
    """All substances of the clinic by name, with categories and species. Three statements."""
    return Substance.objects.filter(clinic=clinic).prefetch_related("categories", "species").order_by("name", "pk")


def offered(clinic: Clinic) -> QuerySet[Substance]:
    """Substances one may put into a new mix: neither archived nor withdrawn. Three statements."""
    return substances(clinic).filter(is_archived=False, status=Substance.Status.ACTIVE)


def by_id(clinic: Clinic, ids: Iterable[int], at_hand: Mapping[int, Substance] | None = None) -> dict[int, Substance]:
    """The substances of these keys, with categories and species, for a mix. Three statements for any number, two where
    all are at hand.
    """
    wanted, read = set(ids), at_hand or {}
    found = {key: read[key] for key in sorted(wanted & read.keys())}
    prefetch_related_objects(list(found.values()), "categories", "species")
    missing = wanted - found.keys()
    return found | ({one.pk: one for one in substances(clinic).filter(pk__in=missing)} if missing else {})


def get_or_404(clinic: Clinic, public_id: UUID) -> Substance:
    """One substance with categories and species. Three statements. Raises Http404 for one of another clinic."""
    return get_object_or_404(substances(clinic), public_id=public_id)


def search(
    clinic: Clinic, *, text: str = "", category: str = "", status: str = "", kind: str = "", species: str = ""
) -> QuerySet[Substance]:
    """Substances by name, synonym or brand. `status`: "" on offer, "withdrawn", "archived", "all". Three statements,
    one more to search in a language the names are translated to.
    """
    found = substances(clinic)
    if status == "archived":
        found = found.filter(is_archived=True)
    elif status == "withdrawn":
        found = found.filter(status=Substance.Status.WITHDRAWN)
    elif status != "all":
        found = found.filter(is_archived=False)
    if category:
        found = found.filter(categories__code=category)
    if kind:
        found = found.filter(kind=kind)
    if species:
        found = found.filter(species__code=species)
    text = text.replace("\x00", "").strip()[:100]
    if text:
        found = found.filter(_named(text) | Q(pk__in=called(Substance, clinic, text)))
    return found


def _named(text: str) -> Q:
    """Any part of a name; of one or two letters, such as "HA", the beginning of one of its words: they are in all."""
    folded = fold(text)
    if len(folded) > 2:
        return Q(name__icontains=text) | Q(search_text__contains=folded)
    return Q(search_text__startswith=folded) | Q(search_text__contains=f" {folded}")


def shipped_strength(substance: Substance) -> dict[str, str] | None:
    """The label and source of the strength while it is the shipped one; None once the clinic wrote another."""
    shipped = (substance.traits or {}).get("shipped_strength")
    if not shipped or substance.strength is None:
        return None
    is_same = substance.strength == Decimal(shipped["strength"]) and substance.strength_unit == shipped["unit"]
    return shipped if is_same else None


def pairs_of(substance: Substance) -> QuerySet[Incompatibility]:
    """What is known of the substance with others in one syringe. One statement."""
    classes = [*(substance.allergy_classes or []), *(category.code for category in substance.categories.all())]
    return (
        Incompatibility.objects.filter(clinic_id=substance.clinic_id, is_archived=False)
        .filter(Q(first=substance) | Q(second=substance) | Q(second_class__in=classes))
        .select_related("first", "second", "only_with")
        .order_by("level", "name")
    )
