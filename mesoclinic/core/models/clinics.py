"""Clinic, the data boundary, and Site, a place of work in it."""

from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.countries import countries

from .base import ClinicOwned, Identified


def default_tolerances() -> list[list[int]]:
    """Rows of [gap up to this many days, days early, days late]; the last row has no upper end (0).

    Source: DESIGN section 3. No published source fixes these; every clinic edits its own.
    """
    return [[4, 0, 1], [10, 1, 3], [20, 2, 6], [0, 3, 7]]


def validate_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("“%(zone)s” is not a known time zone, such as Europe/Paris."), params={"zone": name})


class LabelSize(models.TextChoices):
    """Width × height in mm of the usual rolls of small label printers (Brother DK, DYMO, Zebra)."""

    MM_62_29 = "62x29", _("62 × 29 mm")
    MM_90_29 = "90x29", _("90 × 29 mm")
    MM_89_28 = "89x28", _("89 × 28 mm")
    MM_57_32 = "57x32", _("57 × 32 mm")
    MM_54_25 = "54x25", _("54 × 25 mm")
    MM_51_25 = "51x25", _("51 × 25 mm")
    MM_38_25 = "38x25", _("38 × 25 mm")


class Clinic(Identified):
    LabelSize = LabelSize

    name = models.CharField(_("name"), max_length=200)
    country = models.CharField(_("country"), max_length=2, help_text=_("Two letters, such as FR."))
    language = models.CharField(_("language"), max_length=10, default="en")
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    address = models.TextField(_("address"), max_length=500, blank=True)
    tolerances = models.JSONField(_("tolerances"), default=default_tolerances)
    first_visit_min = models.PositiveSmallIntegerField(_("minutes of a first visit"), default=30)
    session_min = models.PositiveSmallIntegerField(_("minutes of a session"), default=20)
    review_min = models.PositiveSmallIntegerField(_("minutes of a review"), default=15)
    other_min = models.PositiveSmallIntegerField(_("minutes of another visit"), default=15)
    squeeze_limit = models.PositiveSmallIntegerField(_("squeezed-in visits per half-day"), default=2)
    late_cancellation_hours = models.PositiveSmallIntegerField(
        _("a cancellation is late when told less than … hours before"), default=24, db_default=24
    )
    label_size = models.CharField(
        _("size of syringe labels"), max_length=5, choices=LabelSize, default=LabelSize.MM_62_29
    )
    next_course_number = models.PositiveIntegerField(default=1, editable=False)
    next_patient_number = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(first_visit_min__range=(1, 999))
                & Q(session_min__range=(1, 999))
                & Q(review_min__range=(1, 999))
                & Q(other_min__range=(1, 999)),
                name="clinic_minutes_sane",
                violation_error_message=_("A visit lasts between 1 and 999 minutes."),
            ),
            models.CheckConstraint(
                condition=Q(late_cancellation_hours__range=(1, 336)),
                name="clinic_late_cancellation_sane",
                violation_error_message=_("Choose between 1 and 336 hours (two weeks)."),
            ),
            one_of("label_size", LabelSize, name="clinic_label_size_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label_mm(self) -> tuple[int, int]:
        """Width and height of a syringe label."""
        width, height = self.label_size.split("x")
        return int(width), int(height)


class Site(ClinicOwned):
    name = models.CharField(_("name"), max_length=200)
    address = models.TextField(_("address"), max_length=500, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Paris", validators=[validate_zone])
    holiday_country = models.CharField(_("public holidays of"), max_length=2, blank=True)
    holiday_region = models.CharField(_("region of the public holidays"), max_length=10, blank=True)
    slot_step_min = models.PositiveSmallIntegerField(
        _("free times are offered every … minutes"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
    )
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "name"],
                name="site_name_unique",
                violation_error_message=_("There is already a site of this name."),
            ),
            models.CheckConstraint(
                condition=Q(slot_step_min__range=(1, 120)),
                name="site_step_sane",
                violation_error_message=_("Choose a step between 1 and 120 minutes."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def holiday_country_name(self) -> str:
        return countries().get(self.holiday_country, self.holiday_country)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
