"""WaitingEntry: a patient would like an earlier time, for a visit that is booked or a session that is not."""

from datetime import time

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import in_order, one_of
from mesoclinic.core.models import ClinicOwned, Site, User
from patients.models import Patient

from .appointments import Appointment
from .availability import Practitioner
from .courses import PlannedSession

EVERY_WEEKDAY = 127  # one bit a weekday, Monday is the lowest


class WaitingState(models.TextChoices):
    WAITING = "waiting", _("Waits")
    PLACED = "placed", _("Has an earlier time")
    WITHDRAWN = "withdrawn", _("Waits no longer")


class WaitingEntry(ClinicOwned):
    """Who waits, for what, and what would suit. A visit that has moved to an earlier time waits no longer by itself.

    `earlier_than` is when the visit began as somebody asked for an earlier time; empty for a session without a visit.
    """

    State = WaitingState

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("site"))
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="waiting", verbose_name=_("patient"))
    appointment = models.ForeignKey(
        Appointment, on_delete=models.CASCADE, null=True, blank=True, related_name="waiting"
    )
    planned_session = models.ForeignKey(
        PlannedSession, on_delete=models.CASCADE, null=True, blank=True, related_name="waiting"
    )
    earlier_than = models.DateTimeField(null=True, blank=True, editable=False)
    weekdays = models.PositiveSmallIntegerField(_("days"), default=EVERY_WEEKDAY)
    from_time = models.TimeField(_("not before"), null=True, blank=True)
    until_time = models.TimeField(_("over by"), null=True, blank=True)
    practitioner = models.ForeignKey(
        Practitioner, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("only with")
    )
    until_on = models.DateField(_("waits until"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=WaitingState, default=WaitingState.WAITING)
    since = models.DateTimeField(_("waits since"), default=timezone.now, editable=False)
    state_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["since", "id"]
        verbose_name_plural = "waiting entries"
        indexes = [
            models.Index(fields=["site", "since"], condition=Q(state="waiting"), name="waiting_open"),
            models.Index(fields=["patient"], name="waiting_by_patient"),
        ]
        constraints = [
            one_of("state", WaitingState, name="waiting_state_known"),
            models.CheckConstraint(
                condition=Q(appointment__isnull=True, planned_session__isnull=False, earlier_than__isnull=True)
                | Q(appointment__isnull=False, planned_session__isnull=True, earlier_than__isnull=False),
                name="waiting_for_one_thing",
                violation_error_message=_("Somebody waits for a visit or for a session of a plan."),
            ),
            models.CheckConstraint(
                condition=Q(weekdays__range=(1, EVERY_WEEKDAY)),
                name="waiting_some_weekday",
                violation_error_message=_("Choose at least one day of the week."),
            ),
            in_order(
                "from_time",
                "until_time",
                name="waiting_hours_in_order",
                message=_("The end is not after the beginning."),
                strictly=True,
            ),
            models.UniqueConstraint(fields=["appointment"], condition=Q(state="waiting"), name="waiting_once_a_visit"),
            models.UniqueConstraint(
                fields=["planned_session"], condition=Q(state="waiting"), name="waiting_once_a_session"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient} {self.since:%Y-%m-%d}"

    @property
    def days(self) -> frozenset[int]:
        """The days of the week that suit, Monday is 1."""
        return frozenset(day for day in range(1, 8) if self.weekdays >> (day - 1) & 1)

    @property
    def hours(self) -> tuple[time | None, time | None]:
        return self.from_time, self.until_time


def weekdays_of(days) -> int:
    """Write days of the week (Monday is 1) as the number a row keeps."""
    return sum(1 << (day - 1) for day in set(days) if 1 <= day <= 7)
