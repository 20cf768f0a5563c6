"""The editor of a series: rows and text say the same, and what is wrong is said beside it."""

import pytest
from django.http import QueryDict
from hypothesis import given, settings

from protocols.cadence import parse
from protocols.forms.cadence import CadenceForm
from tests.protocols.test_cadence import cadences

TOTAL = {"cadence-rows-INITIAL_FORMS": "0"}


def posted(*rows: dict, text: str = "1x", written: str = "1x", **extra) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update({"cadence-rows-TOTAL_FORMS": str(len(rows)), **TOTAL})
    for index, row in enumerate(rows):
        row = {"ORDER": index + 1, "unit": "w", "window_unit": "w", **row}
        data.update({f"cadence-rows-{index}-{name}": str(value) for name, value in row.items()})
    data.update({"cadence-text": text, "cadence-written": written, **extra})
    return data


def as_posted(form: CadenceForm) -> QueryDict:
    """What a browser would send for an untouched form."""
    rows = [
        {name: value for name, value in row.initial.items() if value not in (None, False)} for row in form.rows.forms
    ]
    text = form.text.initial["text"]
    return posted(*rows, text=text, written=text)


@settings(max_examples=60)
@given(cadences())
def test_a_series_comes_back_from_its_rows_as_it_was(cadence):
    typed = CadenceForm(posted({"count": 1}, text=str(cadence)))
    if not typed.is_valid():
        assert len(cadence.phases) > 40
        assert "at most 40 phases" in typed.error
        return

    form = CadenceForm(as_posted(CadenceForm(initial=cadence)))

    assert (form.is_valid(), form.cadence) == (True, cadence)


def test_a_series_of_more_phases_than_rows_is_refused_as_text_with_what_to_do():
    text = ", ".join(["1x", *(f"1x{days}d" for days in range(1, 41))])

    assert not (form := CadenceForm(posted({"count": 1}, text=text))).is_valid()
    assert "at most 40 phases" in form.error
    assert CadenceForm(posted({"count": 1}, text=text.rpartition(",")[0])).is_valid()


def test_changed_rows_win_over_untouched_text():
    form = CadenceForm(posted({"count": 4, "gap": 1}))

    assert form.is_valid()
    assert form.cadence == parse("4x1w")


def test_changed_text_wins_over_untouched_rows():
    form = CadenceForm(posted({"count": 1}, text="D0 D7 D14"))

    assert form.is_valid()
    assert form.cadence == parse("1x, 2x7d") or str(form.cadence) == "1x, 1x7d, 1x7d"


def test_rows_and_text_changed_to_the_same_are_fine_and_to_different_things_are_not():
    agreeing = CadenceForm(posted({"count": 4, "gap": 1}, text="4x1w"))
    differing = CadenceForm(posted({"count": 4, "gap": 1}, text="5x1w"))

    assert agreeing.is_valid()
    assert not differing.is_valid()
    assert "different things" in differing.error


def test_a_fault_in_the_text_is_said_with_its_character():
    form = CadenceForm(posted({"count": 1}, text="4x1x"))

    assert not form.is_valid()
    assert form.error.startswith('The series cannot be read from its character 4 on, which is "x". Write phases')


def test_a_gap_left_out_with_from_and_to_is_a_range_and_else_a_window():
    form = CadenceForm(
        posted(
            {"count": 1},
            {"count": 2, "least": 4, "most": 6},
            {"goes_on": "on", "gap": 1, "least": 6, "most": 10, "window_unit": "d"},
        )
    )

    assert form.is_valid()
    assert str(form.cadence) == "1x, 2x4-6w, *x1w[6-10d]"


def test_rows_are_read_in_their_order_without_removed_and_blank_ones():
    rows = [
        {"count": 2, "gap": 2, "ORDER": 2},
        {"count": 1, "ORDER": 1},
        {"count": 9, "gap": 9, "DELETE": "on", "ORDER": ""},
        {"ORDER": 3},
    ]

    form = CadenceForm(posted(*rows))

    assert form.is_valid()
    assert str(form.cadence) == "1x, 2x2w"


@pytest.mark.parametrize(
    ("rows", "index", "field", "words"),
    [
        ([{"gap": 1}], 0, "count", "How many"),
        ([{"count": 0, "gap": 1}], 0, "count", "1 to 999"),
        ([{"count": -4, "gap": 1}], 0, "count", "1 to 999"),
        ([{"count": 1000000, "gap": 1}], 0, "count", "1 to 999"),
        ([{"count": "x\x00", "gap": 1}], 0, "count", "whole number"),
        ([{"count": 4}], 0, "gap", "How far"),
        ([{"count": 1}, {"count": 1}], 1, "gap", "How far"),
        ([{"goes_on": "on", "gap": 1}, {"count": 1, "gap": 1}], 0, "goes_on", "last phase"),
        ([{"goes_on": "on", "gap": 1, "gate": "on"}], 0, "gate", "no end"),
        ([{"count": 4, "gap": 1, "least": 6}], 0, "most", "both"),
        ([{"count": 4, "gap": 1, "least": 6, "most": 3, "window_unit": "d"}], 0, "__all__", "in order"),
        ([{"count": 4, "gap": 1, "least": 6, "most": 10, "window_unit": "mo"}], 0, "__all__", "months go with months"),
        ([{"count": 4, "gap": 1, "unit": "y"}], 0, "unit", "list"),
    ],
)
def test_a_fault_in_a_row_is_said_beside_it(rows, index, field, words):
    form = CadenceForm(posted(*rows))

    assert not form.is_valid()
    assert words in str(form.rows.forms[index].errors[field])


def test_no_row_at_all_is_refused_in_words():
    form = CadenceForm(posted())

    assert not form.is_valid()
    assert "at least one session" in form.error


def test_missing_and_absurd_form_counts_are_refused_and_never_an_error():
    assert not CadenceForm(QueryDict("cadence-text=&cadence-written=")).is_valid()
    assert not CadenceForm(posted(**{"cadence-rows-TOTAL_FORMS": "99999"})).is_valid()


def test_the_row_buttons_work_without_scripts():
    rows = ({"count": 1}, {"count": 2, "gap": 2})

    up = CadenceForm.answering_rows(posted(*rows, **{"rows-cadence-rows": "up-1"}))
    added = CadenceForm.answering_rows(posted(*rows, **{"rows-cadence-rows": "add"}))
    removed = CadenceForm.answering_rows(posted(*rows, **{"rows-cadence-rows": "remove-0"}))

    assert [form["count"].value() for form in up.rows.forms] == ["2", "1"]
    assert [form["ORDER"].value() for form in up.rows.forms] == ["1", "2"]
    assert len(added.rows.forms) == 3
    assert removed.is_valid()
    assert str(removed.cadence) == "2x2w"
    assert CadenceForm.answering_rows(posted(*rows)) is None
