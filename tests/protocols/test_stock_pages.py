"""The stock as pages: receive, open, waste, count, recall, and what bad input gets."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from protocols.models import Lot, Vial
from protocols.queries import lots as queries
from protocols.services import recalls
from tests.factories import make_clinic, make_lot, make_substance, make_user, site_of
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def clinic():
    return make_clinic()


@pytest.fixture
def browser(clinic, client):
    client.force_login(make_user(clinic, Role.MANAGER))
    return client


def receive(browser, clinic, **fields):
    substance = fields.pop("of", None) or make_substance(clinic)
    data = {"substance": substance.pk, "number": "A1", "expires_on": "2030-01-31", "volume_ml": "50", **fields}
    return browser.post(reverse("protocols:receive-lot"), data)


def do(browser, lot, deed, **fields):
    data = {f"{deed}-{name}": value for name, value in fields.items()}
    return browser.post(reverse("protocols:change-lot", args=[lot.public_id, deed]), data)


def test_a_delivery_is_received_and_a_known_lot_grows(clinic, browser):
    substance = make_substance(clinic)

    receive(browser, clinic, of=substance, volume_ml="12,5")
    receive(browser, clinic, of=substance, volume_ml="10")

    lot = queries.lots(clinic).get()
    assert lot.stock_ml == Decimal("22.5")


@pytest.mark.parametrize(
    "fields",
    [
        {"volume_ml": "0"},
        {"volume_ml": "-5"},
        {"volume_ml": "1e9"},
        {"volume_ml": "1,000.5"},
        {"number": ""},
        {"number": "a\x00"},
        {"number": "x" * 10_000},
        {"expires_on": "9999-12-31"},
        {"expires_on": "2026-02-30"},
        {"expires_on": ""},
        {"substance": "99999"},
        {"substance": ""},
        {"strength": "5"},
        {"beyond_use_days": "-1"},
        {"reason": "x" * 10_000},
    ],
)
def test_bad_input_is_refused_in_words_and_nothing_is_received(clinic, browser, fields):
    assert receive(browser, clinic, **fields).status_code == 422
    assert not Lot.objects.exists()


def test_a_substance_of_another_clinic_cannot_be_received(clinic, browser):
    assert receive(browser, clinic, of=make_substance(make_clinic())).status_code == 422
    assert not Lot.objects.exists()


@pytest.mark.parametrize(
    "number", ["(01)09506000134352(17)300131(10)A-1", "0109506000134352" + "17300131" + "10A-1", "10A-1\x1d17300131"]
)
def test_a_scanned_pack_fills_in_lot_and_expiry(clinic, browser, number):
    receive(browser, clinic, number=number, expires_on="")

    lot = queries.lots(clinic).get()
    assert (lot.number, lot.expires_on) == ("A-1", date(2030, 1, 31))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"number": "(17)300131(10)A1", "expires_on": "2030-02-28"}, "expires_on"),
        ({"number": "(17)300231(10)A1", "expires_on": ""}, "number"),
        ({"number": "(10)A1", "expires_on": ""}, "expires_on"),
        ({"number": "A1", "expires_on": ""}, "expires_on"),
        ({"number": "x" * 61}, "number"),
    ],
)
def test_a_pack_that_cannot_be_read_gets_words_beside_the_field(clinic, browser, fields, field):
    answer = receive(browser, clinic, **fields)

    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert not Lot.objects.exists()


@pytest.mark.parametrize("volume", ["0", "-5"])
def test_a_volume_of_nothing_or_less_is_refused_with_the_true_bound(clinic, browser, volume):
    answer = receive(browser, clinic, volume_ml=volume)

    assert answer.context["form"].errors["volume_ml"] == ["Enter a volume above 0 mL."]


def test_waste_count_and_opening_are_entered_from_the_lots_page(clinic, browser):
    lot = make_lot(clinic, volume_ml=50, beyond_use_days=28)

    assert do(browser, lot, "waste", volume_ml="2,5", reason="Broken").status_code == 302
    assert do(browser, lot, "count", counted_ml="40").status_code == 302
    assert do(browser, lot, "open").status_code == 302

    assert queries.stock_of(lot, site_of(clinic)) == Decimal(40)
    assert Vial.objects.get().lot == lot


@pytest.mark.parametrize(
    ("deed", "fields"),
    [
        ("waste", {"volume_ml": "51", "reason": "More than there is"}),
        ("waste", {"volume_ml": "1", "reason": ""}),
        ("waste", {"volume_ml": "-1", "reason": "Negative"}),
        ("count", {"counted_ml": "-1"}),
        ("count", {"counted_ml": ""}),
        ("open", {"beyond_use_on": "2020-01-01"}),
        ("open", {"beyond_use_on": ""}),
        ("recall", {"reason": "\x00"}),
        ("recall", {"reason": ""}),
        ("correct", {"expires_on": "9999-01-01"}),
    ],
)
def test_what_cannot_be_is_said_on_the_lots_page_with_the_form_open(clinic, browser, deed, fields):
    lot = make_lot(clinic, volume_ml=50)

    answer = do(browser, lot, deed, **fields)

    assert answer.status_code == 422
    assert '<details class="deed" open>' in answer.content.decode()
    assert queries.stock_of(lot, site_of(clinic)) == Decimal(50)


def test_the_day_a_vial_may_be_used_until_is_asked_for_at_its_field(clinic, browser):
    lot = make_lot(clinic)

    answer = do(browser, lot, "open")

    [said] = answer.context["deeds"]["open"].errors["beyond_use_on"]
    assert said.startswith("Say until when it may be used once opened")
    assert "Needed: this lot has no days of use." in answer.content.decode()
    assert not answer.context["deeds"]["open"]["beyond_use_on"].is_optional
    assert not Vial.objects.exists()


def test_a_recall_takes_a_lot_out_of_use_at_once_and_can_be_undone(clinic, browser):
    lot = make_lot(clinic)

    do(browser, lot, "recall", reason="Maker's letter of 2 March")
    assert queries.pickable(clinic, site_of(clinic), lot.substance, date(2026, 3, 2)) == []
    assert lot in browser.get(reverse("protocols:stock"), {"show": "recalled"}).context["page"].object_list
    do(browser, lot, "undo-recall", reason="Another number")
    assert queries.pickable(clinic, site_of(clinic), lot.substance, date(2026, 3, 2)) == [lot]


def test_a_lot_another_recall_holds_is_not_said_to_be_in_use_again(clinic, browser):
    lot = make_lot(clinic, number="AB12", manufacturer="Arvensis")
    do(browser, lot, "recall", reason="Maker's letter")
    manager = make_user(clinic, Role.MANAGER)
    other = recalls.recall_lots(actor=manager, clinic=clinic, number="AB12", reason="Particles seen")

    stays = do(browser, lot, "undo-recall", reason="Another number")

    *_earlier, said = [str(message) for message in get_messages(stays.wsgi_request)]
    assert said == "The lot stays locked: another recall holds it, AB12 (Particles seen)."
    lot.refresh_from_db()
    assert (lot.status, lot.recall) == (Lot.Status.RECALLED, other)
    assert AuditEvent.objects.filter(verb="lot.recalled", subject_id=lot.pk).count() == 2


def test_an_unknown_deed_is_not_found(clinic, browser):
    assert do(browser, make_lot(clinic), "sell").status_code == 404


def test_a_practitioner_sees_the_vial_thrown_away(clinic, browser):
    lot = make_lot(clinic, beyond_use_days=28)
    do(browser, lot, "open")
    vial = Vial.objects.get()

    browser.post(reverse("protocols:discard-vial", args=[lot.public_id, vial.public_id]))

    vial.refresh_from_db()
    assert vial.discarded_at is not None
    assert list(queries.open_vials(lot)) == []


@pytest.mark.parametrize("show", ["", "expiring", "low", "expired", "recalled", "all", "\x00"])
def test_the_list_asks_the_same_number_of_questions_whatever_its_length(clinic, browser, show):
    url = reverse("protocols:stock")
    substance = make_substance(clinic)

    def ask(size):
        for _ in range(size):
            make_lot(clinic, substance)
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(url, {"show": show, "q": "L"}).status_code == 200
        return len(asked)

    ask(1)
    assert ask(1) == ask(20)


def test_a_strength_misread_at_the_delivery_is_corrected_on_the_page_of_the_lot(clinic, browser):
    """The check of a record asks for it: "correct the strength of the line, or that of the lot"."""
    lot = make_lot(clinic, make_substance(clinic), strength=Decimal(10), strength_unit="mg/mL")
    shown = browser.get(reverse("protocols:lot", args=[lot.public_id])).context["deeds"]["correct"].initial
    assert (shown["strength"], shown["strength_unit"]) == (Decimal(10), "mg/mL")

    do(browser, lot, "correct", expires_on="2031-01-31", strength="20", strength_unit="mg/mL")

    lot.refresh_from_db()
    assert (lot.strength, lot.strength_unit) == (Decimal(20), "mg/mL")
    changes = AuditEvent.objects.get(verb="lot.updated").changes
    assert "strength" in {change["field"] for change in changes}


@pytest.mark.parametrize(
    "fields", [{"strength": "20"}, {"strength_unit": "mg/mL"}, {"strength": "0", "strength_unit": "%"}]
)
def test_half_a_strength_corrects_nothing(clinic, browser, fields):
    lot = make_lot(clinic, make_substance(clinic), strength=Decimal(10), strength_unit="mg/mL")

    answer = do(browser, lot, "correct", expires_on="2031-01-31", **fields)

    assert answer.status_code == 422
    lot.refresh_from_db()
    assert (lot.strength, lot.strength_unit) == (Decimal(10), "mg/mL")
