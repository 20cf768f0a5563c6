"""What the mix check asks of a substance and no column holds: the fields of `Substance.traits`."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.models import Clinic
from protocols.dosing import FoodChainUse
from protocols.forms.lists import AllergenField, StrengthsField
from protocols.models import Substance

KNOWN = {
    "vehicle": _("A vehicle, such as saline"),
    "vasoconstrictor": _("A vasoconstrictor"),
    "sedative": _("A sedative"),
    "water_soluble": _("Soluble in water"),
    "fat_soluble": _("Soluble in fat"),
    "short_term_only": _("For short use only"),
}
PRESERVED = {"": None, "no": True, "yes": False}  # as typed: `preservative_free`
FOOD_CHAIN = [
    ("", _("Not known")),
    (FoodChainUse.ALLOWED.value, _("May be given")),
    (FoodChainUse.ESSENTIAL.value, _("Essential: six months until slaughter")),
    (FoodChainUse.NOT_ALLOWED.value, _("Not allowed")),
]
# field, species, kind, unit of `traits["ceilings"]`
CEILINGS = (
    ("max_mg_per_kg", "human", "per_kg", "mg/kg"),
    ("max_mg_per_session", "human", "per_session", "mg"),
    ("max_mg_per_24h", "human", "per_24h", "mg"),
    ("max_mg_per_course", "human", "per_course", "mg"),
    ("days_per_course", "human", "days_per_course", "d"),
    ("minutes_between", "human", "minutes_between", "min"),
    ("horse_per_kg", "horse", "per_kg", "mg/kg"),
    ("horse_per_session", "horse", "per_session", "mg"),
)
COUNTED = ("days_per_course", "minutes_between")


def _ph(label: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, required=False, min_value=0, max_value=14, max_digits=4, decimal_places=2)


class TraitFields(Form):
    """Needs `substance`, None for a new one, before `traits` is asked."""

    substance: Substance | None

    other_strengths = StrengthsField(
        label=_("Other strengths"), required=False, max_length=1000, help_text=_("Such as: 10 mg/mL; 2 %.")
    )
    materials = AllergenField(
        label=_("Materials"),
        required=False,
        max_length=400,
        help_text=_("In it, its vial or its stopper: such as latex."),
    )
    ingredient = forms.ChoiceField(
        label=_("Same medicine as"), required=False, help_text=_("Their doses then count together.")
    )
    preserved = forms.ChoiceField(
        label=_("Preservative"),
        required=False,
        choices=[("", _("Not known")), ("no", _("Without")), ("yes", _("With one"))],
    )
    ph_low, ph_high = _ph(_("pH, from")), _ph(_("pH, to"))
    food_chain = forms.ChoiceField(label=_("Horses that may end as food"), required=False, choices=FOOD_CHAIN)
    known = forms.MultipleChoiceField(
        label=_("It is"), required=False, choices=list(KNOWN.items()), widget=forms.CheckboxSelectMultiple
    )
    days_per_course = forms.IntegerField(label=_("Most days in a course"), required=False, min_value=1, max_value=3650)
    minutes_between = forms.IntegerField(
        label=_("Least minutes between two doses"), required=False, min_value=1, max_value=100_000
    )

    def offer_same_medicines(self, clinic: Clinic) -> None:
        """Let the form choose among the clinic's other substances, but those that name another themselves."""
        rows = Substance.objects.filter(clinic=clinic).values_list("code", "name", "traits")
        own = self.substance.code if self.substance is not None else ""
        others = [(code, name) for code, name, traits in rows if code != own and not (traits or {}).get("ingredient")]
        self.fields["ingredient"].choices = [("", "—"), *others]
        self.is_named = bool(own) and any((traits or {}).get("ingredient") == own for _code, _name, traits in rows)

    def clean_ingredient(self) -> str:
        code = self.cleaned_data["ingredient"]
        if code and self.is_named:
            raise forms.ValidationError(_("Others are the same medicine as this one: change those first."))
        return code

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        low, high = values.get("ph_low"), values.get("ph_high")
        if not {"ph_low", "ph_high"} & self.errors.keys():
            if (low is None) != (high is None):
                self.add_error("ph_low" if low is None else "ph_high", _("Give both ends, or neither."))
            elif low is not None and low > high:
                self.add_error("ph_high", _("The higher end comes second."))
        return values

    @property
    def strengths(self) -> list[dict[str, str]]:
        """The other strengths; one that was there keeps its label and source."""
        before = {_same(one): one for one in (self.substance.other_strengths if self.substance else [])}
        return [before.get(_same(one), one) for one in self.cleaned_data["other_strengths"]]

    @property
    def traits(self) -> dict[str, Any]:
        """What the service writes; what the form does not ask stays as it was."""
        values = self.cleaned_data
        traits = dict(self.substance.traits or {}) if self.substance is not None else {}
        ends = [values["ph_low"], values["ph_high"]]
        asked = {name: name in values["known"] or None for name in KNOWN}
        asked |= {name: values[name] or None for name in (*COUNTED, "materials", "ingredient", "food_chain")}
        asked |= {"preservative_free": PRESERVED[values["preserved"]], "ceilings": self._ceilings() or None}
        asked["ph"] = None if None in ends else [str(end.normalize() + 0) for end in ends]
        kept = {name: value for name, value in traits.items() if name not in asked}
        return kept | {name: value for name, value in asked.items() if value is not None}

    def _ceilings(self) -> list[dict[str, str]]:
        """Every ceiling with its source: an amount that stays keeps its own, another has the form's."""
        before = (self.substance.traits or {}).get("ceilings", []) if self.substance is not None else []
        asked = {(species, kind): (field, unit) for field, species, kind, unit in CEILINGS}
        stated = {(one.get("species"), one.get("kind")): one for one in before}
        ceilings = []
        for key in {**stated, **asked}:
            field, unit = asked.get(key, ("", ""))
            amount = self.cleaned_data[field] if field else None
            if not field or (amount is not None and _number(stated.get(key, {}).get("amount")) == amount):
                ceilings.append(stated[key])
            elif amount is not None:
                source = self.cleaned_data["source"] or str(_("Set by the clinic"))
                words = {"species": key[0], "kind": key[1], "amount": str(amount), "unit": unit}
                ceilings.append({**words, "source": source, "note": ""})
        return ceilings


