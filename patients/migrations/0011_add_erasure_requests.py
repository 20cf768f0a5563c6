"""Requests for erasure, and restricted files: closed, reaching nobody, and nothing is put into them."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from mesoclinic.core.freeze import Freeze, Refreeze

SAME = (
    *("id", "public_id", "clinic_id", "patient_id", "asked_on", "asked_as", "known_by", "language", "deleted", "kept"),
    *("rule", "source", "last_entry_on", "kept_until_on", "by_id", "at"),
)
CHANGED = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in SAME)
NOBODYS = "EXISTS (SELECT 1 FROM patients_patient p WHERE p.id = NEW.patient_id AND p.pseudonymised_at IS NOT NULL)"
SEALED = (
    "EXISTS (SELECT 1 FROM patients_patient p WHERE p.id = NEW.patient_id"
    " AND (p.pseudonymised_at IS NOT NULL OR p.restricted_at IS NOT NULL))"
)


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0006_add_label_size"),
        ("patients", "0010_add_patient_imports"),
        ("protocols", "0007_add_mix_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ErasureRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="public id"),
                ),
                ("asked_on", models.DateField(verbose_name="asked on")),
                (
                    "asked_as",
                    models.CharField(
                        choices=[
                            ("patient", "The patient"),
                            ("representative", "Legal representative"),
                            ("owner", "Owner"),
                        ],
                        max_length=14,
                        verbose_name="asked by",
                    ),
                ),
                ("asked_by_name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "known_by",
                    models.CharField(
                        choices=[
                            ("document", "Identity document seen"),
                            ("known", "Known to us in person"),
                            ("authority", "Identity document and written authority seen"),
                            ("other", "Otherwise, see the note"),
                        ],
                        max_length=9,
                        verbose_name="how we know who asks",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                ("address", models.TextField(blank=True, max_length=500, verbose_name="address for the answer")),
                ("language", models.CharField(max_length=10, verbose_name="language of the answer")),
                ("deleted", models.JSONField(default=list, editable=False)),
                ("kept", models.JSONField(default=list, editable=False)),
                ("rule", models.JSONField(default=dict, editable=False)),
                ("source", models.CharField(editable=False, max_length=500)),
                ("last_entry_on", models.DateField(editable=False)),
                ("kept_until_on", models.DateField(editable=False)),
                ("at", models.DateTimeField(editable=False)),
                ("lifted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("lift_reason", models.CharField(blank=True, max_length=300, verbose_name="why")),
            ],
            options={
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.AddField(
            model_name="patient",
            name="restricted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="restricted at"),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("restricted_at__isnull", True),
                    models.Q(
                        ("email", ""),
                        ("ended_on__isnull", False),
                        ("may_call", False),
                        ("may_email", False),
                        ("may_text", False),
                        ("merged_into__isnull", True),
                        ("phone", ""),
                        ("pseudonymised_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="patient_restricted_is_closed",
                violation_error_message="This file is restricted: it stays closed, and nobody is reached by it.",
            ),
        ),
        migrations.AddField(
            model_name="erasurerequest",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="erasurerequest",
            name="clinic",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="core.clinic", verbose_name="clinic"
            ),
        ),
        migrations.AddField(
            model_name="erasurerequest",
            name="lifted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="erasurerequest",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="erasure_requests", to="patients.patient"
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("asked_as__in", ["owner", "patient", "representative"])),
                name="erasure_asked_as_known",
                violation_error_message="Choose one of the offered values.",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("known_by__in", ["authority", "document", "known", "other"])),
                name="erasure_identity_known",
                violation_error_message="Choose one of the offered values.",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("asked_by_name", ""), _negated=True),
                name="erasure_names_who_asked",
                violation_error_message="Say who asked.",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("known_by", "other"), _negated=True),
                    models.Q(("note", ""), _negated=True),
                    _connector="OR",
                ),
                name="erasure_other_identity_is_noted",
                violation_error_message="Say in the note how you know who asks.",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lift_reason", ""), ("lifted_at__isnull", True)),
                    models.Q(("lifted_at__isnull", False), models.Q(("lift_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="erasure_lifted_says_why",
                violation_error_message="Say why the restriction is lifted.",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("lifted_at__isnull", True)),
                fields=("patient",),
                name="erasure_one_in_force",
                violation_error_message="This file is restricted already.",
            ),
        ),
        # What was answered stays as it was answered; who asked, and the notes, go when the file is pseudonymised.
        Freeze("patients_erasurerequest", "UPDATE", CHANGED),
        Freeze("patients_erasurerequest", "DELETE"),
        *[Refreeze(f"patients_{table}", "INSERT", SEALED, NOBODYS) for table in ("identifier", "patientparty")],
    ]
