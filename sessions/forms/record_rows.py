"""The rows of a session record's form: mix lines, sites, reactions."""

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic.core.forms import AnyDecimal, Form
from mesoclinic.core.wording import date_format
from protocols.forms.packs import PackField, number_in, read_pack
from protocols.models import Lot
from protocols.models.substances import StrengthUnit
from protocols.words import unit_words
from sessions.models.adverse_events import Severity
from sessions.models.courses import BodySide
from sessions.models.follow_ups import EventOutcome
from sessions.models.records import GivenRole
from sessions.queries.record_options import RecordOptions
from sessions.recording import LineGiven, ReactionSeen, SiteTreated, text_of

MOST_ML = Decimal(1000)
SYRINGES = [(letter, letter) for letter in "ABCD"]
TYPED_LOT = "typed"
MOST_POINTS = 5000  # tapped on the map of one record
LONGEST_MAP = 2_500_000  # as much as a page may send at all; what counts is the number of points


def with_blank(choices, blank="—"):
    return [("", blank), *((value, label) for value, label in choices if value)]


def ml(label, *, required: bool, above_zero: bool = False):
    lowest = Decimal("0.001") if above_zero else Decimal(0)
    return forms.DecimalField(
        label=label, required=required, min_value=lowest, max_value=MOST_ML, max_digits=7, decimal_places=3
    )


def depth():
    return forms.DecimalField(
        label=gettext_lazy("Depth (mm)"),
        required=False,
        min_value=Decimal("0.1"),
        max_value=Decimal(13),
        max_digits=4,
        decimal_places=1,
    )


def count(label, most: int, least: int = 1):
    return forms.IntegerField(label=label, required=False, min_value=least, max_value=most)


