"""Forms about the patient: who it is, by species; weight, allergies, the end of a file."""

import uuid

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form, ModelForm
from patients.forms.parties import ContactPick
from patients.forms.weights import check_weight
from patients.models import Patient, Place
from patients.models.patients import AllergyStatus, EndReason, FoodChain, IdentifierScheme
from patients.services.identifiers import misspelt, normalised
from protocols.models import Species

ANIMAL_FIELDS = ("registered_name", "breed", "colour", "stall_note")
PERSON_FIELDS = ("phone", "email", "address", "may_call", "may_email", "may_text")
FOOD_FIELDS = ("food_chain", "food_chain_seen_on")


class PatientForm(ModelForm):
    """A patient's own words; only the fields its species has, named in its words."""

    class Meta:
        model = Patient
        fields = (
            *("name", "registered_name", "sex", "birth_on", "birth_is_estimated", "breed", "colour", "place"),
            *("stall_note", "food_chain", "food_chain_seen_on", "phone", "email", "address", "may_call"),
            *("may_email", "may_text", "note"),
        )

    def __init__(self, *args, species: Species, clinic, **kwargs):
        super().__init__(*args, **kwargs)
        self.species, traits, words = species, species.traits, species.words
        for name in self._fields_of_others():
            self.fields.pop(name, None)
        sexes = [("", _("Choose")), *[(code, _t(label)) for code, label in traits.get("sexes", [])]]
        self.fields["sex"] = forms.ChoiceField(label=_("Sex"), choices=sexes, required=False)
        self.fields["place"].queryset = Place.objects.filter(clinic=clinic, is_archived=False)
        self.fields["place"].label = _t(words.get("place", "stable").capitalize())
        if not species.is_animal:
            self.fields["place"].label = _("Visited at")
            self.fields["place"].help_text = _("Only when the patient is seen away from the clinic.")
        self.fields["place"].empty_label = _("Not noted")
        self.fields["name"].label = _("Barn name") if traits.get("has_passport") else _("Name")
        if "registered_name" in self.fields and words.get("birth_name"):
            self.fields["registered_name"].label = _t(words["birth_name"].capitalize())
        if "food_chain" in self.fields:
            self.fields["food_chain"].choices = [(c, label) for c, label in FoodChain.choices if c]
        self.fields["note"].widget.attrs["rows"] = 2
        if "address" in self.fields:
            self.fields["address"].widget.attrs["rows"] = 2

    def _fields_of_others(self) -> tuple[str, ...]:
        animal = self.species.is_animal
        gone = PERSON_FIELDS if animal else ANIMAL_FIELDS
        return gone if self.species.traits.get("has_food_chain") else (*gone, *FOOD_FIELDS)

    def clean_food_chain(self):
        return self.cleaned_data["food_chain"] or FoodChain.NOT_ASKED


