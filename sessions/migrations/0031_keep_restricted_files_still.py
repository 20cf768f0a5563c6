"""No course, no visit and no place on the waiting list for a restricted file: lift the restriction first."""

from django.db import migrations

from mesoclinic.core.freeze import Freeze

RESTRICTED = "EXISTS (SELECT 1 FROM patients_patient p WHERE p.id = NEW.patient_id AND p.restricted_at IS NOT NULL)"


class Migration(migrations.Migration):
    dependencies = [("treatment_sessions", "0030_add_sheet_of_session"), ("patients", "0011_add_erasure_requests")]

    operations = [
        Freeze(f"treatment_sessions_{table}", "INSERT", RESTRICTED)
        for table in ("course", "appointment", "waitingentry")
    ]
