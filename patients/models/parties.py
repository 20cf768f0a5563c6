"""Party: owner, trainer, guardian, payer …; PatientParty, its role for one patient and when; Place, a stable or home."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.constraints import in_order, one_of
from mesoclinic.core.models import ClinicOwned


class Contactable(ClinicOwned):
    """How somebody is reached. `phone_search` holds digits only, `search_text` folded words."""

    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    address = models.TextField(_("address"), max_length=500, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    may_email = models.BooleanField(_("may be e-mailed"), default=True)
    may_text = models.BooleanField(_("may be texted"), default=True)
    may_call = models.BooleanField(_("may be called"), default=True)
    phone_search = models.CharField(max_length=40, blank=True, editable=False)
    search_text = models.TextField(blank=True, default="", editable=False)
    pseudonymised_at = models.DateTimeField(_("pseudonymised at"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True


class Party(Contactable):
    name = models.CharField(_("name"), max_length=200)
    is_organisation = models.BooleanField(_("an organisation"), default=False)
    note = models.TextField(_("note"), max_length=1000, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "parties"
        indexes = [
            models.Index(fields=["clinic", "name"], name="party_by_name"),
            models.Index(fields=["clinic", "phone_search"], name="party_by_phone"),
        ]

    def __str__(self) -> str:
        return self.name


class PartyRole(models.TextChoices):
    OWNER = "owner", _("Owner")
    TRAINER = "trainer", _("Trainer")
    GUARDIAN = "guardian", _("Guardian")
    PAYER = "payer", _("Payer")
    REFERRER = "referrer", _("Referring doctor or vet")
    RIDER = "rider", _("Rider")
    FAMILY = "family", _("Family")
    OTHER = "other", _("Other contact")


class PatientParty(models.Model):
    """A party's role for a patient, from a day until a day (inclusive; open while empty)."""

    Role = PartyRole

    patient = models.ForeignKey("patients.Patient", on_delete=models.CASCADE, related_name="party_links")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="patient_links")
    role = models.CharField(_("role"), max_length=10, choices=PartyRole)
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"), null=True, blank=True)
    gives_consent = models.BooleanField(_("gives consent"), default=False)
    gets_reminders = models.BooleanField(_("gets reminders"), default=False)
    gets_reports = models.BooleanField(_("gets reports"), default=False)

    class Meta:
        ordering = ["role", "from_on", "id"]
        indexes = [models.Index(fields=["patient", "until_on"], name="patient_party_current")]
        constraints = [
            one_of("role", PartyRole, name="patient_party_role_known"),
            in_order(
                "from_on",
                "until_on",
                name="patient_party_in_order",
                message=_("The last day is before the first."),
            ),
            models.UniqueConstraint(
                fields=["patient", "party", "role"],
                condition=Q(until_on__isnull=True),
                name="patient_party_once",
                violation_error_message=_("This person already has this role."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party} ({self.get_role_display()})"


class PlaceKind(models.TextChoices):
    STABLE = "stable", _("Stable")
    HOME = "home", _("Home")
    CARE_HOME = "care_home", _("Care home")
    OTHER = "other", _("Other place")


class Place(Contactable):
    """Where visits happen away from the clinic. Not exclusive: two practitioners may be there at once."""

    Kind = PlaceKind

    kind = models.CharField(_("kind"), max_length=10, choices=PlaceKind, default=PlaceKind.STABLE)
    name = models.CharField(_("name"), max_length=200)
    travel_min = models.PositiveSmallIntegerField(_("minutes to get there"), default=0)
    note = models.TextField(_("note"), max_length=1000, blank=True)
    is_archived = models.BooleanField(_("no longer used"), default=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "name"],
                name="place_name_unique",
                violation_error_message=_("There is already a place of this name."),
            ),
            one_of("kind", PlaceKind, name="place_kind_known"),
            models.CheckConstraint(
                condition=Q(travel_min__lte=600),
                name="place_travel_sane",
                violation_error_message=_("Travel takes at most 600 minutes."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
