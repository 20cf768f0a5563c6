"""Patient, with Identifier and Weight. Species is data; people and horses are rows of one table."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from mesoclinic.core.constraints import in_order, one_of
from mesoclinic.core.models import User
from protocols.models import Species

from .parties import Contactable, Place


class AllergyStatus(models.TextChoices):
    NOT_ASKED = "not_asked", _("Not asked yet")
    NONE_KNOWN = "none_known", _("None known")
    LISTED = "listed", _("Listed")


class EndReason(models.TextChoices):
    DIED = "died", _("Died")
    LEFT = "left", _("Left the clinic")
    SOLD = "sold", _("Sold and not seen any more")
    OTHER = "other", _("Another reason")
    NONE = "", ""


class FoodChain(models.TextChoices):
    """Source: DOMAIN section 2.4: unsigned means food chain; signing out is permanent."""

    NOT_ASKED = "not_asked", _("Passport not seen: counts as a food animal")
    FOOD_ANIMAL = "food_animal", _("Food animal")
    SIGNED_OUT = "signed_out", _("Signed out of the food chain")
    NOT_APPLICABLE = "", _("Does not apply")


class Patient(Contactable):
    """`name` is what everybody calls the patient (a person's full name, a horse's barn name)."""

    AllergyStatus, EndReason, FoodChain = AllergyStatus, EndReason, FoodChain

    number = models.PositiveIntegerField(_("file number"), editable=False)
    species = models.ForeignKey(Species, on_delete=models.PROTECT, related_name="+", verbose_name=_("species"))
    name = models.CharField(_("name"), max_length=200)
    registered_name = models.CharField(_("passport name"), max_length=200, blank=True)
    sex = models.CharField(_("sex"), max_length=20, blank=True)
    birth_on = models.DateField(_("birth date"), null=True, blank=True)
    birth_is_estimated = models.BooleanField(_("birth date is estimated"), default=False)
    breed = models.CharField(_("breed"), max_length=100, blank=True)
    colour = models.CharField(_("colour and markings"), max_length=200, blank=True)
    place = models.ForeignKey(
        Place,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="patients",
        verbose_name=_("stable or home"),
    )
    stall_note = models.CharField(_("where to find"), max_length=200, blank=True)
    food_chain = models.CharField(_("food chain"), max_length=12, choices=FoodChain, blank=True, default="")
    food_chain_seen_on = models.DateField(_("passport seen on"), null=True, blank=True)
    allergy_status = models.CharField(
        _("allergies"), max_length=12, choices=AllergyStatus, default=AllergyStatus.NOT_ASKED
    )
    allergy_asked_on = models.DateField(_("asked on"), null=True, blank=True)
    note = models.TextField(_("note"), max_length=2000, blank=True)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    end_reason = models.CharField(_("why ended"), max_length=10, choices=EndReason, blank=True, default="")
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_from")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edit_count = models.PositiveIntegerField(default=0)  # two people editing one form: the second is told
    restricted_at = models.DateTimeField(_("restricted at"), null=True, blank=True, editable=False)
    history = HistoricalRecords(
        excluded_fields=["search_text", "phone_search", "edit_count", "pseudonymised_at", "restricted_at"]
    )

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["clinic", "name"], name="patient_by_name"),
            models.Index(fields=["clinic", "search_text"], name="patient_by_folded_name"),
            models.Index(fields=["clinic", "birth_on"], name="patient_by_birth"),
            models.Index(fields=["clinic", "phone_search"], name="patient_by_phone"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "number"], name="patient_number_unique"),
            one_of("allergy_status", AllergyStatus, name="patient_allergy_known"),
            one_of("end_reason", EndReason, name="patient_end_reason_known"),
            one_of("food_chain", FoodChain, name="patient_food_chain_known"),
            models.CheckConstraint(
                condition=Q(allergy_status="not_asked") | Q(allergy_asked_on__isnull=False),
                name="patient_allergy_asked_when",
                violation_error_message=_("Say on what day allergies were asked about."),
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, end_reason="") | (Q(ended_on__isnull=False) & ~Q(end_reason="")),
                name="patient_end_has_reason",
                violation_error_message=_("Say both when and why the file ended."),
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="patient_has_name", violation_error_message=_("Type a name.")
            ),
            models.CheckConstraint(
                condition=Q(pseudonymised_at__isnull=True)
                | Q(
                    **dict.fromkeys(("registered_name", "colour", "phone", "email", "address", "note"), ""),
                    place__isnull=True,
                    ended_on__isnull=False,
                ),
                name="patient_nobody_has_no_contact",
                violation_error_message=_("This file has been pseudonymised: nothing is added to it any more."),
            ),
            models.CheckConstraint(
                condition=Q(restricted_at__isnull=True)
                | Q(
                    **dict.fromkeys(("phone", "email"), ""),
                    **dict.fromkeys(("may_email", "may_text", "may_call"), False),
                    ended_on__isnull=False,
                    merged_into__isnull=True,
                    pseudonymised_at__isnull=True,
                ),
                name="patient_restricted_is_closed",
                violation_error_message=_("This file is restricted: it stays closed, and nobody is reached by it."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_ended(self) -> bool:
        return self.ended_on is not None

    @property
    def is_restricted(self) -> bool:
        """Whether somebody asked for it to be erased, and a law keeps it."""
        return self.restricted_at is not None

    @property
    def is_sealed(self) -> bool:
        """Whether the file is only kept, and nothing is added to it any more: see `services.sealed`."""
        return self.is_restricted or self.is_pseudonymised

    @property
    def listed_name(self) -> str:
        """The name in lists that others read too; whose file is restricted is told by its number only."""
        return _("Restricted file %(number)d") % {"number": self.number} if self.is_restricted else self.name

    @property
    def is_pseudonymised(self) -> bool:
        return self.pseudonymised_at is not None


class IdentifierScheme(models.TextChoices):
    MRN = "mrn", _("Medical record number")
    NATIONAL = "national", _("National health number")
    MICROCHIP = "microchip", _("Microchip")
    UELN = "ueln", _("UELN")
    PASSPORT = "passport", _("Passport")
    FEI = "fei", _("FEI id")
    USEF = "usef", _("USEF number")
    REGISTRY = "registry", _("Breed registry number")
    TATTOO = "tattoo", _("Tattoo")
    OTHER = "other", _("Other")


class Identifier(models.Model):
    """A number somebody else knows the patient by. Several chips per horse happen: each has its dates."""

    Scheme = IdentifierScheme

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="identifiers")
    scheme = models.CharField(_("kind"), max_length=12, choices=IdentifierScheme)
    value = models.CharField(_("number"), max_length=60)
    from_on = models.DateField(_("from"), null=True, blank=True)
    until_on = models.DateField(_("until"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        ordering = ["scheme", "value"]
        indexes = [models.Index(fields=["scheme", "value"], name="identifier_by_value")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "scheme", "value"],
                name="identifier_once",
                violation_error_message=_("This number is already there."),
            ),
            one_of("scheme", IdentifierScheme, name="identifier_scheme_known"),
            models.CheckConstraint(
                condition=~Q(scheme="microchip") | Q(value__regex=r"^[0-9]{15}$"),
                name="identifier_microchip_15_digits",
                violation_error_message=_("A microchip number has exactly 15 digits."),
            ),
            models.CheckConstraint(
                condition=~Q(scheme="ueln") | Q(value__regex=r"^[0-9A-Z]{15}$"),
                name="identifier_ueln_15_characters",
                violation_error_message=_("A UELN has exactly 15 letters and digits."),
            ),
            in_order("from_on", "until_on", name="identifier_in_order", message=_("The last day is before the first.")),
        ]

    def __str__(self) -> str:
        return f"{self.get_scheme_display()} {self.value}"


class Weight(models.Model):
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="weights")
    weight_kg = models.DecimalField(_("weight (kg)"), max_digits=6, decimal_places=2)
    weighed_on = models.DateField(_("on"))
    is_estimated = models.BooleanField(_("estimated"), default=False)
    noted_in = models.UUIDField(null=True, editable=False)  # the record it was typed in, which may be taken back
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-weighed_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weight_kg__gt=0, weight_kg__lte=2000),
                name="weight_sane",
                violation_error_message=_("A weight is above 0 and at most 2000 kg."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weight_kg.normalize():f} kg"
