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
    row = _row(one, position, RowState.LIKELY, RowState.NEW)
    if row.twin_id is None and row.not_twin_id is not None:
        return
    if row.twin_id is None:
        raise _nothing_to_say()
    row.not_twin_id, row.twin_id = row.twin_id, None
    _keep(actor, one, row, RowState.NEW, "import.told-apart", row.not_twin_id)


@transaction.atomic
def undo_tell_row_apart(*, actor: User, one: PatientImport, position: int) -> None:
    """Take that back: the row is perhaps that patient again. Raises Refused as `tell_row_apart` does."""
    row = _row(one, position, RowState.NEW, RowState.LIKELY)
    if row.not_twin_id is None and row.twin_id is not None:
        return
    if row.not_twin_id is None:
        raise _nothing_to_say()
    row.twin_id, row.not_twin_id = row.not_twin_id, None
    _keep(actor, one, row, RowState.LIKELY, "import.told-apart-undone", row.twin_id)


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


def _keep(actor: User, one: PatientImport, row: ImportRow, state: RowState, verb: str, file_id: int) -> None:
    if row.state != RowState.IMPORTED:
        row.state = state
    row.save(update_fields=["state", "twin", "not_twin"])
    audit.record(actor=actor, verb=verb, subject=row, clinic=one.clinic, patient_id=file_id)
