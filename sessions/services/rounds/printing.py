"""Print the sheet of a round; whose files are on it is written down."""

from datetime import date

from django.db import transaction

from mesoclinic.core import audit
from mesoclinic.core.models import User
from sessions.models import Round
from sessions.printing.pdf import PrintedPaper, round_pdf
from sessions.printing.round_sheet import sheet_file_name
from sessions.queries.round_sheet import round_sheet, sheet_words


def print_round_sheet(
    *,
    actor: User,
    round: Round,
    today: date,
) -> PrintedPaper:
    """Print the sheet; one event for each patient on it, before anything leaves, outside the time typesetting takes."""
    with transaction.atomic():
        sheet, patients = round_sheet(round, printed_by=actor, today=today)
        keys = sorted({patient.pk for patient in patients})
        audit.record_all(
            [audit.event(actor=actor, verb="round.printed", subject=round, patient_id=key) for key in keys]
        )
    return PrintedPaper(round_pdf(sheet, sheet_words()), sheet_file_name(sheet))
