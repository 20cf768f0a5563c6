"""What was told after a session never changes and never goes: reactions told later, how they went on, answers, notices.

Two things may happen to such a row: its words go with the names of a pseudonymised file, and a notice follows its
patient into the file two were merged to.
"""

from django.db import migrations

from mesoclinic.core.freeze import Freeze, Refreeze

RECORD = "treatment_sessions_sessionrecord"
EVENT = "treatment_sessions_adverseevent"
UPDATE = "treatment_sessions_adverseeventupdate"
FOLLOW_UP = "treatment_sessions_followup"
NOTICE = "treatment_sessions_recallnotice"


def same(*names: str) -> str:
    return " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in names)


def wordless(*names: str) -> str:
    return " AND ".join(f"NEW.{name} IN (OLD.{name}, '—')" for name in names)


def nobody(table: str, key: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} n WHERE n.id = {key} AND n.pseudonymised_at IS NOT NULL)"  # noqa: S608


def of_nobody(table: str, key: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM {table} x JOIN patients_patient n ON n.id = x.patient_id"  # noqa: S608
        f" WHERE x.id = {key} AND n.pseudonymised_at IS NOT NULL)"
    )


def signed(row: str) -> str:
    return f"EXISTS (SELECT 1 FROM {RECORD} p WHERE p.id = {row}.record_id AND p.status = 'signed')"  # noqa: S608


def event_signed(row: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM {EVENT} e JOIN {RECORD} p ON p.id = e.record_id"  # noqa: S608
        f" WHERE e.id = {row}.event_id AND p.status = 'signed')"
    )


def told_at_once(row: str) -> str:
    return f"NOT {row}.is_late AND {signed(row)}"


EVENT_SAME = same(
    "id", "public_id", "patient_id", "record_id", "is_late", "severity", "onset_on", "reported_by_id", "reported_at"
)
EVENT_GOES = (
    f"OLD.is_late AND {EVENT_SAME} AND {wordless('kind', 'description', 'action')}"
    f" AND {nobody('patients_patient', 'OLD.patient_id')}"
)
UPDATE_GOES = (
    f"{same('id', 'public_id', 'event_id', 'outcome', 'suspected_lot_id', 'by_id', 'at')} AND {wordless('note')}"
    f" AND {of_nobody(EVENT, 'OLD.event_id')}"
)
FOLLOW_UP_GOES = (
    f"{same('id', 'public_id', 'record_id', 'answer', 'by_id', 'at')} AND {wordless('note')}"
    f" AND {of_nobody(RECORD, 'OLD.record_id')}"
)
NOTICE_SAME = same("id", "public_id", "clinic_id", "recall_id", "party_id", "outcome", "by_id", "at")
NOTICE_NOBODYS = f"({nobody('patients_patient', 'OLD.patient_id')} OR {nobody('patients_party', 'OLD.party_id')})"
NOTICE_GOES = f"{same('patient_id')} AND {wordless('note')} AND {NOTICE_NOBODYS}"
NOTICE_FOLLOWS = (
    f"{same('note')} AND EXISTS (SELECT 1 FROM patients_patient a JOIN patients_patient b"  # noqa: S608
    " ON a.clinic_id = b.clinic_id AND a.species_id = b.species_id WHERE a.id = OLD.patient_id AND b.id = NEW.patient_id)"
)


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0014_note_where_weight_was_typed"),
        ("treatment_sessions", "0035_correct_values_of_records"),
    ]

    operations = [
        Refreeze(
            EVENT,
            "UPDATE",
            f"({signed('OLD')} OR {signed('NEW')}) AND ({EVENT_GOES}) IS NOT TRUE",
            before=f"({told_at_once('OLD')}) OR ({told_at_once('NEW')})",
        ),
        Refreeze(EVENT, "DELETE", signed("OLD"), before=told_at_once("OLD")),
        Freeze(UPDATE, "UPDATE", f"({event_signed('OLD')} OR {event_signed('NEW')}) AND ({UPDATE_GOES}) IS NOT TRUE"),
        Freeze(UPDATE, "DELETE", event_signed("OLD")),
        Freeze(FOLLOW_UP, "UPDATE", f"({FOLLOW_UP_GOES}) IS NOT TRUE"),
        Freeze(FOLLOW_UP, "DELETE"),
        Freeze(NOTICE, "UPDATE", f"({NOTICE_SAME} AND ({NOTICE_GOES} OR {NOTICE_FOLLOWS})) IS NOT TRUE"),
        Freeze(NOTICE, "DELETE"),
    ]
