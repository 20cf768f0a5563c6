"""The audit trail is append-only; the four roles exist."""

from django.db import migrations

from mesoclinic.core.freeze import append_only

ROLES = ("reception", "practitioner", "manager", "admin")


def make_roles(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]

    operations = [
        *append_only("core_auditevent"),
        migrations.RunPython(make_roles, migrations.RunPython.noop),
    ]
