"""Substances as pages: what a clinic adds and changes, and what bad input gets."""

from decimal import Decimal

import pytest
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from protocols.dosing import FoodChainUse, NumberRange
from protocols.forms.substances import SubstanceForm
from protocols.models import Category, Substance
from protocols.queries import mixes, substances
from protocols.services.catalogue import load_catalogue
from tests.factories import make_clinic, make_substance, make_user
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def clinic():
    clinic = make_clinic()
    load_catalogue(clinic=clinic)
    return clinic


@pytest.fixture
def browser(clinic, client):
    client.force_login(make_user(clinic, Role.PRACTITIONER))
    return client


def form(**fields):
    category = Category.objects.get(code="physiologic")
    return {"name": "Own mix", "categories": category.pk, "kind": "mineral", "status": "active", **fields}


def posted_of(browser, substance) -> dict:
    """What a browser sends for the untouched form of a substance."""
    page = browser.get(reverse("protocols:edit-substance", args=[substance.public_id]))
    form = page.context["form"]
    data = {}
    for name, field in form.fields.items():
        value = field.prepare_value(form[name].value())
        if value not in (None, ""):
            data[name] = value
    return data


def test_a_substance_of_the_clinics_own_is_found_by_its_brand(clinic, browser):
    answer = browser.post(
        reverse("protocols:create-substance"), form(synonyms="Marée, Océane", strength="2,5", strength_unit="mg/mL")
    )

    own = Substance.objects.get(clinic=clinic, name="Own mix")
    assert answer.status_code == 302
    assert own.is_edited
    assert own.strength == Decimal("2.5")
    assert list(substances.search(clinic, text="oceane")) == [own]
    assert list(substances.search(clinic, text="ÖCÉANE")) == [own]


def test_saving_a_shipped_substance_untouched_keeps_all_it_says(clinic, browser):
    lidocaine = substances.substances(clinic).get(code="lidocaine")
    before = mixes.mix_substance(lidocaine)

    answer = browser.post(
        reverse("protocols:edit-substance", args=[lidocaine.public_id]), posted_of(browser, lidocaine)
    )

    assert answer.status_code == 302
    assert mixes.mix_substance(substances.substances(clinic).get(code="lidocaine")) == before


def test_a_changed_substance_is_kept_when_the_catalogue_is_loaded_again(clinic, browser):
    lidocaine = Substance.objects.get(clinic=clinic, code="lidocaine")
    data = posted_of(browser, lidocaine) | {"max_mg_per_kg": "3"}

    browser.post(reverse("protocols:edit-substance", args=[lidocaine.public_id]), data)
    load_catalogue(clinic=clinic)

    lidocaine.refresh_from_db()
    assert lidocaine.max_mg_per_kg == Decimal(3)
    event = AuditEvent.objects.get(clinic=clinic, verb="substance.updated")
    assert {change["field"] for change in event.changes} == {"max_mg_per_kg", "traits"}  # there with its source


def test_a_ceiling_the_vet_sets_binds_horses_only(clinic, browser):
    lidocaine = Substance.objects.get(clinic=clinic, code="lidocaine")
    data = posted_of(browser, lidocaine) | {"horse_per_kg": "2"}

    browser.post(reverse("protocols:edit-substance", args=[lidocaine.public_id]), data)

    ceilings = mixes.mix_substance(substances.substances(clinic).get(code="lidocaine")).ceilings
    assert {one.species: one.mg_per_kg for one in ceilings} == {"human": Decimal("4.5"), "horse": Decimal(2)}


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "a\x00b"},
        {"name": "x" * 10_000},
        {"name": "lidocaine"},
        {"categories": ""},
        {"categories": "9999"},
        {"strength": "5"},
        {"strength_unit": "mg/mL"},
        {"strength": "0", "strength_unit": "mg/mL"},
        {"strength": "-5", "strength_unit": "mg/mL"},
        {"max_mg_per_kg": "-1"},
        {"max_mg_per_kg": "1e99"},
        {"min_age_years": "9999"},
        {"status": "withdrawn"},
        {"synonyms": "x" * 10_000},
        {"allergy_classes": ",".join(map(str, range(60)))},
        {"kind": "magic"},
    ],
)
def test_bad_input_is_refused_in_words_and_never_an_error_page(clinic, browser, fields):
    answer = browser.post(reverse("protocols:create-substance"), form(**fields))

    assert answer.status_code == 422
    assert not Substance.objects.filter(clinic=clinic, name="Own mix").exists()