class EditPatientForm(PatientForm):
    """`edit_count` is what the page was filled from: an older page does not overwrite a newer one."""

    edit_count = forms.IntegerField(widget=forms.HiddenInput)
    food_chain_mistaken = forms.BooleanField(
        label=_("Signed out by mistake: the passport does not say so"), required=False
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "food_chain" not in self.fields or self.instance.food_chain != FoodChain.SIGNED_OUT:
            del self.fields["food_chain_mistaken"]


class RegisterForm(PatientForm):
    """All one needs to register a patient on one page: who it is, its numbers, weight, and whom to call."""

    public_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    microchip = forms.CharField(label=_("Microchip"), required=False, help_text=_("15 digits."), max_length=40)
    ueln = forms.CharField(label=_("UELN"), required=False, help_text=_("15 letters and digits."), max_length=40)
    passport = forms.CharField(label=_("Passport number"), required=False, max_length=60)
    fei = forms.CharField(label=_("FEI id"), required=False, max_length=60)
    national = forms.CharField(label=_("National health number"), required=False, max_length=60)
    weight_kg = forms.DecimalField(label=_("Weight (kg)"), required=False, decimal_places=2)
    weight_is_estimated = forms.BooleanField(label=_("The weight is estimated"), required=False)
    no_allergies = forms.BooleanField(
        label=_("Asked today: no allergies known"),
        required=False,
        help_text=_("Leave it when nobody asked. Allergies are listed on the patient's page."),
    )

    def __init__(self, *args, species: Species, clinic, contacts: ContactPick, **kwargs):
        super().__init__(*args, species=species, clinic=clinic, **kwargs)
        self.contacts = contacts
        passport = species.traits.get("has_passport")
        schemes = {"microchip", "ueln", "passport", "fei"} if passport else {"microchip"}
        for scheme in ("microchip", "ueln", "passport", "fei", "national"):
            if scheme not in (schemes if species.is_animal else {"national"}):
                del self.fields[scheme]

    def clean_weight_kg(self):
        check_weight(self.cleaned_data["weight_kg"], self.species.usual_weights_kg)
        return self.cleaned_data["weight_kg"]

    def clean(self):
        cleaned = super().clean()
        for scheme in IdentifierScheme.values:
            if value := cleaned.get(scheme):
                cleaned[scheme] = normalised(scheme, value)
                if message := misspelt(scheme, cleaned[scheme]):
                    self.add_error(scheme, message)
        return cleaned

    def identifiers(self) -> list[tuple[str, str]]:
        return [
            (scheme, self.cleaned_data[scheme]) for scheme in IdentifierScheme.values if self.cleaned_data.get(scheme)
        ]

    def fields_of_patient(self) -> dict:
        return {name: self.cleaned_data[name] for name in self.Meta.fields if name in self.cleaned_data}


def today():
    return timezone.localdate()


class WeightForm(Form):
    weight_kg = forms.DecimalField(label=_("Weight (kg)"), decimal_places=2)
    weighed_on = forms.DateField(label=_("On"), initial=today)
    is_estimated = forms.BooleanField(label=_("Estimated, not measured"), required=False)

    def __init__(self, *args, species: Species, **kwargs):
        super().__init__(*args, **kwargs)
        self.species = species

    def clean_weight_kg(self):
        check_weight(self.cleaned_data["weight_kg"], self.species.usual_weights_kg)
        return self.cleaned_data["weight_kg"]


class AllergiesForm(Form):
    status = forms.ChoiceField(
        label=_("Allergies"),
        choices=[choice for choice in AllergyStatus.choices if choice[0] != AllergyStatus.LISTED],
        widget=forms.RadioSelect,
        initial=AllergyStatus.NONE_KNOWN,
    )
    asked_on = forms.DateField(label=_("Asked on"), initial=today)


class EndForm(Form):
    on = forms.DateField(label=_("On"), initial=today)
    reason = forms.ChoiceField(label=_("Why"), choices=[choice for choice in EndReason.choices if choice[0]])


class IdentifierForm(Form):
    scheme = forms.ChoiceField(label=_("Kind"), choices=IdentifierScheme.choices)
    value = forms.CharField(label=_("Number"), max_length=60)
    from_on = forms.DateField(label=_("From"), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=200)

    def __init__(self, *args, species: Species, **kwargs):
        super().__init__(*args, **kwargs)
        if species.is_animal:
            self.initial.setdefault("scheme", IdentifierScheme.MICROCHIP)
        animals_only = ("microchip", "ueln", "fei", "usef", "registry", "tattoo")
        kept = [c for c in IdentifierScheme.choices if species.is_animal or c[0] not in animals_only]
        self.fields["scheme"].choices = [c for c in kept if not species.is_animal or c[0] != "national"]


class EndOnForm(Form):
    """The last day of something."""

    on = forms.DateField(label=_("Last day"), initial=today)


class OpenRestrictedForm(Form):
    """Why a restricted file is opened, and where from."""

    next = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Why"), max_length=300)
