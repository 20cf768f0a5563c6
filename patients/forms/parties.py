"""Forms about owners, trainers, guardians and other contacts."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form, ModelForm
from patients.models import Party
from patients.models.parties import PartyRole


class ContactPick(Form):
    """Somebody the clinic knows already, or a new name with a way to reach them."""

    needed_in_part = ("name",)

    party = forms.UUIDField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)

    def __init__(self, *args, clinic, needed: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.clinic, self.needed = clinic, needed
        self.fields["name"].widget.attrs["autocomplete"] = "off"

    def clean(self):
        cleaned = super().clean()
        public_id = cleaned.get("party")
        if public_id:
            cleaned["party"] = Party.objects.filter(clinic=self.clinic, public_id=public_id).first()
            if cleaned["party"] is None:
                self.add_error("name", _("Choose a contact from the list, or type a new one."))
        elif not cleaned.get("name") and (self.needed or cleaned.get("phone") or cleaned.get("email")):
            self.add_error("name", _("Type a name, or choose somebody from the list."))
        return cleaned

    def who(self) -> dict:
        """The keywords for `parties.link`: a known party, or a new one; nothing when nobody was named."""
        if party := self.cleaned_data.get("party"):
            return {"party": party}
        if not self.cleaned_data.get("name"):
            return {}
        return {name: self.cleaned_data[name] for name in ("name", "phone", "email")}


class LinkForm(ContactPick):
    """What a contact is for the patient, and since when."""

    role = forms.ChoiceField(label=_("As"), choices=PartyRole.choices)
    from_on = forms.DateField(label=_("From"), initial=timezone.localdate)
    gives_consent = forms.BooleanField(label=_("Gives consent"), required=False)
    gets_reminders = forms.BooleanField(label=_("Gets reminders"), required=False)
    gets_reports = forms.BooleanField(label=_("Gets reports"), required=False)
    field_order = ("role", "party", "name", "phone", "email")

    def __init__(self, *args, is_animal: bool, **kwargs):
        super().__init__(*args, needed=True, **kwargs)
        gone = ("guardian", "family") if is_animal else ("owner", "trainer", "rider")
        self.fields["role"].choices = [choice for choice in PartyRole.choices if choice[0] not in gone]


class TransferForm(ContactPick):
    """The sale of an animal."""

    on = forms.DateField(label=_("Sold on"), initial=timezone.localdate)
    keep_others = forms.BooleanField(label=_("Trainer and rider stay the same"), required=False)
    field_order = ("on", "party", "name", "phone", "email", "keep_others")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, needed=True, **kwargs)
        self.fields["name"].label = _("New owner")


class PartyForm(ModelForm):
    class Meta:
        model = Party
        fields = (
            *("name", "is_organisation", "phone", "email", "address", "may_call", "may_email", "may_text"),
            "note",
        )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["address"].widget.attrs["rows"] = 2
        self.fields["note"].widget.attrs["rows"] = 2
