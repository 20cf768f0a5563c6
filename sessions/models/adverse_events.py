"""AdverseEvent: what a session did that it should not have, seen at once or told later. Of a signed record it is frozen."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import Identified, User
from patients.models import Patient

from .records import SessionRecord


class Severity(models.TextChoices):
    MILD = "mild", _("Mild")
    MODERATE = "moderate", _("Moderate")
    SEVERE = "severe", _("Severe")


class AdverseEvent(Identified):
    """Seen at the session (belongs to its record) or told later (`is_late`): lesions appear up to 12 weeks after.

    Source: DOMAIN section 1.3 (S44).
    """

    Severity = Severity

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="adverse_events")
    record = models.ForeignKey(
        SessionRecord, on_delete=models.PROTECT, null=True, blank=True, related_name="adverse_events"
    )
    is_late = models.BooleanField(default=False)
    kind = models.CharField(_("what happened"), max_length=100)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity, default=Severity.MILD)
    onset_on = models.DateField(_("since"), null=True, blank=True)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    action = models.TextField(_("what was done"), max_length=2000, blank=True)
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reported_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-reported_at"]
        constraints = [
            one_of("severity", Severity, name="adverse_event_severity_known"),
            models.CheckConstraint(
                condition=~Q(kind=""), name="adverse_event_says_what", violation_error_message=_("Say what happened.")
            ),
        ]

    def __str__(self) -> str:
        return self.kind
