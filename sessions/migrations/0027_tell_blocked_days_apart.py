"""A visit says whether it was put on a blocked day knowingly. Of those to come, a reason given so far counts as that."""

from django.db import migrations, models
from django.utils import timezone


def trust_reasons(apps, schema_editor):
    visits = apps.get_model("treatment_sessions", "Appointment").objects.using(schema_editor.connection.alias)
    visits.filter(ends_at__gt=timezone.now()).exclude(exception_reason="").update(is_on_blocked_day=True)


class Migration(migrations.Migration):
    dependencies = [
        ("treatment_sessions", "0026_add_paper_settings"),
    ]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="is_on_blocked_day",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunPython(trust_reasons, migrations.RunPython.noop),
    ]
