"""Reply: what a person answered by the link in a message. Replies are added; only that one was dealt with is noted."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import ClinicOwned, User
from patients.models import Party

from .appointments import Appointment


class ReplyKind(models.TextChoices):
    CONFIRMED = "confirmed", _("Confirmed")
    OTHER_TIME = "other_time", _("Asked for another time")


class Reply(ClinicOwned):
    """An answer about a visit at the time it had then (`for_time`): of no weight once the visit has been moved."""

    Kind = ReplyKind

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="replies")
    for_time = models.DateTimeField(_("for the time"))
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(_("answer"), max_length=10, choices=ReplyKind)
    words = models.CharField(_("in their words"), max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["at", "id"]
        verbose_name_plural = "replies"
        indexes = [
            models.Index(fields=["appointment", "for_time"], name="reply_by_visit"),
            models.Index(fields=["clinic", "for_time"], name="reply_by_time"),
            models.Index(
                fields=["clinic", "at"], condition=Q(kind="other_time", settled_at__isnull=True), name="reply_open"
            ),
        ]
        constraints = [one_of("kind", ReplyKind, name="reply_kind_known")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"
