"""A course's figures say on which scale they are: lameness counts too. What was counted is pain; the next night counts anew."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("treatment_sessions", "0036_freeze_what_was_told")]

    operations = [
        migrations.RemoveConstraint(model_name="coursefigures", name="figures_of_two_scores"),
        migrations.RemoveIndex(model_name="coursefigures", name="figures_by_last_pain"),
        migrations.RenameField(model_name="coursefigures", old_name="first_pain", new_name="first_score"),
        migrations.RenameField(model_name="coursefigures", old_name="last_pain", new_name="last_score"),
        migrations.RenameField(model_name="coursefigures", old_name="last_pain_on", new_name="last_score_on"),
        migrations.AddField(
            model_name="coursefigures",
            name="scale",
            field=models.CharField(
                choices=[
                    ("pain", "Pain (0–10)"),
                    ("lameness", "Lameness (0–5)"),
                    ("behaviour", "Behaviour after"),
                    ("satisfaction", "Satisfaction (0–10)"),
                ],
                default="pain",
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="coursefigures",
            index=models.Index(fields=["clinic", "last_score_on"], name="figures_by_last_score"),
        ),
        migrations.AddConstraint(
            model_name="coursefigures",
            constraint=models.CheckConstraint(
                condition=Q(last_score__isnull=True, last_score_on__isnull=True)
                | Q(first_score__isnull=False, last_score__isnull=False, last_score_on__isnull=False),
                name="figures_of_two_scores",
            ),
        ),
        migrations.AddConstraint(
            model_name="coursefigures",
            constraint=models.CheckConstraint(
                condition=Q(scale__in=["behaviour", "lameness", "pain", "satisfaction"]),
                name="figures_scale_known",
                violation_error_message="Choose one of the offered values.",
            ),
        ),
    ]
