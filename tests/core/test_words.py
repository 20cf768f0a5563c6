"""Every word a person reads has its translation, and what Django reads is that."""

import re

import pytest
from django.utils import translation

from tests import words

HELD = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|</?[a-z][^>]*>")
MEND = "run `python -m tests.words`, translate what is empty in the .po, run it again"


@pytest.fixture(scope="module", params=words.TRANSLATED)
def language(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def kept(language):
    return words.messages(words.kept(language))


def _key(message) -> tuple:
    return words.forms(message.id), message.context or ""


def test_every_word_said_has_a_translation_and_no_other_is_kept(language, kept):
    said = {_key(message) for message in words.messages(words.said())}

    assert {_key(message) for message in kept if words.is_whole(message)} == said, MEND


def test_a_translation_holds_the_same_places_to_fill_in(kept):
    """Of one and of many, the form for one may leave out the number."""
    for message in kept:
        own, theirs = words.forms(message.id), words.forms(message.string)
        filled = set(HELD.findall(own[-1]))
        assert set(HELD.findall(theirs[-1])) == filled, message.id
        for form in theirs[:-1]:
            assert set(HELD.findall(form)) <= filled | set(HELD.findall(own[0])), message.id


def test_what_is_read_by_the_server_is_what_is_kept(language):
    assert (words.folder(language) / "django.mo").read_bytes() == words.compiled(words.kept(language)), MEND


def test_words_come_back_in_french():
    with translation.override("fr"):
        assert translation.gettext("Today") == "Aujourd’hui"
        assert translation.ngettext("%(days)d day later", "%(days)d days later", 1) % {"days": 1} == "1 jour plus tard"
        assert translation.ngettext("%(days)d day later", "%(days)d days later", 0) % {"days": 0} == "0 jour plus tard"
