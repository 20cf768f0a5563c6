"""Retention rules; and the audit trail lets go of the names of a pseudonymised file, of nothing else (docs/adr/0160)."""

import uuid

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from mesoclinic.core.freeze import Freeze, Refreeze

EVENT = "core_auditevent"
SAME = ("id", "clinic_id", "at", "actor_id", "actor_name", "verb", "subject_type", "subject_id", "patient_id", "batch")
SAME_ROW = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in SAME)
WORDLESS = "NEW.subject_text = '' AND NEW.reason = '' AND CAST(NEW.changes AS TEXT) = '[]'"
# Only what was written until then, and never the event that says who did it and why.
OF_NOBODY = (
    "OLD.verb <> 'patient.pseudonymised'"
    " AND (EXISTS (SELECT 1 FROM patients_patient p WHERE p.id = OLD.patient_id AND OLD.at <= p.pseudonymised_at)"
    " OR (OLD.subject_type = 'patients.party' AND EXISTS"
    " (SELECT 1 FROM patients_party p WHERE p.id = OLD.subject_id AND OLD.at <= p.pseudonymised_at))"
    " OR (OLD.subject_type = 'patients.place' AND EXISTS"
    " (SELECT 1 FROM patients_place p WHERE p.id = OLD.subject_id AND OLD.at <= p.pseudonymised_at)))"
)
NOBODYS = "EXISTS (SELECT 1 FROM patients_patient p WHERE p.id = NEW.patient_id AND p.pseudonymised_at IS NOT NULL)"


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0004_add_batch_of_audit"),
        ("patients", "0006_add_consent_scans"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        *[
            migrations.AddField(
                model_name=name,
                name="pseudonymised_at",
                field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="pseudonymised at"),
            )
            for name in ("party", "patient", "place")
        ],
        migrations.CreateModel(
            name="RetentionRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="public id"),
                ),
                (
                    "applies_to",
                    models.CharField(
                        choices=[("people", "Files of people"), ("animals", "Files of animals")],
                        max_length=7,
                        verbose_name="which files",
                    ),
                ),
                ("since_on", models.DateField(verbose_name="in force from")),
                (
                    "keep_years",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(150),
                        ],
                        verbose_name="years from the last entry",
                    ),
                ),
                (
                    "until_birthday",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(150),
                        ],
                        verbose_name="at least until the birthday",
                    ),
                ),
                (
                    "after_death_years",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(150),
                        ],
                        verbose_name="at least so many years after death",
                    ),
                ),
                ("source", models.CharField(max_length=500, verbose_name="where this is written")),
                ("set_at", models.DateTimeField(auto_now=True)),
                (
                    "clinic",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.clinic",
                        verbose_name="clinic",
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["applies_to", "-since_on"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("applies_to__in", ["animals", "people"])),
                        name="retention_applies_known",
                        violation_error_message="Choose one of the offered values.",
                    ),
                    models.UniqueConstraint(
                        fields=("clinic", "applies_to", "since_on"),
                        name="retention_once_a_day",
                        violation_error_message="There is already a period from this day on.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("keep_years__range", (1, 150)),
                            models.Q(
                                ("until_birthday__isnull", True), ("until_birthday__range", (1, 150)), _connector="OR"
                            ),
                            models.Q(
                                ("after_death_years__isnull", True),
                                ("after_death_years__range", (1, 150)),
                                _connector="OR",
                            ),
                        ),
                        name="retention_years_sane",
                        violation_error_message="Years are between 1 and 150.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source", ""), _negated=True),
                        name="retention_has_source",
                        violation_error_message="Say where this period is written.",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("pseudonymised_at__isnull", True),
                    models.Q(
                        ("address", ""),
                        ("colour", ""),
                        ("email", ""),
                        ("ended_on__isnull", False),
                        ("note", ""),
                        ("phone", ""),
                        ("place__isnull", True),
                        ("registered_name", ""),
                    ),
                    _connector="OR",
                ),
                name="patient_nobody_has_no_contact",
                violation_error_message="This file has been pseudonymised: nothing is added to it any more.",
            ),
        ),
        Refreeze(EVENT, "UPDATE", f"(({SAME_ROW}) AND {WORDLESS} AND {OF_NOBODY}) IS NOT TRUE"),
        # Nobody's file stays nobody's.
        *[Freeze(f"patients_{table}", "INSERT", NOBODYS) for table in ("identifier", "patientparty")],
    ]
