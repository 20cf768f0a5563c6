"""Rules of sports bodies as a clinic reads them, and as the mix check counts them."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from mesoclinic.core.models import Clinic
from protocols import dosing
from protocols.allergens import CLASSES, allergen_code, allergen_words
from protocols.folding import fold
from protocols.models import Category, CompetitionRule, Substance
from protocols.models.competition import AppliesTo
from protocols.queries.mixes import mix_substance


def rules(clinic: Clinic) -> QuerySet[CompetitionRule]:
    """All rules of the clinic, by body and name. One statement."""
    return CompetitionRule.objects.filter(clinic=clinic).order_by("body", "name", "pk")


def get_or_404(clinic: Clinic, public_id: UUID) -> CompetitionRule:
    return get_object_or_404(rules(clinic), public_id=public_id)


def bodies(clinic: Clinic) -> list[str]:
    """Name the bodies that have a rule on offer. One statement."""
    rows = rules(clinic).filter(is_archived=False).order_by("body")
    return list(rows.values_list("body", flat=True).distinct())


def checked_rules(clinic_id: int) -> tuple[dosing.CompetitionRule, ...]:
    """Give the rules a mix is held against. One statement."""
    rows = CompetitionRule.objects.filter(clinic=clinic_id, is_archived=False).exclude(applies_to=AppliesTo.OTHER)
    return tuple(_rule(row) for row in rows.order_by("body", "name", "pk"))


def _rule(row: CompetitionRule) -> dosing.CompetitionRule:
    return dosing.CompetitionRule(
        code=row.code,
        body=row.body,
        amount=row.amount or 0,
        counting=dosing.Counting(row.counting),
        source=row.source,
        keys=frozenset(row.keys),
        route=row.route or "any",
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        name=row.name,
        text=row.text or row.name,
        max_mg_per_1000_lb=row.max_mg_per_1000_lb,
    )


def keys_of(substance_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """Give the keys by which rules name substances, by the key of the row. At most three statements."""
    rows = Substance.objects.filter(pk__in=list(substance_ids)).prefetch_related("categories", "species")
    return {row.pk: mix_substance(row).keys for row in rows}


# --- the names of what a rule is about


def key_words(clinic: Clinic, codes: Iterable[str]) -> dict[str, str]:
    """Name codes of substances, categories and classes in words, the rest as they stand. Two statements."""
    named = dict(Category.objects.values_list("code", "name"))
    named |= dict(Substance.objects.filter(clinic=clinic, code__in=set(codes)).values_list("code", "name"))
    return {code: named.get(code) or str(allergen_words(code)) for code in codes}


def key_codes(clinic: Clinic, words: Iterable[str]) -> tuple[list[str], list[str]]:
    """Find the codes of names as they are typed, and what nothing is known of. Two statements."""
    known = {fold(name): code for code, name in Category.objects.values_list("code", "name")}
    for code, name, synonyms in Substance.objects.filter(clinic=clinic).values_list("code", "name", "synonyms"):
        known |= {fold(one): code for one in (*(synonyms or ()), name, code)}
    known |= {fold(code): code for code in (*CLASSES, "sedative")}
    found, unknown = [], []
    for word in words:
        code = known.get(fold(word)) or allergen_code(word)
        (found if code in known.values() else unknown).append(code if code in known.values() else word)
    return list(dict.fromkeys(found)), unknown
