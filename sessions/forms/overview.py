"""The period and the filters above the overview, and what narrows a list behind one of its numbers."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.models import Clinic, Site
from protocols.models import Indication, Lot, Protocol, Species
from sessions.models import Practitioner, Room
from sessions.models.records import Scale
from sessions.queries.overview_scope import Scope

MOST_DAYS = 366
PERIODS = (
    ("week", _("This week")),
    ("month", _("This month")),
    ("quarter", _("This quarter")),
    ("year", _("This year")),
    ("own", _("From … until …")),
)


def period(name: str, today: date) -> tuple[date, date]:
    """Give the first and last day of the week, month, quarter or year a day lies in."""
    if name == "week":
        first = today - timedelta(days=today.weekday())
        return first, first + timedelta(days=6)
    months = {"month": 1, "quarter": 3, "year": 12}[name]
    first = date(today.year, (today.month - 1) // months * months + 1, 1)
    following = (first.month - 1) + months
    return first, date(first.year + following // 12, following % 12 + 1, 1) - timedelta(days=1)


class _Choice(forms.ModelChoiceField):
    """One row of the clinic by its public id, or any."""

    def __init__(self, model, label, **kwargs):
        super().__init__(model.objects.none(), label=label, required=False, **kwargs)
        self.empty_label = _("All")


class _SpeciesChoice(_Choice):
    def label_from_instance(self, obj: Species) -> str:
        return str(gettext(obj.name))


class OverviewForm(Form):
    period = forms.ChoiceField(label=_("Period"), choices=PERIODS, required=False)
    from_on = forms.DateField(label=_("from"), required=False)
    until_on = forms.DateField(label=_("until"), required=False)
    site = _Choice(Site, _("Site"), to_field_name="public_id")
    practitioner = _Choice(Practitioner, _("Practitioner"), to_field_name="public_id")
    species = _SpeciesChoice(Species, _("Species"), to_field_name="code")
    protocol = _Choice(Protocol, _("Protocol"), to_field_name="public_id")

    def __init__(self, *args, clinic: Clinic, today: date, **kwargs):
        super().__init__(*args, **kwargs)
        self.clinic, self.today = clinic, today
        self.fields["site"].queryset = Site.objects.filter(clinic=clinic)
        self.fields["practitioner"].queryset = Practitioner.objects.filter(clinic=clinic)
        self.fields["species"].queryset = Species.objects.order_by("position")
        self.fields["protocol"].queryset = Protocol.objects.filter(clinic=clinic).order_by("name")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("period") != "own":
            first, last = period(values.get("period") or "month", self.today)
            return {**values, "from_on": first, "until_on": last}
        first, last = values.get("from_on"), values.get("until_on")
        for name in ("from_on", "until_on"):
            if values.get(name) is None and name not in self.errors:
                self.add_error(name, _("Say from which day until which."))
        if first and last and last < first:
            self.add_error("until_on", _("The last day is before the first."))
        elif first and last and (last - first).days >= MOST_DAYS:
            self.add_error("until_on", _("Choose at most a year: 366 days."))
        return values

    @property
    def chosen(self) -> list[str]:
        """Name the filters that are set, for a title."""
        names = ("site", "practitioner", "species", "protocol", "room", "indication", "lot")
        rows = [(self.fields[name], self.cleaned_data.get(name)) for name in names if name in self.fields]
        return [field.label_from_instance(row) for field, row in rows if row is not None]

    def scope(self, sites: tuple[Site, ...]) -> Scope:
        """Give what a valid form asks about."""
        asked = self.cleaned_data
        site = asked.get("site")
        return Scope(
            clinic=self.clinic,
            sites=(site,) if site else sites,
            from_on=asked["from_on"],
            until_on=asked["until_on"],
            site=site,
            practitioner=asked.get("practitioner"),
            species=asked.get("species"),
            protocol=asked.get("protocol"),
            today=self.today,
        )


class OverviewListForm(OverviewForm):
    """The same with what narrows a list: nobody types these, the numbers of the overview link to them."""

    room = _Choice(Room, _("Room"), to_field_name="public_id")
    indication = _Choice(Indication, _("Indication"), to_field_name="public_id")
    lot = _Choice(Lot, _("Lot"), to_field_name="public_id")
    weekday = forms.IntegerField(min_value=1, max_value=7, required=False)
    hour = forms.IntegerField(min_value=0, max_value=23, required=False)
    number = forms.IntegerField(min_value=0, max_value=9999, required=False)
    scale = forms.ChoiceField(choices=Scale.choices, required=False)
    in_no_room = forms.BooleanField(required=False)

    def __init__(self, *args, clinic: Clinic, **kwargs):
        super().__init__(*args, clinic=clinic, **kwargs)
        self.fields["room"].queryset = Room.objects.filter(clinic=clinic)
        self.fields["lot"].queryset = Lot.objects.filter(clinic=clinic).select_related("substance")
        self.fields["indication"].queryset = Indication.objects.filter(clinic=clinic)

    def scope(self, sites: tuple[Site, ...]) -> Scope:
        asked = self.cleaned_data
        weekday, hour = asked.get("weekday"), asked.get("hour")
        return replace(
            super().scope(sites),
            room=asked.get("room"),
            in_no_room=bool(asked.get("in_no_room")),
            indication=asked.get("indication"),
            lot=asked.get("lot"),
            at=(weekday, hour) if weekday is not None and hour is not None else None,
            number=asked.get("number"),
            scale=asked.get("scale") or "",
        )
