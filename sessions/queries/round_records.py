"""The records of a round in the order of its visits: what one page holds for the whole round."""

from dataclasses import dataclass

from sessions.models import Appointment, Round, SessionRecord
from sessions.queries import records as reads
from sessions.queries.rounds import visits_of

BEGIN_FROM = ("booked", "arrived", "in_progress")


@dataclass(frozen=True)
class RoundStop:
    """One visit of a round with the record that counts, if it was begun."""

    visit: Appointment
    record: SessionRecord | None

    @property
    def is_draft(self) -> bool:
        return self.record is not None and self.record.status == SessionRecord.Status.DRAFT

    @property
    def is_done(self) -> bool:
        return self.record is not None and not self.is_draft

    @property
    def may_begin(self) -> bool:
        return self.record is None and self.visit.status in BEGIN_FROM


def stops_of(one: Round) -> list[RoundStop]:
    """List the visits of a round with their records, those that fell through last. Three SQL statements.

    Those of restricted files are left out: their records are read behind the door.
    """
    visits = [visit for visit in visits_of(one) if not visit.patient.is_restricted]
    rows = reads.records(one.clinic).filter(appointment__in=[visit.pk for visit in visits])
    standing = {row.appointment_id: row for row in rows.exclude(addenda__kind="withdrawal")}
    stops = [RoundStop(visit, standing.get(visit.pk)) for visit in visits]
    return sorted(stops, key=lambda stop: not (stop.record or stop.visit.is_live))
