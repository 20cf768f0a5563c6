"""Forms about who treats and where: practitioners and rooms."""

from django import forms
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import AnyWhole, Form
from mesoclinic.core.models import Clinic, User
from protocols.models import Species
from sessions.models import Practitioner

COLOURS = [(number, _("Colour %(number)d") % {"number": number}) for number in range(1, 9)]


class PractitionerForm(Form):
    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("As it stands in the calendar and on reports."))
    profession = forms.CharField(label=_("Profession"), max_length=100, required=False)
    user = forms.ModelChoiceField(
        label=_("Signs in as"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("Does not sign in"),
        help_text=_("Connects the records this person signs with the user."),
    )
    species = forms.ModelMultipleChoiceField(
        label=_("Treats"),
        queryset=Species.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked means every species."),
    )
    may_inject = forms.BooleanField(
        label=_("Licensed to inject"),
        required=False,
        help_text=_("Only licensed practitioners perform and sign sessions."),
    )
    licence_number = forms.CharField(label=_("Licence number"), max_length=60, required=False)
    licence_from_on = forms.DateField(label=_("Licence from"), required=False, widget=forms.DateInput)
    licence_until_on = forms.DateField(label=_("Licence until"), required=False, widget=forms.DateInput)
    colour = forms.TypedChoiceField(label=_("Calendar colour"), choices=COLOURS, coerce=int)
    position = AnyWhole(label=_("Order in the calendar"), min_value=0, max_value=999)
    last_day_on = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput,
        help_text=_("When somebody leaves: nothing is booked afterwards."),
    )

    def __init__(self, *args, clinic: Clinic, practitioner: Practitioner | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        own = Q(practitioner__isnull=True, is_active=True)
        if practitioner is not None and practitioner.user_id is not None:
            own |= Q(pk=practitioner.user_id)
        self.fields["user"].queryset = User.objects.filter(own, clinic=clinic)
        self.fields["species"].queryset = Species.objects.all()


class RoomForm(Form):
    name = forms.CharField(label=_("Name of the room"), max_length=100)
    species = forms.ModelMultipleChoiceField(
        label=_("Takes"),
        queryset=Species.objects.none(),
        to_field_name="code",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Only patients of these species are given this room. None ticked means every species. Visits already booked "
            "in it stay."
        ),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["species"].queryset = Species.objects.all()
        self.fields["species"].label_from_instance = lambda one: gettext(one.name)


class EditRoomForm(RoomForm):
    position = AnyWhole(label=_("Order in lists"), min_value=0, max_value=999)
    is_active = forms.BooleanField(
        label=_("In use"), required=False, help_text=_("A room not in use is offered no more; booked visits stay.")
    )
