"""A row of the clinic's lists that is offered no longer, or again."""

from typing import TypeVar

from django.db import transaction

from mesoclinic.core import audit
from mesoclinic.core.models import User
from protocols.models.shipped import Shipped

Row = TypeVar("Row", bound=Shipped)


@transaction.atomic
def set_archived(*, actor: User | None, row: Row, is_archived: bool, noun: str) -> Row:
    """Take a row off its list, or put it back, as `noun.archived` or `noun.restored`. Twice does no harm."""
    locked: Row = type(row)._default_manager.select_for_update().get(pk=row.pk)
    if locked.is_archived != is_archived:
        locked.is_archived = is_archived
        locked.save(update_fields=["is_archived"])
        audit.record(actor=actor, verb=f"{noun}.archived" if is_archived else f"{noun}.restored", subject=locked)
    return locked
