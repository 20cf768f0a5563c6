"""What the corrections of a signed record make of its values: the last one of each value holds, the signed row stays."""

from collections.abc import Iterable
from copy import copy

from sessions.models import Addendum, Administration, SessionRecord
from sessions.models.signatures import Corrected

Corrections = dict[tuple[str, int | None], Addendum]  # by what is corrected, and the line of the mix it is of


def standing(addenda: Iterable[Addendum]) -> Corrections:
    """The corrections that hold, of the addenda of a record. No SQL statement."""
    made = sorted(addenda, key=lambda one: (one.at, one.pk))
    return {(one.corrects, one.line_id): one for one in made if one.corrects}


def amended(record: SessionRecord, corrections: Corrections) -> SessionRecord:
    """A copy of a record to show, with the right values in it. It is never saved. No SQL statement."""
    shown = copy(record)
    for (what, line_id), one in corrections.items():
        if line_id is None:
            setattr(shown, what, SessionRecord._meta.get_field(what).to_python(one.value))
    return shown


def right_values(record: SessionRecord) -> SessionRecord:
    """A copy of a record to show, as its corrections leave it. One SQL statement, none where its addenda are at hand."""
    return amended(record, standing(record.addenda.all()))


def signed_lot(line: Administration) -> str:
    """The number of a line's lot as it was signed. One SQL statement where no number was written, unless it is at hand."""
    return line.lot_number or (line.lot.number if line.lot is not None else "")


def lot(line: Administration, corrections: Corrections) -> str:
    """The number of a line's lot that holds; empty where none was noted. SQL as `signed_lot`."""
    right = right_lot(line, corrections)
    return signed_lot(line) if right is None else right.value


def right_lot(line: Administration, corrections: Corrections) -> Addendum | None:
    """The correction of a line's lot. No SQL statement."""
    return corrections.get((Corrected.LOT, line.pk))
