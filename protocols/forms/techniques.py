"""A technique as a clinic writes it: its own, or one of the shipped ones changed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from protocols.models import Technique
from protocols.services.techniques import SAID


def _depth(label: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, required=False, min_value=0, max_value=100, max_digits=4, decimal_places=1)


class TechniqueForm(Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    depth_min_mm, depth_max_mm = _depth(_("Shallowest (mm)")), _depth(_("Deepest (mm)"))
    needs_mix = forms.BooleanField(label=_("Injects a mix"), required=False, initial=True)
    notes = forms.CharField(label=_("Notes"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    source = forms.CharField(label=_("Source"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, technique: Technique | None = None, **kwargs: Any) -> None:
        self.technique = technique
        if technique is not None:
            kwargs["initial"] = {name: getattr(technique, name) for name in SAID}
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        low, high = values.get("depth_min_mm"), values.get("depth_max_mm")
        if low is not None and high is not None and low > high:
            self.add_error("depth_max_mm", _("The deepest depth is not above the shallowest."))
        return values
