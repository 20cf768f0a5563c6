"""Reminder: the outbox, one row for a person and a visit; what a clinic says in them and when.

A row that is due is the truth; the worker's bell only makes it quick.
"""

from datetime import time

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import Clinic, ClinicOwned, User
from patients.models import Party

from .appointments import Appointment


class ReminderKind(models.TextChoices):
    REMINDER = "reminder", _("Reminder")
    OFFER = "offer", _("Offer of a time")
    CHANGE = "change", _("Change of an appointment")
    CANCELLED = "cancelled", _("Cancelled appointment")


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
    """One visit told to one person: a contact, or the patient when `party` is empty.

    Rows of one person, day, kind and `lead_min` go out as one message: a worker claims them together (`claim`).
    `moves` counts what the visit had been through when an offer, a change or a cancellation was put in, so that one
    moved there and back, or called off twice, is told each time.
    """

    Kind, Channel, Status = ReminderKind, Channel, ReminderStatus

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="reminders")
    kind = models.CharField(_("kind"), max_length=10, choices=ReminderKind)
    sent_for = models.DateTimeField(_("for the time"))
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    channel = models.CharField(_("by"), max_length=5, choices=Channel)
    lead_min = models.PositiveIntegerField(_("minutes before"), default=0)
    moves = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(_("due"))
    is_urgent = models.BooleanField(_("may go out at night"), default=False)
    status = models.CharField(_("status"), max_length=10, choices=ReminderStatus, default=ReminderStatus.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)  # or when it may have gone out: its worker died then
    sent_to = models.CharField(_("to"), max_length=254, blank=True)
    text = models.TextField(_("text"), blank=True)
    error = models.CharField(max_length=300, blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    queued_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["due_at"]
        indexes = [
            models.Index(fields=["status", "due_at"], name="reminder_by_due"),
            models.Index(fields=["clinic", "-due_at"], name="reminder_by_clinic"),
            models.Index(fields=["claim"], condition=Q(claim__isnull=False), name="reminder_by_claim"),
        ]
        constraints = [
            # Two, because empty values are all different to a unique constraint.
            models.UniqueConstraint(
                fields=["appointment", "kind", "sent_for", "lead_min", "moves", "party"],
                condition=Q(party__isnull=False),
                name="reminder_once_for_a_party",
            ),
            models.UniqueConstraint(
                fields=["appointment", "kind", "sent_for", "lead_min", "moves"],
                condition=Q(party__isnull=True),
                name="reminder_once_for_a_patient",
            ),
            one_of("kind", ReminderKind, name="reminder_kind_known"),
            one_of("channel", Channel, name="reminder_channel_known"),
            one_of("status", ReminderStatus, name="reminder_status_known"),
            models.CheckConstraint(
                condition=~Q(status="sending") | Q(claim__isnull=False, claimed_at__isnull=False),
                name="reminder_sending_is_claimed",
            ),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False), name="reminder_sent_says_when"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.due_at:%Y-%m-%d %H:%M}"


def default_leads() -> list[int]:
    return [24 * 60]


class ReminderSettings(models.Model):
    """When a clinic reminds, and by what. `leads` are minutes before the visit, longest first."""

    Channel = Channel

    clinic = models.OneToOneField(Clinic, on_delete=models.CASCADE, related_name="reminder_settings")
    is_on = models.BooleanField(_("send reminders"), default=False)
    leads = models.JSONField(_("how long before"), default=default_leads)
    night_from_time = models.TimeField(_("quiet from"), default=time(20))
    night_until_time = models.TimeField(_("quiet until"), default=time(8))
    first_channel = models.CharField(_("rather by"), max_length=5, choices=Channel, default=Channel.EMAIL)

    class Meta:
        verbose_name_plural = "reminder settings"
        constraints = [one_of("first_channel", Channel, name="reminder_settings_channel_known")]

    def __str__(self) -> str:
        return f"{self.clinic}"


class MessageText(models.Model):
    """A clinic's own words for a kind of message in a language; the shipped ones hold while there is no row.

    `short` goes out as a text message; empty, the shipped short words do.
    """

    Kind = ReminderKind

    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="message_texts")
    kind = models.CharField(_("kind"), max_length=10, choices=ReminderKind)
    language = models.CharField(_("language"), max_length=10)
    subject = models.CharField(_("subject"), max_length=150)
    body = models.TextField(_("text"), max_length=1500)
    short = models.TextField(_("text message"), max_length=480, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "kind", "language"], name="message_text_once"),
            one_of("kind", ReminderKind, name="message_text_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.language})"
