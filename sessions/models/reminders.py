"""Reminder: the outbox. A row that is due is the truth; the worker's bell only makes it quick."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import ClinicOwned
from patients.models import Party

from .appointments import Appointment


class ReminderKind(models.TextChoices):
    REMINDER = "reminder", _("Reminder")
    OFFER = "offer", _("Offer of a time")
    CHANGE = "change", _("Change of an appointment")


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    TEXT = "text", _("Text message")


class ReminderStatus(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Not needed any more")


class Reminder(ClinicOwned):
    Kind, Channel, Status = ReminderKind, Channel, ReminderStatus

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="reminders")
    kind = models.CharField(_("kind"), max_length=10, choices=ReminderKind)
    sent_for = models.DateTimeField(_("for the time"))
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    channel = models.CharField(_("by"), max_length=5, choices=Channel)
    due_at = models.DateTimeField(_("due"))
    status = models.CharField(_("status"), max_length=10, choices=ReminderStatus, default=ReminderStatus.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["due_at"]
        indexes = [models.Index(fields=["status", "due_at"], name="reminder_by_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "kind", "sent_for", "channel"], name="reminder_once_for_a_time"
            ),
            one_of("kind", ReminderKind, name="reminder_kind_known"),
            one_of("channel", Channel, name="reminder_channel_known"),
            one_of("status", ReminderStatus, name="reminder_status_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.due_at:%Y-%m-%d %H:%M}"
