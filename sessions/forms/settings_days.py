"""Forms about days away: absences of people and rooms, closed days of a site."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.localtime import NonexistentTime, day_bounds, instant
from mesoclinic.core.models import Site
from sessions.models import Practitioner, Room


class AbsenceForm(Form):
    who = forms.ChoiceField(label=_("Who or what"))
    from_on = forms.DateField(label=_("First day"), widget=forms.DateInput)
    from_time = forms.TimeField(label=_("From"), required=False, help_text=_("Empty: from the morning."))
    until_on = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput, help_text=_("Empty: until further notice.")
    )
    until_time = forms.TimeField(label=_("Until"), required=False, help_text=_("Empty: until the evening."))
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args, site: Site, practitioners: list[Practitioner], rooms: list[Room], **kwargs):
        super().__init__(*args, **kwargs)
        self.site = site
        self.by_key: dict[str, Practitioner | Room] = {str(row.public_id): row for row in [*practitioners, *rooms]}
        self.fields["who"].choices = [
            ("", _("Choose …")),
            (_("Practitioners"), [(str(row.public_id), row.name) for row in practitioners]),
            (_("Rooms"), [(str(row.public_id), row.name) for row in rooms]),
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.errors:
            return data
        data["starts_at"] = self._at("from_on", "from_time", end=False)
        data["ends_at"] = self._at("until_on", "until_time", end=True) if data["until_on"] else None
        if data["until_time"] and not data["until_on"]:
            self.add_error("until_on", ValidationError(_("Say on which day it ends."), code="required"))
        if data["starts_at"] and data["ends_at"] and data["ends_at"] <= data["starts_at"]:
            field = "until_time" if data["until_on"] == data["from_on"] else "until_on"
            self.add_error(field, ValidationError(_("The end is not after the beginning."), code="order"))
        return data

    def _at(self, day_field: str, time_field: str, *, end: bool) -> datetime | None:
        """Make an instant of a day and perhaps a time of the site; the whole day without a time."""
        day, wall_time = self.cleaned_data[day_field], self.cleaned_data[time_field]
        if wall_time is None or wall_time == time.min:
            return day_bounds(day, self.site.zone)[1 if end and wall_time is None else 0]
        try:
            return instant(day, wall_time, self.site.zone)
        except NonexistentTime:
            message = _("The clocks change that day and this time does not exist. Choose another.")
            self.add_error(time_field, ValidationError(message, code="no-such-time"))
            return None

    def asked(self) -> dict[str, Any]:
        """Return the fields as the service takes them."""
        owner = self.by_key[self.cleaned_data["who"]]
        kind = "practitioner" if isinstance(owner, Practitioner) else "room"
        return {kind: owner} | {name: self.cleaned_data[name] for name in ("starts_at", "ends_at", "reason")}


class ClosureForm(Form):
    from_on = forms.DateField(label=_("First day"), widget=forms.DateInput)
    until_on = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput, help_text=_("Empty: that one day.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False, help_text=_("Shown in the calendar."))

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not data.get("until_on"):
            data["until_on"] = data.get("from_on")
        if data.get("from_on") and data["until_on"] and data["until_on"] < data["from_on"]:
            self.add_error("until_on", ValidationError(_("The last day is before the first."), code="order"))
        return data


class HolidayForm(Form):
    """Which public holiday a button stands for."""

    day = forms.DateField()
