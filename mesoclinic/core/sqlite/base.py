"""Django's SQLite backend, whose table rebuilds keep the triggers Django does not know of.

Without it an AlterField silently drops the freeze triggers (named `…_f_…`) and signed rows become writable.
"""

from django.db.backends.sqlite3 import base, schema


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    def _remake_table(self, model, **changes):
        with self.connection.cursor() as cursor:
            # All of them: renaming the rebuilt table makes SQLite re-read every trigger that names it.
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%!_f!_%' ESCAPE '!'"
            )
            kept = cursor.fetchall()
        for name, _ in kept:
            self.execute(f"DROP TRIGGER {self.quote_name(name)}", params=None)
        super()._remake_table(model, **changes)
        for _, sql in kept:
            self.execute(sql, params=None)


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = DatabaseSchemaEditor
