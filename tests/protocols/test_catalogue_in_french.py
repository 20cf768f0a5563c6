"""What the shipped catalogue says is French for whoever reads French; what the clinic wrote stays as it was typed."""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from html import unescape
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.translation import gettext, override

from mesoclinic.core.roles import Role
from protocols import dosing
from protocols.advice import advice_in_words
from protocols.catalogue.rows import competition_rule_rows
from protocols.citations import names_words, note_words, pair_words, rule_words, shipped_text
from protocols.dosing import Counting, Finding, LegalNote, Level
from protocols.models import CompetitionRule, Incompatibility, Protocol, Substance
from protocols.queries import pairs, protocols, substances
from protocols.queries.mix_tables import escaped
from protocols.queries.mixes import mix_substance
from protocols.services.catalogue import load_catalogue, shipped_catalogue
from protocols.words import finding_said
from sessions.queries.report_competitions import Competing, Counted, competition_dates
from sessions.queries.report_words import report_words
from tests import words
from tests.factories import make_clinic, make_user

ENGLISH_WORD = re.compile(r"[a-z]{3}")
NUMBER = re.compile(r"S?\d+(?:[.,]\d+)?")
RULE = CompetitionRule(
    **next(row.values for row in competition_rule_rows(shipped_catalogue()) if row.code == "fei-vr-1004")
)
OWN = "Ask Dr. Sandoval first.\nForms crystals."


def sentences() -> list[str]:
    """The shipped sentences as rows hold them, line by line."""
    return sorted({line for text in words.shipped_sentences(shipped_catalogue()) for line in text.splitlines() if line})


def numbers(text: str) -> list[str]:
    return sorted(number.replace(",", ".") for number in NUMBER.findall(text))


def plain(html: str) -> str:
    return " ".join(unescape(strip_tags(html)).split())


@pytest.mark.once
@pytest.mark.parametrize("sentence", sentences())
def test_a_shipped_sentence_has_its_french_with_the_same_numbers_and_sources(sentence):
    with override("fr"):
        said = gettext(sentence)

    assert numbers(said) == numbers(sentence)
    assert said != sentence or not ENGLISH_WORD.search(sentence)


def test_a_note_is_french_line_by_line_and_what_the_clinic_wrote_stays():
    with override("fr"):
        assert shipped_text(OWN) == "Ask Dr. Sandoval first.\nForme des cristaux."
        assert shipped_text("") == note_words("") == pair_words("") == advice_in_words("") == ""
        assert note_words("One study used 2 mL a session (S21).") == "Une étude a employé 2 mL par séance."
        assert pair_words("Dexamethasone + Our own") == "Dexaméthasone + Our own"
        assert rule_words("FEI, Medicines studied") == "FEI, Médicaments étudiés"
        assert rule_words("our-code") == "our-code"
        assert rule_words("Club, Our own title") == "Club, Our own title"


def test_an_english_reader_gets_what_the_catalogue_says():
    with override("en"):
        assert all(shipped_text(sentence) == sentence for sentence in sentences())


def test_a_finding_says_a_competition_rule_in_french_and_keeps_its_key():
    message = "Rule %(rule)s gives no time: %(text)s"
    label, text = f"{RULE.body}, {RULE.name}", RULE.text
    finding = Finding(Level.INFO, "competition.no_time", message, {"rule": label, "text": text})

    with override("fr"):
        said, key = finding_said(finding), finding.key

    assert "Article 1004" in said
    assert "zones hypo- ou hypersensibles" in said
    assert "Un cheval ne doit pas concourir avec" in said
    assert key == finding.key
    assert RULE.text in finding.key


@pytest.mark.parametrize("note", shipped_catalogue().country_notes, ids=lambda note: note.code)
def test_a_finding_says_the_note_of_a_country_in_french(note):
    legal = LegalNote(note.country, escaped(note.text), "", Level(note.severity))

    with override("fr"):
        said = finding_said(Finding(legal.level, "law.substance", legal.message))

        assert said == gettext(note.text)

    assert said != note.text


def test_a_competition_rule_on_its_page_is_french():
    context = {"rule": RULE, "about": "", "may_change": False, "csrf_token": ""}

    with override("fr"):
        page = plain(render_to_string("protocols/competition/_rule.html", context))

    assert "Article 1004 : zones hypo- ou hypersensibles" in page
    assert "Un cheval ne doit pas concourir avec" in page
    assert not english_on(page)


