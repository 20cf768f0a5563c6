"""A signed record and all that belongs to it never change; signatures, addenda and revisions only grow."""

from django.db import migrations

from mesoclinic.core.freeze import Freeze, append_only, frozen_children

RECORD = "treatment_sessions_sessionrecord"
SIGNED = "p.status = 'signed'"
EVENT = "treatment_sessions_adverseevent"


def event(row: str) -> str:
    signed = f"EXISTS (SELECT 1 FROM {RECORD} p WHERE p.id = {row}.record_id AND {SIGNED})"  # noqa: S608
    return f"NOT {row}.is_late AND {signed}"


class Migration(migrations.Migration):
    dependencies = [("treatment_sessions", "0001_initial")]

    operations = [
        Freeze(RECORD, "UPDATE", "OLD.status = 'signed'"),
        Freeze(RECORD, "DELETE", "OLD.status = 'signed'"),
        *[
            operation
            for child in ("administration", "injectionsite", "score", "override")
            for operation in frozen_children(f"treatment_sessions_{child}", RECORD, "record_id", SIGNED)
        ],
        # What is told after signing is a late event; it may come in, but like all others never changes once signed.
        Freeze(EVENT, "INSERT", event("NEW")),
        Freeze(EVENT, "UPDATE", f"({event('OLD')}) OR ({event('NEW')})"),
        Freeze(EVENT, "DELETE", event("OLD")),
        *append_only("treatment_sessions_signature"),
        *append_only("treatment_sessions_addendum"),
        *append_only("treatment_sessions_courserevision"),
        *append_only("treatment_sessions_review"),
    ]