class LineForm(Form):
    """One line of the mix as given."""

    substance = forms.TypedChoiceField(label=gettext_lazy("Substance"), required=False, coerce=int, empty_value=None)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=GivenRole.choices, initial="add_in", required=False)
    strength = forms.DecimalField(
        label=gettext_lazy("Strength"),
        required=False,
        min_value=Decimal("0.0001"),
        max_value=Decimal(99999999),
        max_digits=12,
        decimal_places=4,
    )
    strength_unit = forms.ChoiceField(
        label=gettext_lazy("Unit"), choices=with_blank(StrengthUnit.choices), required=False
    )
    syringe = forms.ChoiceField(label=gettext_lazy("Syringe"), choices=SYRINGES, initial="A", required=False)
    prepared_ml = ml(gettext_lazy("Drawn up (mL)"), required=False, above_zero=True)
    given_ml = ml(gettext_lazy("Given (mL)"), required=False)
    wasted_ml = AnyDecimal(
        label=gettext_lazy("Thrown away (mL)"), min_value=0, max_value=MOST_ML, max_digits=7, decimal_places=3
    )
    lot = forms.ChoiceField(label=gettext_lazy("Lot"), required=False)
    lot_number = PackField(label=gettext_lazy("Lot number, or scan the pack"), required=False)
    expires_on = forms.DateField(label=gettext_lazy("Expires on"), required=False)

    def __init__(self, *args: Any, options: RecordOptions, **kwargs: Any) -> None:
        self.options = options
        super().__init__(*args, **kwargs)
        names = [(row.pk, str(row)) for row in options.substances.values()]
        self.fields["substance"].choices = with_blank(names, _("Choose a substance"))
        self._pick_by_lot()
        self.chosen = self._chosen()
        if self.chosen is None:
            self.fields["lot"].choices = [("", _("Not said")), *self._all_lots()]
            return
        self.fields["substance"].widget = forms.HiddenInput()
        self.fields["lot"].widget = forms.RadioSelect()
        own = options.lots.get(self.chosen.pk, [])
        named = [(str(lot.pk), lot_words(lot, is_first=lot is own[0] and len(own) > 1)) for lot in own]
        self.fields["lot"].choices = [*named, *self._other(), (TYPED_LOT, _("Another lot"))]

    def _pick_by_lot(self) -> None:
        """A pack scanned into an empty row names its substance, where only one has a lot of that number."""
        if not self.is_bound or self["substance"].value():
            return
        number = number_in(str(self["lot_number"].value() or ""))
        if (found := self.options.substance_of_number(number)) is not None:
            self.data = self.data.copy()
            self.data[self.add_prefix("substance")] = str(found)

    def _other(self) -> list[tuple[str, str]]:
        """A lot of another substance that was chosen, so that it stays chosen: the mix check says what is wrong."""
        lot = self._lot_of(self["lot"].value())
        if lot is None or lot.substance_id == self.chosen.pk:
            return []
        return [(str(lot.pk), f"{lot_words(lot)} · {lot.substance}")]

    def _lot_of(self, key: Any) -> Lot | None:
        return self.options.lot_by_id.get(int(key)) if str(key or "").isdecimal() and len(str(key)) < 19 else None

    def _chosen(self):
        raw = self["substance"].value()
        return self.options.substances.get(int(raw)) if str(raw or "").isdecimal() and len(str(raw)) < 19 else None

    @property
    def role_words(self) -> str:
        return str(dict(GivenRole.choices).get(self["role"].value() or "", ""))

    def _all_lots(self):
        return [*lots_by_substance(self.options), (TYPED_LOT, _("Another lot"))]

    def clean(self):
        data = super().clean()
        if data.get("DELETE") or not self.has_changed():
            return data
        if not data.get("substance") and "substance" not in self.errors:
            self.add_error("substance", _("Choose a substance, or remove this row."))
        for name in ("prepared_ml", "given_ml"):
            if data.get(name) is None and name not in self.errors:
                self.add_error(name, _("How many mL?"))
        self._compare(data)
        if not (data.get("lot") or "").isdecimal():
            read_pack(self, "lot_number")
        self._read_lot(data)
        self._read_strength(data)
        return data

    def _compare(self, data: dict[str, Any]) -> None:
        prepared, given = data.get("prepared_ml"), data.get("given_ml")
        wasted = data.get("wasted_ml") or Decimal(0)
        if prepared is not None and given is not None and given + wasted > prepared:
            message = _("More than was drawn up (%(ml)s mL).") % {"ml": text_of(prepared)}
            self.add_error("given_ml" if given > prepared else "wasted_ml", message)

    def _read_lot(self, data: dict[str, Any]) -> None:
        lot = self._lot_of(data.get("lot"))
        if lot is not None and data.get("substance") not in (None, lot.substance_id):
            data["lot_number"], data["expires_on"], lot = lot.number, lot.expires_on, None  # as if it was typed
        lot = lot or self._named_lot(data)
        data["lot_row"] = lot
        if lot is not None:
            data["lot_number"], data["expires_on"] = lot.number, lot.expires_on

    def _named_lot(self, data: dict[str, Any]) -> Lot | None:
        """The one lot whose number was typed or scanned instead of tapped; it may be one that is not offered."""
        number, day, substance = data.get("lot_number") or "", data.get("expires_on"), data.get("substance")
        same = self.options.lots_of_number(substance, number) if number and substance else []
        return same[0] if len(same) == 1 and day in (None, same[0].expires_on) else None

    def _read_strength(self, data: dict[str, Any]) -> None:
        if data.get("strength") is not None and not data.get("strength_unit"):
            self.add_error("strength_unit", _("Choose the unit."))
        elif data.get("strength") is None and "strength" not in self.errors:
            source = self.options.substances.get(data.get("substance"))
            lot = data["lot_row"]
            source = lot if lot is not None and lot.strength is not None else source
            data["strength"] = source.strength if source is not None else None
            data["strength_unit"] = source.strength_unit if data["strength"] is not None else ""

    def leave_gaps(self) -> None:
        """Say nothing of what is not filled in yet: somebody is still composing."""
        for name in ("substance", "prepared_ml", "given_ml"):
            if not self[name].value():
                self.errors.pop(name, None)

    def given(self) -> LineGiven:
        data = self.cleaned_data
        return LineGiven(
            substance_id=data["substance"],
            role=data["role"] or "add_in",
            prepared_ml=data["prepared_ml"],
            given_ml=data["given_ml"],
            wasted_ml=data["wasted_ml"] or Decimal(0),
            strength=data["strength"],
            strength_unit=data["strength_unit"],
            syringe=data["syringe"] or "A",
            lot_id=data["lot_row"].pk if data["lot_row"] else None,
            lot_number=data["lot_number"],
            expires_on=data["expires_on"],
        )


