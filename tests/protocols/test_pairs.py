"""Pairs in one syringe as the clinic's own data: added, changed, no longer counted, as shipped again; heard at once."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from protocols.dosing import MixContext, MixPatient, check_mix
from protocols.models import Incompatibility, Substance
from protocols.queries import mixes, substances
from protocols.queries.mix_tables import mix_tables
from protocols.services import pairs
from protocols.services.catalogue import load_catalogue
from tests.factories import make_clinic, make_pair, make_substance, make_user
from tests.shared import shared

pytestmark = pytest.mark.django_db
SOURCE = "Seen here, 2 March 2026"
DICLOFENAC, BICARBONATE, SALINE = "diclofenac-betacyclodextrin", "sodium-bicarbonate", "sodium-chloride"


@shared
def clinic():
    clinic = make_clinic()
    load_catalogue(clinic=clinic)
    return clinic


@pytest.fixture
def browser(clinic, client):
    client.force_login(make_user(clinic, Role.PRACTITIONER))
    return client


def said(clinic, *codes, strength=None):
    """What the check says of pairs: the rules, the unknown ones among them."""
    lines = [
        mixes.mix_line(
            mixes.mix_substance(substances.substances(clinic).get(code=code)),
            role="add_in",
            volume_ml=Decimal(1),
            strength=strength if code == "lidocaine" else None,
            strength_unit="mg/mL" if strength and code == "lidocaine" else "",
        )
        for code in codes
    ]
    context = MixContext(performed_on=date(2026, 3, 2), **mix_tables(clinic).as_context())
    found = check_mix(lines, MixPatient("human", weight_kg=Decimal(70)), context)
    return {finding.rule.removeprefix("pair.") for finding in found if finding.rule.startswith("pair.")}


def pair(clinic, first, second):
    return Incompatibility.objects.get(clinic=clinic, first__code=first, second__code=second)


def change(row, **columns):
    return pairs.update_pair(actor=None, pair=row, **{"source": SOURCE, **columns})


# Some shipped rows stand under a rule on a whole class (any anaesthetic, fat with water): the clinic's word wins there too.
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("dexamethasone", "bupivacaine"),
        (DICLOFENAC, "procaine"),
        (DICLOFENAC, "lidocaine"),
        ("betamethasone-suspension", "lidocaine"),
        ("vitamin-a", "vitamin-c"),
    ],
)
def test_a_changed_pair_counts_in_place_of_all_that_was_shipped_of_it(clinic, first, second):
    row = pair(clinic, first, second)

    for level, rule in (("block", "incompatible"), ("warn", "caution"), ("allow", "compatible")):
        change(row, level=level, effect="Tried", only_with=None, only_from_mg_per_ml=None, only_to_mg_per_ml=None)
        assert said(clinic, first, second) == {rule}
    pairs.archive_pair(actor=None, pair=row)
    assert said(clinic, first, second) == {"unknown"}  # unknown, never compatible
    pairs.reship_pair(actor=None, pair=row)
    assert said(clinic, first, second) & {"incompatible", "caution"}


def test_a_new_source_alone_keeps_the_vehicle_and_its_strengths(clinic):
    row = change(pair(clinic, DICLOFENAC, "lidocaine"), effect="Clear only in bicarbonate")

    assert (row.only_with.code, row.only_from_mg_per_ml, row.only_to_mg_per_ml) == (BICARBONATE, 10, 20)
    two = (DICLOFENAC, "lidocaine")
    assert "incompatible" in said(clinic, *two)
    assert "incompatible" not in said(clinic, *two, BICARBONATE)
    assert "incompatible" in said(clinic, *two, BICARBONATE, SALINE)
    assert "incompatible" in said(clinic, *two, BICARBONATE, strength=Decimal(40))


def test_may_be_mixed_only_with_a_vehicle_is_a_warning_without_it(clinic):
    vehicle = Substance.objects.get(clinic=clinic, code=BICARBONATE)
    row = make_pair(clinic, level="allow", only_with=vehicle)
    two = (row.first.code, row.second.code)

    assert "caution" in said(clinic, *two)
    assert "caution" not in said(clinic, *two, BICARBONATE)


def test_a_pair_with_a_whole_class_is_heard_for_each_of_it(clinic):
    first = make_substance(clinic, categories=("vaccine",))
    make_pair(clinic, first, second_class="anaesthetic")
    nsaid = make_pair(clinic, make_substance(clinic, categories=("vaccine",)), second_class="nsaid")

    assert said(clinic, first.code, "lidocaine") == {"incompatible"}
    assert said(clinic, nsaid.first.code, "ketoprofen") == {"incompatible"}
    assert said(clinic, nsaid.first.code, "lidocaine") == {"unknown"}
    lidocaine = substances.substances(clinic).get(code="lidocaine")
    assert "anaesthetic" in {row.second_class for row in substances.pairs_of(lidocaine)}


def test_a_pair_is_on_the_list_once_whichever_stands_first(clinic):
    row = make_pair(clinic)

    with pytest.raises(Refused) as no:
        make_pair(clinic, row.second, row.first)

    assert (no.value.code, no.value.field) == ("pair-known", "second")


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": " "},
        {"level": "perhaps"},
        {"only_from_mg_per_ml": Decimal(1)},
        {"only_from_mg_per_ml": Decimal(1), "only_to_mg_per_ml": Decimal(2)},
    ],
)
def test_a_pair_has_a_source_a_level_and_strengths_only_with_a_vehicle(clinic, wrong):
    with pytest.raises(Refused):
        make_pair(clinic, **wrong)


def test_the_vehicle_is_neither_of_the_two(clinic):
    row = make_pair(clinic)

    with pytest.raises(Refused, match="third"):
        change(row, only_with=row.first)


def test_the_database_keeps_strengths_whole(clinic):
    row = make_pair(clinic, only_with=make_substance(clinic))

    for wrong in (
        {"only_from_mg_per_ml": 1},
        {"only_from_mg_per_ml": 3, "only_to_mg_per_ml": 2},
        {"only_from_mg_per_ml": 1, "only_to_mg_per_ml": 2, "only_with": None},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Incompatibility.objects.filter(pk=row.pk).update(**wrong)


def test_a_changed_pair_is_left_by_the_catalogue_until_it_is_as_shipped_again(clinic):
    row = change(pair(clinic, "dexamethasone", "bupivacaine"), level="warn")

    load_catalogue(clinic=clinic)
    row.refresh_from_db()
    assert (row.level, row.is_edited) == ("warn", True)
    row = pairs.reship_pair(actor=None, pair=row)

    assert (row.level, row.is_edited, row.source != SOURCE) == ("block", False, True)
    with pytest.raises(Refused) as no:
        pairs.reship_pair(actor=None, pair=make_pair(clinic))
    assert no.value.code == "not-shipped"


def test_every_change_is_in_the_audit_with_the_old_and_the_new(clinic):
    row = change(make_pair(clinic), level="warn")
    for is_archived in (True, True, False):
        pairs.archive_pair(actor=None, pair=row, is_archived=is_archived)
    change(pair(clinic, "dexamethasone", "bupivacaine"), level="warn")
    pairs.reship_pair(actor=None, pair=pair(clinic, "dexamethasone", "bupivacaine"))

    events = list(AuditEvent.objects.filter(clinic=clinic, verb__startswith="pair.").order_by("pk"))
    assert [event.verb.removeprefix("pair.") for event in events] == [
        *("created", "updated", "archived", "restored", "updated", "as-shipped")
    ]
    assert {"field": "level", "old": "block", "new": "warn"}.items() <= events[1].changes[0].items()
    assert any(change["field"] == "level" and change["new"] == "block" for change in events[-1].changes)


# --- pages


def test_the_list_finds_a_pair_by_either_substance_and_what_was_changed(clinic, browser):
    change(pair(clinic, "dexamethasone", "bupivacaine"), level="warn")
    url = reverse("protocols:pairs")

    assert "Dexamethasone + Bupivacaine" in browser.get(url, {"q": "bupivac dexa"}).content.decode()
    own = browser.get(url, {"status": "own"}).content.decode()
    assert "Dexamethasone + Bupivacaine" in own
    assert "Dexamethasone + Lidocaine" not in own


def test_a_pair_is_added_changed_and_taken_back_on_its_pages(clinic, browser):
    first, second = make_substance(clinic), make_substance(clinic)
    sent = {"first": first.pk, "second": second.pk, "level": "block", "effect": "Turns blue", "source": SOURCE}

    assert browser.post(reverse("protocols:create-pair"), sent).status_code == 302
    row = pair(clinic, first.code, second.code)
    assert browser.get(reverse("protocols:pair", args=[row.public_id])).status_code == 200
    browser.post(reverse("protocols:edit-pair", args=[row.public_id]), {"level": "warn", "source": SOURCE})
    browser.post(reverse("protocols:archive-pair", args=[row.public_id]))
    row.refresh_from_db()
    assert (row.level, row.is_archived) == ("warn", True)
    twice = browser.post(reverse("protocols:create-pair"), sent)
    assert twice.status_code == 422
    assert "on the list already" in twice.content.decode()


@pytest.mark.parametrize(
    ("wrong", "said_so"),
    [
        ({"source": ""}, "Please fill this in."),
        ({"second": ""}, "one of the two"),
        ({"second_class": "nsaid"}, "one of the two"),
        ({"only_from_mg_per_ml": "1,5"}, "Give both ends."),
        ({"only_from_mg_per_ml": "2", "only_to_mg_per_ml": "1"}, "below the lower one"),
        ({"only_from_mg_per_ml": "1", "only_to_mg_per_ml": "2"}, "in which vehicle"),
    ],
)
def test_what_is_missing_is_said_beside_its_field_and_all_is_kept(clinic, browser, wrong, said_so):
    first, second = make_substance(clinic), make_substance(clinic)
    sent = {"first": first.pk, "second": second.pk, "level": "block", "effect": "Turns blue", "source": SOURCE}

    answer = browser.post(reverse("protocols:create-pair"), {**sent, **wrong})

    assert answer.status_code == 422
    assert said_so in answer.content.decode()
    assert "Turns blue" in answer.content.decode()


def test_the_substances_of_another_clinic_make_no_pair(clinic, browser):
    theirs = make_substance(make_clinic())
    sent = {"first": theirs.pk, "second": make_substance(clinic).pk, "level": "block", "source": SOURCE}

    assert browser.post(reverse("protocols:create-pair"), sent).status_code == 422
    assert not Incompatibility.objects.filter(first=theirs).exists()
