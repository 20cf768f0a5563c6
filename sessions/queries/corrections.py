"""What the corrections of a signed record make of its values: the last one of each value holds, the signed row stays."""

from collections.abc import Iterable
from copy import copy

from sessions.models import Addendum, Administration, SessionRecord
from sessions.models.signatures import Corrected

Corrections = dict[tuple[str, int | None], Addendum]  # by what is corrected, and the line of the mix it is of


def standing(addenda: Iterable[Addendum]) -> Corrections:
    """The corrections that hold, of addenda in the order they were made. No SQL statement."""
    return {(one.corrects, one.line_id): one for one in addenda if one.corrects}


def amended(record: SessionRecord, corrections: Corrections) -> SessionRecord:
    """A copy of a record to show, with the right values in it. It is never saved. No SQL statement."""
    shown = copy(record)
    for (what, line_id), one in corrections.items():
        if line_id is None:
            setattr(shown, what, SessionRecord._meta.get_field(what).to_python(one.value))
    return shown


def right_lot(line: Administration, corrections: Corrections) -> Addendum | None:
    """The correction of a line's lot. No SQL statement."""
    return corrections.get((Corrected.LOT, line.pk))
