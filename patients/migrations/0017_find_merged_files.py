from django.db import migrations

from patients import words

NAME, NUMBER, PHONE = 1, 2, 5
LONGEST_CHAIN = 20


def find_merged(apps, schema_editor):
    """Give files kept so far the words of those merged into them, as every merge does from now on."""
    Patient, SearchWord = apps.get_model("patients", "Patient"), apps.get_model("patients", "SearchWord")
    into = dict(Patient.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into"))
    for file in Patient.objects.filter(pk__in=into).select_related("clinic").order_by("pk").iterator(chunk_size=1000):
        kept = into[file.pk]
        for _step in range(LONGEST_CHAIN):
            kept = into.get(kept, kept)
        names = [word for text in (file.name, file.registered_name) for word in words.name_words(text)[:15]]
        found = dict.fromkeys(words.phone_words(file.phone, file.clinic.country), PHONE)
        found |= {str(file.number): NUMBER} | dict.fromkeys(names, NAME)
        known = {bytes(word) for word in SearchWord.objects.filter(patient_id=kept).values_list("word", flat=True)}
        room = max(words.MOST_WORDS - len(known), 0)
        new = [(word.encode(), kind) for word, kind in found.items() if word and word.encode() not in known]
        SearchWord.objects.bulk_create(
            [SearchWord(patient_id=kept, clinic_id=file.clinic_id, word=word, kind=kind) for word, kind in new[:room]]
        )


class Migration(migrations.Migration):
    dependencies = [("patients", "0016_keep_what_merges_made")]

    operations = [migrations.RunPython(find_merged, migrations.RunPython.noop, elidable=True)]
