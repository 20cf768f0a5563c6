"""A correction keeps what the mix check found with the right value and not before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    # Empty for the rows there are: the column is added without a rebuild of the frozen table.
    dependencies = [
        ("treatment_sessions", "0043_clear_suspected_lots"),
    ]

    operations = [
        migrations.AddField(
            model_name="addendum",
            name="findings",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
