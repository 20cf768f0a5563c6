"""A substance as a clinic writes it: its own, or one of the shipped ones changed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.models import Clinic
from protocols.forms.lists import AllergenField, ListField
from protocols.forms.substance_traits import TraitFields, initial_traits
from protocols.models import Category, Species, Substance
from protocols.models.substances import StrengthUnit

COLUMNS = (
    *("name", "kind", "appearance", "strength", "strength_unit", "max_mg_per_kg", "max_mg_per_session"),
    *("max_mg_per_24h", "max_mg_per_course", "min_age_years", "status", "status_reason", "competition_note"),
    *("notes", "source"),
)


def _mg(label: Any, digits: int = 9, places: int = 3, **extra: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=digits, decimal_places=places, **extra
    )


class SubstanceForm(TraitFields):
    name = forms.CharField(label=_("Name"), max_length=200)
    categories = forms.ModelMultipleChoiceField(
        Category.objects.all(), label=_("Categories"), widget=forms.CheckboxSelectMultiple
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=Substance.Kind.choices)
    species = forms.ModelMultipleChoiceField(
        Species.objects.all(), label=_("For"), required=False, widget=forms.CheckboxSelectMultiple
    )
    synonyms = ListField(label=_("Other names and brands"), required=False, max_length=1000)
    appearance = forms.CharField(
        label=_("Looks like"), required=False, max_length=200, help_text=_("Such as: clear, pink.")
    )
    strength = _mg(_("Strength"), 12, 4)
    strength_unit = forms.ChoiceField(label=_("Unit"), required=False, choices=[("", "—"), *StrengthUnit.choices[:-1]])
    allergy_classes = AllergenField(
        label=_("Allergy classes"), required=False, max_length=400, help_text=_("Such as amides, esters, NSAIDs.")
    )
    max_mg_per_kg = _mg(_("Most mg per kg"), 9, 4)
    max_mg_per_session = _mg(_("Most mg per session"))
    max_mg_per_24h = _mg(_("Most mg in 24 hours"))
    max_mg_per_course = _mg(_("Most mg in a course"), 10)
    horse_per_kg = _mg(_("Horses: most mg per kg"), 9, 4)
    horse_per_session = _mg(_("Horses: most mg per session"))
    min_age_years = forms.IntegerField(label=_("Youngest age in years"), required=False, min_value=0, max_value=120)
    status = forms.ChoiceField(label=_("Status"), choices=Substance.Status.choices)
    status_reason = forms.CharField(label=_("Why withdrawn"), required=False, max_length=1000)
    competition_note = forms.CharField(
        label=_("Competition note"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    notes = forms.CharField(label=_("Notes"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    source = forms.CharField(
        label=_("Source"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, clinic: Clinic, substance: Substance | None = None, **kwargs: Any) -> None:
        self.substance = substance
        if substance is not None:
            kwargs["initial"] = {**_initial(substance), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.offer_same_medicines(clinic)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        strength, unit = values.get("strength"), values.get("strength_unit")
        if "strength" not in self.errors and ((strength is None) == bool(unit) or strength == 0):
            self.add_error("strength", _("A strength needs a number above zero and a unit."))
        if values.get("status") == Substance.Status.WITHDRAWN and not values.get("status_reason"):
            self.add_error("status_reason", _("Say why the substance was withdrawn."))
        return values

    @property
    def columns(self) -> dict[str, Any]:
        """What the service writes."""
        values = self.cleaned_data
        columns = {name: values[name] for name in COLUMNS}
        columns |= {name: values[name] for name in ("synonyms", "allergy_classes", "categories", "species")}
        return columns | {"other_strengths": self.strengths, "traits": self.traits}


def _initial(substance: Substance) -> dict[str, Any]:
    initial = {name: getattr(substance, name) for name in (*COLUMNS, "synonyms", "allergy_classes")}
    initial["categories"] = [one.pk for one in substance.categories.all()]
    initial["species"] = [one.pk for one in substance.species.all()]
    return initial | initial_traits(substance)