def test_a_substance_off_the_list_is_not_offered_for_new_mixes(clinic, browser):
    own = make_substance(clinic)

    browser.post(reverse("protocols:archive-substance", args=[own.public_id]))

    assert own not in substances.offered(clinic)
    browser.post(reverse("protocols:archive-substance", args=[own.public_id]), {"restore": "1"})
    assert own in substances.offered(clinic)


def test_the_list_filters_by_category_status_species_and_text(clinic, browser):
    def shown(**query):
        answer = browser.get(reverse("protocols:substances"), query)
        return {one.code for one in answer.context["page"].paginator.object_list}

    assert "lidocaine" in shown(category="anaesthetic", species="horse")
    assert shown(status="withdrawn") == {"buflomedil"}
    assert shown(q="Carbocaine") == {"mepivacaine"}
    assert shown(q="\x00", category="\x00", species="x" * 900) == set()


def test_every_shipped_substance_has_its_page(clinic, browser):
    for substance in Substance.objects.filter(clinic=clinic):
        assert browser.get(reverse("protocols:substance", args=[substance.public_id])).status_code == 200


def test_the_list_asks_the_same_number_of_questions_whatever_its_length(clinic, browser, django_assert_num_queries):
    url = reverse("protocols:substances")
    browser.get(url)

    counts = []
    for query in ({"q": "Carbocaine"}, {}):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as asked:
            browser.get(url, query)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_saving_any_shipped_substance_untouched_changes_nothing_it_says(clinic):
    for substance in substances.substances(clinic):
        before, strengths = mixes.mix_substance(substance), substance.other_strengths
        data = {}
        for name, bound in ((one.name, one) for one in SubstanceForm(clinic=clinic, substance=substance)):
            value = bound.field.prepare_value(bound.value())
            data[name] = "" if value is None else value
        form = SubstanceForm(data, clinic=clinic, substance=substance)

        assert form.is_valid(), (substance, form.errors)
        for column in ("traits", "other_strengths", "max_mg_per_kg"):
            setattr(substance, column, form.columns[column])
        assert mixes.mix_substance(substance) == before
        assert substance.other_strengths == strengths


def test_all_the_mix_check_asks_of_a_substance_can_be_said(clinic, browser):
    answer = browser.post(
        reverse("protocols:create-substance"),
        form(
            strength="10",
            strength_unit="mg/mL",
            other_strengths="20 mg/mL; 0.5 %",
            materials="Latex",
            ingredient="lidocaine",
            preserved="no",
            ph_low="5",
            ph_high="7.5",
            food_chain="not_allowed",
            known=["vasoconstrictor", "short_term_only"],
            days_per_course="5",
            minutes_between="90",
            source="Label of 2026",
        ),
    )

    assert answer.status_code == 302
    said = mixes.mix_substance(substances.substances(clinic).get(name="Own mix"))
    assert said.ingredient == "lidocaine"
    assert said.materials == {"latex"}
    assert {f"{one.value} {one.unit}" for one in said.usual_strengths} == {"10 mg/mL", "20 mg/mL", "0.5 %"}
    assert said.preservative_free is True
    assert said.short_term_only
    assert "vasoconstrictor" in said.traits
    assert said.ph == NumberRange(Decimal(5), Decimal("7.5"))
    assert said.food_chain == FoodChainUse.NOT_ALLOWED
    assert [(one.species, one.days_per_course, one.repeat_min, one.source) for one in said.ceilings] == [
        ("human", 5, 90, "Label of 2026")
    ]
    page = browser.get(reverse("protocols:substance", args=[Substance.objects.get(name="Own mix").public_id]))
    text = " ".join(page.content.decode().split())
    assert all(words in text for words in ("Latex", "Lidocaine", "A vasoconstrictor, For short use only", "5–7.5"))


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"other_strengths": "ten"}, "other_strengths", "“ten” is not a strength"),
        ({"other_strengths": "10 mg"}, "other_strengths", "“10 mg” is not a strength"),
        ({"other_strengths": "1.2.3 mg/mL"}, "other_strengths", "is not a strength"),
        ({"other_strengths": "0 mg/mL"}, "other_strengths", "is not a strength"),
        ({"ph_low": "5"}, "ph_high", "Give both ends"),
        ({"ph_low": "7", "ph_high": "5"}, "ph_high", "The higher end comes second."),
        ({"ph_high": "15"}, "ph_high", "14"),
        ({"days_per_course": "0"}, "days_per_course", "1"),
    ],
)
def test_a_trait_that_cannot_be_is_said_beside_its_field(clinic, browser, fields, field, words):
    answer = browser.post(reverse("protocols:create-substance"), form(**fields))

    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors[field])
    assert not Substance.objects.filter(clinic=clinic, name="Own mix").exists()


