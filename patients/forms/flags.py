"""Forms about flags and consent."""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from patients.models import ConsentText, Patient
from patients.models.consents import ConsentMethod, GivenAs
from patients.models.flags import FlagKind
from patients.queries.consents import texts_in_use
from patients.queries.parties import Contact, language_of, majority_on, party_or_none
from patients.signatures import LONGEST_TEXT, NotASignature, has_ink, read_strokes
from protocols.models import Substance

PEOPLE_ONLY = ("breastfeeding", "diabetes", "autoimmune", "immunodeficiency", "anticoagulant")
ANIMALS_ONLY = ("competition",)
WORDS_NEEDED = ("other", "behaviour")


class FlagForm(Form):
    kind = forms.ChoiceField(label=_("What"), choices=FlagKind.choices)
    substance = forms.ModelChoiceField(
        label=_("Substance"),
        queryset=Substance.objects.none(),
        required=False,
        empty_label=_("Choose"),
        help_text=_("For an allergy to a substance."),
    )
    value = forms.CharField(
        label=_("Class or material"),
        required=False,
        max_length=60,
        help_text=_("For an allergy to a class (amide, ester, NSAID) or a material (latex)."),
        widget=forms.TextInput(attrs={"list": "allergens", "autocomplete": "off"}),
    )
    text = forms.CharField(label=_("What to know"), required=False, max_length=300)
    since_on = forms.DateField(label=_("Since"), initial=timezone.localdate)
    until_on = forms.DateField(label=_("Until"), required=False, help_text=_("Leave empty when nobody knows."))
    source = forms.CharField(label=_("Who said so"), required=False, max_length=200)

    def __init__(self, *args, patient: Patient, **kwargs):
        super().__init__(*args, **kwargs)
        gone = PEOPLE_ONLY if patient.species.is_animal else ANIMALS_ONLY
        self.fields["kind"].choices = [("", _("Choose")), *[c for c in FlagKind.choices if c[0] not in gone]]
        self.fields["substance"].queryset = Substance.objects.filter(
            Q(species=patient.species) | Q(species__isnull=True), clinic=patient.clinic, is_archived=False
        ).distinct()

    def clean(self):
        cleaned = super().clean()
        kind = cleaned.get("kind")
        if kind == FlagKind.ALLERGY_SUBSTANCE and not cleaned.get("substance") and "substance" not in self.errors:
            self.add_error("substance", _("Choose the substance."))
        if kind in (FlagKind.ALLERGY_CLASS, FlagKind.ALLERGY_MATERIAL) and not cleaned.get("value"):
            self.add_error("value", _("Say what the allergy is to."))
        if kind in WORDS_NEEDED and not cleaned.get("text"):
            self.add_error("text", _("Say what everybody has to know."))
        since, until = cleaned.get("since_on"), cleaned.get("until_on")
        if since and until and until < since:
            self.add_error("until_on", _("The last day is before the first."))
        return cleaned


class ScanForm(Form):
    scan = forms.FileField(
        label=_("Scan of the signed form"),
        help_text=_("A PDF, or a photograph as JPEG or PNG; 10 MB at most. It is kept as it is."),
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
    )


def _text_label(text: ConsentText) -> str:
    spoken = get_language_info(text.language)["name_local"]
    return _t("%(title)s, version %(version)s, in %(language)s") % {
        "title": text.title,
        "version": text.version,
        "language": spoken,
    }


class ConsentForm(Form):
    text = forms.ModelChoiceField(label=_("To what"), queryset=ConsentText.objects.none(), empty_label=_("Choose"))
    given_by = forms.ChoiceField(label=_("Given by"), required=False)
    given_by_name = forms.CharField(
        label=_("Name"), required=False, max_length=200, help_text=_("When it is somebody who is not in the list.")
    )
    given_as = forms.ChoiceField(label=_("As"), choices=GivenAs.choices)
    given_on = forms.DateField(label=_("On"), initial=timezone.localdate)
    method = forms.ChoiceField(label=_("How"), choices=ConsentMethod.choices)

    def __init__(self, *args, patient: Patient, contacts: list[Contact], **kwargs):
        super().__init__(*args, **kwargs)
        self.contacts = {str(one.public_id): one for one in contacts}
        language = language_of(patient, timezone.localdate(), contacts)
        self.fields["text"].queryset = texts_in_use(patient.clinic, language)
        self.fields["text"].label_from_instance = _text_label
        own = [] if patient.species.is_animal else [("self", patient.name)]
        listed = [(key, f"{one.name} ({one.role_label})") for key, one in self.contacts.items()]
        self.fields["given_by"].choices = [*own, *listed, ("", _("Somebody else"))]
        gone = ("patient",) if patient.species.is_animal else ("owner", "agent")
        self.fields["given_as"].choices = [choice for choice in GivenAs.choices if choice[0] not in gone]
        if own:
            self._suggest_giver(patient, contacts)
        self.patient = patient

    def _suggest_giver(self, patient: Patient, contacts: list[Contact]) -> None:
        """Begin with the person, and with the guardian of a child."""
        of_age_on = majority_on(patient)
        is_child = of_age_on is not None and of_age_on > timezone.localdate()
        guardian = next((one for one in contacts if is_child and one.role == GivenAs.GUARDIAN), None)
        self.fields["given_by"].initial = str(guardian.public_id) if guardian else "self"
        self.fields["given_as"].initial = GivenAs.GUARDIAN if guardian else GivenAs.PATIENT

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("given_by") and not cleaned.get("given_by_name") and "given_by" not in self.errors:
            self.add_error("given_by_name", _("Say who gave consent."))
        return cleaned

    def giver(self) -> dict:
        """The keywords for `consents.give_consent`."""
        chosen = self.cleaned_data["given_by"]
        name = self.patient.name if chosen == "self" else self.cleaned_data["given_by_name"]
        contact = self.contacts.get(chosen)
        if contact:
            return {"given_by_name": contact.name, "given_by_party": party_or_none(self.patient, contact.party_id)}
        return {"given_by_name": name, "given_by_party": None}


class SignConsentForm(ConsentForm):
    """A consent signed on the screen, now: who signs, as what, and the signature, drawn or typed."""

    strokes = forms.CharField(required=False, max_length=LONGEST_TEXT, widget=forms.HiddenInput)
    typed_name = forms.CharField(
        label=_("Or type your name instead"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    field_order = ("given_by", "given_by_name", "given_as", "strokes", "typed_name")

    def __init__(self, *args, text: ConsentText, **kwargs):
        super().__init__(*args, **kwargs)
        self.text = text
        for name in ("text", "given_on", "method"):
            del self.fields[name]
        self.fields["given_by"].initial = self.fields["given_by"].initial or self.fields["given_by"].choices[0][0]

    def clean_strokes(self):
        try:
            return read_strokes(self.cleaned_data["strokes"])
        except NotASignature as exc:
            message = _("The drawing could not be read. Clear it and sign once more, or type your name.")
            raise ValidationError(message) from exc

    def clean(self):
        cleaned = super().clean()
        drawn = cleaned.get("strokes") or ()
        if "strokes" in self.errors:  # a hidden field has no place of its own for words
            self.add_error("typed_name", self.errors.pop("strokes")[0])
        elif not has_ink(drawn) and not cleaned.get("typed_name") and "typed_name" not in self.errors:
            self.add_error("typed_name", _("Sign in the box, or type your name."))
        return cleaned

    def signed(self) -> dict:
        """The keywords for `consents.sign_consent`."""
        names = ("given_as", "strokes", "typed_name")
        return {"text": self.text, **{name: self.cleaned_data[name] for name in names}, **self.giver()}
