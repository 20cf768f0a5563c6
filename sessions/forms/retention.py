"""Forms: a period for which files are kept, and the last question before a file is made nobody's."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import ModelForm
from mesoclinic.core.identity_forms import PROOFS, IdentityForm
from patients.models import Patient, RetentionRule


class RetentionForm(ModelForm):
    class Meta:
        model = RetentionRule
        fields = ["since_on", "keep_years", "until_birthday", "after_death_years", "source"]
        help_texts = {
            "until_birthday": _("For minors, such as 28. Empty: age does not matter."),
            "after_death_years": _("Empty: death does not matter."),
            "source": _("The law, the authority or the house rule, so that somebody can look it up."),
        }

    def validate_unique(self) -> None:
        """A day that has a period already gets the new one."""


class NumberedForm(IdentityForm):
    """What cannot be undone: the file's number typed, and who does it."""

    nothing_done = _("Nothing was changed.")
    passkey_words = _("Confirm with your passkey")

    number = forms.CharField(label=_("Type the file number to confirm"), max_length=20)

    def __init__(self, *args: Any, request: HttpRequest, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, request=request, **kwargs)
        self.patient = patient

    def clean_number(self) -> str:
        typed = self.cleaned_data["number"].strip()
        if typed != str(self.patient.number):
            raise forms.ValidationError(gettext("This is not the number of this file. Nothing was changed."))
        return typed


class PseudonymiseForm(NumberedForm):
    """Why, the file's number typed, and who does it."""

    reason = forms.CharField(label=_("Why"), max_length=300)

    field_order = ("reason", "number", *PROOFS)
