"""RetentionRule: how long a clinic keeps files, from a day on, and where that is written. The clinic's own, never shipped."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import ClinicOwned, User

MOST_YEARS = 150
SANE = [MinValueValidator(1), MaxValueValidator(MOST_YEARS)]


class AppliesTo(models.TextChoices):
    PEOPLE = "people", _("Files of people")
    ANIMALS = "animals", _("Files of animals")


class RetentionRule(ClinicOwned):
    """The newest one that has begun holds. Where several ends are given, the latest counts."""

    AppliesTo = AppliesTo

    applies_to = models.CharField(_("which files"), max_length=7, choices=AppliesTo)
    since_on = models.DateField(_("in force from"))
    keep_years = models.PositiveSmallIntegerField(_("years from the last entry"), validators=SANE)
    until_birthday = models.PositiveSmallIntegerField(
        _("at least until the birthday"), null=True, blank=True, validators=SANE
    )
    after_death_years = models.PositiveSmallIntegerField(
        _("at least so many years after death"), null=True, blank=True, validators=SANE
    )
    source = models.CharField(_("where this is written"), max_length=500)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["applies_to", "-since_on"]
        constraints = [
            one_of("applies_to", AppliesTo, name="retention_applies_known"),
            models.UniqueConstraint(
                fields=["clinic", "applies_to", "since_on"],
                name="retention_once_a_day",
                violation_error_message=_("There is already a period from this day on."),
            ),
            models.CheckConstraint(
                condition=Q(keep_years__range=(1, MOST_YEARS))
                & (Q(until_birthday__isnull=True) | Q(until_birthday__range=(1, MOST_YEARS)))
                & (Q(after_death_years__isnull=True) | Q(after_death_years__range=(1, MOST_YEARS))),
                name="retention_years_sane",
                violation_error_message=_("Years are between 1 and 150."),
            ),
            models.CheckConstraint(
                condition=~Q(source=""),
                name="retention_has_source",
                violation_error_message=_("Say where this period is written."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_applies_to_display()}, {self.keep_years}"
