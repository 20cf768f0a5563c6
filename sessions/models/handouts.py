"""ReportHandout: a report that left the clinic: to whom, why, on what basis, and the very paper. Added, never changed.

It is of a course, or of one record that belongs to none: of that only the sheet to take home.
"""

from collections.abc import Collection

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import one_of
from mesoclinic.core.models import ClinicOwned, User
from patients.models import Consent, Patient

from .courses import Course
from .records import SessionRecord


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


class ReportHandoutQuerySet(models.QuerySet):
    def of_files(self, keys: Collection[int]):
        """Keep what was handed out of these files of patients."""
        return self.filter(Q(course__patient__in=keys) | Q(record__patient__in=keys))


class ReportHandout(ClinicOwned):
    """`content` is the PDF as it was handed out, so that later one sees what was told and not what stands there now."""

    Variant, Basis = ReportVariant, Basis

    course = models.ForeignKey(Course, on_delete=models.PROTECT, null=True, blank=True, related_name="handouts")
    record = models.ForeignKey(SessionRecord, on_delete=models.PROTECT, null=True, blank=True, related_name="handouts")
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

    objects = ReportHandoutQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(course__isnull=False, record__isnull=True)
                | Q(course__isnull=True, record__isnull=False, variant="sheet"),
                name="handout_of_course_or_record",
                violation_error_message=_("A report is of a course; of a session without one it is the sheet."),
            ),
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

    @property
    def about(self) -> Course | SessionRecord:
        return self.course or self.record

    @property
    def patient(self) -> Patient:
        return self.about.patient

    def __str__(self) -> str:
        return f"{self.get_variant_display()} {self.at:%Y-%m-%d}"
