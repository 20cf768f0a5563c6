"""The clinic's own numbers, flags and notes on the law: changed with a source, heard by the next check, taken back."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import override

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from protocols.dosing import Level, MixContext, MixLimits, MixPatient, check_mix
from protocols.dosing.limits import LIMITS, value_of, with_changes
from protocols.models import MixLimit, MixRule
from protocols.queries import mix_rules as queries
from protocols.queries import mixes, substances
from protocols.queries.mix_tables import mix_tables, shipped_notes
from protocols.services import mix_rules
from protocols.services.catalogue import load_catalogue
from tests.factories import make_clinic, make_country_note, make_user
from tests.shared import shared

pytestmark = pytest.mark.django_db
SOURCE = "Clinic meeting of 2 March 2026"


@shared
def clinic():
    clinic = make_clinic(country="FR")
    load_catalogue(clinic=clinic)
    return clinic


@pytest.fixture
def browser(clinic, client):
    client.force_login(make_user(clinic, Role.PRACTITIONER))
    return client


def findings(clinic, *codes, flags=(), age_years=40, species="human"):
    rows = [substances.substances(clinic).get(code=code) for code in codes]
    lines = [
        mixes.mix_line(mixes.mix_substance(row, species=species), role="add_in", volume_ml=Decimal(1)) for row in rows
    ]
    patient = MixPatient(species, weight_kg=Decimal(70), age_years=Decimal(age_years), flags=frozenset(flags))
    context = MixContext(performed_on=date(2026, 3, 2), **mix_tables(clinic).as_context())
    return {finding.rule: finding for finding in check_mix(lines, patient, context)}


def reword(clinic, about, code, **words):
    given = {"level": "warn", "text": "Ask [substance] twice, 100 %", "source": SOURCE, **words}
    return mix_rules.reword_rule(actor=None, clinic=clinic, about=about, code=code, **given)


def limit(clinic, code, value, source=SOURCE):
    return mix_rules.change_limit(actor=None, clinic=clinic, code=code, value=value, source=source)


# --- numbers


def test_every_number_of_the_check_is_on_the_list_with_its_shipped_value():
    numbers = MixLimits()
    fields = {
        f"{name}.{end}" if hasattr(getattr(numbers, name), "low") else name
        for name in MixLimits.__dataclass_fields__
        for end in ("low", "high")
    }

    assert {one.code for one in LIMITS} == fields
    assert all(one.shipped is not None or one.may_be_empty for one in LIMITS)
    assert with_changes({one.code: one.shipped for one in LIMITS}) == numbers


@pytest.mark.parametrize("number", LIMITS, ids=lambda one: one.code)
def test_every_number_can_be_changed_and_is_the_one_that_counts(number, clinic):
    value = number.shipped if number.shipped is not None else Decimal(75)
    wanted = value + 1 if value + 1 <= number.most and not number.code.endswith("low") else value

    limit(clinic, number.code, wanted)

    assert value_of(mix_tables(clinic).limits, number.code) == wanted


def test_a_changed_number_is_heard_by_the_next_check_until_it_is_taken_back(clinic):
    assert "patient.young" not in findings(clinic, "lidocaine", age_years=15)

    limit(clinic, "min_age_years", Decimal(16))
    assert "patient.young" in findings(clinic, "lidocaine", age_years=15)
    mix_rules.restore_limit(actor=None, clinic=clinic, code="min_age_years")

    assert "patient.young" not in findings(clinic, "lidocaine", age_years=15)
    assert not MixLimit.objects.exists()


def test_a_rule_without_its_number_is_silent_where_that_may_be(clinic):
    limit(clinic, "min_age_years", None)

    assert "patient.young" not in findings(clinic, "lidocaine", age_years=3)


@pytest.mark.parametrize(
    ("code", "value", "source", "why"),
    [
        ("max_add_ins", Decimal(3), " ", "no-source"),
        ("max_add_ins", None, SOURCE, "out-of-bounds"),
        ("max_add_ins", Decimal("2.5"), SOURCE, "out-of-bounds"),
        ("max_add_ins", Decimal(1_000_000), SOURCE, "out-of-bounds"),
        ("slip_factor", Decimal(1), SOURCE, "out-of-bounds"),
        ("depth_mm.low", Decimal(7), SOURCE, "upside-down"),
        ("ph.high", Decimal(4), SOURCE, "upside-down"),
    ],
)
def test_a_number_has_a_source_and_keeps_to_what_can_be_meant(clinic, code, value, source, why):
    with pytest.raises(Refused) as no:
        limit(clinic, code, value, source)

    assert no.value.code == why
    assert not MixLimit.objects.exists()


def test_one_end_is_not_taken_back_past_the_other(clinic):
    limit(clinic, "depth_mm.high", Decimal(10))
    limit(clinic, "depth_mm.low", Decimal(8))

    with pytest.raises(Refused) as no:
        mix_rules.restore_limit(actor=None, clinic=clinic, code="depth_mm.high")

    assert no.value.code == "upside-down"
    assert mix_tables(clinic).limits.depth_mm.high == 10


def test_the_numbers_of_another_clinic_do_not_count_here(clinic):
    limit(make_clinic(), "min_age_years", Decimal(30))

    assert mix_tables(clinic).limits == MixLimits()


# --- flags


def test_the_clinics_word_for_a_flag_takes_the_place_of_the_shipped_one(clinic):
    assert findings(clinic, "ketoprofen", flags={"ulcer"})["patient.ulcer"].level is Level.WARN

    reword(clinic, "flag", "ulcer--nsaid", level="block")

    found = findings(clinic, "ketoprofen", flags={"ulcer"})["patient.ulcer"]
    assert (found.level, found.source) == (Level.BLOCK, SOURCE)
    assert found.text == "Ask Ketoprofen twice, 100 %"
    assert "patient.ulcer" not in findings(clinic, "lidocaine", flags={"ulcer"})
    mix_rules.restore_rule(actor=None, clinic=clinic, about="flag", code="ulcer--nsaid")
    assert findings(clinic, "ketoprofen", flags={"ulcer"})["patient.ulcer"].level is Level.WARN


def test_every_shipped_flag_has_a_code_of_its_own():
    lines = queries.rule_lines(make_clinic(), "flag")

    assert len({line.code for line in lines}) == len(lines) > 15
    assert all(line.holds.source for line in lines)


# --- notes on the law


def test_a_note_on_every_mix_is_reworded_silenced_and_taken_back(clinic):
    two = ("lidocaine", "pentoxifylline")
    assert findings(clinic, *two)["law.country"].level is Level.WARN

    reword(clinic, "country", "fr-mixing", level="info", text="Mixed by our pharmacy")
    assert findings(clinic, *two)["law.country"].text == "Mixed by our pharmacy"
    assert "law.country" not in findings(clinic, "lidocaine")  # still from two products on
    mix_rules.archive_country_note(actor=None, clinic=clinic, code="fr-mixing")
    assert "law.country" not in findings(clinic, *two)
    mix_rules.restore_rule(actor=None, clinic=clinic, about="country", code="fr-mixing")

    assert findings(clinic, *two)["law.country"].level is Level.WARN


def test_a_note_on_single_substances_is_reworded_in_place_of_theirs(clinic):
    assert findings(clinic, "phosphatidylcholine")["law.substance"].level is Level.BLOCK

    reword(clinic, "country", "fr-fat-lysis")

    found = findings(clinic, "phosphatidylcholine")
    assert "law.substance" not in found
    assert found["law.country"].text == "Ask Phosphatidylcholine twice, 100 %"
    assert "law.country" not in findings(clinic, "lidocaine")
    mix_rules.archive_country_note(actor=None, clinic=clinic, code="fr-fat-lysis")
    assert not {"law.substance", "law.country"} & findings(clinic, "phosphatidylcholine").keys()


def test_a_note_of_the_clinics_own_is_heard_in_its_country_for_what_it_names(clinic):
    make_country_note(clinic, keys=["nsaid"], species=["human"])
    make_country_note(clinic, country="JP")

    assert findings(clinic, "ketoprofen")["law.country"].text.endswith("second signature for Ketoprofen.")
    assert "law.country" not in findings(clinic, "lidocaine")
    assert "law.country" not in findings(clinic, "ketoprofen", species="horse")


def test_every_shipped_note_on_a_substance_reaches_the_rows_of_the_clinic(clinic):
    named = {
        note["code"] for row in substances.substances(clinic) for notes in row.legal_notes.values() for note in notes
    }

    assert named == {code for code, note in shipped_notes().items() if note.keys}


@pytest.mark.parametrize("missing", [{"source": " "}, {"text": ""}, {"level": "loud"}])
def test_a_note_has_words_a_level_and_a_source(clinic, missing):
    with pytest.raises(Refused):
        make_country_note(clinic, **missing)


def test_the_database_keeps_a_rule_whole(clinic):
    note, flag = make_country_note(clinic), reword(clinic, "flag", "fever")
    number = limit(clinic, "max_add_ins", Decimal(4))

    for row, wrong in (
        (note, {"level": "loud"}),
        (note, {"country": ""}),
        (note, {"text": ""}),
        (note, {"source": ""}),
        (note, {"about": "moon"}),
        (flag, {"country": "FR"}),
        (flag, {"is_archived": True}),
        (number, {"value": -1}),
        (number, {"source": ""}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            type(row).objects.filter(pk=row.pk).update(**wrong)


def test_every_change_is_in_the_audit_with_the_old_and_the_new(clinic):
    limit(clinic, "max_add_ins", Decimal(4))
    mix_rules.restore_limit(actor=None, clinic=clinic, code="max_add_ins")
    reword(clinic, "flag", "fever")
    mix_rules.restore_rule(actor=None, clinic=clinic, about="flag", code="fever")
    code = make_country_note(clinic).code
    mix_rules.archive_country_note(actor=None, clinic=clinic, code=code)
    mix_rules.archive_country_note(actor=None, clinic=clinic, code=code, is_archived=False)

    events = list(AuditEvent.objects.filter(clinic=clinic, verb__startswith="mix-").order_by("pk"))
    assert [event.verb for event in events] == [
        *("mix-limit.changed", "mix-limit.as-shipped", "mix-rule.changed", "mix-rule.as-shipped"),
        *("mix-rule.created", "mix-rule.archived", "mix-rule.restored"),
    ]
    first = {change["field"]: (change["old"], change["new"]) for change in events[0].changes}
    assert first["value"] == ("3", "4")
    assert first["source"][1] == SOURCE
    back = {change["field"]: (change["old"], change["new"]) for change in events[3].changes}
    assert back["level"] == ("warn", "block")


# --- pages


def test_the_page_shows_what_holds_beside_what_was_shipped(clinic, browser):
    limit(clinic, "max_add_ins", Decimal(5))
    reword(clinic, "flag", "fever", text="Fever: call Dr Achterberg")

    page = browser.get(reverse("protocols:rules")).content.decode()

    assert "Fever: call Dr Achterberg" in page
    assert "Fever: postpone the session." in page
    assert SOURCE in page
    assert page.index("France: medicines may be mixed") < page.index("Italy: medicines")  # the own country first


def test_the_page_asks_as_often_whatever_was_changed(clinic, browser, django_assert_max_num_queries):
    def statements():
        with django_assert_max_num_queries(40) as asked:
            assert browser.get(reverse("protocols:rules")).status_code == 200
        return len(asked)

    statements()  # the first of a browser also notes that somebody is here
    before = statements()
    for number in range(8):
        make_country_note(clinic, keys=["nsaid"], text=f"Note {number}")
    limit(clinic, "max_add_ins", Decimal(5))

    assert statements() == before


def test_a_number_is_changed_on_its_page_with_a_decimal_comma(clinic, browser):
    url = reverse("protocols:edit-limit", args=["volume_per_point_ml.high"])

    answer = browser.post(url, {"value": "0,25", "source": SOURCE})

    assert answer.status_code == 302
    assert mix_tables(clinic).limits.volume_per_point_ml.high == Decimal("0.25")


@pytest.mark.parametrize(
    ("code", "sent", "said"),
    [
        ("max_add_ins", {"value": "1000000", "source": SOURCE}, "A number from 0 to 20"),
        ("max_add_ins", {"value": "3", "source": ""}, "Please fill this in."),
        ("depth_mm.low", {"value": "9", "source": SOURCE}, "above the higher one"),
    ],
)
def test_a_wrong_number_is_said_beside_its_field_and_kept(browser, code, sent, said):
    answer = browser.post(reverse("protocols:edit-limit", args=[code]), sent)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert f'value="{sent["value"]}"' in answer.content.decode()


def test_a_shipped_sentence_opens_in_the_readers_language(browser):
    with override("fr"):
        browser.cookies["django_language"] = "fr"
        page = browser.get(reverse("protocols:edit-rule", args=["flag", "ulcer--nsaid"])).content.decode()

    assert "[substance]" in page
    assert "%(substance)s" not in page


def test_a_flag_and_a_note_are_written_and_taken_back_on_their_pages(clinic, browser):
    words = {"level": "block", "text": "No needles with fever", "source": SOURCE}
    browser.post(reverse("protocols:edit-rule", args=["flag", "fever"]), words)
    note = {"country": "FR", "level": "warn", "text": "Ask for [substance]", "source": SOURCE, "keys": "NSAIDs"}
    browser.post(reverse("protocols:create-country-note"), note)

    assert MixRule.objects.get(code="fever").text == "No needles with fever"
    assert MixRule.objects.get(about="country").keys == ["nsaid"]
    browser.post(reverse("protocols:restore-rule", args=["flag", "fever"]))
    assert not MixRule.objects.filter(code="fever").exists()


def test_a_flag_is_never_silenced_and_an_unknown_rule_is_not_there(browser):
    assert browser.post(reverse("protocols:archive-rule", args=["flag", "fever"])).status_code == 404
    assert browser.get(reverse("protocols:edit-rule", args=["flag", "nothing"])).status_code == 404
    assert browser.get(reverse("protocols:edit-rule", args=["moon", "fever"])).status_code == 404
    assert browser.get(reverse("protocols:edit-limit", args=["nothing"])).status_code == 404
