"""Note that somebody was asked, weeks after a session, how the injected places look."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from sessions.models import FollowUp, SessionRecord

DOUBLE_CLICK = timedelta(seconds=10)


@transaction.atomic
def note_follow_up(
    *, actor: User, record: SessionRecord, answer: str, note: str = "", now: datetime | None = None
) -> FollowUp:
    """Add what somebody answered; a double click adds it once. Raises Refused("bad-answer" | "not-done")."""
    now = now or timezone.now()
    if answer not in FollowUp.Answer.values:
        raise Refused("bad-answer", _("Say what was answered."), field="answer")
    record = SessionRecord.objects.select_for_update(of=("self",), no_key=True).get(pk=record.pk)
    if record.status == SessionRecord.Status.DRAFT:
        raise Refused("not-done", _("This record is not done yet: there is nothing to ask about."))
    said = {"answer": answer, "note": note.strip()[:500], "by": actor}
    if (same := record.follow_ups.filter(**said, at__gte=now - DOUBLE_CLICK).first()) is not None:
        return same
    follow_up = FollowUp.objects.create(record=record, at=now, **said)
    audit.record(
        actor=actor, verb="follow-up.noted", subject=follow_up, clinic=record.clinic, patient_id=record.patient_id
    )
    return follow_up
