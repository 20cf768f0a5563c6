"""A row for two files said to be two patients', and what was said so far of rows of imports that are files."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

LONGEST_CHAIN = 20


def tell_files_apart(apps, schema_editor):
    """Move it from the rows to pairs of files, said by whoever said it and when, unless the two were made one since."""
    ImportRow, Patient, ToldApart = (apps.get_model("patients", name) for name in ("ImportRow", "Patient", "ToldApart"))
    AuditEvent = apps.get_model("core", "AuditEvent")
    into = dict(Patient.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into"))
    for row in ImportRow.objects.filter(state="imported", not_twin__isnull=False).select_related("of"):
        about = {"subject_type": "patients.importrow", "subject_id": row.pk}
        said = AuditEvent.objects.filter(verb="import.told-apart", **about).order_by("pk").last()
        first, second = sorted((row.patient_id, row.not_twin_id))
        if _kept(first, into) != _kept(second, into):
            pair, made = ToldApart.objects.get_or_create(
                first_id=first, second_id=second, defaults={"clinic_id": row.of.clinic_id}
            )
            if made and said:
                ToldApart.objects.filter(pk=pair.pk).update(by=said.actor_id, at=said.at)
        row.twin_id, row.not_twin_id = row.twin_id or row.not_twin_id, None
        row.save(update_fields=["twin", "not_twin"])


def _kept(key, into):
    for _step in range(LONGEST_CHAIN):
        key = into.get(key, key)
    return key


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_drop_unused_jobs"),
        ("patients", "0019_tell_import_rows_apart"),
    ]

    operations = [
        migrations.CreateModel(
            name="ToldApart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="public id"),
                ),
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
                    "first",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "second",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="patients.patient"
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="said at")),
            ],
            options={"ordering": ["-at", "-id"]},
        ),
        migrations.AddConstraint(
            model_name="toldapart",
            constraint=models.UniqueConstraint(
                fields=["first", "second"],
                name="told_apart_once",
                violation_error_message="These two files were said to be two patients already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="toldapart",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__lt", models.F("second"))),
                name="told_apart_lower_first",
                violation_error_message="A file cannot be told apart from itself.",
            ),
        ),
        migrations.RunPython(tell_files_apart, migrations.RunPython.noop, elidable=True),
    ]
