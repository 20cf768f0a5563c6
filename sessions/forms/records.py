"""The form of a session record: header, mix lines, sites and reactions, read into plain values."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mesoclinic.core.form_rows import RowFault, anchor_of, row_faults
from mesoclinic.core.forms import Form
from mesoclinic.core.identity_forms import PROOFS, IdentityForm
from mesoclinic.core.localtime import local_day
from patients.forms.weights import check_weight
from protocols.models.protocols import Device
from sessions.forms.record_rows import TYPED_LOT, LineForm, RecordReactionForm, SiteForm, count, depth, with_blank
from sessions.models.records import EffectUnit, RatedBy
from sessions.queries.record_options import RecordOptions
from sessions.recording import TYPED_FIELDS, RecordContent, ScoreGiven, text_of

MOST_ROWS = 60
RELIEFS = ("15", "30", "45", "60", "90")  # relief starts after 30 to 60 seconds: the founding equine text
EFFECT_DAYS = (1, 3, 7, 14)
RATED_BY = dict(RatedBy.choices)
REASON = forms.CharField(required=False, max_length=500)


class RecordForm(Form):
    """Everything of a record that stands there once. Scores come from the scales of the species."""

    needed_in_part = ("performed_by",)  # a draft may be kept without, done it may not

    checklist_clear = forms.BooleanField(label=gettext_lazy("Asked, and nothing to report"), required=False)
    checklist_yes = forms.MultipleChoiceField(
        label=gettext_lazy("Answered with yes"), required=False, widget=forms.CheckboxSelectMultiple
    )
    checklist_note = forms.CharField(label=gettext_lazy("What was said"), required=False, max_length=500)
    weight_kg = forms.DecimalField(label=gettext_lazy("Weight (kg)"), required=False, decimal_places=2)
    weight_is_estimated = forms.BooleanField(label=gettext_lazy("Estimated"), required=False)
    is_dry = forms.BooleanField(label=gettext_lazy("Dry: needle without a mix"), required=False)
    technique = forms.TypedChoiceField(
        label=gettext_lazy("Technique"), required=False, coerce=int, empty_value=None, choices=()
    )
    device = forms.ChoiceField(label=gettext_lazy("Device"), required=False, choices=with_blank(Device.choices))
    device_number = forms.CharField(
        label=gettext_lazy("Device and sterile part (number, lot)"), required=False, max_length=120
    )
    needle = forms.CharField(label=gettext_lazy("Needle"), required=False, max_length=80)
    needle_length_mm = forms.DecimalField(
        label=gettext_lazy("Needle length (mm)"),
        required=False,
        min_value=Decimal("0.1"),
        max_value=Decimal(200),
        max_digits=4,
        decimal_places=1,
    )
    depth_mm = depth()
    shots = count(gettext_lazy("Shots in all"), 5000)
    relief_seconds = count(gettext_lazy("Seconds until it felt better"), 86400, 0)
    effect_duration = forms.DecimalField(
        label=gettext_lazy("The effect of last time lasted"),
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(9999),
        max_digits=6,
        decimal_places=1,
    )
    effect_unit = forms.ChoiceField(
        label=gettext_lazy("Hours or days"), required=False, choices=with_blank(EffectUnit.choices)
    )
    sedation = forms.CharField(label=gettext_lazy("Sedation (medicine, dose, by whom)"), required=False, max_length=300)
    aftercare = forms.CharField(
        label=gettext_lazy("Aftercare told"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    notes = forms.CharField(
        label=gettext_lazy("Notes"), required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3})
    )
    performed_at = forms.DateTimeField(label=gettext_lazy("When it was given"), required=False)
    performed_by = forms.TypedChoiceField(
        label=gettext_lazy("Given by"), required=False, coerce=int, empty_value=None, choices=()
    )

    def __init__(self, *args: Any, options: RecordOptions, **kwargs: Any) -> None:
        self.options = options
        super().__init__(*args, **kwargs)
        self.fields["checklist_yes"].choices = [(item.code, _(item.question)) for item in options.questions]
        self.fields["technique"].choices = with_blank([(row.pk, str(row)) for row in options.techniques])
        self.fields["performed_by"].choices = _givers(options)
        for scale in options.scales:
            self._add_scale(scale)

    def _add_scale(self, scale) -> None:
        animal = self.options.is_animal
        steps = [(str(choice.value), _(choice.said_of(animal))) for choice in scale.choices]
        steps = steps or [(str(step), str(step)) for step in range(scale.minimum, scale.maximum + 1)]
        moments = {"before": _("before"), "after": _("after")}
        for moment in scale.rated_when:
            self.fields[f"{scale.code}_{moment}"] = forms.ChoiceField(
                label=f"{_(scale.named_for(animal))}, {moments[moment]}",
                required=False,
                choices=steps,
                widget=forms.RadioSelect,
            )
        raters = [rater for rater in scale.rated_by if (rater != "owner") == (not self.options.is_animal)]
        raters = [rater for rater in scale.rated_by if rater in raters or rater == "clinician"]
        self.fields[f"{scale.code}_rated_by"] = forms.ChoiceField(
            label=_("Rated by"),
            required=False,
            choices=[(rater, RATED_BY[rater]) for rater in raters or scale.rated_by],
        )

    reliefs = RELIEFS

    @property
    def effects(self) -> list[tuple[int, str]]:
        """How long the effect of last time may have lasted, one tap each: (days, words)."""
        return [(days, ngettext("%(n)d day", "%(n)d days", days) % {"n": days}) for days in EFFECT_DAYS]

    @property
    def scales(self) -> list[dict[str, Any]]:
        """The scales with their fields, for the page: {code, before, after, rated_by}."""
        return [
            {
                "code": scale.code,
                "name": _(scale.named_for(self.options.is_animal)),
                "question": _(scale.asked_of(self.options.is_animal)),
                "has_words": bool(scale.choices),
                **{moment: self[f"{scale.code}_{moment}"] for moment in scale.rated_when},
                "rated_by": self[f"{scale.code}_rated_by"],
            }
            for scale in self.options.scales
        ]

    def clean_weight_kg(self):
        check_weight(self.cleaned_data["weight_kg"], self.options.usual_weights_kg)
        return self.cleaned_data["weight_kg"]

    def clean_performed_at(self):
        at = self.cleaned_data["performed_at"]
        if at is not None and at > timezone.now() + timedelta(minutes=5):
            raise ValidationError(_("This time is still to come. Enter when it was given."))
        return at

    def clean(self):
        data = super().clean()
        if data.get("checklist_clear") and data.get("checklist_yes"):
            self.add_error("checklist_clear", _("You ticked “nothing to report” and answered with yes. Keep one."))
        if data.get("effect_duration") is not None and not data.get("effect_unit"):
            self.add_error("effect_unit", _("Choose hours or days."))
        if data.get("effect_duration") is None and "effect_duration" not in self.errors:
            data["effect_unit"] = ""
        return data

    def scores(self) -> tuple[ScoreGiven, ...]:
        """What was rated, in the order of the scales."""
        data = self.cleaned_data
        return tuple(
            ScoreGiven(scale.code, moment, Decimal(value), self._rater(scale))
            for scale in self.options.scales
            for moment in scale.rated_when
            if (value := data.get(f"{scale.code}_{moment}"))
        )

    def _rater(self, scale) -> str:
        return self.cleaned_data.get(f"{scale.code}_rated_by") or self.fields[f"{scale.code}_rated_by"].choices[0][0]

    def checklist(self) -> dict[str, Any]:
        """Return the answers; one that is wrong counts as not given, so that the rest can still be shown."""
        data = self.cleaned_data
        clear, yes = data.get("checklist_clear", False), sorted(data.get("checklist_yes", []))
        note = data.get("checklist_note", "")
        if not (clear or yes or note):
            return {}
        return {"clear": clear, "yes": yes, "note": note, "asked": [item.code for item in self.options.questions]}


def _givers(options: RecordOptions) -> list[tuple[Any, Any]]:
    """Those who treat the species first, the others apart below."""
    treating, others = ([(one.pk, one.name) for one in few] for few in (options.treating, options.not_treating))
    return [*treating, (_("Treat other species"), others)] if treating and others else treating or others


def _rows(form_class):
    return forms.formset_factory(form_class, extra=0, can_delete=True, max_num=MOST_ROWS, absolute_max=MOST_ROWS + 5)


LineRows, SiteRows, ReactionRows = _rows(LineForm), _rows(SiteForm), _rows(RecordReactionForm)


class RecordForms:
    """The four forms of the page as one: bound to what was posted, or filled with a raw draft.

    `uid` begins every id on a page that holds several records; the names that are sent stay the same.
    """

    def __init__(
        self,
        options: RecordOptions,
        *,
        data: Mapping[str, Any] | None = None,
        raw: Mapping[str, Any] | None = None,
        uid: str = "",
    ) -> None:
        raw = raw or {}
        given, ids = {"options": options}, {"auto_id": f"{uid}id_%s"}
        self.options, self.data, self.uid = options, data, uid
        self.form = RecordForm(data, initial=raw.get("fields", {}), **given, **ids)
        self.lines = LineRows(data, prefix="lines", initial=_lot_chosen(raw.get("lines", [])), form_kwargs=given, **ids)
        places = _points_as_text(raw.get("sites", []))
        self.sites = SiteRows(data, prefix="sites", initial=places, form_kwargs=given, **ids)
        seen = raw.get("reactions", [])
        self.reactions = ReactionRows(data, prefix="reactions", initial=seen, form_kwargs=given, **ids)
        # Why a finding is gone past, by its key, as it was typed.
        self.reasons: dict[str, str] = _reasons(data) if data is not None else dict(raw.get("overrides", {}))

    @property
    def parts(self):
        return (self.form, self.lines, self.sites, self.reactions)

    def is_valid(self) -> bool:
        valid = [part.is_valid() for part in self.parts]  # every part, so that every error shows
        points = 0
        for form in _kept(self.sites):
            points = form.add_points(points)
        valid.append(self.sites.is_valid())
        if all(valid):
            given = {line.lot_id for line in self.content().lines}
            for form in _kept(self.reactions):
                form.suspect_only(given)
                form.not_before(self._day())
            valid = [not form.errors for form in self.reactions]
        return all(valid) and not self.wrong_reasons

    def _day(self) -> date:
        """The local day it was given, once that is valid: as typed, else the day of the choices."""
        at = self.form.cleaned_data["performed_at"]
        return local_day(at, self.options.site.zone) if at else self.options.on

    @cached_property
    def wrong_reasons(self) -> dict[str, str]:
        """What is wrong with a reason, by the key of its finding."""
        found = {}
        for key, reason in self.reasons.items():
            try:
                REASON.clean(reason)
            except ValidationError as error:
                found[key] = error.messages[0]
        return found

    def content(self) -> RecordContent:
        """Return what was typed, once it is valid; overrides are added from the check's findings."""
        values = {name: self.form.cleaned_data[name.removesuffix("_id")] for name in TYPED_FIELDS}
        return RecordContent(
            **values,
            checklist=self.form.checklist(),
            lines=tuple(form.given() for form in _kept(self.lines)),
            sites=tuple(form.treated() for form in _kept(self.sites)),
            scores=self.form.scores(),
            reactions=tuple(form.seen() for form in _kept(self.reactions)),
        )

    def partial_content(self) -> RecordContent:
        """Return what can be understood already, for the live sums and findings."""
        self.is_valid()
        data = self.form.cleaned_data
        values = {name: data[key] for name in TYPED_FIELDS if (key := name.removesuffix("_id")) in data}
        values = {name: value for name, value in values.items() if value is not None}
        return replace(
            RecordContent(**values),
            checklist=self.form.checklist(),
            lines=tuple(form.given() for form in _kept(self.lines) if _understood(form)),
            sites=tuple(form.treated() for form in _kept(self.sites) if not form.errors),
        )

    def raw(self) -> dict[str, Any]:
        """Return the very words that were typed."""
        fields = {name: self.form[name].value() for name in self.form.fields}
        return {
            "fields": {name: _as_text(value) for name, value in fields.items()},
            "lines": [_typed_row(form) for form in self.lines if not _is_deleted(form)],
            "sites": [_typed_row(form) for form in self.sites if not _is_deleted(form)],
            "reactions": [_typed_row(form) for form in self.reactions if not _is_deleted(form)],
            "overrides": {key: _as_text(reason) for key, reason in self.reasons.items()},
        }

    def faults(self) -> list[RowFault]:
        """List what is wrong in the order it stands on the page, for links to it."""
        own = [RowFault(str(field.label), anchor_of(field), str(one)) for field in self.form for one in field.errors]
        lists = {_("Mix"): self.lines, _("Places"): self.sites, _("Reactions"): self.reactions}
        rows = [fault for name, formset in lists.items() for fault in row_faults(formset, name)]
        reasons = [
            RowFault(_("Given all the same because"), f"{self.uid}mix-check", one)
            for one in self.wrong_reasons.values()
        ]
        return [*own, *rows, *reasons]

    def errors(self) -> dict[str, str]:
        """Return the first message of every wrong field, by the name it has on the page."""
        wrong = {self.form.add_prefix(name): messages[0] for name, messages in self.form.errors.items()}
        for rows in (self.lines, self.sites, self.reactions):
            for form in rows:
                wrong |= {form.add_prefix(name): messages[0] for name, messages in form.errors.items()}
        return wrong


