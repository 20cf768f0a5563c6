"""Where the cache is the database, its table exists: without it nobody could sign in (the limits of tries live there)."""

from django.core.management import call_command
from django.db import migrations


def make_cache_table(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("core", "0002_append_only_and_roles")]

    operations = [migrations.RunPython(make_cache_table, migrations.RunPython.noop)]
