"""What is typed where two files are said to be of two patients."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form


class TellApartForm(Form):
    """Why another file (`other_id`, its key) is not of the same patient; nothing is a reason too."""

    reason = forms.CharField(
        label=_("Why it is not the same patient"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "form-control-sm"}),
    )

    def __init__(self, *args: Any, other_id: int, **kwargs: Any) -> None:
        super().__init__(*args, auto_id=f"why-{other_id}-%s", **kwargs)
        self.other_id = other_id
        self.fields["reason"].widget.attrs["placeholder"] = self.fields["reason"].label

    def clean_reason(self) -> str:
        return " ".join(self.cleaned_data["reason"].split())
