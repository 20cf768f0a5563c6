"""The form of a stable, a home or a care home."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import AnyWhole, ModelForm
from patients.models import Place


class PlaceForm(ModelForm):
    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("As the clinic")), *settings.LANGUAGES], required=False
    )
    travel_min = AnyWhole(label=_("Minutes to get there"), min_value=0, max_value=600)

    class Meta:
        model = Place
        fields = [
            *("kind", "name", "address", "travel_min", "phone", "email", "language"),
            *("may_email", "may_text", "may_call", "note", "is_archived"),
        ]
        widgets = {
            "address": forms.Textarea(attrs={"rows": 3}),
            "note": forms.Textarea(attrs={"rows": 3}),
        }
