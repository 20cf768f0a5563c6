"""A code for a row of the clinic's own, out of its words."""

from collections.abc import Set as AbstractSet

from django.db.models import Model
from django.utils.text import slugify

from mesoclinic.core.models import Clinic


def free_code(model: type[Model], clinic: Clinic, words: str, *, shipped: AbstractSet[str] = frozenset()) -> str:
    """Return a code no row of the clinic has, nor any in `shipped`: the words as a slug, numbered where taken."""
    base = slugify(words)[:50].strip("-") or str(model._meta.model_name)
    rows = model._default_manager.filter(clinic=clinic, code__startswith=base)
    taken = {*rows.values_list("code", flat=True), *shipped}
    return next(code for code in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if code not in taken)
