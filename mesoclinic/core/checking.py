"""Ask a row its own rules before it is written, and say no in words."""

from collections.abc import Iterable

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.translation import gettext as _

from mesoclinic.core.forms import CONTROL_CHARACTER
from mesoclinic.core.refused import Refused


def check(row: models.Model, *, but: Iterable[str] = ()) -> None:
    """Ask everything but the fields named. Raises Refused("not-valid", field=…) for the first rule the row breaks."""
    unasked = {"public_id", *but}
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if isinstance(value, str) and CONTROL_CHARACTER.search(value):
            message = _("This text holds an invisible character that cannot be kept. Please type it again.")
            raise Refused("not-valid", message, field=field.name)
    try:
        row.clean_fields(exclude=unasked)
        row.validate_constraints(exclude=unasked)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        named = _field_of_broken(row, unasked) if field == NON_FIELD_ERRORS else field
        raise Refused("not-valid", messages[0], field=named) from error


def _field_of_broken(row: models.Model, unasked: set[str]) -> str | None:
    """Name the one field the first broken constraint is about: of a name that is taken, the name, not its clinic."""
    for constraint in row._meta.constraints:
        try:
            constraint.validate(type(row), row, exclude=unasked)
        except ValidationError:
            own = [name for name in _fields_of(constraint) if not row._meta.get_field(name).is_relation]
            return own[0] if len(own) == 1 else None
    return None


def _fields_of(constraint: models.BaseConstraint) -> Iterable[str]:
    if isinstance(constraint, models.UniqueConstraint):
        return constraint.fields
    return constraint.condition.referenced_base_fields if isinstance(constraint, models.CheckConstraint) else ()
