"""Pairs in one syringe as a clinic reads them: what is known of two substances, or of a substance and a class."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext

from mesoclinic.core.models import Clinic
from protocols.allergens import CLASSES
from protocols.models import Category, Incompatibility, Substance
from protocols.queries.shipped import called


def pairs(clinic: Clinic) -> QuerySet[Incompatibility]:
    """All pairs of the clinic by name, with their substances. One statement."""
    rows = Incompatibility.objects.filter(clinic=clinic).select_related("first", "second", "only_with")
    return rows.order_by("name", "pk")


def get_or_404(clinic: Clinic, public_id: UUID) -> Incompatibility:
    """One pair. One statement. Raises Http404 for one of another clinic."""
    return get_object_or_404(pairs(clinic), public_id=public_id)


def search(clinic: Clinic, *, text: str = "", level: str = "", status: str = "") -> QuerySet[Incompatibility]:
    """Pairs by a name or brand of either substance. `status`: "" counted, "own", "archived", "all". One
    statement, one more for each word in a language the names are translated to.
    """
    found = pairs(clinic)
    if status == "own":
        found = found.filter(is_edited=True, is_archived=False)
    elif status != "all":
        found = found.filter(is_archived=status == "archived")
    if level:
        found = found.filter(level=level)
    for word in text.replace("\x00", "").strip()[:100].split():
        named = called(Substance, clinic, word)
        found = found.filter(
            Q(name__icontains=word)
            | Q(first__in=named)
            | Q(second__in=named)
            | Q(first__search_text__contains=word.lower())
            | Q(second__search_text__contains=word.lower())
        )
    return found


def between(clinic: Clinic, first: Substance, second: Substance | None, second_class: str) -> Incompatibility | None:
    """The row there is of these two, whichever stands first. One statement."""
    found = Incompatibility.objects.filter(clinic=clinic)
    if second is None:
        return found.filter(first=first, second=None, second_class=second_class).first()
    return found.filter(Q(first=first, second=second) | Q(first=second, second=first)).first()


def class_choices() -> list[tuple[str, str]]:
    """Categories and classes a pair may be about, in words. One statement."""
    named = [(code, gettext(name)) for code, name in Category.objects.values_list("code", "name")]
    known = {code for code, _name in named}
    return [*named, *((code, str(words)) for code, words in CLASSES.items() if code not in known)]
