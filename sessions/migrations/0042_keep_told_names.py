"""A substance or technique that signed records tell of keeps its name: another would make all of them say it."""

from django.db import migrations

from mesoclinic.core.freeze import Freeze

RECORD = "treatment_sessions_sessionrecord"


def told(*children: tuple[str, str, str]) -> str:
    rows = (
        f"EXISTS (SELECT 1 FROM treatment_sessions_{table} c JOIN {RECORD} p ON p.id = c.{record}"  # noqa: S608
        f" WHERE c.{key} = OLD.id AND p.status = 'signed')"
        for table, record, key in children
    )
    return f"NEW.name <> OLD.name AND ({' OR '.join(rows)})"


class Migration(migrations.Migration):
    dependencies = [
        ("protocols", "0008_put_back_what_was_withdrawn"),
        ("treatment_sessions", "0041_keep_sentence_of_override"),
    ]

    operations = [
        Freeze("protocols_substance", "UPDATE", told(("administration", "record_id", "substance_id"))),
        Freeze(
            "protocols_technique",
            "UPDATE",
            told(("injectionsite", "record_id", "technique_id"), ("sessionrecord", "id", "technique_id")),
        ),
    ]
