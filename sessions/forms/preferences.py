"""Forms of a patient's wishes: weekdays, hours, practitioner, room, each as a condition or not; and blocked days."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.models import Site
from patients.models import Patient
from sessions.models import BookingPreference, Practitioner, Room
from sessions.models.availability import Weekday
from sessions.models.preferences import Strength
from sessions.queries import availability, room_choice

from .choices import PublicChoice

STRENGTHS = [(Strength.RATHER.value, _("If possible")), (Strength.ONLY.value, _("Only so"))]
SHORT_DAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
WEEKDAYS = list(zip(Weekday.values, SHORT_DAYS, strict=True))


def _strength(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=STRENGTHS, required=False)


class PreferenceForm(Form):
    """What a patient wishes for. `fields` of the service and of an unsaved preference alike."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days of the week"),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    weekdays_are = _strength(_("These days"))
    from_time = forms.TimeField(label=_("Not before"), required=False)
    until_time = forms.TimeField(label=_("Over by"), required=False)
    times_are = _strength(_("These hours"))
    practitioner = PublicChoice(Practitioner.objects.none(), label=_("With"), required=False)
    practitioner_is = _strength(_("This practitioner"))
    room = PublicChoice(Room.objects.none(), label=_("Room"), required=False, empty_label=_("Any room"))
    room_is = _strength(_("This room"))

    def __init__(self, *args, site: Site, patient: Patient, anybody: Any = "", **kwargs):
        super().__init__(*args, **kwargs)
        self.patient = patient
        people = availability.practitioners(site.clinic, species=patient.species).distinct()
        self.fields["practitioner"].queryset = people
        self.fields["practitioner"].empty_label = anybody or _("Anybody")
        self.fields["room"].queryset = availability.rooms(site)

    def clean_room(self) -> Room | None:
        room = self.cleaned_data["room"]
        if room is not None and not room_choice.takes(room, self.patient.species):
            raise ValidationError(room_choice.why_not(room, self.patient.species), code="wrong-species")
        return room

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        from_time, until_time = data.get("from_time"), data.get("until_time")
        if from_time and until_time and until_time <= from_time:
            message = _("This leaves no time: the end is not after the beginning.")
            self.add_error("until_time", ValidationError(message, code="order"))
        return data

    def asked(self) -> dict[str, Any]:
        """Return the wishes as the service takes them."""
        names = ("weekdays", "from_time", "until_time", "practitioner", "room")
        strengths = ("weekdays_are", "times_are", "practitioner_is", "room_is")
        given = {name: self.cleaned_data.get(name) for name in names}
        return given | {name: self.cleaned_data.get(name) or Strength.RATHER.value for name in strengths}

    def preference(self) -> BookingPreference:
        """Return the wishes as a preference that is not saved."""
        asked = self.asked()
        weekdays = asked.pop("weekdays") or ()
        bits = sum(1 << (day - 1) for day in weekdays)
        return BookingPreference(patient=self.patient, clinic_id=self.patient.clinic_id, weekday_bits=bits, **asked)


def as_initial(preference: BookingPreference) -> dict[str, Any]:
    """Return a preference as the values of the form, as an address would carry them."""
    return {
        "weekdays": [str(day) for day in sorted(preference.weekdays)],
        "weekdays_are": preference.weekdays_are,
        "from_time": preference.from_time.strftime("%H:%M") if preference.from_time else "",
        "until_time": preference.until_time.strftime("%H:%M") if preference.until_time else "",
        "times_are": preference.times_are,
        "practitioner": str(preference.practitioner.public_id) if preference.practitioner else "",
        "practitioner_is": preference.practitioner_is,
        "room": str(preference.room.public_id) if preference.room else "",
        "room_is": preference.room_is,
    }


class BlockedDaysForm(Form):
    from_on = forms.DateField(label=_("First day"))
    until_on = forms.DateField(label=_("Last day"), required=False, help_text=_("Empty: that one day."))
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        data["until_on"] = data.get("until_on") or data.get("from_on")
        return data
