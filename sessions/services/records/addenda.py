"""What is added to a signed record: dated, authored, reasoned, signed into the chain; nothing is ever changed."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.services import patients as files
from protocols.models import StockMovement
from protocols.services import lots
from sessions import canonical
from sessions.models import Addendum, Appointment, PlannedSession, SessionRecord
from sessions.models.courses import PlannedStatus
from sessions.models.signatures import AddendumKind
from sessions.queries import correction_checks
from sessions.queries import records as reads
from sessions.queries.own_reasons import WITHDRAWN
from sessions.queries.record_checks import shown

from .corrections import Correction, note_weight, said_already, tell_of_lot, written
from .drafting import locked
from .finishing import reopen_course, reopen_session
from .signing import append, lock_head, require_signer


@transaction.atomic
def add_addendum(
    *,
    actor: User,
    record: SessionRecord,
    kind: str,
    text: str,
    reason: str,
    field: str = "",
    correction: Correction | None = None,
    now: datetime | None = None,
) -> Addendum:
    """Add to a signed record. A withdrawal (wrong patient) opens the planned session again; the record stays readable.

    The same words sent twice are one addendum. The caller has asked for the password again, and shown what the mix check
    finds with a right value: that is kept, and refuses nothing, since what was injected can always be recorded. Raises
    Refused("not-signed" | "withdrawn" | "text-needed" | "reason-needed" | "not-a-practitioner" | "not-licensed"), and as
    `corrections.written`.
    """
    now = now or timezone.now()
    if not text.strip() and correction is None:
        raise Refused("text-needed", _("Write what is added."), field="text")
    if not reason.strip():
        raise Refused("reason-needed", _("Say why it is added only now."), field="reason")
    if record.appointment_id:
        Appointment.objects.select_for_update(of=("self",), no_key=True).get(pk=record.appointment_id)
    head = lock_head(actor.clinic)
    signer = require_signer(actor, now)
    fresh = locked(record)
    if fresh.status != SessionRecord.Status.SIGNED:
        raise Refused("not-signed", _("This record is not signed yet: change the record itself."))
    if kind == AddendumKind.WITHDRAWAL and reads.is_withdrawn(fresh):
        raise Refused("withdrawn", _("This record is withdrawn already."))
    words = {"kind": kind, "text": text.strip(), "reason": reason.strip(), "field": field.strip(), "by": signer}
    words |= {} if correction is None else written(fresh, correction, words)
    if (same := said_already(fresh, words)) is not None:
        return same  # the second click of two: what is signed can never be taken away again
    found = correction_checks.found_by(fresh, **asdict(correction)) if correction is not None else ()
    addendum = Addendum.objects.create(record=fresh, at=now, **words, findings=[shown(one) for one in found] or None)
    signed = canonical.ADDENDUM_READERS[canonical.CURRENT_FORMAT]([addendum.pk])[addendum.pk]
    append(head, signer, now, [(fresh, addendum, signed)])
    audit.record(actor=actor, verb=f"record.{kind.replace('_', '-')}-added", subject=fresh, patient_id=fresh.patient_id)
    if kind == AddendumKind.WITHDRAWAL:
        _take_back(actor, fresh, now)
    note_weight(actor, fresh, addendum)
    tell_of_lot(fresh, addendum, found)
    return addendum


def _take_back(actor: User, record: SessionRecord, now: datetime) -> None:
    """Undo beside the record what signing it did: the weight noted, what its lots gave, the session done."""
    files.forget_weight(noted_in=record.public_id)
    drawn = StockMovement.objects.filter(administration__record=record).select_related("lot", "site", "vial")
    lots.put_back(actor=actor, drawn=drawn, reason=WITHDRAWN)
    if record.planned_session is not None:
        _give_session_back(actor, record, now)


def _give_session_back(actor: User, record: SessionRecord, now: datetime) -> None:
    """Make the session of a withdrawn record due again; one with a later session done is left out instead.

    The visit stays as it was, but lets go of the session, so that it can be booked or recorded anew.
    """
    planned = PlannedSession.objects.select_for_update(no_key=True).get(pk=record.planned_session_id)
    if planned.status != PlannedStatus.DONE:
        return
    Appointment.objects.filter(pk=record.appointment_id, planned_session=planned).update(planned_session=None)
    later = PlannedSession.objects.filter(course=planned.course_id, number__gt=planned.number)
    if later.filter(status=PlannedStatus.DONE).exists():
        PlannedSession.objects.filter(pk=planned.pk).update(
            status=PlannedStatus.SKIPPED,
            performed_on=None,
            skip_reason=WITHDRAWN,
        )
    else:
        reopen_session(planned, is_booked=False)
    reopen_course(actor=actor, course=record.course, now=now)
