"""Lots recalled one by one become recalls, so that every recalled lot says which recall holds it."""

from django.db import migrations


def name_recalls(apps, schema_editor):
    lots, recalls = apps.get_model("protocols", "Lot"), apps.get_model("protocols", "Recall")
    for lot in lots.objects.filter(status="recalled", recall=None).order_by("pk"):
        number = "".join(lot.number.split()).upper()
        said = {"reason": lot.recall_reason or "–", "at": lot.recalled_at}
        same = {"clinic_id": lot.clinic_id, "number": number, "manufacturer": lot.manufacturer}
        recall, _new = recalls.objects.get_or_create(**same, ended_at=None, defaults=said)
        lots.objects.filter(pk=lot.pk).update(recall=recall)


class Migration(migrations.Migration):
    dependencies = [("protocols", "0004_add_recalls")]

    operations = [migrations.RunPython(name_recalls, migrations.RunPython.noop)]
