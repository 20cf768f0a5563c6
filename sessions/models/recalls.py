"""RecallNotice: that somebody was told of a recall, or was tried to be told. Notices are added, never changed."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import ClinicOwned, User
from patients.models import Party, Patient
from protocols.models import Recall


class NoticeOutcome(models.TextChoices):
    NO_ANSWER = "no_answer", _("No answer")
    MESSAGE_LEFT = "message_left", _("Message left")
    WRONG_NUMBER = "wrong_number", _("Number is wrong")
    LETTER_SENT = "letter_sent", _("Letter sent")
    REACHED = "reached", _("Reached")


class RecallNotice(ClinicOwned):
    """One try to tell a patient, or a contact (an owner, a guardian), of a recall; the last one says how it stands."""

    Outcome = NoticeOutcome

    recall = models.ForeignKey(Recall, on_delete=models.PROTECT, related_name="recall_notices")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, blank=True, related_name="recall_notices")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="recall_notices")
    outcome = models.CharField(_("outcome"), max_length=12, choices=NoticeOutcome)
    note = models.CharField(_("note"), max_length=300, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["recall", "-at"], name="recall_notice_by_recall")]
        constraints = [
            one_of("outcome", NoticeOutcome, name="recall_notice_outcome_known"),
            models.CheckConstraint(
                condition=Q(patient__isnull=False) ^ Q(party__isnull=False),
                name="recall_notice_to_one",
                violation_error_message=_("A notice goes to a patient or to a contact."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} {self.at:%Y-%m-%d %H:%M}"
