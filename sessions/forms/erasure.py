"""Forms: a request for erasure, and why a restriction is lifted."""

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.identity_forms import PROOFS
from patients.models import Patient
from patients.models.erasure import AskedAs, IdentityCheck
from sessions.forms.retention import NumberedForm


class ErasureForm(NumberedForm):
    """Who asks and how that was made sure, where the answer goes, the file's number typed, and who does it."""

    public_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    asked_on = forms.DateField(label=_("Asked on"))
    asked_as = forms.ChoiceField(label=_("Asked by"), choices=AskedAs)
    asked_by_name = forms.CharField(label=_("Name"), max_length=200)
    known_by = forms.ChoiceField(label=_("How we know who asks"), choices=IdentityCheck)
    note = forms.CharField(label=_("Note"), required=False, max_length=500)
    address = forms.CharField(
        label=_("Address for the answer"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands on the letter; kept with the request."),
    )
    language = forms.ChoiceField(label=_("Language of the answer"), choices=settings.LANGUAGES)

    field_order = (
        *("public_id", "asked_on", "asked_as", "asked_by_name", "known_by", "note", "address", "language", "number"),
        *PROOFS,
    )

    def __init__(self, *args: Any, request: HttpRequest, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, request=request, patient=patient, **kwargs)
        if not patient.species.is_animal:
            left = [choice for choice in AskedAs.choices if choice[0] != AskedAs.OWNER]
            self.fields["asked_as"].choices = left
        else:
            left = [choice for choice in AskedAs.choices if choice[0] != AskedAs.PATIENT]
            self.fields["asked_as"].choices = left[::-1]

    @property
    def asked(self) -> dict[str, Any]:
        """What was asked, as `record_erasure` takes it."""
        return {name: value for name, value in self.cleaned_data.items() if name not in (*PROOFS, "number")}


class ReasonForm(Form):
    """Why: noted in the access log."""

    reason = forms.CharField(label=_("Why"), max_length=300)
