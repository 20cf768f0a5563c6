"""The name of a substance or technique that signed records tell stays: the database refuses another.

Records know of these rows and these rows nothing of records, so the trigger stands in the records' migrations.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mesoclinic.core.constraints import violated
from mesoclinic.core.refused import Refused
from protocols.models.shipped import Shipped


@contextmanager
def keeping_told_name(row: Shipped, name: str) -> Iterator[None]:
    """Save a row that had this name. Raises Refused("name-told") where signed records tell it and it has another now."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as exc:
        if violated(exc) != f"{row._meta.db_table}_f_update":
            raise
        words = _("Signed records tell of “%(name)s”: it keeps this name. Add what has another name as new instead.")
        raise Refused("name-told", words % {"name": name}, field="name") from exc
