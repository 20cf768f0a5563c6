"""Somebody is addressed in the first language wished for that the program has words in."""

import pytest

from mesoclinic.core.languages import spoken


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        (("fr", "en"), "fr"),
        (("", "fr"), "fr"),
        (("ro", "fr"), "fr"),  # Django writes dates in it, the program has no words
        (("ro", "xx", ""), "en"),
        ((), "en"),
    ],
)
def test_the_first_language_with_words_is_spoken(wishes, language):
    assert spoken(*wishes) == language
