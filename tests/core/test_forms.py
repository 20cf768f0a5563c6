"""Forms answer every bad input in words, beside the field."""

import datetime as dt
from decimal import Decimal

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.utils import translation

from mesoclinic.core.form_rows import rows_asked
from mesoclinic.core.forms import AnyDecimal, AnyWhole, Form
from patients.forms.places import PlaceForm
from sessions.forms.record_rows import LineForm


class Sample(Form):
    name = forms.CharField()
    notes = forms.CharField(required=False, widget=forms.Textarea)
    on = forms.DateField(required=False)
    at = forms.DateTimeField(required=False)
    from_time = forms.TimeField(required=False)
    volume_ml = forms.DecimalField(required=False)
    shots = forms.IntegerField(required=False)
    phone = forms.CharField(required=False)
    side = forms.ChoiceField(required=False, choices=[("left", "Left"), ("right", "Right")])


def errors(**data) -> dict:
    return Sample({"name": "Bella", **data}).errors


def cleaned(**data) -> dict:
    form = Sample({"name": "Bella", **data})
    assert form.is_valid(), form.errors
    return form.cleaned_data


@pytest.mark.parametrize(
    ("stored", "shown"), [("20.0000", "20"), ("0.50", "0.5"), ("100", "100"), ("0.000", "0"), ("1E+3", "1000")]
)
def test_a_stored_number_is_shown_without_idle_zeros(stored, shown):
    assert f'value="{shown}"' in str(Sample(initial={"volume_ml": Decimal(stored)})["volume_ml"])


def test_a_number_typed_stays_as_it_was_typed():
    assert 'value="1.50"' in str(Sample({"name": "", "volume_ml": "1.50"})["volume_ml"])


@pytest.mark.parametrize("name", ["Bel\x00la", "Bel\x1bla"])
def test_an_invisible_character_is_refused_in_words(name):
    assert "invisible character" in errors(name=name)["name"][0]


def test_emoji_accents_and_line_breaks_are_kept():
    assert cleaned(name="Zoë 🐎", notes="one\ntwo")["notes"] == "one\ntwo"


@pytest.mark.parametrize(("field", "length"), [("name", 201), ("notes", 10_000)])
def test_text_has_a_cap(field, length):
    assert field in errors(**{field: "x" * length})


@pytest.mark.parametrize("on", ["9999-01-01", "1899-12-31", "0001-01-01", "2101-01-01"])
def test_a_year_out_of_bounds_is_refused_in_words(on):
    assert errors(on=on)["on"] == ["Enter a year between 1900 and 2100."]
    assert "at" in errors(at=f"{on}T10:00")


@pytest.mark.parametrize("on", ["2026-02-30", "tomorrow", "2026-13-01", "\x00"])
def test_an_impossible_day_is_refused_in_words(on):
    assert errors(on=on)["on"] == ["Enter a real date, like 2026-03-31."]


def test_the_browsers_own_dates_are_read():
    data = cleaned(on="2026-03-31", at="2026-03-31T14:30")

    assert data["on"] == dt.date(2026, 3, 31)
    assert data["at"].hour == 14


@pytest.mark.parametrize(
    ("language", "text", "volume"),
    [
        ("en", "1,5", "1.5"),
        ("fr", "1,5", "1.5"),
        ("en", "1.5", "1.5"),
        ("fr", "1,500", "1.500"),
        ("en", "0,125", "0.125"),
    ],
)
def test_a_decimal_comma_is_read_as_a_point(language, text, volume):
    with translation.override(language):
        assert cleaned(volume_ml=text)["volume_ml"] == Decimal(volume)


def test_a_number_that_can_be_read_two_ways_is_refused():
    assert errors(volume_ml="1,500")["volume_ml"] == ["1,500 can be read two ways. Write 1500 or 1.500."]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e400", "9" * 5000, "1,5,5", "1.000,5", "x"])
def test_what_is_no_number_is_refused(text):
    assert "volume_ml" in errors(volume_ml=text)


@pytest.mark.parametrize("text", ["1e3", "1E3", "1e+3", "1,5e2", "-2e-1", ".5e1"])
def test_a_number_with_an_exponent_is_refused_in_words(text):
    assert errors(volume_ml=text)["volume_ml"] == ["Write the number out, without an “e”: like 1500 or 1.5."]
    assert errors(volume_ml="1_000")["volume_ml"] == ["Enter a number, like 1.5."]


@pytest.mark.parametrize("text", ["1.5", "9" * 20, "9" * 5000, "-9999999999", "abc"])
def test_what_is_no_whole_number_is_refused(text):
    assert "shots" in errors(shots=text)


def test_a_wrong_field_is_marked_explained_and_gets_the_cursor():
    html = str(Sample({"name": "Bella", "side": "up"}))

    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_side_error"' in html
    assert 'id="id_side_error"' in html
    assert html.count("autofocus") == 1


def test_what_was_typed_stays():
    assert 'value="not a day"' in str(Sample({"name": "Bella", "on": "not a day"}))


def test_inputs_carry_native_types_and_no_inline_style():
    html = str(Sample())

    for part in (
        'type="date"',
        'type="datetime-local"',
        'inputmode="decimal"',
        'inputmode="numeric"',
    ):
        assert part in html
    assert "style=" not in html


def test_a_text_that_is_too_long_is_refused_in_words_and_not_cut_by_the_browser():
    form = Sample({"name": "x" * 10_000})

    assert form.errors["name"] == ["Enter at most 200 characters; these are 10000."]
    assert "maxlength" not in str(form)
    assert "x" * 10_000 in str(form)


