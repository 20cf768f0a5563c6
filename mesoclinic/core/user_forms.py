"""Forms about the users of a clinic and one's own account."""

import re

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.roles import Role

USERNAME = re.compile(r"[\w.@+-]{2,60}")
ROLE_WORDS = (
    (Role.RECEPTION, _("Reception: books, sees contacts and appointments, no mixes or records")),
    (Role.PRACTITIONER, _("Practitioner: everything about patients, prescribes and records")),
    (Role.MANAGER, _("Manager: reads records, reports, numbers and the access log; keeps protocols and stock")),
    (Role.ADMIN, _("Admin: users and settings, no patient files")),
)


def language_choices() -> list[tuple[str, str]]:
    return [("", _("As the clinic")), *settings.LANGUAGES]


class AccountForm(Form):
    full_name = forms.CharField(
        label=_("Name"), max_length=200, help_text=_("As colleagues and reports shall show it.")
    )
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        help_text=_("Where a link goes when you forget the password."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=language_choices, required=False)


class UserForm(Form):
    full_name = forms.CharField(
        label=_("Name"), max_length=200, help_text=_("As colleagues and reports shall show it.")
    )
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    roles = forms.MultipleChoiceField(label=_("May do"), choices=ROLE_WORDS, widget=forms.CheckboxSelectMultiple)
    language = forms.ChoiceField(label=_("Language"), choices=language_choices, required=False)


class NewUserForm(UserForm):
    username = forms.CharField(
        label=_("User name"), max_length=60, help_text=_("To sign in with: letters, digits and . _ - @ +")
    )

    field_order = ["full_name", "username", "email", "roles", "language"]

    def clean_username(self) -> str:
        username = self.cleaned_data["username"]
        if not USERNAME.fullmatch(username):
            raise ValidationError(_("Use 2 to 60 letters, digits and . _ - @ + without spaces."))
        return username
