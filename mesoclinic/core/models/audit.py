"""AuditEvent: who did or opened what, when. Append-only, by trigger."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AuditEvent(models.Model):
    clinic = models.ForeignKey("core.Clinic", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("when"), default=timezone.now)
    actor = models.ForeignKey("core.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("who"))
    actor_name = models.CharField(max_length=200, blank=True)
    verb = models.CharField(_("what"), max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    subject_text = models.CharField(max_length=200, blank=True)
    patient_id = models.BigIntegerField(_("patient"), null=True)
    changes = models.JSONField(default=list)
    reason = models.TextField(_("reason"), blank=True)
    batch = models.UUIDField(null=True, editable=False)  # what was done in one step, and is taken back in one

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["clinic", "-at"], name="audit_by_time"),
            models.Index(fields=["patient_id", "-at"], name="audit_by_patient"),
            models.Index(fields=["subject_type", "subject_id", "-at"], name="audit_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_text}"
