"""Every word a person reads has its translation, and what Django reads is that."""

import ast
import re
from datetime import datetime

import pytest
from django.utils import translation
from django.utils.formats import date_format

from protocols.citations import source_words
from protocols.models import Category, Indication, Protocol, Species, Substance, Technique
from tests import words

pytestmark = pytest.mark.once

HELD = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|</?[a-z][^>]*>")
MEND = "run `python -m tests.words`, translate what is empty in the .po, run it again"


@pytest.fixture(scope="module", params=words.TRANSLATED)
def language(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def kept(language):
    return words.messages(words.kept(language))


@pytest.mark.parametrize(
    ("name", "said", "kept"),
    [
        ("gettext", '_now("By this name")', "By this name"),
        ("gettext_lazy", '_now("By this name")', "By this name"),
        ("ngettext_lazy", '_now("%(n)d horse", "%(n)d horses", 2)', ("%(n)d horse", "%(n)d horses")),
    ],
)
def test_words_are_gathered_by_whatever_name_a_module_marks_them(tmp_path, monkeypatch, name, said, kept):
    (tmp_path / "patients").mkdir()
    source = f"from django.utils.translation import {name} as _now\n\nSAID = {said}\n"
    (tmp_path / "patients" / "forms.py").write_text(source)
    monkeypatch.setattr(words, "ROOT", tmp_path)

    found = {message.id for message in words.messages(words.said())}
    assert found - set(words.shipped_words()) == {kept}


def test_a_mark_gets_another_name_only_where_it_is_imported():
    """Words marked by a name given as in `_now = gettext` would not be gathered."""
    for path in words.python_files():
        given = (one.value for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.Assign))
        names = {getattr(one, "id", None) or getattr(one, "attr", None) for one in given}
        assert not names & set(words.MARKS), path


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


def test_no_line_of_french_begins_with_a_colon(kept, language):
    for message in kept:
        assert words.set_in_type(language, message.string) == message.string, MEND
    assert words.set_in_type("fr", "Quand : « demain » ?") == "Quand\u00a0: «\u00a0demain\u00a0»\u00a0?"
    assert words.set_in_type("fr", "à 10:30 :p") == "à 10:30 :p"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("j M Y", "22 fév. 2026"),
        ("D j M", "dim 22 fév."),
        ("j M Y, H:i", "22 fév. 2026, 09:05"),
        ("D j M H:i", "dim 22 fév. 09:05"),
    ],
)
def test_a_month_is_written_small_in_french(form, said):
    moment = datetime(2026, 2, 22, 9, 5)

    with translation.override("fr"):
        assert date_format(moment, form) == said
    with translation.override("en"):
        assert "Feb" in date_format(moment, form)


def test_what_the_shipped_catalogue_calls_things_is_said_in_french():
    with translation.override("fr"):
        assert str(Species(name="Horse")) == "Cheval"
        assert str(Indication(name="Plantar fasciitis")) == "Aponévrosite plantaire"
        assert str(Technique(name="Point by point")) == "Point par point"
        assert str(Category(name="Vasodilators")) == "Vasodilatateurs"
        assert str(Substance(name="Lidocaine")) == "Lidocaïne"
        assert str(Protocol(name="Hair loss: fortnightly, monthly, then quarterly")).startswith("Chute de cheveux")
        assert str(Indication(name="The clinic's own")) == "The clinic's own"
        assert str(Substance(name="The clinic's own")) == "The clinic's own"


def test_a_source_keeps_its_title_and_what_the_product_says_itself_is_in_french():
    source = "Founding text, human clinic page [SEED-H]; Ferrara et al. 2017, chronic spinal pain [S116]"

    with translation.override("fr"):
        said = source_words(source)

    assert said == "Texte fondateur, page d’un cabinet de médecine humaine; Ferrara et al. 2017, chronic spinal pain"
