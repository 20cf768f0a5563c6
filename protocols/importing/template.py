"""The file to fill in: every column by its name in the reader's language, and an example without any volume."""

from django.utils.translation import gettext as _

from protocols.importing.columns import NAMES, label
from protocols.models.protocols import LineRole


def heads() -> list[str]:
    return [label(field) for field in NAMES]


def examples() -> list[list[str]]:
    """An invented protocol of three lines; what stands once is in its first row. Volumes are the practitioner's."""
    first = {
        "name": _("Example"),
        "cadence": "4x1w!, 4x2w, *x4w",
        "minimum_sessions": "4",
        "substance": "Lidocaine",
        "role": str(LineRole.BASE.label),
    }
    second = {"substance": "Pentoxifylline", "role": str(LineRole.VASODILATOR.label)}
    third = {"substance": _("Name of the substance, as it is called here"), "role": str(LineRole.ADD_IN.label)}
    return [[row.get(field, "") for field in NAMES] for row in (first, second, third)]
