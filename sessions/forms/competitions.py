"""The form of a horse's competition."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.models import Clinic
from protocols.queries.competition import bodies
from sessions.models import CompetitionEvent
from sessions.services.competitions import COLUMNS


class CompetitionForm(Form):
    name = forms.CharField(label=_("Competition"), max_length=120)
    from_on = forms.DateField(label=_("First day"))
    until_on = forms.DateField(label=_("Last day"), required=False, help_text=_("Empty: that one day."))
    body = forms.ChoiceField(label=_("Under the rules of"), required=False)
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    def __init__(self, *args: Any, clinic: Clinic, event: CompetitionEvent | None = None, **kwargs: Any) -> None:
        if event is not None:
            kwargs["initial"] = {name: getattr(event, name) for name in COLUMNS}
        super().__init__(*args, **kwargs)
        known = list(dict.fromkeys([*bodies(clinic), *([event.body] if event is not None and event.body else [])]))
        self.fields["body"].choices = [("", _("not stated")), *((one, one) for one in known)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["until_on"] = data.get("until_on") or data.get("from_on")
        return data
