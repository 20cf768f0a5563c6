"""By itself, since PostgreSQL changes no table in the transaction that changed its rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0020_tell_files_apart"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="importrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "imported"), _negated=True), ("not_twin__isnull", True), _connector="OR"
                ),
                name="import_row_told_as_files",
            ),
        ),
    ]
