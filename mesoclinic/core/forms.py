"""Forms that answer every bad input in words: the renderer that draws them and the base classes to build on."""

import datetime as dt
import re
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import django.forms
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import (
    DecimalValidator,
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
    ProhibitNullCharactersValidator,
)
from django.forms.renderers import DjangoTemplates
from django.utils import formats
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.drawing import draw
from mesoclinic.core.field_drawing import draw_field
from mesoclinic.core.refused import Refused

LINE_CAP = 200
TEXT_CAP = 4000
FIRST_DAY = dt.date(1900, 1, 1)
LAST_DAY = dt.date(2100, 12, 31)
LARGEST_INTEGER = 2_147_483_647
LARGEST_DECIMAL = Decimal("1000000000")
CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
FEWEST_PHONE_DIGITS = 6
WITH_EXPONENT = re.compile(r"[+-]?[\d.,]+e[+-]?\d+", re.IGNORECASE)
LIKE_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")

PLAIN_INPUTS = (forms.widgets.Input, forms.Textarea)
TICK_INPUTS = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple)


class FieldWithLook(forms.BoundField):
    """A bound field whose widget carries Bootstrap's classes and says when it is wrong."""

    def build_widget_attrs(self, attrs, widget=None):
        attrs = super().build_widget_attrs(attrs, widget)
        widget = widget or self.field.widget
        look = self._look(widget)
        if look:
            wrong = "is-invalid" if self.errors else ""
            given = [attrs.get("class", ""), widget.attrs.get("class", "")]
            attrs["class"] = " ".join(dict.fromkeys(" ".join([look, wrong, *given]).split()))
        return attrs

    @staticmethod
    def _look(widget) -> str:
        if isinstance(widget, TICK_INPUTS):
            return "form-check-input"
        if widget.is_hidden:
            return ""
        if isinstance(widget, forms.Select):
            return "form-select"
        if isinstance(widget, PLAIN_INPUTS):
            return "form-control"
        return ""

    @property
    def is_optional(self) -> bool:
        """Whether the label says so: not of what has to be filled in once its part of the form is chosen."""
        return not self.field.required and self.name not in getattr(self.form, "needed_in_part", ())

    @property
    def is_tick(self) -> bool:
        """Whether the label stands after the control, as beside a check box."""
        return isinstance(self.field.widget, forms.CheckboxInput)


class Renderer(DjangoTemplates):
    """Draws forms and fields with the pieces in `templates/components`."""

    form_template_name = "components/_fields.html"
    field_template_name = "components/_field.html"
    bound_field_class = FieldWithLook

    @cached_property
    def engine(self):
        folders = [settings.BASE_DIR / "templates", Path(django.forms.__file__).parent / "templates"]
        return self.backend({"APP_DIRS": True, "DIRS": folders, "NAME": "forms", "OPTIONS": {}})

    def render(self, template_name, context, request=None):
        if template_name == self.field_template_name:
            drawn = draw_field(context["field"])
        else:
            drawn = draw(template_name, context)
        return super().render(template_name, context, request) if drawn is None else drawn


def refuse_control_characters(value: object) -> None:
    """Refuse invisible characters that no database or printer takes. Raises ValidationError."""
    if CONTROL_CHARACTER.search(str(value)):
        message = _("This text holds an invisible character that cannot be kept. Please type it again.")
        raise ValidationError(message, code="control_character")


def as_plain_decimal(text: str) -> str:
    """Read a decimal comma as a point; refuse what can be read two ways or nobody writes. Raises ValidationError."""
    text = text.strip().replace("\u00a0", "").replace("\u202f", "")
    if WITH_EXPONENT.fullmatch(text):
        raise ValidationError(_("Write the number out, without an “e”: like 1500 or 1.5."), code="invalid")
    if "_" in text:
        raise ValidationError(_("Enter a number, like 1.5."), code="invalid")
    if "," not in text:
        return text
    if text.count(",") > 1 or "." in text:
        raise ValidationError(_("Enter a number without thousands separators, like 1500 or 1.5."), code="invalid")
    if formats.get_format("DECIMAL_SEPARATOR") != "," and LIKE_THOUSANDS.fullmatch(text):
        message = _("%(given)s can be read two ways. Write %(whole)s or %(part)s.")
        words = {"given": text, "whole": text.replace(",", ""), "part": text.replace(",", ".")}
        raise ValidationError(message, code="ambiguous", params=words)
    return text.replace(",", ".")


def without_idle_zeros(value: object) -> object:
    """Give a stored number as people write it: 20, not 20.0000. What was typed stays as it was typed."""
    return Decimal(f"{value.normalize():f}") if isinstance(value, Decimal) and value.is_finite() else value


