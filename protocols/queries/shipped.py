"""Rows of the shipped catalogue by the name they have in the reader's language, which no column holds."""

from django.conf import settings
from django.utils.translation import get_language

from mesoclinic.core.models import Clinic
from protocols.citations import shipped_text
from protocols.folding import fold
from protocols.models.shipped import Shipped


def called(model: type[Shipped], clinic: Clinic, text: str) -> list[int]:
    """Give the keys of the rows whose name as it is said holds a text; none where it is said as it is kept.

    One SQL statement. Accents and case do not matter.
    """
    if (get_language() or settings.LANGUAGE_CODE).startswith(settings.LANGUAGE_CODE):
        return []
    wanted, names = fold(text), model._base_manager.filter(clinic=clinic).values_list("pk", "name")
    return [key for key, name in names if wanted in fold(shipped_text(name))]
