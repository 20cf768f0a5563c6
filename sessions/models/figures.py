"""What each course came to, counted every night: so that a year of outcomes is read in milliseconds (docs/adr/0191)."""

from django.db import models

from mesoclinic.core.models import Clinic

from .courses import Course


class CourseFigures(models.Model):
    """Sessions done, and the pain before the first and the last of them that have a score by the same rater.

    Never edited: `services/figures.py` writes it anew from the course. Days are local to the course's site.
    """

    course = models.OneToOneField(Course, on_delete=models.CASCADE, primary_key=True, related_name="figures")
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="+")
    sessions_done = models.PositiveSmallIntegerField(default=0)
    first_pain = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    last_pain = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    last_pain_on = models.DateField(null=True)
    counted_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "course figures"
        indexes = [models.Index(fields=["clinic", "last_pain_on"], name="figures_by_last_pain")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_pain__isnull=True, last_pain_on__isnull=True)
                | models.Q(first_pain__isnull=False, last_pain__isnull=False, last_pain_on__isnull=False),
                name="figures_of_two_scores",
            )
        ]

    def __str__(self) -> str:
        return f"{self.course_id}: {self.sessions_done}"
