"""A finding a prescription went past is kept with its sentence and numbers, to be told in any language."""

from django.db import migrations, models


class Migration(migrations.Migration):
    # Empty for the rows there are: the column is added without a rebuild of the frozen table.
    dependencies = [
        ("treatment_sessions", "0040_hand_out_sheet_of_record"),
    ]

    operations = [
        migrations.AddField(
            model_name="override",
            name="sentence",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
