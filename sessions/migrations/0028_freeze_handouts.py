"""What was handed out is added and never changed; a pseudonymised file lets go of whom it went to, what for and the paper."""

from django.db import migrations

from mesoclinic.core.freeze import Freeze

TABLE = "treatment_sessions_reporthandout"
SAME = (
    *("id", "public_id", "clinic_id", "course_id", "variant", "language"),
    *("basis", "consent_id", "sha256", "by_id", "at"),
)
SAME_ROW = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in SAME)
WORDLESS = " AND ".join(f"NEW.{name} IN (OLD.{name}, '—')" for name in ("recipient", "purpose", "file_name"))
PAPERLESS = "(NEW.content = OLD.content OR length(NEW.content) = 0)"
OF_NOBODY = (
    "EXISTS (SELECT 1 FROM treatment_sessions_course c JOIN patients_patient p ON p.id = c.patient_id"
    " WHERE c.id = OLD.course_id AND p.pseudonymised_at IS NOT NULL)"
)


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0008_add_consent_to_insurers"),
        ("treatment_sessions", "0027_tell_blocked_days_apart"),
    ]

    operations = [
        Freeze(TABLE, "UPDATE", f"({SAME_ROW} AND {WORDLESS} AND {PAPERLESS} AND {OF_NOBODY}) IS NOT TRUE"),
        Freeze(TABLE, "DELETE"),
    ]
