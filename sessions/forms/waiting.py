"""Forms of the waiting list, and of the times shown on lists."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from sessions.forms.appointments import TimeChoice
from sessions.forms.choices import PublicChoice
from sessions.models import CallAttempt, Practitioner, WaitingEntry
from sessions.models.availability import Weekday


class WaitForm(Form):
    """When an earlier time would suit. Everything may be left as it is: then any earlier time will do."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days that suit"),
        coerce=int,
        choices=Weekday.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one day of the week.")},
    )
    from_time = forms.TimeField(label=_("Not before"), required=False)
    until_time = forms.TimeField(label=_("Over by"), required=False)
    practitioner = PublicChoice(
        Practitioner.objects.none(), label=_("With"), required=False, empty_label=_("Anybody who can")
    )
    until_on = forms.DateField(label=_("Waits until"), required=False, help_text=_("Empty: until there is a time."))
    note = forms.CharField(label=_("Note"), required=False, max_length=300)

    def __init__(self, *args, people, entry: WaitingEntry | None = None, **kwargs):
        kwargs["initial"] = self._first(entry) | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["practitioner"].queryset = people

    @staticmethod
    def _first(entry: WaitingEntry | None) -> dict[str, Any]:
        if entry is None:
            return {"weekdays": list(range(1, 8))}
        names = ("from_time", "until_time", "until_on", "note")
        who = entry.practitioner.public_id if entry.practitioner else None
        return {"weekdays": sorted(entry.days), "practitioner": who, **{name: getattr(entry, name) for name in names}}


class TakeForm(TimeChoice):
    """One of the times shown on a line, and how often its visit had been moved when it was drawn."""

    seen_moves = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def asked(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("starts_at", "practitioner")}


class CallForm(Form):
    outcome = forms.ChoiceField(choices=CallAttempt.Outcome)
    note = forms.CharField(required=False, max_length=300)
