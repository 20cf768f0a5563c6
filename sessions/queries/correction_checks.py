"""What the mix check says of a signed record once one of its values is given anew, and did not say before."""

from copy import copy
from dataclasses import replace

from protocols.dosing import Finding, Level
from protocols.models import Lot
from protocols.models.recalls import folded
from protocols.queries import recalls
from sessions.models import Addendum, Administration, SessionRecord
from sessions.models.signatures import Corrected
from sessions.queries import corrections
from sessions.queries import records as reads
from sessions.queries.corrections import Corrections
from sessions.queries.record_checks import check_record, key_of
from sessions.recording import RecordContent

STOCK_RULES = ("lot.used_up",)  # the stock was drawn at signing, and no correction moves it


def found_by(record: SessionRecord, *, what: str, value: str, line_id: int | None = None) -> tuple[Finding, ...]:
    """The warnings and blocks that a right value brings, loudest first: the record as it stands against as corrected.

    Both are checked as given when the session was, with the doses around it, those after it too. Of a withdrawn record
    nothing is said: it was given to somebody else. At most seventy-five SQL statements.
    """
    if reads.is_withdrawn(record):
        return ()
    before = corrections.standing(record.addenda.all())
    row = Addendum(record=record, corrects=what, value=value, line_id=line_id)
    if what == Corrected.LOT:
        row.lot = lot_of(record.administrations.get(pk=line_id), value)
    known = {key_of(one) for one in _findings(record, before)}
    found = _findings(record, before | {(what, line_id): row})
    return tuple(one for one in found if _counts(one) and key_of(one) not in known)


def lot_of(line: Administration, number: str) -> Lot | None:
    """The lot of this number and of the substance of a line, where there is one and only one. One SQL statement."""
    rows = Lot.objects.filter(clinic=line.record.clinic_id, substance=line.substance_id)
    rows = rows.alias(folded_number=folded("number"))
    found = list(rows.filter(recalls.same_number("folded_number", number))[:2])
    return found[0] if len(found) == 1 else None


def right_content(record: SessionRecord, right: Corrections) -> RecordContent:
    """What a record holds as these corrections leave it. Seven SQL statements."""
    content = reads.content(corrections.amended(record, right))
    rows = [_right_row(row, right) for row in record.administrations.order_by("position")]
    return replace(content, lines=tuple(reads.line_of(row) for row in rows))


def _findings(record: SessionRecord, right: Corrections) -> tuple[Finding, ...]:
    return check_record(record, right_content(record, right), record.performed_at, record.performed_by).findings


def _counts(finding: Finding) -> bool:
    return finding.level is not Level.INFO and finding.rule not in STOCK_RULES


def _right_row(row: Administration, right: Corrections) -> Administration:
    row = corrections.right_line(row, right)
    one = corrections.right_lot(row, right)
    if one is None:
        return row
    shown = copy(row)
    shown.lot_id, shown.lot_number, shown.expires_on = one.lot_id, one.value, None
    return shown
