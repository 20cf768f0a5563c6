"""What a row of an import was told apart from, so that the two are not offered again."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0018_keep_how_names_sound"),
    ]

    operations = [
        migrations.AddField(
            model_name="importrow",
            name="not_twin",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="patients.patient"
            ),
        ),
    ]
