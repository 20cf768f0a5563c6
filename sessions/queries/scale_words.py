"""What a scale and its answers are called: of a person in other words than of an animal."""

from decimal import Decimal
from functools import cache

from django.utils.formats import get_format
from django.utils.translation import gettext as _

from protocols.models import Species
from protocols.services.catalogue import shipped_catalogue
from sessions.models import Score
from sessions.models.records import Scale
from sessions.printing.numbers import number


def behaviour_label(species: Species) -> str:
    """Name what is seen right after a session."""
    return _("Behaviour after") if species.is_animal else _("Well-being after")


def scale_label(score: Score, species: Species) -> str:
    return behaviour_label(species) if score.scale == Scale.BEHAVIOUR else str(score.get_scale_display())


def value_words(score: Score, species: Species) -> str:
    """Say one rating inside a phrase: a number, or the words that were chosen."""
    if score.scale != Scale.BEHAVIOUR:
        return value_said(score.value)
    return _(_behaviours(species.is_animal)[int(score.value)]).lower()


def value_said(value: Decimal) -> str:
    """Say a number of a scale with the reader's decimal sign."""
    return number(value, {"decimal": str(get_format("DECIMAL_SEPARATOR"))})


@cache
def _behaviours(is_animal: bool) -> dict[int, str]:
    [scale] = [one for one in shipped_catalogue().scores if one.code == Scale.BEHAVIOUR]
    return {choice.value: choice.said_of(is_animal) for choice in scale.choices}