def test_the_same_medicine_is_named_by_one_name_only(clinic, browser):
    browser.post(reverse("protocols:create-substance"), form(ingredient="lidocaine"))
    own = Substance.objects.get(clinic=clinic, name="Own mix")
    lidocaine = Substance.objects.get(clinic=clinic, code="lidocaine")

    page = browser.get(reverse("protocols:create-substance"))
    answer = browser.post(
        reverse("protocols:edit-substance", args=[lidocaine.public_id]),
        posted_of(browser, lidocaine) | {"ingredient": "mepivacaine"},
    )

    assert own.code not in dict(page.context["form"].fields["ingredient"].choices)
    assert answer.status_code == 422
    assert "change those first" in str(answer.context["form"].errors["ingredient"])


def test_a_changed_ceiling_names_its_own_source(clinic, browser):
    lidocaine = substances.substances(clinic).get(code="lidocaine")
    data = posted_of(browser, lidocaine) | {"max_mg_per_kg": "3", "source": "Decision of 2 March"}

    browser.post(reverse("protocols:edit-substance", args=[lidocaine.public_id]), data)

    lidocaine.refresh_from_db()
    per_kg = [one for one in lidocaine.traits["ceilings"] if (one["species"], one["kind"]) == ("human", "per_kg")]
    assert [(one["amount"], one["source"]) for one in per_kg] == [("3", "Decision of 2 March")]


@pytest.mark.parametrize(
    ("typed", "code"), [("HA", "hyaluronic-acid"), ("Profenid", "ketoprofen"), ("vit c", "vitamin-c")]
)
def test_a_substance_is_found_by_the_names_people_use(clinic, typed, code):
    found = [one.code for one in substances.search(clinic, text=typed)]

    assert code in found
    assert "betamethasone-phosphate" not in found


def test_the_page_says_what_pack_a_strength_is_of_and_where_it_was_read_until_the_clinic_writes_its_own(
    clinic, browser
):
    substance = Substance.objects.get(clinic=clinic, code="biotin")
    address = reverse("protocols:substance", args=[substance.public_id])

    before = browser.get(address).content.decode()
    Substance.objects.filter(pk=substance.pk).update(strength=10)
    after = browser.get(address).content.decode()

    assert "(0.5 %)" in before
    assert "Biotine Bayer 0,5%" in before
    assert "Biotine Bayer 0,5%" not in after


def test_the_page_says_why_no_strength_is_shipped_until_the_clinic_writes_its_own(clinic, browser):
    substance = Substance.objects.get(clinic=clinic, code="dexamethasone")
    address = reverse("protocols:substance", args=[substance.public_id])

    before = browser.get(address).content.decode()
    Substance.objects.filter(pk=substance.pk).update(strength=2, strength_unit="mg/mL")
    after = browser.get(address).content.decode()

    assert "The clinic writes the strength of its own pack." in before
    assert "a pack for animals" in before
    assert "The clinic writes the strength of its own pack." not in after
