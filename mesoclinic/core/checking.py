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
        raise Refused("not-valid", messages[0], field=None if field == NON_FIELD_ERRORS else field) from error
