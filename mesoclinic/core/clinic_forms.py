"""Forms about the clinic, its sites, and the days a session may be early or late."""

from collections.abc import Iterable
from functools import cache
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.countries import countries, holiday_regions
from mesoclinic.core.form_rows import RowFault, row_faults
from mesoclinic.core.forms import Form, ModelForm
from mesoclinic.core.models import Clinic, Site, User
from mesoclinic.core.refused import Refused


def country_choices() -> list[tuple[str, str]]:
    return [("", _("Choose …")), *countries().items()]


@cache  # to find them is to read hundreds of files
def zone_choices() -> tuple[tuple[str, str], ...]:
    zones = sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")
    return tuple((zone, zone.replace("_", " ")) for zone in zones)


def _within(name: str, least: int, most: int) -> forms.Field:
    """The clinic's own field, with the bounds of its table said beside it."""
    return Clinic._meta.get_field(name).formfield(min_value=least, max_value=most)


class ClinicForm(ModelForm):
    country = forms.ChoiceField(
        label=_("Country"), choices=country_choices, help_text=_("Its law decides what is said of a mix.")
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    first_visit_min = _within("first_visit_min", 1, 999)
    session_min = _within("session_min", 1, 999)
    review_min = _within("review_min", 1, 999)
    other_min = _within("other_min", 1, 999)
    squeeze_limit = _within("squeeze_limit", 0, 99)
    late_cancellation_hours = _within("late_cancellation_hours", 1, 336)

    class Meta:
        model = Clinic
        fields = [
            *("name", "address", "phone", "email", "country", "language"),
            *("first_visit_min", "session_min", "review_min", "other_min", "squeeze_limit"),
            "late_cancellation_hours",
            "label_size",
        ]
        widgets = {"address": forms.Textarea(attrs={"rows": 3})}


class SiteForm(ModelForm):
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices)
    holiday_country = forms.ChoiceField(label=_("Public holidays of"), choices=country_choices, required=False)
    holiday_region = forms.CharField(label=_("Region"), max_length=10, required=False)

    class Meta:
        model = Site
        fields = [
            *(
                "name",
                "address",
                "phone",
                "time_zone",
                "holiday_country",
                "holiday_region",
                "slot_step_min",
                "is_active",
            ),
        ]
        widgets = {"address": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        known = holiday_regions(self.initial.get("holiday_country") or "")
        self.fields["holiday_region"].help_text = (
            _("Empty for the whole country, or one of: %(regions)s.") % {"regions": ", ".join(known)}
            if known
            else _("Empty for the whole country.")
        )

    def clean(self):
        data = super().clean()
        country, region = data.get("holiday_country", ""), (data.get("holiday_region") or "").strip()
        regions = holiday_regions(country)
        match = next((known for known in regions if known.casefold() == region.casefold()), None)
        if region and match is None:
            message = (
                _("No region of this country; use one of: %(regions)s.") if regions else _("Leave this empty here.")
            )
            self.add_error("holiday_region", ValidationError(message, params={"regions": ", ".join(regions)}))
        data["holiday_region"] = match or ""
        return data


class ToleranceForm(Form):
    up_to = forms.IntegerField(label=_("Gap up to … days"), required=False, min_value=1, max_value=999)
    early = forms.IntegerField(label=_("Days early"), min_value=0, max_value=99)
    late = forms.IntegerField(label=_("Days late"), min_value=0, max_value=99)


class BaseToleranceFormSet(forms.BaseFormSet):
    @property
    def kept(self) -> list[ToleranceForm]:
        """The rows filled in and not taken away."""
        return [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]

    def rows(self) -> list[tuple[int | None, int, int]]:
        """Return what was typed: (up to days, early, late)."""
        return [(row["up_to"], row["early"], row["late"]) for row in (form.cleaned_data for form in self.kept)]

    def refuse(self, refused: Refused) -> None:
        """Show why the service said no beside the fields of the rows it names; of an empty table, above it."""
        for at in refused.details["rows"]:
            self.kept[at].refuse(refused)
        if not refused.details["rows"]:
            self._non_form_errors = self.error_class([refused.message])

    @property
    def faults(self) -> list[RowFault]:
        return row_faults(self, str(_("The table")))


ToleranceFormSet = forms.formset_factory(
    ToleranceForm,
    formset=BaseToleranceFormSet,
    extra=0,
    can_delete=True,
    max_num=20,
    validate_max=True,
    absolute_max=40,
)


class AccessLogForm(Form):
    """What to look for in the access log; everything may stay empty."""

    patient = forms.CharField(label=_("Patient"), required=False, max_length=100)
    person = forms.ChoiceField(label=_("Who"), required=False)
    kind = forms.ChoiceField(label=_("What"), required=False)
    from_on = forms.DateField(label=_("From"), required=False, widget=forms.DateInput)
    until_on = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput)

    def __init__(self, *args, people: Iterable[User], kinds: list[tuple[str, str]], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [("", _("Everybody")), *((str(one.pk), str(one)) for one in people)]
        self.fields["kind"].choices = kinds