def test_a_paper_says_the_title_and_the_text_of_a_competition_rule_in_french():
    zone = ZoneInfo("Europe/Paris")
    rule = dosing.CompetitionRule("x", RULE.body, 0, Counting.NONE, "", name=RULE.name, text=RULE.text)
    record = SimpleNamespace(
        performed_at=datetime(2026, 3, 2, 10, 20, tzinfo=zone), planned_session=None, course=None, course_id=None
    )
    species = SimpleNamespace(words={}, is_animal=True)

    with override("fr"):
        counted = Counted(rule, record, (), None)
        told = competition_dates(Competing((), (counted,)), zone, report_words(species))[0]

    assert told.rule == "FEI, Article 1004\u00a0: zones hypo- ou hypersensibles"
    assert "Un cheval ne doit pas concourir avec" in told.earliest


def test_a_finding_has_one_key_and_is_said_in_the_language_of_its_reader(db):
    clinic = make_clinic()
    load_catalogue(clinic=clinic)
    row = Substance.objects.filter(clinic=clinic, name="Hyaluronic acid, not cross-linked").get()

    def found():
        lines = [dosing.MixLine(mix_substance(row), Decimal(0), role=dosing.Role.ADD_IN)]
        patient = dosing.MixPatient("human", allergy_state=dosing.AllergyState.NONE_KNOWN)
        return next(
            one
            for one in dosing.check_mix(lines, patient, dosing.MixContext(date(2026, 3, 2)))
            if "substance" in one.numbers
        )

    with override("en"):
        key, said = found().key, finding_said(found())
    with override("fr"):
        assert found().key == key
        assert gettext(row.name) in finding_said(found())

    assert row.name in said


@pytest.mark.parametrize(
    "names",
    ["Lidocaine 1 %, Hyaluronic acid, not cross-linked", "Hyaluronic acid, not cross-linked, Own mix, of ours", ""],
)
def test_names_in_a_row_are_each_said_whole(names):
    with override("en"):
        assert names_words(names) == names
    with override("fr"):
        said = names_words(names)
        assert ("Hyaluronic" in said, gettext("Hyaluronic acid, not cross-linked") in said) == (False, bool(names))
        assert ("Own mix, of ours" in said) is ("Own mix" in names)


def test_what_is_not_known_of_pairs_is_said_of_their_french_names():
    words_ = "Syringe %(syringe)s: nothing is known about mixing %(pairs)s."
    pairs = "Lidocaine 1 % + Own mix; Own mix + Hyaluronic acid, not cross-linked"
    found = Finding(Level.INFO, "pair.unknown", words_, {"syringe": "A", "pairs": pairs}, "")

    with override("fr"):
        said = finding_said(found)

    assert "Own mix" in said
    assert "Hyaluronic" not in said


def test_what_is_called_in_french_is_found_by_its_french_name_and_by_its_own(db):
    clinic = make_clinic()
    load_catalogue(clinic=clinic)
    wanted = Substance.objects.get(clinic=clinic, name="Hyaluronic acid, not cross-linked")

    with override("fr"):
        assert wanted in substances.search(clinic, text="non RETICULE")
        assert wanted in substances.search(clinic, text="hyaluronic")
        assert pairs.search(clinic, text="lidocaïne").exists()
        assert [str(one) for one in protocols.search(clinic, text="chute de cheveux")]
    with override("en"):
        assert wanted not in substances.search(clinic, text="non reticule")
        assert not pairs.search(clinic, text="lidocaïne").exists()


@cache
def english() -> frozenset[str]:
    """The shipped sentences of two words or more as an English page shows them."""
    with override("en"):
        return frozenset(note_words(one) for one in sentences() if ENGLISH_WORD.search(one) and " " in one)


def english_on(page: str) -> list[str]:
    return [one for one in english() if one in page]


@pytest.mark.django_db
def test_no_page_of_the_catalogue_shows_a_french_reader_an_english_sentence(client):
    clinic = make_clinic()
    load_catalogue(clinic=clinic)
    user = make_user(clinic, Role.PRACTITIONER)
    user.language = "fr"
    user.save(update_fields=["language"])
    client.force_login(user)
    rows = [
        *(("protocols:substance", one) for one in Substance.objects.filter(clinic=clinic)),
        *(("protocols:pair", one) for one in Incompatibility.objects.filter(clinic=clinic)),
        *(("protocols:detail", one) for one in Protocol.objects.filter(clinic=clinic)),
    ]
    pages = [reverse(name, args=[one.public_id]) for name, one in rows]
    pages += [reverse(f"protocols:{name}") for name in ("pairs", "competition-rules", "rules")]

    found = {page: plain(client.get(page).content.decode()) for page in pages}

    assert {page: told for page, text in found.items() if (told := english_on(text))} == {}
    everything = " ".join(found.values())
    assert "Compatible avec la lidocaïne (trouble un instant à 1:1)" in everything
    assert "Le mélange d’un essai randomisé avec 84 patients." in everything
    assert "UE : la lidocaïne ne nécessite pas de limite de résidus chez le cheval." in everything
    assert "Aucune injection articulaire dans les 14 jours avant une course." in everything
