"""The form of weekly hours: rows of blocks and breaks, a range of weekdays in one row."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from sessions.models import WorkingHours
from sessions.models.availability import HoursKind, Weekday

ALWAYS_FROM = date(2000, 1, 3)  # what an empty "valid from" is kept as: a Monday long past
WORKDAYS, WHOLE_WEEK = "1-5", "1-7"
DAYS = [
    *((str(day.value), day.label) for day in Weekday),
    (WORKDAYS, _("Mon – Fri")),
    (WHOLE_WEEK, _("Every day")),
]


class BlockForm(Form):
    weekday = forms.ChoiceField(label=_("Day"), choices=DAYS)
    kind = forms.ChoiceField(label=_("What"), choices=HoursKind, initial=HoursKind.OPEN)
    start_time = forms.TimeField(label=_("From"))
    end_time = forms.TimeField(label=_("Until"))
    every_weeks = forms.IntegerField(label=_("Every … weeks"), min_value=1, max_value=8, initial=1)
    from_on = forms.DateField(label=_("Valid from"), required=False, widget=forms.DateInput)
    until_on = forms.DateField(label=_("Valid until"), required=False, widget=forms.DateInput)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        start, end = data.get("start_time"), data.get("end_time")
        if start and end and end <= start:
            self.add_error("end_time", ValidationError(_("The end is not after the beginning."), code="order"))
        first, last = data.get("from_on"), data.get("until_on")
        if first and last and last < first:
            self.add_error("until_on", ValidationError(_("The last day is before the first."), code="order"))
        if (data.get("every_weeks") or 1) > 1 and not first:
            message = _("Say from which week to count: any day of a week that counts.")
            self.add_error("from_on", ValidationError(message, code="which-week"))
        return data


class BaseBlockFormSet(forms.BaseFormSet):
    def blocks(self) -> list[dict[str, Any]]:
        """Return one block a weekday, as the service takes them; rows taken away are left out."""
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        return [
            {
                "weekday": weekday,
                "kind": row["kind"],
                "start_time": row["start_time"],
                "end_time": row["end_time"],
                "every_weeks": row["every_weeks"],
                "from_on": row["from_on"] or ALWAYS_FROM,
                "until_on": row["until_on"],
            }
            for row in kept
            for weekday in _weekdays(row["weekday"])
        ]


BlockFormSet = forms.formset_factory(
    BlockForm, formset=BaseBlockFormSet, extra=0, can_delete=True, max_num=60, validate_max=True, absolute_max=100
)


def rows_of(hours: list[WorkingHours]) -> list[dict[str, Any]]:
    """Return what the form begins with; five days alike becomes one row."""
    grouped: dict[tuple, list[int]] = {}
    for row in hours:
        key = (row.start_time, row.end_time, row.kind, row.from_on, row.until_on, row.every_weeks)
        grouped.setdefault(key, []).append(row.weekday)
    rows = [
        {
            "weekday": weekday,
            "kind": kind,
            "start_time": start,
            "end_time": end,
            "every_weeks": every,
            "from_on": None if from_on == ALWAYS_FROM else from_on,
            "until_on": until_on,
        }
        for (start, end, kind, from_on, until_on, every), weekdays in grouped.items()
        for weekday in _as_ranges(sorted(weekdays))
    ]
    return sorted(rows, key=lambda row: (row["weekday"], row["start_time"]))


def _weekdays(choice: str) -> range:
    first, _dash, last = choice.partition("-")
    return range(int(first), int(last or first) + 1)


def _as_ranges(weekdays: list[int]) -> list[str]:
    for choice in (WHOLE_WEEK, WORKDAYS):
        if set(_weekdays(choice)) <= set(weekdays):
            return [choice, *(str(day) for day in weekdays if day not in _weekdays(choice))]
    return [str(day) for day in weekdays]
