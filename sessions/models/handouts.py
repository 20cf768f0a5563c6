"""ReportHandout: a report that left the clinic: to whom, why, on what basis, and the very paper. Added, never changed."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import ClinicOwned, User
from patients.models import Consent

from .courses import Course


class ReportVariant(models.TextChoices):
    """The codes of `printing.document.Variant`."""

    FULL = "full", _("Full report")
    PATIENT = "patient", _("Copy for the patient or owner")
    REFERRAL = "referral", _("Letter to a colleague")
    INSURER = "insurer", _("Summary for an insurer")
    SHEET = "sheet", _("Sheet of the last session")


class Basis(models.TextChoices):
    REQUEST = "request", _("Asked for by the patient or owner")
    CARE = "care", _("Whoever treats the patient too")
    CONSENT = "consent", _("Consent on file")
    LAW = "law", _("Asked for by law")


class ReportHandout(ClinicOwned):
    """`content` is the PDF as it was handed out, so that later one sees what was told and not what stands there now."""

    Variant, Basis = ReportVariant, Basis

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="handouts")
    variant = models.CharField(_("kind of report"), max_length=8, choices=ReportVariant)
    language = models.CharField(_("language"), max_length=10)
    recipient = models.CharField(_("given to"), max_length=200)
    purpose = models.CharField(_("what for"), max_length=300)
    basis = models.CharField(_("on what basis"), max_length=8, choices=Basis)
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    file_name = models.CharField(max_length=255)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            one_of("variant", ReportVariant, name="handout_variant_known"),
            one_of("basis", Basis, name="handout_basis_known"),
            models.CheckConstraint(
                condition=~Q(recipient="") & ~Q(purpose=""),
                name="handout_says_to_whom_and_why",
                violation_error_message=_("Say to whom the report is given, and what for."),
            ),
            models.CheckConstraint(
                condition=~Q(variant="insurer") | Q(basis="consent", consent__isnull=False),
                name="handout_to_insurer_has_consent",
                violation_error_message=_("An insurer is given a report only with consent on file."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_variant_display()} {self.at:%Y-%m-%d}"