class CarefulForm:
    """What `Form` and `ModelForm` share: native inputs, bounds, plain words, the cursor on the first error.

    A field built with its own `max_length`, `min_value`, `max_value` keeps them. `needed_in_part` names the fields that
    may stay empty only together with the whole part of the form they belong to.
    """

    needed_in_part: tuple[str, ...] = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            make_careful(field)
            if name == "phone":
                field.validators.append(check_phone)
                field.widget.input_type = "tel"

    def add_field(self, name: str, field: forms.Field) -> None:
        """Take one more field, as careful as those the form began with."""
        make_careful(field)
        self.fields[name] = field

    def full_clean(self):
        super().full_clean()
        if self.is_bound:
            self._put_cursor_on_first_error()

    def refuse(self, refused: Refused) -> None:
        """Show why a service said no, beside the field it names."""
        self.add_error(refused.field if refused.field in self.fields else None, refused.message)
        self._put_cursor_on_first_error()

    def _put_cursor_on_first_error(self) -> None:
        wrong = next(
            (name for name, field in self.fields.items() if name in self._errors and not _is_hidden(field)), None
        )
        if wrong:
            for field in self.fields.values():
                field.widget.attrs.pop("autofocus", None)
            self.fields[wrong].widget.attrs["autofocus"] = True


def _is_hidden(field: forms.Field) -> bool:
    return field.widget.is_hidden


class Form(CarefulForm, forms.Form):
    """The base of every form that is not bound to a model."""


class ModelForm(CarefulForm, forms.ModelForm):
    """The base of every form of a model."""


class TableField(forms.FileField):
    """A table another program wrote; what is wrong with it, an empty one too, is said when it is read."""

    def __init__(self, **kwargs):
        widget = forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"})
        super().__init__(label=_("File"), max_length=200, allow_empty_file=True, widget=widget, **kwargs)
        self.error_messages["max_length"] = _("This file's name is too long. Give it a shorter one.")


class EmptyIsZero:
    """A number nobody has to enter: an empty field means 0, and a 0 nobody entered is shown as an empty field."""

    def __init__(self, **kwargs):
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value):
        return None if isinstance(value, int | Decimal) and value == 0 else super().prepare_value(value)

    def clean(self, value):
        return super().clean(value) or 0

    def has_changed(self, initial, data):
        return super().has_changed(initial or None, data)


class AnyWhole(EmptyIsZero, forms.IntegerField):
    """A whole number, or nothing for 0."""


class AnyDecimal(EmptyIsZero, forms.DecimalField):
    """A decimal number, or nothing for 0."""


def make_careful(field: forms.Field) -> None:
    """Give a field native widgets, bounds and messages a person can act on."""
    _say_what_to_do(field)
    _say_one_thing(field)
    if isinstance(field, forms.DateTimeField):
        _make_datetime(field)
    elif isinstance(field, forms.DateField):
        _make_date(field)
    elif isinstance(field, forms.TimeField):
        _use_native(field, forms.TimeInput, "time", "%H:%M")
        field.error_messages["invalid"] = _("Enter a real time, like 14:30.")
    elif isinstance(field, forms.DecimalField | forms.FloatField):
        _make_decimal(field)
    elif isinstance(field, forms.IntegerField):
        _make_integer(field)
    elif isinstance(field, forms.CharField):
        _make_text(field)
    elif isinstance(field, forms.ModelMultipleChoiceField):
        _make_choices(field)


def _say_what_to_do(field: forms.Field) -> None:
    words = field.error_messages
    is_choice = isinstance(field, forms.ChoiceField)  # a ModelChoiceField is one too
    if isinstance(field, forms.IntegerField):  # and decimals with it
        words.setdefault("min_value", _("Enter %(limit_value)s or more."))
        words.setdefault("max_value", _("Enter %(limit_value)s or less."))
        words.setdefault("max_decimal_places", _("Too many digits after the point: %(max)s at most."))
        words.setdefault("max_digits", _("Too many digits: %(max)s at most."))
        words.setdefault("max_whole_digits", _("Too many digits before the point: %(max)s at most."))
    elif isinstance(field, forms.CharField):
        words.setdefault("max_length", _("Enter at most %(limit_value)d characters; these are %(show_value)d."))
    elif isinstance(field, forms.FileField):
        words["empty"] = _("This file is empty. Choose another one.")
        words["invalid"] = _("No file arrived. Choose it again.")
    if words.get("required") is forms.Field.default_error_messages["required"]:
        words["required"] = _("Choose one.") if is_choice else _("Please fill this in.")
    if isinstance(field, forms.FileField):
        words["required"] = _("Choose a file.")
    if isinstance(field, forms.BooleanField) and field.required:
        words["required"] = _("Tick this to go on.")
    if is_choice and "invalid_choice" in words:
        words["invalid_choice"] = _("Choose one from the list; what was sent is not in it any more.")


def _say_one_thing(field: forms.Field) -> None:
    """Name only the first of the rules a value breaks: who mends that one types all of it again."""
    run_validators = field.run_validators

    def run_to_the_first(value: object) -> None:
        try:
            run_validators(value)
        except ValidationError as error:
            raise error.error_list[0] from None

    field.run_validators = run_to_the_first


