"""The form that begins an installation."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.clinic_forms import country_choices, zone_choices
from mesoclinic.core.forms import Form
from mesoclinic.core.models import User
from mesoclinic.core.user_forms import USERNAME


class StartForm(Form):
    name = forms.CharField(label=_("Name of the clinic"), max_length=200)
    country = forms.ChoiceField(
        label=_("Country"), choices=country_choices, help_text=_("Decides the public holidays; you can change them.")
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices, initial="Europe/Paris")
    full_name = forms.CharField(label=_("Your name"), max_length=200)
    username = forms.CharField(
        label=_("User name"), max_length=60, help_text=_("To sign in with: letters, digits and . _ - @ +")
    )
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        help_text=_("Where a link goes when you forget the password."),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters; three or four words are good."),
    )
    again = forms.CharField(
        label=_("Password again"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_username(self) -> str:
        username = self.cleaned_data["username"]
        if not USERNAME.fullmatch(username):
            raise ValidationError(_("Use 2 to 60 letters, digits and . _ - @ + without spaces."))
        return username

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        password = data.get("password")
        if password and data.get("again") and password != data["again"]:
            self.add_error("again", _("The two passwords differ. Type the same twice."))
        if password:
            person = User(username=data.get("username", ""), full_name=data.get("full_name", ""))
            try:
                validate_password(password, person)
            except ValidationError as faults:
                self.add_error("password", faults)
        return data

    def asked(self) -> dict[str, Any]:
        """Return the fields as the service takes them; the clinic begins in the language of this page."""
        kept = {name: value for name, value in self.cleaned_data.items() if name != "again"}
        return kept | {"language": get_language() or "en"}