def _kept(rows):
    return [form for form in rows if form.has_changed() and not _is_deleted(form)]


def _understood(form: LineForm) -> bool:
    volumes = {"given_ml", "wasted_ml", "prepared_ml"}
    needed = {"substance", "role", "strength", "strength_unit", "syringe", "lot", "lot_number", "expires_on"}
    if not form.cleaned_data.get("substance") or needed & form.errors.keys():
        return False
    for name in volumes:
        form.cleaned_data.setdefault(name, None)
    return True


def _is_deleted(form) -> bool:
    return bool(form["DELETE"].value())


def _typed_row(form) -> dict[str, Any]:
    return {name: _as_text(form[name].value()) for name in form.fields if name != "DELETE"}


def _as_text(value: Any) -> Any:
    if isinstance(value, list):
        return [str(one).replace("\x00", "")[:60] for one in value][:100]
    return text_of(value).replace("\x00", "")


def _reasons(data) -> dict[str, str]:
    keys, reasons = data.getlist("override_key"), data.getlist("override_reason")
    pairs = zip(keys, reasons, strict=False)
    return {key.replace("\x00", "")[:500]: reason for key, reason in pairs if reason}


def _lot_chosen(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A lot typed by hand has no key: the choice "another lot" stands for it.

    A lot that is chosen has its own number and day, which are not shown: they would stay behind beside another.
    """
    by_hand = [row | {"lot": TYPED_LOT if row.get("lot_number") else ""} for row in rows]
    own = {"lot_number": "", "expires_on": ""}
    return [
        row | own if row.get("lot") not in ("", None, TYPED_LOT) else typed
        for row, typed in zip(rows, by_hand, strict=True)
    ]


def _points_as_text(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        row | {"map_points": json.dumps(row["map_points"])} if isinstance(row.get("map_points"), list) else row
        for row in rows
    ]


class SignForm(IdentityForm):
    """Which records are signed, ticked in a list; who signs; and why, where somebody else gave the session."""

    record = forms.Field(label=gettext_lazy("Records"), required=False, widget=forms.CheckboxSelectMultiple)
    reason = forms.CharField(
        label=gettext_lazy("Why you sign for somebody else"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("For records somebody else gave, such as a colleague who has left. Both names stay."),
    )

    field_order = ("record", "reason", *PROOFS)
