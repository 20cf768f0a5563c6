"""The composer's buttons, answered on the server: the whole mix to another volume, saline only, another substance."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _

from mesoclinic.core.forms import as_plain_decimal
from mesoclinic.core.models import Clinic
from mesoclinic.core.refused import Refused
from protocols.queries import substances

SALINE = "sodium-chloride"
MOST_ML, SMALLEST_ML = Decimal(1000), Decimal("0.001")
MOST_ROWS = 1000
SEDATION = "sedation"  # the role of a row beside the mix: what is done to the mix leaves it alone
OF_THE_PRODUCT = ("substance", "strength", "strength_unit", "lot", "lot_number", "expires_on")


def composed(clinic: Clinic, data: QueryDict, prefix: str, volumes: Sequence[str]) -> QueryDict | None:
    """Return what was posted with the mix changed as the button asks, or None when none was pressed.

    `volumes` are the columns in mL; the first is what the mix adds up to.
    Raises Refused("no-volume" | "no-saline") in words.
    """
    verb, _dash, row = data.get("compose", "").partition(" ")
    if verb not in ("scale", "saline", "swap", "sedate"):
        return None
    changed = data.copy()
    if verb == "scale":
        _scale(changed, prefix, volumes)
    elif verb == "saline":
        _saline_only(clinic, changed, prefix, volumes)
    elif verb == "sedate":
        _add_row(changed, prefix, {"role": SEDATION, "syringe": "A"})
    elif row in set(rows_of(changed, prefix)):
        for name in OF_THE_PRODUCT:
            changed.pop(f"{row}-{name}", None)
    return changed


def with_rows(data: QueryDict, prefix: str, rows: Sequence[Mapping[str, str]]) -> QueryDict:
    """Return what was posted with these rows instead of those of the mix; what stands beside the mix stays."""
    changed = data.copy()
    for row in list(_mix_rows(changed, prefix)):
        changed[f"{row}-DELETE"] = "on"
    for values in rows:
        _add_row(changed, prefix, dict(values))
    return changed


def rows_of(data: QueryDict, prefix: str) -> Iterator[str]:
    """Give the prefixes of the rows that stand."""
    names = (f"{prefix}-{index}" for index in range(_count(data, prefix)))
    return (name for name in names if f"{name}-DELETE" not in data)


def _count(data: QueryDict, prefix: str) -> int:
    count = data.get(f"{prefix}-TOTAL_FORMS", "")
    return min(int(count), MOST_ROWS) if count.isdecimal() and len(count) < 5 else 0


def _scale(data: QueryDict, prefix: str, volumes: Sequence[str]) -> None:
    wanted_ml = _amount(data.get("compose_ml", ""))
    total_ml = _total(data, prefix, volumes[0])
    if wanted_ml is None or wanted_ml <= 0 or wanted_ml > MOST_ML:
        raise Refused("no-volume", _("To how many mL? A number above 0, up to 1000."), field="compose_ml")
    if not total_ml:
        raise Refused("no-volume", _("The mix has no volumes yet that could be scaled."), field="compose_ml")
    for row in _mix_rows(data, prefix):
        for name in volumes:
            volume_ml = _amount(data.get(f"{row}-{name}", ""))
            if volume_ml:
                scaled = (volume_ml * wanted_ml / total_ml).quantize(SMALLEST_ML, ROUND_HALF_UP)
                data[f"{row}-{name}"] = _plain(max(scaled, SMALLEST_ML))
    data["compose_ml"] = ""


def _saline_only(clinic: Clinic, data: QueryDict, prefix: str, volumes: Sequence[str]) -> None:
    saline = substances.offered(clinic).filter(code=SALINE).first()
    if saline is None:
        raise Refused("no-saline", _("Sodium chloride is not on the clinic's list of substances."))
    total_ml = _total(data, prefix, volumes[0])
    for row in list(_mix_rows(data, prefix)):
        data[f"{row}-DELETE"] = "on"
    new = {"substance": str(saline.pk), "role": "add_in", "syringe": "A"}
    new |= {name: _plain(total_ml) for name in volumes if total_ml and name != "wasted_ml"}
    _add_row(data, prefix, new)


def _add_row(data: QueryDict, prefix: str, values: dict[str, str]) -> None:
    index = _count(data, prefix)
    data[f"{prefix}-TOTAL_FORMS"] = str(index + 1)
    for name, value in values.items():
        data[f"{prefix}-{index}-{name}"] = value


def _mix_rows(data: QueryDict, prefix: str) -> Iterator[str]:
    return (row for row in rows_of(data, prefix) if data.get(f"{row}-role") != SEDATION)


def _total(data: QueryDict, prefix: str, name: str) -> Decimal:
    found = (_amount(data.get(f"{row}-{name}", "")) for row in _mix_rows(data, prefix))
    return sum((volume_ml for volume_ml in found if volume_ml is not None), Decimal(0))


def _amount(text: str) -> Decimal | None:
    """What was typed as a volume; None where it is none."""
    try:
        number = Decimal(as_plain_decimal(text[:40]))
    except (ArithmeticError, ValidationError):
        return None
    return number if number.is_finite() and 0 <= number <= MOST_ML else None


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")
