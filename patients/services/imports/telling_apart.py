"""Say of a row that looked like a file that it is somebody else, before it is imported or after; and undo it.

Before, the row keeps the file it is not. Once it is a file too, the two are told apart as any two files are.
"""

from contextlib import suppress

from django.db import transaction
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import AuditEvent, User
from mesoclinic.core.refused import Refused
from patients.models import ImportRow, PatientImport
from patients.models.imports import OVER, ImportStatus, RowState
from patients.queries.patients import kept
from patients.services.telling_apart import tell_files_apart, undo_tell_files_apart

TOLD = "import.told-apart"


@transaction.atomic
def tell_row_apart(*, actor: User, one: PatientImport, position: int) -> None:
    """Say that a row is not the patient it looks like: it is new, and once imported no longer offered for merging.

    Said twice, it is written down once. Raises Refused("not-ready" | "no-such-row"), of a row that is a file by now as
    `tell_files_apart` does.
    """
    row = _row(one, position)
    if row.state == RowState.IMPORTED:
        tell_files_apart(actor=actor, patient=kept(row.patient), other=kept(row.twin))
    else:
        _move(actor, row, ("twin", "not_twin"), RowState.NEW, TOLD)


@transaction.atomic
def undo_tell_row_apart(*, actor: User, one: PatientImport, position: int) -> None:
    """Take that back: the row is perhaps that patient again. Raises Refused as `tell_row_apart` does."""
    row = _row(one, position)
    if row.state == RowState.IMPORTED:
        undo_tell_files_apart(actor=actor, patient=kept(row.patient), other=kept(row.twin))
    else:
        _move(actor, row, ("not_twin", "twin"), RowState.LIKELY, "import.told-apart-undone")


def tell_file_apart(row: ImportRow) -> None:
    """Say of the file a row just became what was said of the row, by whoever said it."""
    if row.not_twin is None:
        return
    subject = {"subject_type": row._meta.label_lower, "subject_id": row.pk}
    said = AuditEvent.objects.filter(verb=TOLD, **subject).select_related("actor").latest("pk")
    with suppress(Refused):  # the other is restricted since, and never offered
        tell_files_apart(actor=said.actor, patient=row.patient, other=kept(row.not_twin))
    row.not_twin = None


def _move(actor: User, row: ImportRow, way: tuple[str, str], state: RowState, verb: str) -> None:
    """Move the file a row looks like from one column to the other, and write it down; moved already, nothing happens."""
    file_id, moved_id = (getattr(row, f"{column}_id") for column in way)
    if file_id is None and moved_id is not None:
        return
    if file_id is None:
        raise _nothing_to_say()
    for column, value in zip(way, (None, file_id), strict=True):
        setattr(row, f"{column}_id", value)
    row.state = state
    row.save(update_fields=["state", "twin", "not_twin"])
    audit.record(actor=actor, verb=verb, subject=row, clinic=row.of.clinic, patient_id=file_id)


def _row(one: PatientImport, position: int) -> ImportRow:
    """Lock the import, so that no worker takes the row meanwhile, and read the row and the files it is about."""
    status = PatientImport.objects.select_for_update(of=("self",)).get(pk=one.pk).status
    if status != ImportStatus.READY and status not in OVER:
        raise Refused("not-ready", _("This import is being worked on. Wait until that is over."))
    rows = one.rows.select_related("patient__clinic", "twin__clinic", "of__clinic").filter(position=position)
    if status == ImportStatus.READY:
        row = rows.filter(state__in=[RowState.LIKELY, RowState.NEW]).first()
    else:
        row = rows.filter(state=RowState.IMPORTED, twin__isnull=False).first()
    if row is None:
        raise _nothing_to_say()
    return row


def _nothing_to_say() -> Refused:
    return Refused("no-such-row", _("This row does not look like another file. Load the page again."))
