"""Say of a row that looked like a file that it is somebody else, before it is imported or after; and undo it."""

from django.db import transaction
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import ImportRow, PatientImport
from patients.models.imports import OVER, ImportStatus, RowState


@transaction.atomic
def tell_row_apart(*, actor: User, one: PatientImport, position: int) -> None:
    """Say that a row is not the patient it looks like: it is new, and once imported no longer offered for merging.

    Said twice, it is written down once. Raises Refused("not-ready" | "no-such-row").
    """
    _move(actor, one, position, ("twin", "not_twin"), RowState.NEW, "import.told-apart")


@transaction.atomic
def undo_tell_row_apart(*, actor: User, one: PatientImport, position: int) -> None:
    """Take that back: the row is perhaps that patient again. Raises Refused as `tell_row_apart` does."""
    _move(actor, one, position, ("not_twin", "twin"), RowState.LIKELY, "import.told-apart-undone")


def _move(actor: User, one: PatientImport, position: int, way: tuple[str, str], state: RowState, verb: str) -> None:
    """Move the file a row looks like from one column to the other, and write it down; moved already, nothing happens."""
    row = _row(one, position, RowState.LIKELY, RowState.NEW)
    file_id, moved_id = (getattr(row, f"{column}_id") for column in way)
    if file_id is None and moved_id is not None:
        return
    if file_id is None:
        raise _nothing_to_say()
    for column, value in zip(way, (None, file_id), strict=True):
        setattr(row, f"{column}_id", value)
    if row.state != RowState.IMPORTED:
        row.state = state
    row.save(update_fields=["state", "twin", "not_twin"])
    audit.record(actor=actor, verb=verb, subject=row, clinic=one.clinic, patient_id=file_id)


def _row(one: PatientImport, position: int, *unsaved: RowState) -> ImportRow:
    """Lock the import, so that no worker takes the row meanwhile, and read the row."""
    status = PatientImport.objects.select_for_update(of=("self",)).get(pk=one.pk).status
    if status != ImportStatus.READY and status not in OVER:
        raise Refused("not-ready", _("This import is being worked on. Wait until that is over."))
    states = unsaved if status == ImportStatus.READY else (RowState.IMPORTED,)
    row = one.rows.filter(position=position, state__in=states).first()
    if row is None:
        raise _nothing_to_say()
    return row


def _nothing_to_say() -> Refused:
    return Refused("no-such-row", _("This row does not look like another file. Load the page again."))
