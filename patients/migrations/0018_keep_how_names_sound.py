from django.db import migrations, models

from patients import words

SOUND = 7
LONGEST_CHAIN = 20


def keep_sounds(apps, schema_editor):
    """Give files kept so far the sounds of their names, and of those merged into them, as every change of one does now."""
    Patient, SearchWord = apps.get_model("patients", "Patient"), apps.get_model("patients", "SearchWord")
    into = dict(Patient.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into"))
    found = {}
    for key, clinic, *names in Patient.objects.order_by("pk").values_list("pk", "clinic", "name", "registered_name"):
        kept = key
        for _step in range(LONGEST_CHAIN):
            kept = into.get(kept, kept)
        found.update(dict.fromkeys((kept, clinic, word) for text in names for word in words.sound_words(text)))
    rows = [
        SearchWord(patient_id=kept, clinic_id=clinic, word=word.encode(), kind=SOUND) for kept, clinic, word in found
    ]
    SearchWord.objects.bulk_create(rows, batch_size=5000)


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_drop_unused_jobs"),
        ("patients", "0017_find_merged_files"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="searchword",
            name="search_word_kind_known",
        ),
        migrations.AlterField(
            model_name="searchword",
            name="kind",
            field=models.PositiveSmallIntegerField(
                choices=[
                    (1, "name"),
                    (2, "number"),
                    (3, "identifier"),
                    (4, "birth date"),
                    (5, "phone"),
                    (6, "party"),
                    (7, "how a word of the name sounds"),
                ]
            ),
        ),
        migrations.AddConstraint(
            model_name="searchword",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [1, 2, 3, 4, 5, 6, 7])),
                name="search_word_kind_known",
                violation_error_message="Choose one of the offered values.",
            ),
        ),
        migrations.RunPython(keep_sounds, migrations.RunPython.noop, elidable=True),
    ]
