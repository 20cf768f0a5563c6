"""What of the calendar is shown: whose, where, which state, which kind. Nothing said shows everything."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.models import Site
from sessions.models import Practitioner, Room
from sessions.models.appointments import AppointmentKind, AppointmentStatus
from sessions.queries import availability

from .choices import PublicChoice

HIDDEN = ("entered_in_error", "moving")


class CalendarFilters(Form):
    practitioner = PublicChoice(
        Practitioner.objects.none(), label=_("With"), required=False, empty_label=_("Everybody")
    )
    room = PublicChoice(Room.objects.none(), label=_("Room"), required=False, empty_label=_("Every room"))
    status = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("Every state")), *(one for one in AppointmentStatus.choices if one[0] not in HIDDEN)],
    )
    kind = forms.ChoiceField(
        label=_("What for"), required=False, choices=[("", _("Everything")), *AppointmentKind.choices]
    )

    def __init__(self, *args, site: Site, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["practitioner"].queryset = availability.practitioners(site.clinic)
        self.fields["room"].queryset = availability.rooms(site)

    def conditions(self) -> dict[str, Any]:
        """Give what a visit must be; nonsense in the address asks for nothing."""
        return {name: value for name, value in self.cleaned_data.items() if value}

    def in_words(self) -> str:
        """Say what was chosen, as "Dr Byron · Booked"; empty when nothing was."""
        asked = self.cleaned_data
        states, kinds = dict(AppointmentStatus.choices), dict(AppointmentKind.choices)
        said = (
            asked.get("practitioner"),
            asked.get("room"),
            states.get(asked.get("status")),
            kinds.get(asked.get("kind")),
        )
        return " · ".join(str(one) for one in said if one)
