"""Print the day list and the log of a file; whose files are on paper is written down before anything leaves."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils.timezone import localtime

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site, User
from mesoclinic.core.queries import access_log as log
from patients.models import Patient
from patients.queries import patients
from sessions.models import Appointment
from sessions.printing.file_names import file_part
from sessions.printing.lists import list_pdf
from sessions.printing.pdf import PrintedPaper
from sessions.queries.access_log_lines import worded
from sessions.queries.list_papers import day_paper, log_paper

MOST_EVENTS = 1000  # some 50 pages; the whole log leaves as a table


def print_day_list(
    *,
    actor: User,
    site: Site,
    on: date,
    visits: Sequence[Appointment],
    filters: str = "",
    closed_for: str | None = None,
) -> PrintedPaper:
    """Print the visits of a day, one event for each patient on it. `closed_for` is None where the site is open, perhaps ""."""
    keys = sorted({visit.patient_id for visit in visits if visit.patient_id is not None})
    with transaction.atomic():
        audit.record_all(
            [audit.event(actor=actor, verb="day-list.printed", subject=site, patient_id=key) for key in keys]
        )
    today = local_day(localtime(), site.zone)
    paper = day_paper(site, on, visits, filters=filters, closed_for=closed_for, by=actor, today=today)
    return PrintedPaper(list_pdf(paper), f"{on.isoformat()}_day-list.pdf")


def print_access_log(*, actor: User, patient: Patient, site: Site) -> PrintedPaper:
    """Print who opened, printed or changed a file and those merged into it, the latest first. That it was is in it."""
    with transaction.atomic():
        audit.record(actor=actor, verb="access-log.printed", subject=patient, patient_id=patient.pk)
    found = log.events(patient.clinic, patient_ids=patients.file_ids(patient))
    events = worded(patient.clinic, list(found[:MOST_EVENTS]), is_open=True)
    paper = log_paper(patient, events, found.count(), site=site, by=actor)
    name = file_part(patient.name, "patient")
    return PrintedPaper(list_pdf(paper), f"{paper.printed_on.isoformat()}_{name}_access-log.pdf")
