"""What a patient wishes for when visits are booked, and the days on which the patient cannot come."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import in_order, one_of
from mesoclinic.core.models import ClinicOwned, User
from patients.models import Patient

from .availability import Practitioner, Room, Weekday

EVERY_WEEKDAY = (1 << len(Weekday)) - 1


class Strength(models.TextChoices):
    RATHER = "rather", _("rather")
    ONLY = "only", _("only")


class BookingPreference(ClinicOwned):
    """One a patient: weekdays, time of day, practitioner and room, each wished for `rather` or `only`."""

    Strength = Strength

    patient = models.OneToOneField(Patient, on_delete=models.CASCADE, related_name="booking_preference")
    weekday_bits = models.PositiveSmallIntegerField(default=0)  # bit 0 is Monday; 0: any day
    weekdays_are = models.CharField(max_length=6, choices=Strength, default=Strength.RATHER)
    from_time = models.TimeField(_("from"), null=True, blank=True)
    until_time = models.TimeField(_("until"), null=True, blank=True)
    times_are = models.CharField(max_length=6, choices=Strength, default=Strength.RATHER)
    practitioner = models.ForeignKey(
        Practitioner, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("practitioner")
    )
    practitioner_is = models.CharField(max_length=6, choices=Strength, default=Strength.RATHER)
    room = models.ForeignKey(
        Room, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("room")
    )
    room_is = models.CharField(max_length=6, choices=Strength, default=Strength.RATHER)

    class Meta:
        constraints = [
            *(
                one_of(name, Strength, name=f"preference_{name}_known")
                for name in ("weekdays_are", "times_are", "practitioner_is", "room_is")
            ),
            models.CheckConstraint(
                condition=Q(weekday_bits__range=(0, EVERY_WEEKDAY)),
                name="preference_weekdays_known",
                violation_error_message=_("Choose among the days of the week."),
            ),
            models.CheckConstraint(
                condition=Q(from_time__isnull=True) | Q(until_time__isnull=True) | Q(from_time__lt=F("until_time")),
                name="preference_times_in_order",
                violation_error_message=_("The end is not after the beginning."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient}"

    @property
    def weekdays(self) -> frozenset[int]:
        """The wished ISO weekdays; empty means any."""
        return frozenset(day for day in Weekday.values if self.weekday_bits & 1 << (day - 1))

    @property
    def is_empty(self) -> bool:
        return not (self.weekday_bits or self.from_time or self.until_time or self.practitioner_id or self.room_id)


class BlockedDay(ClinicOwned):
    """Local days, both included, on which a patient cannot come."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="blocked_days")
    from_on = models.DateField(_("first day"))
    until_on = models.DateField(_("last day"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["from_on", "id"]
        constraints = [
            in_order(
                "from_on", "until_on", name="blocked_day_in_order", message=_("The last day is before the first.")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_on} – {self.until_on}"

    def holds_on(self, day: date) -> bool:
        return self.from_on <= day <= self.until_on
