"""CallAttempt: that somebody was called, and what came of it. Attempts are added, never changed."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import ClinicOwned, User
from patients.models import Patient

from .appointments import Appointment


class CallOutcome(models.TextChoices):
    NO_ANSWER = "no_answer", _("No answer")
    MESSAGE_LEFT = "message_left", _("Message left")
    REACHED = "reached", _("Reached")
    AGREED = "agreed", _("Agreed")
    DECLINED = "declined", _("Does not want that time")


class CallAttempt(ClinicOwned):
    """One call to a patient (or the owner), about a visit when there is one."""

    Outcome = CallOutcome

    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="call_attempts", verbose_name=_("patient")
    )
    appointment = models.ForeignKey(
        Appointment, on_delete=models.SET_NULL, null=True, blank=True, related_name="call_attempts"
    )
    outcome = models.CharField(_("outcome"), max_length=12, choices=CallOutcome)
    note = models.CharField(_("note"), max_length=300, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["patient", "-at"], name="call_attempt_by_patient"),
            models.Index(fields=["appointment", "-at"], name="call_attempt_by_visit"),
        ]
        constraints = [one_of("outcome", CallOutcome, name="call_attempt_outcome_known")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} {self.at:%Y-%m-%d %H:%M}"
