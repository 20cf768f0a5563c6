"""A number, a flag or a note on a country's law in the clinic's own way."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.clinic_forms import country_choices
from mesoclinic.core.forms import Form
from mesoclinic.core.models import Clinic
from protocols.forms.lists import ListField
from protocols.models import MixRule, Species
from protocols.queries import competition
from protocols.queries.mix_rules import LimitLine, RuleLine


def _source(**extra: Any) -> forms.CharField:
    return forms.CharField(label=_("Source"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), **extra)


class LimitForm(Form):
    value = forms.DecimalField(label=_("Number"), min_value=0, decimal_places=3)  # its bounds are the service's
    source = _source(help_text=_("Where the clinic has this number from."))

    def __init__(self, *args: Any, line: LimitLine, **kwargs: Any) -> None:
        kwargs["initial"] = {"value": line.value, "source": line.source if line.row is not None else ""}
        super().__init__(*args, **kwargs)
        if line.number.may_be_empty:
            self.fields["value"].required = False
            self.fields["value"].help_text = _("Empty: this rule says nothing.")


class RuleForm(Form):
    """How loud, which sentence, by which source: all one may change of a shipped flag or note."""

    level = forms.ChoiceField(label=_("Level"), choices=MixRule.Level)
    text = forms.CharField(
        label=_("Sentence"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("[substance] stands for the products it is about."),
    )
    source = _source()

    def __init__(self, *args: Any, clinic: Clinic, line: RuleLine | None = None, **kwargs: Any) -> None:
        self.clinic = clinic
        if line is not None:
            words = line.holds
            kwargs["initial"] = {"level": words.level, "text": words.text, "source": words.source, **_own(clinic, line)}
        super().__init__(*args, **kwargs)

    @property
    def columns(self) -> dict[str, Any]:
        """What the service writes."""
        return {name: self.cleaned_data[name] for name in self.fields}


class OwnNoteForm(RuleForm):
    """A note of the clinic's own: also about what and whom."""

    keys = ListField(
        label=_("Only for these substances, categories and classes"),
        required=False,
        max_length=1000,
        help_text=_("Empty: for every mix."),
    )
    species = forms.MultipleChoiceField(
        label=_("Only for"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None ticked means all.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["species"].choices = Species.objects.values_list("code", "name")

    def clean_keys(self) -> list[str]:
        found, unknown = competition.key_codes(self.clinic, self.cleaned_data["keys"])
        if unknown:
            words = _now("No substance, category or class is called %(name)s here.")
            raise forms.ValidationError(words % {"name": unknown[0]})
        return found


class NewNoteForm(OwnNoteForm):
    country = forms.ChoiceField(label=_("Country"), choices=country_choices)

    field_order = ("country", "level", "text", "source", "keys", "species")


def _own(clinic: Clinic, line: RuleLine) -> dict[str, Any]:
    if line.shipped is not None:
        return {}
    words = competition.key_words(clinic, line.keys)
    return {"keys": [words[code] for code in line.keys], "species": list(line.species)}
