"""Tell people of a recall: note what came of it, print the letters, hand out the list. All of it is written down."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.exports import csv_file
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import Party, Patient
from protocols.models import Recall
from sessions.models import RecallNotice
from sessions.printing.pdf import letters_pdf
from sessions.queries import recalls as reads
from sessions.queries.recall_papers import letters, list_of
from sessions.recall_workbook import recall_workbook


@dataclass(frozen=True)
class HandedOut:
    """A file that leaves the house."""

    content: bytes
    file_name: str


@transaction.atomic
def note_recall_notice(
    *,
    actor: User,
    recall: Recall,
    person: Patient | Party | None,
    outcome: str,
    note: str = "",
    now: datetime | None = None,
) -> RecallNotice:
    """Note that somebody was told of a recall, or tried to be. Raises Refused("bad-outcome" | "nobody")."""
    if outcome not in RecallNotice.Outcome.values:
        raise Refused("bad-outcome", _("Say what came of the call."), field="outcome")
    if person is None or person.clinic_id != recall.clinic_id:
        raise Refused("nobody", _("This person is not on the list any more. Load the page again."))
    to = {"patient": person} if isinstance(person, Patient) else {"party": person}
    notice = RecallNotice.objects.create(
        clinic=recall.clinic,
        recall=recall,
        outcome=outcome,
        note=note.strip()[:300],
        by=actor,
        at=now or timezone.now(),
        **to,
    )
    patient_id = person.pk if isinstance(person, Patient) else None
    audit.record(actor=actor, verb="recall.notice-noted", subject=notice, patient_id=patient_id)
    return notice


@transaction.atomic
def open_recall(*, actor: User, recall: Recall, today: date, since: datetime) -> reads.RecallSheet:
    """Return a recall as its page shows it; who opened it is written down, once in a while."""
    audit.record_once(actor=actor, verb="recall.opened", subject=recall, since=since)
    return reads.recall_sheet(recall, today)


def print_letters(*, actor: User, recall: Recall, today: date) -> HandedOut:
    """Print one letter to each person, all in one PDF. Raises Refused("nobody")."""
    with transaction.atomic():
        sheet = _sheet(recall, today)
        _write_down(actor, "recall.letters-printed", sheet)
    pdf = letters_pdf(letters(sheet, today, printed_by=actor))
    return HandedOut(pdf, f"{today.isoformat()}_recall_letters.pdf")


def export_list(*, actor: User, recall: Recall, today: date) -> HandedOut:
    """Write the list of people and sessions as a workbook. Raises Refused("nobody")."""
    with transaction.atomic():
        sheet = _sheet(recall, today)
        _write_down(actor, "recall.list-exported", sheet)
    return HandedOut(recall_workbook(list_of(sheet)), f"{today.isoformat()}_recall_list.xlsx")


def export_people(*, actor: User, recall: Recall, today: date) -> HandedOut:
    """Write the people alone as CSV. Raises Refused("nobody")."""
    with transaction.atomic():
        sheet = _sheet(recall, today)
        _write_down(actor, "recall.list-exported", sheet)
    people = list_of(sheet)[0]
    return HandedOut(csv_file(people.heads, people.rows), f"{today.isoformat()}_recall_people.csv")


def _sheet(recall: Recall, today: date) -> reads.RecallSheet:
    sheet = reads.recall_sheet(recall, today)
    if not sheet.people:
        raise Refused(
            "nobody", _("No finished record says that anybody received this lot: there is nobody to write to.")
        )
    return sheet


def _write_down(actor: User, verb: str, sheet: reads.RecallSheet) -> None:
    """One event for each file that is on the paper, before anything leaves."""
    said = {"actor": actor, "verb": verb, "subject": sheet.recall}
    audit.record_all(audit.event(**said, patient_id=patient.pk) for patient in sheet.patients)
