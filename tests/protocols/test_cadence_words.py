"""A series in words."""

import pytest
from django.utils import translation

from protocols.cadence import CadenceError, parse
from protocols.words import cadence_fault, cadence_words

SAID = {
    "1x": "1 session.",
    "4x1w@15": "4 sessions of 15 minutes, 1 week apart.",
    "1x@30, 3x1w@15!, 1x2w@30, 1x3w, *x4-6w": (
        "1 session of 30 minutes; then 3 sessions of 15 minutes, 1 week apart, then a review; "
        "then 1 session of 30 minutes, 2 weeks later; then 1 session, 3 weeks later; "
        "then sessions, 4 to 6 weeks apart, for as long as they help."
    ),
    "*x1mo@20": "sessions of 20 minutes, 1 month apart, for as long as they help.",
    "4x1w[6-10d]": "4 sessions, 1 week (6 to 10 days) apart.",
    "2x3-3d": "2 sessions, 3 days apart.",
    "no cadence": "no cadence",
}


@pytest.mark.parametrize(("text", "words"), SAID.items())
def test_a_series_is_said_in_one_sentence(text, words):
    assert cadence_words(text) == words


def test_phases_are_parted_as_french_parts_them():
    with translation.override("fr"):
        assert " semaine\u00a0; puis " in cadence_words("4x1w, 4x1w@20").replace("semaines", "semaine")


@pytest.mark.parametrize(
    ("text", "english", "french"),
    [
        ("4y1w", 'from its character 2 on, which is "y"', "à partir de son caractère 2"),
        ("4x", "is not finished", "n’est pas terminée"),
        ("4x1w," * 400, "too long", "trop longue"),
    ],
)
def test_a_fault_of_the_notation_is_said_in_the_readers_words_with_an_example(text, english, french):
    with pytest.raises(CadenceError) as fault:
        parse(text)

    with translation.override("en"):
        assert english in cadence_fault(fault.value)
    with translation.override("fr"):
        assert french in cadence_fault(fault.value)
