"""ErasureRequest: somebody asked for a file to be erased: who, how that was made sure, and what it was answered."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import ClinicOwned, User

from .patients import Patient


class AskedAs(models.TextChoices):
    PATIENT = "patient", _("The patient")
    REPRESENTATIVE = "representative", _("Legal representative")
    OWNER = "owner", _("Owner")


class IdentityCheck(models.TextChoices):
    DOCUMENT = "document", _("Identity document seen")
    KNOWN = "known", _("Known to us in person")
    AUTHORITY = "authority", _("Identity document and written authority seen")
    OTHER = "other", _("Otherwise, see the note")


class ErasureRequest(ClinicOwned):
    """The file is restricted from `at` until `lifted_at`. `deleted` and `kept` are [{"code", "count"}], as it was answered.

    `rule` and `source` are the period's own words on that day: a period entered later does not change the answer given.
    """

    AskedAs, IdentityCheck = AskedAs, IdentityCheck

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="erasure_requests")
    asked_on = models.DateField(_("asked on"))
    asked_as = models.CharField(_("asked by"), max_length=14, choices=AskedAs)
    asked_by_name = models.CharField(_("name"), max_length=200)
    known_by = models.CharField(_("how we know who asks"), max_length=9, choices=IdentityCheck)
    note = models.CharField(_("note"), max_length=500, blank=True)
    address = models.TextField(_("address for the answer"), max_length=500, blank=True)
    language = models.CharField(_("language of the answer"), max_length=10)
    deleted = models.JSONField(default=list, editable=False)
    kept = models.JSONField(default=list, editable=False)
    rule = models.JSONField(default=dict, editable=False)  # keep_years, until_birthday, after_death_years
    source = models.CharField(max_length=500, editable=False)
    last_entry_on = models.DateField(editable=False)
    kept_until_on = models.DateField(editable=False)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(editable=False)
    lifted_at = models.DateTimeField(null=True, blank=True, editable=False)
    lifted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    lift_reason = models.CharField(_("why"), max_length=300, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            one_of("asked_as", AskedAs, name="erasure_asked_as_known"),
            one_of("known_by", IdentityCheck, name="erasure_identity_known"),
            models.CheckConstraint(
                condition=~Q(asked_by_name=""),
                name="erasure_names_who_asked",
                violation_error_message=_("Say who asked."),
            ),
            models.CheckConstraint(
                condition=~Q(known_by="other") | ~Q(note=""),
                name="erasure_other_identity_is_noted",
                violation_error_message=_("Say in the note how you know who asks."),
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lift_reason="") | (Q(lifted_at__isnull=False) & ~Q(lift_reason="")),
                name="erasure_lifted_says_why",
                violation_error_message=_("Say why the restriction is lifted."),
            ),
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(lifted_at__isnull=True),
                name="erasure_one_in_force",
                violation_error_message=_("This file is restricted already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asked_on:%Y-%m-%d}"
