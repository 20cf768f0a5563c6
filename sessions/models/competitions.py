"""CompetitionEvent: a competition in the calendar of one horse. Its days block visits, and so do its body's rules."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import in_order
from mesoclinic.core.models import ClinicOwned, User
from patients.models import Patient


class CompetitionEvent(ClinicOwned):
    """Local days, both included. `body` names whose rules hold there; empty when nobody said."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="competitions")
    name = models.CharField(_("name"), max_length=120)
    from_on = models.DateField(_("first day"))
    until_on = models.DateField(_("last day"))
    body = models.CharField(_("rules of"), max_length=80, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["from_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""),
                name="competition_event_named",
                violation_error_message=_("Name the competition."),
            ),
            in_order(
                "from_on", "until_on", name="competition_event_in_order", message=_("The last day is before the first.")
            ),
        ]
        indexes = [models.Index(fields=["patient", "until_on"], name="competition_of_patient")]

    def __str__(self) -> str:
        return self.name

    def holds_on(self, day: date) -> bool:
        return self.from_on <= day <= self.until_on
