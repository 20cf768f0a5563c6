"""ConsentText, versioned words; Consent, who gave it for whom, as what, when; its signature or scan. Never rewritten."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import in_order, one_of
from mesoclinic.core.models import ClinicOwned, Identified, User
from patients.scans import BY_SUFFIX
from patients.signatures import path_of

from .parties import Party
from .patients import Patient


class ConsentKind(models.TextChoices):
    GENERAL = "general", _("Treatment")
    OFF_LABEL = "off_label", _("Off-label use")
    SEDATION = "sedation", _("Sedation")
    PHOTO = "photo", _("Photographs")
    INSURER = "insurer", _("Reports to an insurer")


class ConsentText(ClinicOwned):
    Kind = ConsentKind

    kind = models.CharField(_("kind"), max_length=10, choices=ConsentKind)
    country = models.CharField(_("country"), max_length=2, blank=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    version = models.PositiveSmallIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"), max_length=20000)
    is_current = models.BooleanField(_("in use"), default=True)
    source = models.TextField(_("source"), max_length=2000, blank=True)
    written_by = models.ForeignKey(  # nobody of the clinic: one that was brought along
        User, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["kind", "language", "-version"]
        constraints = [
            one_of("kind", ConsentKind, name="consent_text_kind_known"),
            models.UniqueConstraint(
                fields=["clinic", "kind", "country", "language", "version"], name="consent_text_version_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.version})"


class GivenAs(models.TextChoices):
    PATIENT = "patient", _("The patient")
    OWNER = "owner", _("Owner")
    GUARDIAN = "guardian", _("Guardian")
    AGENT = "agent", _("Agent of the owner")


class ConsentMethod(models.TextChoices):
    PAPER = "paper", _("On paper")
    SCREEN = "screen", _("On screen")
    SPOKEN = "spoken", _("Spoken")


class Consent(Identified):
    GivenAs, Method = GivenAs, ConsentMethod

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consents")
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+", verbose_name=_("text"))
    given_on = models.DateField(_("given on"))
    given_by_name = models.CharField(_("given by"), max_length=200)
    given_by_party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    given_as = models.CharField(_("as"), max_length=10, choices=GivenAs)
    method = models.CharField(_("how"), max_length=10, choices=ConsentMethod, default=ConsentMethod.PAPER)
    withdrawn_on = models.DateField(_("withdrawn on"), null=True, blank=True)
    classes = models.JSONField(_("classes in the plan then"), null=True, blank=True, editable=False)
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-given_on", "-id"]
        constraints = [
            one_of("given_as", GivenAs, name="consent_given_as_known"),
            one_of("method", ConsentMethod, name="consent_method_known"),
            in_order(
                "given_on",
                "withdrawn_on",
                name="consent_in_order",
                message=_("Consent cannot be withdrawn before it was given."),
            ),
            models.CheckConstraint(
                condition=~Q(given_by_name=""),
                name="consent_names_giver",
                violation_error_message=_("Say who gave consent."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.text} {self.given_on.isoformat()}"

    @property
    def clinic(self):
        return self.patient.clinic


class ConsentSignature(Identified):
    """A consent signed on a screen: drawn, or the name typed. Who signed, as what, for which words stands in the consent."""

    consent = models.OneToOneField(Consent, on_delete=models.PROTECT, related_name="signature")
    strokes = models.JSONField(
        _("drawn"), default=list, blank=True
    )  # [[[x, y], …], …] on the pad of patients.signatures
    typed_name = models.CharField(_("typed"), max_length=200, blank=True)
    text_sha256 = models.CharField(max_length=64)  # of the words that were on the screen
    signed_at = models.DateTimeField(_("signed at"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(strokes=[]) | ~Q(typed_name=""),
                name="consent_signature_is_there",
                violation_error_message=_("Sign in the box, or type your name."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consent} {self.typed_name}".strip()

    @property
    def path(self) -> str:
        return path_of(self.strokes)


def scan_path(scan: "ConsentScan", _name: str) -> str:
    """Name the file in the storage: nothing of the patient, nothing of what the sender called it."""
    return f"consents/{scan.consent.patient.clinic_id}/{uuid.uuid4()}{scan.suffix}"


class ConsentScan(Identified):
    """A scan or photograph of a signed form: what it is was told by its content."""

    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="scans")
    file = models.FileField(_("scan"), upload_to=scan_path, max_length=200)
    suffix = models.CharField(max_length=5)
    size_bytes = models.PositiveIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField(_("added at"))

    class Meta:
        ordering = ["added_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["consent", "sha256"],
                name="consent_scan_once",
                violation_error_message=_("This scan is there already."),
            ),
            models.CheckConstraint(
                condition=Q(suffix__in=sorted(BY_SUFFIX)),
                name="consent_scan_kind_known",
                violation_error_message=_("A scan is a PDF, a JPEG or a PNG."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consent} {self.suffix}"
