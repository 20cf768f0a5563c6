"""A field drawn as a string is what `components/_field.html` gives."""

import re

import pytest
from django import forms
from django.utils.safestring import mark_safe

from mesoclinic.core.field_drawing import draw_field
from mesoclinic.core.forms import Form, Renderer

pytestmark = pytest.mark.once

NASTY = "\"><b>O'Neill</b> & Søn"
CHOICES = [("left", NASTY), ("right", "Right")]


class Kinds(Form):
    needed_in_part = ("owner",)

    owner = forms.CharField(label="Owner", required=False)
    words = forms.CharField(label=NASTY)
    helped = forms.CharField(label="Helped", help_text="Up to <b>two</b> words & more", required=False)
    named = forms.CharField(label=mark_safe("<i>safe</i>"), required=False, initial=NASTY)
    ticked = forms.BooleanField(label=NASTY, required=False, help_text="Only <b>once</b>")
    must = forms.BooleanField(label="Must")
    side = forms.ChoiceField(choices=CHOICES, required=False)
    unseen = forms.CharField(widget=forms.HiddenInput, initial=NASTY)
    group = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect)


def squeezed(html: str) -> str:
    return re.sub(r"\s*([<>]|(?<=class=\"field) \")\s*", r"\1", re.sub(r"\s+", " ", html)).strip()


@pytest.mark.parametrize("name", [name for name in Kinds.base_fields if name != "group"])
@pytest.mark.parametrize("data", [None, dict.fromkeys(Kinds.base_fields, "left")])
@pytest.mark.parametrize("prefix", [None, "row-0"])
def test_a_field_is_drawn_as_its_template_would(name, data, prefix):
    field = Kinds(prefix=prefix, data=data and {f"{prefix}-{key}" if prefix else key: "left" for key in data})[name]

    template = Renderer().get_template("components/_field.html").render({"field": field})

    assert squeezed(draw_field(field)) == squeezed(template)
    assert squeezed(field.as_field_group()) == squeezed(template)


def test_what_is_wrong_and_a_group_are_drawn_by_the_template():
    wrong = Kinds(data={})

    assert draw_field(wrong["words"]) is None
    assert 'id="id_words_error"' in wrong["words"].as_field_group()
    assert draw_field(Kinds()["group"]) is None
    assert "<legend" in Kinds()["group"].as_field_group()


def test_what_is_needed_once_its_part_is_chosen_is_never_called_optional():
    kinds = Kinds()

    assert "optional" in kinds["helped"].as_field_group()
    assert "optional" not in kinds["owner"].as_field_group()


def test_words_that_are_not_safe_are_escaped():
    drawn = draw_field(Kinds()["words"])

    assert "<b>O'Neill" not in drawn
    assert "&lt;b&gt;O&#x27;Neill" in drawn