class SiteForm(Form):
    """Where: a region with its points."""

    region = forms.CharField(label=gettext_lazy("Region"), required=False, max_length=80)
    side = forms.ChoiceField(label=gettext_lazy("Side"), choices=with_blank(BodySide.choices), required=False)
    row = count(gettext_lazy("Row"), 99)
    points = count(gettext_lazy("Points"), MOST_POINTS)
    volume_per_point_ml = forms.DecimalField(
        label=gettext_lazy("mL per point"),
        required=False,
        min_value=Decimal("0.001"),
        max_value=Decimal(100),
        max_digits=6,
        decimal_places=3,
    )
    depth_mm = depth()
    technique = forms.TypedChoiceField(
        label=gettext_lazy("Technique here"), required=False, coerce=int, empty_value=None, choices=()
    )
    syringe = forms.ChoiceField(label=gettext_lazy("Syringe"), choices=SYRINGES, initial="A", required=False)
    is_reactive = forms.BooleanField(label=gettext_lazy("Stings here"), required=False)
    map_points = forms.CharField(required=False, widget=forms.HiddenInput, max_length=LONGEST_MAP)

    def __init__(self, *args: Any, options: RecordOptions, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        same = _("As above")
        self.fields["technique"].choices = with_blank([(row.pk, str(row)) for row in options.techniques], same)
        self.fields["region"].widget.attrs |= {"list": f"regions-{options.species}", "autocomplete": "off"}

    def clean_map_points(self):
        text = self.cleaned_data["map_points"]
        try:
            points = json.loads(text) if text else []
        except (ValueError, RecursionError):
            points = None
        if not isinstance(points, list) or not all(_is_map_point(point) for point in points):
            raise ValidationError(_("The points on the body map could not be read. Tap them again."))
        return tuple(tuple(point) for point in points)

    def clean(self):
        data = super().clean()
        if self.has_changed() and not data.get("DELETE") and not data.get("region") and "region" not in self.errors:
            self.add_error("region", _("Name the region, or remove this row."))
        return data

    def add_points(self, before: int) -> int:
        """Return how many points the map has with this place; refuse the place's when that is more than it holds."""
        total = before + len(self.cleaned_data.get("map_points") or ())
        if total <= MOST_POINTS:
            return total
        words = _("The body map holds at most %(most)s points; with this place there are %(count)s. Take some away.")
        self.add_error("map_points", words % {"most": MOST_POINTS, "count": total})
        return before

    def treated(self) -> SiteTreated:
        data = self.cleaned_data
        return SiteTreated(
            region=data["region"],
            side=data["side"],
            row=data["row"],
            technique_id=data["technique"],
            depth_mm=data["depth_mm"],
            points=data["points"],
            volume_per_point_ml=data["volume_per_point_ml"],
            syringe=data["syringe"] or "A",
            is_reactive=data["is_reactive"],
            map_points=tuple(point if data["is_reactive"] else point[:3] for point in data["map_points"]),
        )


def _is_map_point(point: Any) -> bool:
    """Whether this is [view, x, y], with a 1 behind where it stung."""
    if (
        not isinstance(point, list)
        or len(point) not in (3, 4)
        or not all(type(one) is int and one == 1 for one in point[3:])
    ):
        return False
    if not isinstance(point[0], str) or len(point[0]) > 20:
        return False
    return all(type(number) in (int, float) and -10_000 < number < 10_000 for number in point[1:3])


class ReactionForm(Form):
    """Something unwanted that was seen."""

    kind = forms.CharField(label=gettext_lazy("What happened"), required=False, max_length=100)
    severity = forms.ChoiceField(
        label=gettext_lazy("How bad"), choices=Severity.choices, initial=Severity.MILD, required=False
    )
    onset_on = forms.DateField(label=gettext_lazy("Since"), required=False)
    description = forms.CharField(label=gettext_lazy("Description"), required=False, max_length=2000)
    action = forms.CharField(label=gettext_lazy("What was done"), required=False, max_length=2000)

    def clean_onset_on(self):
        day = self.cleaned_data["onset_on"]
        if day is not None and day > timezone.localdate():
            raise ValidationError(_("This day is still to come. Choose today or an earlier day."))
        return day

    def not_before(self, day: date) -> None:
        """Refuse an onset before the local day of the session: nothing of it can have caused that."""
        onset = self.cleaned_data.get("onset_on")
        if onset is not None and onset < day:
            words = _("This is before the session of %(day)s. Enter it with the session before, as told later.")
            self.add_error("onset_on", words % {"day": date_format(day, "j M Y")})

    def clean(self):
        data = super().clean()
        if self.has_changed() and not data.get("DELETE") and not data.get("kind") and "kind" not in self.errors:
            self.add_error("kind", _("Say what happened, or remove this row."))
        return data

    def seen(self) -> ReactionSeen:
        data = self.cleaned_data
        return ReactionSeen(
            kind=data["kind"],
            severity=data["severity"] or Severity.MILD,
            onset_on=data["onset_on"],
            description=data["description"],
            action=data["action"],
        )


class RecordReactionForm(ReactionForm):
    """A reaction seen at the session itself: how it went on and the suspected lot may be known already."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("How it went on"),
        choices=with_blank(EventOutcome.choices, gettext_lazy("Not known")),
        required=False,
    )
    suspected_lot = forms.TypedChoiceField(
        label=gettext_lazy("Suspected lot"), required=False, coerce=int, empty_value=None, choices=()
    )

    def __init__(self, *args: Any, options: RecordOptions, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["suspected_lot"].choices = [("", _("None")), *lots_by_substance(options)]

    def suspect_only(self, lot_ids: Collection[int | None]) -> None:
        """Refuse a lot that stands in no line of the mix."""
        lot = self.cleaned_data.get("suspected_lot")
        if lot is not None and lot not in lot_ids:
            self.add_error("suspected_lot", _("This lot was not given at that session."))

    def seen(self) -> ReactionSeen:
        data = self.cleaned_data
        return replace(super().seen(), outcome=data["outcome"], suspected_lot_id=data["suspected_lot"])


def lots_by_substance(options: RecordOptions) -> list[tuple[str, list[tuple[str, str]]]]:
    """The lots to choose from, under the names of their substances."""
    return [
        (str(options.substances[key]), [(str(lot.pk), lot_words(lot)) for lot in found])
        for key, found in options.lots.items()
        if key in options.substances
    ]


def lot_words(lot, *, is_first: bool = False) -> str:
    left = text_of(lot.stock_ml) if getattr(lot, "stock_ml", None) is not None else ""
    number = (
        lot.number if lot.is_as_usual else f"{lot.number} · {text_of(lot.strength)} {unit_words(lot.strength_unit)}"
    )
    words = {"number": number, "day": date_format(lot.expires_on, "j M Y"), "left": left}
    if is_first:
        return _("%(number)s · until %(day)s, the first to expire · %(left)s mL") % words
    return _("%(number)s · until %(day)s · %(left)s mL") % words
