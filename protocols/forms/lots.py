"""Forms of the stock: receive, open, waste, count, recall, correct."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import Form
from mesoclinic.core.models import Clinic
from protocols.forms.packs import PackField, read_pack
from protocols.forms.strengths import strength_field, strength_unit_field, whole_strength
from protocols.models import Lot
from protocols.queries import substances as substance_queries


def _ml(label: Any, **extra: Any) -> forms.DecimalField:
    extra = {"min_value": 0, "max_value": 1_000_000, "max_digits": 10, "decimal_places": 3, **extra}
    return forms.DecimalField(label=label, **extra)


def _above_zero_ml(label: Any, **extra: Any) -> forms.DecimalField:
    words = {"min_value": _("Enter a volume above 0 mL.")}
    return _ml(label, min_value=Decimal("0.001"), error_messages=words, **extra)


def _reason(*, required: bool = True) -> forms.CharField:
    return forms.CharField(label=_("Why"), required=required, max_length=300)


class ReceiveForm(Form):
    substance = forms.ModelChoiceField(None, label=_("Substance"), empty_label="—")
    number = PackField(label=_("Lot number"), help_text=_("As printed on the pack, or scan its barcode."))
    manufacturer = forms.CharField(label=_("Maker"), required=False, max_length=120)
    expires_on = forms.DateField(
        label=_("Expires on"),
        required=False,
        help_text=_("A month alone means its last day. Leave it empty when the barcode was scanned."),
    )
    volume_ml = _above_zero_ml(
        _("Volume received (mL)"), help_text=_("All packs together: 10 ampoules of 5 mL are 50.")
    )
    strength = strength_field(_("Strength on the pack"), help_text=_("Empty: the usual one of the substance."))
    strength_unit = strength_unit_field()
    low_stock_ml = _ml(_("Tell when at or below (mL)"), required=False, max_digits=9)
    beyond_use_days = forms.IntegerField(
        label=_("Days of use once opened"), required=False, min_value=0, max_value=3650
    )
    reason = forms.CharField(label=_("Delivery note or remark"), required=False, max_length=300)

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = substance_queries.substances(clinic).prefetch_related(None).filter(is_archived=False)
        self.fields["substance"].queryset = rows

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        read_pack(self, "number")
        if values.get("expires_on") is None and "expires_on" not in self.errors:
            self.add_error("expires_on", _("Please fill this in."))
        whole_strength(self, values)
        return values


class OpenVialForm(Form):
    beyond_use_on = forms.DateField(
        label=_("Use until"), required=False, help_text=_("Empty: the lot's own days of use.")
    )

    def about(self, lot: Lot) -> None:
        """Say that the day is needed, where the lot has no days of use; the service refuses to do without."""
        if lot.beyond_use_days is None:
            self.needed_in_part = ("beyond_use_on",)
            self.fields["beyond_use_on"].help_text = _(
                "Needed: this lot has no days of use. The leaflet or the label of the pack says them."
            )


class WasteForm(Form):
    volume_ml = _above_zero_ml(_("Volume thrown away (mL)"))
    reason = _reason()


class CountForm(Form):
    counted_ml = _ml(_("Counted on the shelf (mL)"))
    reason = _reason(required=False)


class RecallForm(Form):
    reason = forms.CharField(label=_("Why"), max_length=1000, help_text=_("Such as the maker's letter, with its date."))


class UndoRecallForm(Form):
    reason = _reason()


class LotForm(Form):
    """What describes a lot, corrected."""

    expires_on = forms.DateField(label=_("Expires on"))
    strength = strength_field(_("Strength on the pack"))
    strength_unit = strength_unit_field()
    low_stock_ml = _ml(_("Tell when at or below (mL)"), required=False, max_digits=9)
    beyond_use_days = forms.IntegerField(
        label=_("Days of use once opened"), required=False, min_value=0, max_value=3650
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        whole_strength(self, values)
        return values
