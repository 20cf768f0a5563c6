"""An update of a reaction may say that a lot is no longer suspected, and why; that is frozen as all it says."""

import django.db.models.deletion
from django.db import migrations, models

from mesoclinic.core.freeze import Refreeze

RECORD = "treatment_sessions_sessionrecord"
EVENT = "treatment_sessions_adverseevent"
UPDATE = "treatment_sessions_adverseeventupdate"


def event_signed(row: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM {EVENT} e JOIN {RECORD} p ON p.id = e.record_id"  # noqa: S608
        f" WHERE e.id = {row}.event_id AND p.status = 'signed')"
    )


def update_frozen(*columns: str) -> str:
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in columns)
    goes = (
        f"{same} AND NEW.note IN (OLD.note, '—') AND EXISTS (SELECT 1 FROM {EVENT} x"  # noqa: S608
        " JOIN patients_patient n ON n.id = x.patient_id WHERE x.id = OLD.event_id AND n.pseudonymised_at IS NOT NULL)"
    )
    return f"({event_signed('OLD')} OR {event_signed('NEW')}) AND ({goes}) IS NOT TRUE"


BEFORE = ("id", "public_id", "event_id", "outcome", "suspected_lot_id", "by_id", "at")


class Migration(migrations.Migration):
    dependencies = [
        ("protocols", "0008_put_back_what_was_withdrawn"),
        ("treatment_sessions", "0042_keep_told_names"),
    ]

    operations = [
        migrations.AddField(
            model_name="adverseeventupdate",
            name="cleared_lot",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="protocols.lot",
                verbose_name="no longer suspected",
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseeventupdate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cleared_lot__isnull", True), models.Q(("note", ""), _negated=True), _connector="OR"
                ),
                name="event_update_clears_with_reason",
                violation_error_message="Say in the note why this lot is no longer suspected.",
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseeventupdate",
            constraint=models.CheckConstraint(
                condition=models.Q(("cleared_lot", models.F("suspected_lot")), _negated=True),
                name="event_update_not_both",
                violation_error_message="A lot is suspected or no longer suspected, not both.",
            ),
        ),
        Refreeze(UPDATE, "UPDATE", update_frozen(*BEFORE, "cleared_lot_id"), before=update_frozen(*BEFORE)),
    ]