def posted(**data) -> QueryDict:
    query = QueryDict(mutable=True)
    query.update({"p-TOTAL_FORMS": "2", "p-0-gap": "1w", "p-1-gap": "2w", **data})
    return query


@pytest.mark.parametrize("time", ["25:00", "noon", "\x00"])
def test_an_impossible_time_is_refused_with_what_to_do(time):
    assert errors(from_time=time)["from_time"] == ["Enter a real time, like 14:30."]


def test_row_buttons_work_without_scripts():
    assert rows_asked(posted(), "p") is None
    assert rows_asked(posted(rows="add"), "p")["p-TOTAL_FORMS"] == "3"
    assert rows_asked(posted(rows="remove-1"), "p")["p-1-DELETE"] == "on"
    swapped = rows_asked(posted(rows="down-0"), "p")
    assert (swapped["p-0-gap"], swapped["p-1-gap"]) == ("2w", "1w")


@pytest.mark.parametrize("rows", ["up-0", "down-1", "remove-9", "up-x", "down-", "remove-" + "9" * 30])
def test_a_row_button_that_makes_no_sense_changes_nothing(rows):
    changed = rows_asked(posted(rows=rows), "p")

    assert (changed["p-TOTAL_FORMS"], changed["p-0-gap"], changed["p-1-gap"]) == ("2", "1w", "2w")
    assert "p-9-DELETE" not in changed


@pytest.mark.parametrize("number", ["12", "0639", "ask Marie", "-"])
def test_a_phone_number_nobody_can_call_is_refused(number):
    assert "too short to call" in errors(phone=number)["phone"][0]


@pytest.mark.parametrize("number", ["", "06 39 98 60 11", "+33 6 39 98 60 11, evenings", "01.99.00.60.17"])
def test_a_whole_phone_number_is_taken_as_it_was_typed(number):
    assert cleaned(phone=number)["phone"] == number


@pytest.mark.parametrize("number", ["9" * 201, "1\x00", "\x00" * 201, "06 39 98 60 11\x1b" + "x" * 200])
def test_one_sentence_beside_a_field_is_enough(number):
    assert len(errors(phone=number)["phone"]) == 1
    assert len(errors(name="\x00" * 10_000)["name"]) == 1


class Bounded(Form):
    shots = forms.IntegerField(min_value=1, max_value=999)
    depth_mm = forms.DecimalField(min_value=Decimal("0.1"), max_digits=4, decimal_places=1)
    name = forms.CharField(max_length=5)


def test_a_bound_is_said_as_what_to_enter():
    low = Bounded({"shots": "0", "depth_mm": "-1", "name": "Marengo"}).errors
    high = Bounded({"shots": "1000000", "depth_mm": "2.25", "name": "Bella"}).errors

    assert low["shots"] == ["Enter 1 or more."]
    assert low["depth_mm"] == ["Enter 0.1 or more."]
    assert low["name"] == ["Enter at most 5 characters; these are 7."]
    assert high["shots"] == ["Enter 999 or less."]
    assert high["depth_mm"] == ["Too many digits after the point: 1 at most."]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("1.25555", "Too many digits after the point: 1 at most."),
        ("480,55555", "Too many digits after the point: 1 at most."),
        ("12345", "Too many digits before the point: 3 at most."),
        ("1234.5", "Too many digits before the point: 3 at most."),
    ],
)
def test_too_many_digits_are_said_on_their_side_of_the_point(typed, words):
    assert Bounded({"shots": "1", "depth_mm": typed, "name": "Bella"}).errors["depth_mm"] == [words]


class Idle(Form):
    minutes = AnyWhole(min_value=0)
    wasted_ml = AnyDecimal(min_value=0, max_digits=7, decimal_places=3)


@pytest.mark.parametrize("nothing", [0, Decimal("0.000"), None])
def test_a_zero_nobody_entered_is_shown_as_an_empty_field(nothing):
    form = Idle(initial={"minutes": nothing, "wasted_ml": nothing})

    assert "value=" not in str(form["minutes"]) + str(form["wasted_ml"])


def test_an_empty_field_means_zero_and_a_typed_zero_stays_on_the_page():
    nothing, typed = Idle({"minutes": "", "wasted_ml": ""}), Idle({"minutes": "0", "wasted_ml": "0,0"})

    assert nothing.is_valid()
    assert typed.is_valid()
    assert nothing.cleaned_data == typed.cleaned_data == {"minutes": 0, "wasted_ml": 0}
    assert 'value="0"' in str(typed["minutes"])
    assert Idle({"minutes": "-1"}).errors["minutes"] == ["Enter 0 or more."]
    assert not Idle({"minutes": "", "wasted_ml": ""}, initial={"minutes": 0, "wasted_ml": 0}).has_changed()


def test_no_form_begins_with_an_idle_zero():
    """A number that need not be entered is an `AnyWhole` or an `AnyDecimal`: at one place, not form by form."""
    for field in (PlaceForm.base_fields["travel_min"], LineForm.base_fields["wasted_ml"]):
        assert field.prepare_value(0) is None
        assert field.clean("") == 0
    assert "value=" not in str(PlaceForm()["travel_min"])


def test_a_file_without_content_is_refused_with_what_to_do():
    class Scan(Form):
        scan = forms.FileField()

    assert Scan({}, {"scan": SimpleUploadedFile("a.pdf", b"")}).errors["scan"] == [
        "This file is empty. Choose another one."
    ]
    assert Scan({}, {}).errors["scan"] == ["Choose a file."]
