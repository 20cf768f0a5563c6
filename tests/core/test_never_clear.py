"""No screen ever says that a horse is clear to compete, in any language: a rule gives an earliest time and no more."""

import dataclasses
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings

from protocols.services.catalogue import shipped_catalogue
from tests.words import TRANSLATED, folder, said

pytestmark = pytest.mark.once

ROOT = Path(settings.BASE_DIR)
CLEARED = re.compile(
    r"\b(clear(ed)?|safe|fit|ok(ay)?|allowed|free|ready|eligible|able) (to|for) (compet\w+|race|racing|start(?! )|show)"
    r"|\b(can|may|could) (now |again )?compete\b|\bclearance (is )?(given|granted)"
    r"|\b(apte|autoris\w+|libre|prêt\w*|bon(ne)?|admis\w*) (à|de|pour|en) (concour\w+|cour\w+|la compétition|l.épreuve)"
    r"|\bpeu(t|vent) (de nouveau |maintenant )?(concourir|courir)\b",
    re.IGNORECASE,
)


def clearing(texts):
    return [text for text in texts if CLEARED.search(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Clear to compete",
        "The horse is fit to compete.",
        "It may compete again",
        "safe for competition",
        "Le cheval est apte à concourir.",
        "Autorisé en compétition : bon pour la compétition",
        "Il peut concourir",
    ],
)
def test_the_search_finds_what_none_may_say(text):
    assert clearing([text])


@pytest.mark.parametrize(
    "text",
    ["Earliest possible by rule X is 3 March.", "a skin made numb may not compete (FEI)", "ne peut pas concourir"],
)
def test_the_search_lets_an_earliest_time_pass(text):
    assert not clearing([text])


def test_no_template_says_it():
    files = [*(ROOT / "templates").rglob("*.*"), *(ROOT / "sessions/printing/templates").rglob("*.typ")]

    assert len(files) > 200
    assert not [path for path in files if clearing([" ".join(path.read_text().split())])]


def test_no_word_of_the_product_says_it_in_english():
    texts = [one for message in said() for one in ([message.id] if isinstance(message.id, str) else message.id)]

    assert len(texts) > 3000
    assert not clearing(texts)


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_says_it(language):
    with (folder(language) / "django.po").open("rb") as file:
        catalog = read_po(file)
    texts = [
        one for message in catalog for one in ([message.string] if isinstance(message.string, str) else message.string)
    ]

    assert not clearing(texts)


def test_nothing_in_the_catalogue_says_it():
    catalogue = shipped_catalogue()
    entries = [one for table in dataclasses.fields(catalogue) for one in getattr(catalogue, table.name)]

    assert not clearing(str(dataclasses.asdict(one)) for one in entries)
