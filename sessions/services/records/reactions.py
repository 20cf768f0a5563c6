"""Enter what was told after a record was signed: a reaction, how it went on, the lot that is suspected of it."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from protocols.models import Lot
from sessions.models import AdverseEvent, AdverseEventUpdate, SessionRecord
from sessions.queries import records as reads
from sessions.queries.reactions import lots_given, lots_suspected

from .drafting import locked


@transaction.atomic
def report_reaction(
    *,
    actor: User,
    record: SessionRecord,
    kind: str,
    severity: str,
    onset_on: date | None = None,
    description: str = "",
    action: str = "",
    outcome: str = "",
    suspected_lot: Lot | None = None,
    now: datetime | None = None,
) -> AdverseEvent:
    """Add a reaction told after the session was signed: lesions appear up to 12 weeks after.

    Source: DOMAIN section 1.3 (S44). Raises Refused("not-signed" | "other-lot" | "before-session").
    """
    now = now or timezone.now()
    fresh = _signed(record)
    if onset_on is not None and onset_on < local_day(fresh.performed_at, reads.site_of(fresh).zone):
        raise Refused("before-session", _("This is before the day of the session."), field="onset_on")
    _refuse_other_lot(fresh, suspected_lot)
    told = {"kind": kind.strip(), "severity": severity, "onset_on": onset_on, "description": description.strip()}
    told |= {"action": action.strip(), "is_late": True, "reported_by": actor}
    if (same := AdverseEvent.objects.filter(record=fresh, **told).first()) is not None:
        return same  # the second click of two
    event = AdverseEvent.objects.create(patient=fresh.patient, record=fresh, reported_at=now, **told)
    if outcome or suspected_lot is not None:
        event.updates.create(outcome=outcome, suspected_lot=suspected_lot, by=actor, at=now)
    audit.record(actor=actor, verb="reaction.reported", subject=event, clinic=fresh.clinic, patient_id=fresh.patient_id)
    return event


@transaction.atomic
def update_reaction(
    *,
    actor: User,
    event: AdverseEvent,
    outcome: str = "",
    suspected_lot: Lot | None = None,
    cleared_lot: Lot | None = None,
    note: str = "",
    now: datetime | None = None,
) -> AdverseEventUpdate:
    """Add how a reaction of a signed record went on, the lot it is blamed on, or no longer; what was said before stays.

    The same words sent twice are one update. Raises Refused("not-signed" | "other-lot" | "nothing" | "reason-needed" |
    "both" | "not-suspected").
    """
    note = note.strip()[:500]
    if not (outcome or suspected_lot or cleared_lot or note):
        raise Refused("nothing", _("Say how it went on, which lot is suspected, or what else is known."))
    fresh = _signed(event.record)
    _refuse_other_lot(fresh, suspected_lot)
    said = {"outcome": outcome, "suspected_lot": suspected_lot, "cleared_lot": cleared_lot, "note": note}
    last = event.updates.order_by("-at", "-pk").first()
    if last is not None and all(getattr(last, name) == value for name, value in said.items()):
        return last
    if cleared_lot is not None:
        _require_clearable(event, cleared_lot, suspected_lot, note)
    update = AdverseEventUpdate.objects.create(event=event, by=actor, at=now or timezone.now(), **said)
    audit.record(actor=actor, verb="reaction.updated", subject=event, clinic=fresh.clinic, patient_id=fresh.patient_id)
    return update


def _require_clearable(event: AdverseEvent, lot: Lot, suspected_lot: Lot | None, note: str) -> None:
    if not note:
        words = _("Say in the note why this lot is no longer suspected.")
        raise Refused("reason-needed", words, field="note")
    if lot == suspected_lot:
        raise Refused("both", _("A lot is suspected or no longer suspected, not both."), field="cleared_lot")
    if not lots_suspected(event).filter(pk=lot.pk).exists():
        raise Refused("not-suspected", _("This lot is not suspected any more."), field="cleared_lot")


def _signed(record: SessionRecord) -> SessionRecord:
    fresh = locked(record)
    if fresh.status != SessionRecord.Status.SIGNED:
        raise Refused("not-signed", _("This record is not signed yet: change the record itself."))
    return fresh


def _refuse_other_lot(record: SessionRecord, lot: Lot | None) -> None:
    if lot is not None and not lots_given(record).filter(pk=lot.pk).exists():
        raise Refused("other-lot", _("This lot was not given at that session."), field="suspected_lot")
