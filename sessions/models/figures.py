"""What each course came to, counted every night: so that a year of outcomes is read in milliseconds (docs/adr/0191)."""

from django.db import models

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import Clinic

from .courses import Course
from .records import Scale


class CourseFigures(models.Model):
    """Sessions done, and the score before the first and the last of them that have one by the same rater, on one scale.

    Never edited: `services/figures.py` writes it anew from the course. Days are local to the course's site.
    """

    course = models.OneToOneField(Course, on_delete=models.CASCADE, primary_key=True, related_name="figures")
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="+")
    sessions_done = models.PositiveSmallIntegerField(default=0)
    scale = models.CharField(max_length=12, choices=Scale, default=Scale.PAIN)
    first_score = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    last_score = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    last_score_on = models.DateField(null=True)
    counted_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "course figures"
        indexes = [models.Index(fields=["clinic", "last_score_on"], name="figures_by_last_score")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_score__isnull=True, last_score_on__isnull=True)
                | models.Q(first_score__isnull=False, last_score__isnull=False, last_score_on__isnull=False),
                name="figures_of_two_scores",
            ),
            one_of("scale", Scale, name="figures_scale_known"),
        ]

    def __str__(self) -> str:
        return f"{self.course_id}: {self.sessions_done}"
