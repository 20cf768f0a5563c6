"""The access log as it is read: each event in words, with the patient it is about, as far as that may be told."""

from django.utils.text import capfirst

from mesoclinic.core.models import AuditEvent, Clinic
from mesoclinic.core.queries import access_log as log
from mesoclinic.core.wording import with_colon
from patients.queries import patients
from sessions.queries.own_reasons import reason_words


def worded(clinic: Clinic, rows: list[AuditEvent], *, is_open: bool = False) -> list[AuditEvent]:
    """Give each event its words and the patient it is about; `is_open` in the log of that very file.

    Five SQL statements at most, one more for each level of merges.
    """
    named = patients.with_kept(clinic, {row.patient_id for row in rows if row.patient_id})
    known = log.names(rows)
    for row in rows:
        row.words, row.lines, row.about = log.words(row), log.lines(row, known), log.about(row)
        row.told = [change_words(*line) for line in row.lines]
        row.reason = reason_words(row.reason)
        row.patient, kept = named.get(row.patient_id, (None, None))
        if row.patient is None:
            continue
        row.patient_name = row.patient.name
        if kept.is_restricted and not is_open:
            row.patient_name = kept.listed_name
            _withhold(row)
    return rows


def change_words(field: str, old: str, new: str) -> str:
    return with_colon(capfirst(field), f"{old or '–'} → {new or '–'}" if old or new else "")


def _withhold(row: AuditEvent) -> None:
    """Leave out names and values. Why somebody came through the door stays: the log is there to tell that."""
    row.about, row.lines, row.told = "", [], []
    if row.verb != "restricted-file.opened":
        row.reason = ""
