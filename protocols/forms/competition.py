"""A rule of a sport's body as a clinic writes it: its own, or one of the shipped ones changed."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.models import Clinic
from protocols.forms.lists import ListField
from protocols.models import CompetitionRule
from protocols.models.competition import MOST_AMOUNT, AppliesTo, Counting
from protocols.queries import competition as queries
from protocols.services.competition import COLUMNS


def _text(label: Any, length: int, rows: int, **extra: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, widget=forms.Textarea(attrs={"rows": rows}), **extra)


class CompetitionRuleForm(Form):
    body = forms.CharField(label=_("Body"), max_length=80, help_text=_("Such as FEI or USEF: events name it."))
    name = forms.CharField(label=_("Rule"), max_length=200)
    counting = forms.ChoiceField(label=_("Counted in"), choices=Counting)
    amount = forms.IntegerField(
        label=_("How many"),
        required=False,
        min_value=1,
        max_value=MOST_AMOUNT,
        help_text=_("Empty where no time is stated."),
    )
    applies_to = forms.ChoiceField(label=_("About"), choices=AppliesTo)
    keys = ListField(
        label=_("Substances, categories and classes"),
        required=False,
        max_length=1000,
        help_text=_("Such as dexamethasone, anaesthetic. Only for a rule about some substances."),
    )
    route = forms.ChoiceField(label=_("Route"), required=False, choices=CompetitionRule.Route)
    max_mg_per_1000_lb = forms.DecimalField(
        label=_("Most mg in 24 hours per 1000 lb of horse"),
        required=False,
        min_value=Decimal("0.001"),
        max_digits=10,
        decimal_places=3,
    )
    text = _text(_("What it says"), 2000, 3, required=False)
    note = _text(_("Note"), 1000, 2, required=False)
    source = _text(_("Source"), 2000, 2, help_text=_("The text it stands in, and its edition or day."))
    valid_from = forms.DateField(label=_("Valid from"), required=False)
    valid_until = forms.DateField(label=_("Valid until"), required=False)
    checked_on = forms.DateField(label=_("Compared with its source on"))

    def __init__(
        self, *args: Any, clinic: Clinic, today: date, rule: CompetitionRule | None = None, **kwargs: Any
    ) -> None:
        self.clinic, self.today, self.rule = clinic, today, rule
        if rule is not None:
            kwargs["initial"] = {name: getattr(rule, name) for name in COLUMNS}
            words = queries.key_words(clinic, rule.keys)
            kwargs["initial"]["keys"] = [words[code] for code in rule.keys]
        super().__init__(*args, **kwargs)

    def clean_keys(self) -> list[str]:
        found, unknown = queries.key_codes(self.clinic, self.cleaned_data["keys"])
        if unknown:
            words = _now("No substance, category or class is called %(name)s here.")
            raise forms.ValidationError(words % {"name": unknown[0]})
        return found

    def clean_checked_on(self) -> date:
        day = self.cleaned_data["checked_on"]
        if day > self.today:
            raise forms.ValidationError(_now("This day is still to come."))
        return day

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if "amount" not in self.errors and (values.get("amount") is None) != (values.get("counting") == Counting.NONE):
            self.add_error("amount", _now("Say how many, from 1 to 1000, or that no time is stated."))
        if "keys" not in self.errors and bool(values.get("keys")) != (values.get("applies_to") == AppliesTo.SUBSTANCES):
            self.add_error("keys", _now("Name the substances, or say that the rule is about any injection."))
        return values

    @property
    def columns(self) -> dict[str, Any]:
        """What the service writes."""
        return {name: self.cleaned_data[name] for name in COLUMNS}
