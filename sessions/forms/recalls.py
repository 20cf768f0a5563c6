"""Forms of a recall: which lot, why, what came of a notice."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from protocols.forms.packs import PackField, read_pack
from sessions.models.recalls import NoticeOutcome


class FindLotForm(Form):
    number = PackField(label=_("Lot number, or scan a pack"))
    manufacturer = forms.CharField(
        label=_("Maker"), required=False, max_length=120, help_text=_("Empty: whoever made it.")
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        read_pack(self, "number")
        return values


class BeginRecallForm(FindLotForm):
    reason = forms.CharField(label=_("Why"), max_length=1000, help_text=_("Such as the maker's letter, with its date."))
    message = forms.CharField(
        label=_("What to tell the people"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Stands in every letter, and above the phone list."),
    )


class TakeBackForm(Form):
    reason = forms.CharField(label=_("Why"), max_length=300)


class NoticeForm(Form):
    person = forms.CharField(max_length=30, widget=forms.HiddenInput)
    outcome = forms.ChoiceField(choices=NoticeOutcome.choices)
    note = forms.CharField(label=_("Note"), required=False, max_length=300)
