"""A pair in one syringe as a clinic writes it."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.models import Clinic
from protocols.models import Incompatibility, Substance
from protocols.queries import pairs as queries
from protocols.queries import substances
from protocols.services.pairs import COLUMNS


def _strength(label: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, required=False, min_value=0, max_digits=9, decimal_places=3)


class PairForm(Form):
    """What is said of a pair; which pair it is stays as it was written."""

    level = forms.ChoiceField(label=_("What is known"), choices=Incompatibility.Level)
    effect = forms.CharField(
        label=_("What happens"), max_length=300, required=False, help_text=_("Such as: forms crystals.")
    )
    only_with = forms.ModelChoiceField(
        Substance.objects.none(),
        label=_("All right in"),
        required=False,
        empty_label="—",
        help_text=_("A vehicle in which, alone, the two go together."),
    )
    only_from_mg_per_ml = _strength(_("Second from (mg/mL)"))
    only_to_mg_per_ml = _strength(_("Second up to (mg/mL)"))
    source = forms.CharField(label=_("Source"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, clinic: Clinic, pair: Incompatibility | None = None, **kwargs: Any) -> None:
        self.pair = pair
        if pair is not None:
            kwargs["initial"] = {name: getattr(pair, name) for name in COLUMNS}
        super().__init__(*args, **kwargs)
        vehicles = Substance.objects.filter(clinic=clinic, categories__code="physiologic").distinct()
        if pair is not None and pair.only_with_id is not None:
            vehicles = vehicles | Substance.objects.filter(pk=pair.only_with_id, clinic=clinic).distinct()
        self.fields["only_with"].queryset = vehicles.order_by("name")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        low, high = values.get("only_from_mg_per_ml"), values.get("only_to_mg_per_ml")
        if {"only_from_mg_per_ml", "only_to_mg_per_ml"} & self.errors.keys() or (low is None and high is None):
            return values
        if low is None or high is None:
            self.add_error("only_to_mg_per_ml" if high is None else "only_from_mg_per_ml", _now("Give both ends."))
        elif low > high:
            self.add_error("only_to_mg_per_ml", _now("The higher strength is below the lower one."))
        elif values.get("only_with") is None and "only_with" not in self.errors:
            self.add_error("only_with", _now("Say in which vehicle these strengths go together."))
        return values

    @property
    def columns(self) -> dict[str, Any]:
        """What the service writes."""
        return {name: self.cleaned_data[name] for name in COLUMNS}


class NewPairForm(PairForm):
    """A pair of the clinic's own: which two, and what is said of them."""

    first = forms.ModelChoiceField(Substance.objects.none(), label=_("Substance"), empty_label="—")
    second = forms.ModelChoiceField(Substance.objects.none(), label=_("With"), required=False, empty_label="—")
    second_class = forms.ChoiceField(label=_("Or with all of"), required=False)

    field_order = ("first", "second", "second_class")

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, clinic=clinic, **kwargs)
        offered = substances.offered(clinic).prefetch_related(None)
        self.fields["first"].queryset = self.fields["second"].queryset = offered
        self.fields["second_class"].choices = [("", "—"), *queries.class_choices()]

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if not {"second", "second_class"} & self.errors.keys():
            if bool(values.get("second")) == bool(values.get("second_class")):
                self.add_error("second", _now("Name the second substance or a class, one of the two."))
            elif values.get("second") and values.get("second") == values.get("first"):
                self.add_error("second", _now("A substance is not incompatible with itself."))
        return values

    @property
    def columns(self) -> dict[str, Any]:
        return {**super().columns, **{name: self.cleaned_data[name] for name in ("first", "second", "second_class")}}