def _use_native(field: forms.Field, plain: type[forms.Widget], kind: str, form: str) -> None:
    """Make the browser's own picker of a date or time input; other widgets stay as they are."""
    if type(field.widget) is not plain:
        return
    field.widget.input_type = kind
    field.widget.format = form
    field.input_formats = [form, *field.input_formats]


def _make_date(field: forms.DateField) -> None:
    _use_native(field, forms.DateInput, "date", "%Y-%m-%d")
    _bound_days(field, FIRST_DAY, LAST_DAY)
    field.error_messages["invalid"] = _("Enter a real date, like 2026-03-31.")


def _make_datetime(field: forms.DateTimeField) -> None:
    _use_native(field, forms.DateTimeInput, "datetime-local", "%Y-%m-%dT%H:%M")
    utc = dt.UTC
    first = dt.datetime.combine(FIRST_DAY, dt.time.min, utc)
    _bound_days(field, first, dt.datetime.combine(LAST_DAY, dt.time.max, utc))
    field.error_messages["invalid"] = _("Enter a real date and time, like 2026-03-31 14:30.")


def _bound_days(field: forms.Field, first: dt.date, last: dt.date) -> None:
    message = _("Enter a year between 1900 and 2100.")
    field.validators += [MinValueValidator(first, message), MaxValueValidator(last, message)]


def _make_decimal(field: forms.DecimalField | forms.FloatField) -> None:
    if type(field.widget) is forms.NumberInput:
        # As text: a browser drops "1,5" from a number input without a word.
        field.widget = forms.TextInput(attrs={**field.widget.attrs, "inputmode": "decimal", "autocomplete": "off"})
    field.widget.attrs.pop("step", None)
    field.localize = field.widget.is_localized = True
    read, show = field.to_python, field.prepare_value
    field.to_python = lambda value: read(as_plain_decimal(value) if isinstance(value, str) else value)
    field.prepare_value = lambda value: show(without_idle_zeros(value))
    if isinstance(field, forms.DecimalField):
        _say_which_digits(field)
    field.validators += [MaxValueValidator(LARGEST_DECIMAL), MinValueValidator(-LARGEST_DECIMAL)]
    field.error_messages["invalid"] = _("Enter a number, like 1.5.")


def _say_which_digits(field: forms.DecimalField) -> None:
    """Say on which side of the point the digits are too many: their sum is nothing anybody counts."""
    most, places, words = field.max_digits, field.decimal_places, field.error_messages
    if places is None:
        return

    def check(value: Decimal) -> None:
        _sign, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int):
            return
        if -exponent > places:
            raise ValidationError(words["max_decimal_places"], code="max_decimal_places", params={"max": places})
        if most is not None and len(digits) + exponent > most - places:
            raise ValidationError(words["max_whole_digits"], code="max_whole_digits", params={"max": most - places})

    own = next(at for at, one in enumerate(field.validators) if isinstance(one, DecimalValidator))
    field.validators.insert(own, check)


def _make_integer(field: forms.IntegerField) -> None:
    if type(field.widget) is forms.NumberInput:
        field.widget = forms.TextInput(attrs={**field.widget.attrs, "inputmode": "numeric", "autocomplete": "off"})
    field.validators += [MaxValueValidator(LARGEST_INTEGER), MinValueValidator(-LARGEST_INTEGER)]
    field.error_messages["invalid"] = _("Enter a whole number, like 12.")


def _make_choices(field: forms.ModelMultipleChoiceField) -> None:
    """Refuse a key too long for SQLite like any other that is not on the list."""
    clean = field.clean

    def careful(value: object) -> object:
        try:
            return clean(value)
        except OverflowError:
            raise ValidationError(field.error_messages["invalid_choice"], code="invalid_choice") from None

    field.clean = careful


def check_phone(value: str) -> None:
    """Refuse what is too short to be called back; words beside the number stay ("06 39 98 60 11, evenings")."""
    if sum(sign.isdigit() for sign in value) < FEWEST_PHONE_DIGITS:
        raise ValidationError(_("This number is too short to call. Type all of it, such as 06 39 98 60 11."))


def _make_text(field: forms.CharField) -> None:
    field.validators = [v for v in field.validators if not isinstance(v, ProhibitNullCharactersValidator)]
    field.validators.insert(0, refuse_control_characters)
    if field.max_length is None and not isinstance(field, forms.JSONField | forms.UUIDField):
        field.max_length = TEXT_CAP if isinstance(field.widget, forms.Textarea) else LINE_CAP
        field.validators.append(MaxLengthValidator(field.max_length))
    # A browser would cut a longer text without a word, and who pasted it would not see what is missing.
    field.widget.attrs.pop("maxlength", None)
