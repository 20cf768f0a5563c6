from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0015_say_who_wrote_consent_texts"),
    ]

    operations = [
        migrations.AddField(
            model_name="merge",
            name="after",
            field=models.JSONField(default=dict),
        ),
    ]
