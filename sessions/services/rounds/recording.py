"""Begin the records of a round at once, so that they can be written where there is no network; and take one off again."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from sessions.models import Appointment, Round, SessionRecord
from sessions.queries import round_records as reads
from sessions.services import appointments, records


@transaction.atomic
def start_round_records(*, actor: User, round: Round, now: datetime | None = None) -> list[SessionRecord]:
    """Begin every record of a round that is still to be begun, in the order of the visits; a second click adds none.

    Raises Refused("not-yet" | "nobody").
    """
    now = now or timezone.now()
    if round.on > local_day(now, round.site.zone):
        raise Refused("not-yet", _("This round is on another day. Its records begin on the day itself."))
    stops = reads.stops_of(round)
    if not any(stop.record or stop.may_begin for stop in stops):
        raise Refused("nobody", _("There is nobody in this round to record."))
    waiting = [stop.visit for stop in stops if stop.may_begin]
    return [records.start_record(actor=actor, appointment=visit, now=now) for visit in waiting]


@transaction.atomic
def leave_out_of_round(*, actor: User, visit: Appointment, reason: str, now: datetime | None = None) -> Appointment:
    """Throw away the draft of a visit of a round and say why nothing was given: a horse that was not caught.

    Raises Refused("not-a-draft" | "reason-needed" | "not-possible").
    """
    record = SessionRecord.objects.standing().select_related("appointment").filter(appointment=visit).first()
    if record is not None:
        records.discard_record(actor=actor, record=record)
    return appointments.mark_not_treated(actor=actor, appointment=visit, reason=reason, now=now)
