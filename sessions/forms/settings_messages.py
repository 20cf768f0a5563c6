"""Forms of the settings of messages: when to remind, and the words."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from sessions.models import ReminderSettings
from sessions.models.reminders import Channel
from sessions.services.reminders.rules import MOST_LEADS

HOUR, DAY = 60, 24 * 60
UNITS = [("days", _("days before")), ("hours", _("hours before"))]


class ReminderSettingsForm(Form):
    is_on = forms.BooleanField(
        label=_("Send reminders"),
        required=False,
        help_text=_(
            "Whoever was told a time by a message, as by an offer, hears that it has moved or is off all the same."
        ),
    )
    first_channel = forms.ChoiceField(
        label=_("Preferred way"),
        choices=Channel.choices,
        help_text=_("The other way is used for who has only that, and allows it."),
    )
    night_from_time = forms.TimeField(label=_("Send nothing from"))
    night_until_time = forms.TimeField(label=_("until"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for number in range(1, MOST_LEADS + 1):
            count = forms.IntegerField(label=_("How long before"), required=False, min_value=1, max_value=720)
            self.add_field(f"count_{number}", count)
            self.add_field(f"unit_{number}", forms.ChoiceField(label=_("Unit"), choices=UNITS, required=False))

    @staticmethod
    def kept(rules: ReminderSettings) -> dict[str, Any]:
        """Give what a form begins with."""
        names = ("is_on", "first_channel", "night_from_time", "night_until_time")
        initial = {name: getattr(rules, name) for name in names}
        for number, lead in enumerate(rules.leads, 1):
            in_days = lead % DAY == 0
            initial[f"count_{number}"] = lead // (DAY if in_days else HOUR)
            initial[f"unit_{number}"] = "days" if in_days else "hours"
        return initial

    @property
    def lead_rows(self) -> list[tuple]:
        return [(self[f"count_{number}"], self[f"unit_{number}"]) for number in range(1, MOST_LEADS + 1)]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for number in range(1, MOST_LEADS + 1):
            count, unit = data.get(f"count_{number}"), data.get(f"unit_{number}")
            if count and unit == "days" and count > 30:
                self.add_error(f"count_{number}", ValidationError(_("At most 30 days."), code="too-long"))
        return data

    def asked(self) -> dict[str, Any]:
        """Return the fields as the service takes them."""
        data = self.cleaned_data
        pairs = [(data[f"count_{number}"], data[f"unit_{number}"]) for number in range(1, MOST_LEADS + 1)]
        leads = [count * (HOUR if unit == "hours" else DAY) for count, unit in pairs if count]
        names = ("is_on", "first_channel", "night_from_time", "night_until_time")
        return {"leads": leads, **{name: data[name] for name in names}}


class MessageTextForm(Form):
    subject = forms.CharField(label=_("Subject of the e-mail"), max_length=150)
    body = forms.CharField(label=_("E-mail"), max_length=1500, widget=forms.Textarea(attrs={"rows": 12}))
    short = forms.CharField(
        label=_("Text message"),
        max_length=480,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Sent to telephones instead of the e-mail. Keep it short: each piece is paid for."),
    )
