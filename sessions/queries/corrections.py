"""What the corrections of a signed record make of its values: the last one of each value holds, the signed row stays."""

from collections.abc import Collection, Iterable
from copy import copy
from decimal import Decimal

from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, When

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


def right_line(line: Administration, corrections: Corrections) -> Administration:
    """A line of the mix with the volume that holds: a copy to show where a correction gave it. No SQL statement."""
    one = corrections.get((Corrected.GIVEN, line.pk))
    if one is None:
        return line
    shown = copy(line)
    shown.given_ml = Decimal(one.value)
    return shown


def right_lines(record: SessionRecord, lines: Iterable[Administration] | None = None) -> list[Administration]:
    """The lines of a record's mix with the volumes that hold. At most two SQL statements, none where all is at hand."""
    corrections = standing(record.addenda.all())
    return [right_line(line, corrections) for line in (record.administrations.all() if lines is None else lines)]


def given_lines(rows: QuerySet[Administration]) -> list[Administration]:
    """These lines with the volumes that hold, without those of which nothing was given. Two SQL statements.

    They are to be counted, and never saved.
    """
    volumes = Addendum.objects.filter(corrects=Corrected.GIVEN).order_by("at", "pk")
    found = list(rows.prefetch_related(Prefetch("corrections", volumes, to_attr="volumes")))
    for line in found:
        if line.volumes:
            line.given_ml = Decimal(line.volumes[-1].value)
    return [line for line in found if line.given_ml > 0]


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


def with_right_lot(rows: QuerySet[Administration]) -> QuerySet[Administration]:
    """These lines with `right_lot`: the key of the lot that holds, None where none is known. No SQL statement yet."""
    made = Addendum.objects.filter(line=OuterRef("pk"), corrects=Corrected.LOT)
    last = Subquery(made.order_by("-at", "-pk").values("lot")[:1])
    return rows.annotate(
        right_lot=Case(When(Exists(made), then=last), default=F("lot"), output_field=BigIntegerField())
    )


def lines_of_lots(lot_ids: Collection[int]) -> QuerySet[Administration]:
    """The lines of the mix that were of one of these lots, as corrections leave them; with `right_lot`. No SQL statement yet."""
    named = Addendum.objects.filter(corrects=Corrected.LOT, lot__in=lot_ids).values("line")
    rows = Administration.objects.filter(Q(lot__in=lot_ids) | Q(pk__in=named))
    return with_right_lot(rows).filter(right_lot__in=lot_ids)
