"""The forms for what comes after signing: an addendum, and a reaction told later."""

from django import forms
from django.utils.translation import gettext_lazy as _

from sessions.forms.record_rows import ReactionForm
from sessions.forms.records import SignForm
from sessions.models.records import Severity
from sessions.models.signatures import AddendumKind


class AddendumForm(SignForm):
    kind = forms.ChoiceField(
        label=_("What it is"), choices=AddendumKind.choices, initial=AddendumKind.ADDENDUM, widget=forms.RadioSelect
    )
    field = forms.CharField(label=_("What is corrected"), required=False, max_length=60)
    text = forms.CharField(label=_("Text"), max_length=5000, widget=forms.Textarea(attrs={"rows": 5}))
    reason = forms.CharField(label=_("Why it is added only now"), max_length=500)

    field_order = ("kind", "field", "text", "reason", "password")


class LateReactionForm(ReactionForm):
    kind = forms.CharField(label=_("What happened"), max_length=100)
    severity = forms.ChoiceField(label=_("How bad"), choices=Severity.choices, initial=Severity.MILD)
