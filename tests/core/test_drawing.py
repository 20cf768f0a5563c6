"""The widgets drawn as strings are, letter by letter, what Django's own templates give."""

import datetime as dt

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from mesoclinic.core.drawing import DRAWN, draw

pytestmark = pytest.mark.once

NASTY = "\"><b>O'Neill</b> & Søn \n 🐎"
VALUES = (None, "", 0, False, 1234567, 1.5, NASTY, mark_safe("<i>safe</i>"))
ATTRS = {"id": NASTY, "class": "form-control", "required": True, "disabled": False, "data-n": 1000, "maxlength": None}
CHOICES = [
    ("", "---------"),
    ("left", NASTY),
    (1000, gettext_lazy("Right")),
    (None, mark_safe("<i>safe</i>")),
    (1, 1234567),
    (NASTY, [("a", "A"), ("b", dt.date(2026, 3, 31))]),
]
PLAIN = (
    *(forms.TextInput, forms.NumberInput, forms.EmailInput, forms.URLInput, forms.HiddenInput, forms.PasswordInput),
    *(forms.DateInput, forms.DateTimeInput, forms.TimeInput, forms.CheckboxInput, forms.Textarea),
)


def both(template_name: str, context: dict) -> tuple[str | None, str]:
    return draw(template_name, context), DjangoTemplates().render(template_name, context)


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("attrs", [{}, ATTRS])
def test_a_plain_widget_is_drawn_as_its_template_would(kind, value, attrs):
    widget = kind()

    ours, djangos = both(widget.template_name, widget.get_context(NASTY, value, attrs))

    assert ours == djangos


@pytest.mark.parametrize("kind", [forms.Select, forms.SelectMultiple])
@pytest.mark.parametrize("value", [None, "", "left", 1000, NASTY, ["left", "b"]])
def test_a_list_of_options_is_drawn_as_its_template_would(kind, value):
    widget = kind(choices=CHOICES)

    ours, djangos = both("django/forms/widgets/select.html", widget.get_context(NASTY, value, ATTRS))

    assert ours == djangos


@pytest.mark.parametrize("kind", [forms.RadioSelect, forms.CheckboxSelectMultiple])
def test_an_option_without_its_label_is_drawn_as_its_template_would(kind):
    widget = kind(choices=CHOICES)
    options = [option for _name, group, _n in widget.optgroups(NASTY, ["left"], ATTRS) for option in group]

    drawn = [both(one["template_name"], {"widget": {**one, "wrap_label": False}}) for one in options]

    assert [ours for ours, _djangos in drawn] == [djangos for _ours, djangos in drawn]
    assert draw(options[0]["template_name"], {"widget": {**options[0], "wrap_label": True}}) is None


def test_every_template_drawn_here_is_one_of_djangos():
    assert all(DjangoTemplates().get_template(name) for name in DRAWN)
