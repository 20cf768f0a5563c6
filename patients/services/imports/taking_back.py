"""Take an import back: a worker deletes the files nobody has done anything with since, a few in one transaction.

What was done with a file since, by anybody, keeps it. What was written down of it stays, without its names.
"""

from time import sleep

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit, doorbell
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from mesoclinic.core.services.jobs import Turn
from patients.models import Flag, ImportRow, Patient, PatientImport
from patients.models.imports import OVER, ImportStatus, RowState
from patients.queries.taking_back import with_fate
from patients.services.imports.uploading import GO_ON, forget_rows
from patients.services.pseudonymising import clear_audit, clear_identity

FILES_A_STEP = 10
PAUSE = 0.05  # as in importing


@transaction.atomic
def take_back_import(*, actor: User, one: PatientImport) -> None:
    """Have a worker take back what was imported; pressed twice, it is done once.

    What else the file said is forgotten. Raises Refused("not-over" | "none").
    """
    if not PatientImport.objects.filter(pk=one.pk, status__in=OVER).update(
        status=ImportStatus.UNDOING, taken_back_by=actor, free_from=timezone.now(), held_by=None
    ):
        if PatientImport.objects.filter(pk=one.pk, status=ImportStatus.UNDOING).exists():
            return
        raise Refused("not-over", _("This import is not over yet. Cancel it first."))
    if not with_fate(one.rows.all()).filter(stays=False).exists():
        raise Refused("none", _("There is nobody left of this import who can be taken back."))
    forget_rows(one)
    audit.record(actor=actor, verb="import.undo-started", subject=one)
    doorbell.ring(GO_ON, one.pk)


def take_back_rows(turn: Turn[PatientImport]) -> bool:
    """Take back on where the last turn ended. Says whether there is more to do."""
    after: int | None = 0
    while not turn.is_over:
        after = _step(turn, after)
        if after is None:
            return False
        if connection.vendor == "sqlite":
            sleep(PAUSE)
    return True


@transaction.atomic
def _step(turn: Turn[PatientImport], after: int) -> int | None:
    """Take back the next few, and say where they ended; None when none is left, or somebody else is at it."""
    one = turn.hold(ImportStatus.UNDOING)
    if one is None:
        return None
    Clinic.objects.select_for_update(no_key=True).get(pk=one.clinic_id)  # a visit that is saved must not wait for it
    next_rows = one.rows.filter(state=RowState.IMPORTED, position__gt=after).order_by("position")
    found = list(next_rows.values_list("position", "patient_id")[:FILES_A_STEP])
    if not found:
        _finish(one)
        return None
    files = Patient.objects.select_for_update().filter(pk__in=[key for _position, key in found]).order_by("pk")
    locked = [file.pk for file in files]  # from here on nothing is done with them, so what is judged holds
    judged = with_fate(one.rows.filter(patient__in=locked))
    _delete(one, [row.patient_id for row in judged if not row.stays])
    return found[-1][0]


def _delete(one: PatientImport, keys: list[int]) -> None:
    """Take the names out of all that is written down, as the trail lets go of those of nobody only; then delete."""
    files = list(Patient.objects.select_related("clinic").filter(pk__in=keys))
    by = one.taken_back_by
    audit.record_all(
        audit.event(actor=by, verb="patient.taken-back", subject=file, patient_id=file.pk) for file in files
    )
    # Rows of other files that were these patients are new again: to go with the file would lose them.
    ImportRow.objects.filter(twin__in=keys).exclude(state=RowState.IMPORTED).update(twin=None, state=RowState.NEW)
    ImportRow.objects.filter(twin__in=keys).update(twin=None)
    ImportRow.objects.filter(not_twin__in=keys).update(not_twin=None)
    now = timezone.now()
    clear_identity(files, now, timezone.localdate(now))
    clear_audit(keys, now)
    Patient.objects.filter(pk__in=keys).delete()
    Patient.history.filter(id__in=keys).delete()
    Flag.history.filter(patient__in=keys).delete()
    PatientImport.objects.filter(pk=one.pk).update(taken_back=F("taken_back") + len(files))


def _finish(one: PatientImport) -> None:
    PatientImport.objects.filter(pk=one.pk).update(status=ImportStatus.UNDONE, held_by=None, done_at=timezone.now())
    audit.record(actor=one.taken_back_by, verb="import.taken-back", subject=one, reason=str(one.taken_back))
