"""The forms for what comes after signing: an addendum, and a reaction told later."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.identity_forms import PROOFS, IdentityForm
from sessions.forms.record_rows import ReactionForm, with_blank
from sessions.models import SessionRecord
from sessions.models.follow_ups import EventOutcome
from sessions.models.records import Severity
from sessions.models.signatures import AddendumKind
from sessions.queries.reactions import lots_given


class AddendumForm(IdentityForm):
    kind = forms.ChoiceField(
        label=_("What it is"), choices=AddendumKind.choices, initial=AddendumKind.ADDENDUM, widget=forms.RadioSelect
    )
    field = forms.CharField(label=_("What is corrected"), required=False, max_length=60)
    text = forms.CharField(label=_("Text"), max_length=5000, widget=forms.Textarea(attrs={"rows": 5}))
    reason = forms.CharField(label=_("Why it is added only now"), max_length=500)

    field_order = ("kind", "field", "text", "reason", *PROOFS)

    def words(self) -> dict[str, Any]:
        """The keywords for `records.add_addendum`."""
        return {name: value for name, value in self.cleaned_data.items() if name not in PROOFS}


class OutcomeFields(Form):
    """How a reaction went on, and which of the session's lots is blamed for it."""

    outcome = forms.ChoiceField(
        label=_("How it went on"), choices=with_blank(EventOutcome.choices, _("Not known")), required=False
    )
    suspected_lot = forms.ModelChoiceField(
        None, label=_("Suspected lot"), required=False, empty_label=_("None"), help_text=_("Lots given at the session.")
    )

    def __init__(self, *args: Any, record: SessionRecord, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["suspected_lot"].queryset = lots_given(record)


class LateReactionForm(OutcomeFields, ReactionForm):
    kind = forms.CharField(label=_("What happened"), max_length=100)
    severity = forms.ChoiceField(label=_("How bad"), choices=Severity.choices, initial=Severity.MILD)

    field_order = ("kind", "severity", "onset_on", "outcome", "suspected_lot", "description", "action")


class ReactionUpdateForm(OutcomeFields):
    note = forms.CharField(label=_("Note"), required=False, max_length=500)
