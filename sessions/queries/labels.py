"""What the labels of a record's syringes say: the mix as it was drawn up."""

from datetime import datetime

from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import User
from mesoclinic.core.wording import date_format, initials
from patients.queries import patients
from sessions.models import Administration, SessionRecord
from sessions.printing.labels import LabelLine, SyringeLabel
from sessions.printing.numbers import number
from sessions.queries import records as reads
from sessions.queries.report_words import decimal_words


def syringe_labels(record: SessionRecord, *, printed_by: User, now: datetime) -> list[SyringeLabel]:
    """Give one label for each syringe of the mix, in the order of their letters. At most seven statements."""
    zone = reads.site_of(record).zone
    at = (record.performed_at or now).astimezone(zone)
    banner = patients.banner(reads.patient_of(record), local_day(now, zone))  # whose horse it is now, not then
    syringes: dict[str, list[LabelLine]] = {}
    mix = record.administrations.exclude(role=Administration.Role.SEDATION)
    for row in mix.select_related("substance", "lot").order_by("syringe", "position"):
        syringes.setdefault(row.syringe, []).append(_line(row))
    return [
        SyringeLabel(
            patient=banner.name,
            identifier=" · ".join(f"{fact.label} {fact.value}" for fact in banner.identifiers[:2]),
            syringe=letter,
            lines=tuple(lines),
            at=date_format(at, "j M Y H:i"),
            initials=initials(str(printed_by)),
        )
        for letter, lines in syringes.items()
    ]


def _line(row: Administration) -> LabelLine:
    unit = row.get_strength_unit_display()
    return LabelLine(
        substance=str(row.substance),
        strength=f"{number(row.strength, decimal_words())} {unit}" if row.strength is not None else "",
        volume_ml=row.prepared_ml,
        lot=row.lot_number or (row.lot.number if row.lot else ""),
    )


def label_words() -> dict[str, str]:
    return {
        "title": _("Syringe labels"),
        "lot_word": _("Lot"),
        "part_words": _("%(n)s of %(total)s"),
        **decimal_words(),
    }
