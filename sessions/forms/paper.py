"""What a clinic says of its paper."""

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from sessions.models.paper import PaperSize


class PaperForm(Form):
    size = forms.ChoiceField(label=_("Size of the paper"), choices=PaperSize, required=False)
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG or JPEG, 1 MB at most. It stands at the head of every report."),
        widget=forms.FileInput(attrs={"accept": ".png,.jpg,.jpeg"}),
    )
    without_logo = forms.BooleanField(label=_("Take the logo off"), required=False)