def initial_traits(substance: Substance) -> dict[str, Any]:
    """What the fields show of a stored substance."""
    traits = substance.traits or {}
    initial = {name: traits.get(name) for name in (*COUNTED, "materials", "ingredient", "food_chain")}
    initial["known"] = [name for name in KNOWN if traits.get(name) is True]
    initial["preserved"] = next(typed for typed, free in PRESERVED.items() if free == traits.get("preservative_free"))
    initial["ph_low"], initial["ph_high"] = traits.get("ph") or (None, None)
    initial["other_strengths"] = substance.other_strengths
    amounts = {(one.get("species"), one.get("kind")): one.get("amount") for one in traits.get("ceilings", [])}
    initial |= {field: amounts.get((species, kind)) for field, species, kind, _unit in CEILINGS if species == "horse"}
    return initial


def trait_words(substance: Substance, clinic: Clinic) -> list[tuple[Any, str]]:
    """Return what is known of a substance in a mix, label and words; what is not known is left out. One statement."""
    form = TraitFields(initial=initial_traits(substance))
    form.substance = substance
    form.offer_same_medicines(clinic)
    said = []
    for name in ("known", "preserved", "materials", "ingredient", "food_chain"):
        field, value = form.fields[name], form.initial[name]
        if isinstance(field, forms.ChoiceField):
            codes = value if isinstance(value, list) else [value or ""]
            value = ", ".join(str(words) for code, words in field.choices if code and code in codes)
        said.append((field.label, field.prepare_value(value)))
    ends = [number_format(form.initial[name]) for name in ("ph_low", "ph_high") if form.initial[name] is not None]
    said.append((_("pH"), "–".join(ends)))
    return [(label, words) for label, words in said if words]


def _same(strength: dict[str, str]) -> tuple[Decimal | None, str]:
    return _number(strength.get("strength")), strength.get("unit", "")


def _number(amount: object) -> Decimal | None:
    try:
        return Decimal(str(amount))
    except InvalidOperation:
        return None
