"""A report may be the sheet of one session, to take home."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0006_add_label_size"),
        ("patients", "0009_add_consent_signatures"),
        ("treatment_sessions", "0029_name_the_species_of_rooms"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="reporthandout",
            name="handout_variant_known",
        ),
        migrations.AlterField(
            model_name="reporthandout",
            name="variant",
            field=models.CharField(
                choices=[
                    ("full", "Full report"),
                    ("patient", "Copy for the patient or owner"),
                    ("referral", "Letter to a colleague"),
                    ("insurer", "Summary for an insurer"),
                    ("sheet", "Sheet of the last session"),
                ],
                max_length=8,
                verbose_name="kind of report",
            ),
        ),
        migrations.AddConstraint(
            model_name="reporthandout",
            constraint=models.CheckConstraint(
                condition=models.Q(("variant__in", ["full", "insurer", "patient", "referral", "sheet"])),
                name="handout_variant_known",
                violation_error_message="Choose one of the offered values.",
            ),
        ),
    ]
