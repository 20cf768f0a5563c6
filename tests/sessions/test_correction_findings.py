"""A right value is held against the mix check: what is new is shown before it is signed, and stays beside the correction."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import override

from mesoclinic.core.constraints import violated
from protocols.models import StockNotice, Substance
from protocols.services import lots, recalls
from sessions.models import Addendum, Signature
from sessions.printing.document import Variant
from sessions.printing.variants import for_variant
from sessions.queries import correction_checks
from sessions.queries.correction_checks import found_by
from sessions.queries.signatures import verify_chain
from tests.factories import PASSWORD
from tests.sessions.recall_world import lot_world
from tests.sessions.record_world import book_session, filled, finish, lifted_everywhere, lot_of, save, start
from tests.sessions.test_corrections import browser, correct, line_of, page_text, pdf_text, report
from tests.shared import shared

__all__ = ["browser"]
pytestmark = pytest.mark.django_db

OVER_SESSION = "Lidocaine: 40 mg is above the ceiling of 30 mg per session."


@shared
def world():
    """A signed record whose first line is 2 mL of lidocaine at 10 mg/mL, of lot AB 12, given two hours before another."""
    world = lot_world()
    record = start(world, book_session(world, 2))
    save(world, record, filled(record))
    world.later = finish(world, record, performed_at=world.record.performed_at + timedelta(hours=2))
    return world


def ceilings(world, **most) -> None:
    Substance.objects.filter(pk=world.lidocaine.pk).update(**{name: Decimal(mg) for name, mg in most.items()})


def rules(world, value="4", what="given_ml") -> list[str]:
    line = line_of(world.record).pk if what in ("given_ml", "lot_number") else None
    return [one.rule for one in found_by(world.record, what=what, value=value, line_id=line)]


def send(world, browser, **fields):
    line = line_of(world.record).pk
    said = {"kind": "correction", "corrects": f"given_ml-{line}", "value": "4", "reason": "Read off the syringe"}
    url = reverse("sessions:addendum", args=[world.record.public_id])
    return browser.post(url, {**said, "password": PASSWORD, **fields})


@pytest.mark.parametrize(
    ("ceiling", "rule"),
    [
        ({"max_mg_per_session": 30}, "dose.over_session_ceiling"),
        ({"max_mg_per_24h": 50}, "dose.over_day_ceiling"),
        ({"max_mg_per_kg": "0.5"}, "dose.over_weight_ceiling"),
    ],
)
def test_a_right_volume_is_held_against_the_ceilings_with_what_was_given_after_it(world, ceiling, rule):
    """40 mg in the session, 60 mg with the 20 mg two hours later, at 70 kg."""
    ceilings(world, **ceiling)

    assert rule in rules(world)
    assert rule not in rules(world, "2.1")


def test_a_right_volume_of_a_later_session_counts_the_course_before_it(world):
    ceilings(world, max_mg_per_course=50)
    line = line_of(world.later).pk

    found = found_by(world.later, what="given_ml", value="4", line_id=line)

    assert [one.numbers["total_mg"] for one in found if one.rule == "dose.over_course_ceiling"] == [60]


def test_a_right_weight_is_held_against_them_too(world):
    ceilings(world, max_mg_per_kg="0.5")

    assert "dose.over_weight_ceiling" in rules(world, "30", "weight_kg")


def test_what_the_check_said_already_is_not_said_again(world):
    ceilings(world, max_mg_per_session=10)

    assert "dose.over_session_ceiling" not in rules(world, "2", "shots")
    assert correct(world, "depth_mm", "4").findings is None


@pytest.mark.parametrize(("asked", "is_said"), [((), True), (correction_checks.STOCK_RULES, False)])
def test_the_stock_is_not_asked_again(world, monkeypatch, asked, is_said):
    """A correction moves no stock: that there was less is no news of it."""
    lots.count(actor=None, lot=world.lot, site=world.site, counted_ml=Decimal(1))
    monkeypatch.setattr(correction_checks, "STOCK_RULES", asked)

    assert ("lot.used_up" in rules(world, "9")) is is_said


def test_a_right_value_that_is_still_too_much_says_what_it_is_now(world, browser):
    ceilings(world, max_mg_per_session=10)

    asked = send(world, browser, value="1.5").content.decode().replace("\u00a0", " ")

    assert "says something else than before" in asked
    assert "Lidocaine: 15 mg is above the ceiling of 10 mg per session." in asked


@pytest.mark.parametrize("kind", ["correction", "addendum"])
def test_a_record_that_is_not_signed_is_held_against_nothing_but_refused(world, browser, kind):
    draft = start(world, book_session(world, 3, "14:00"))
    url = reverse("sessions:addendum", args=[draft.public_id])

    refused = browser.post(
        url, {"kind": kind, "corrects": "shots", "value": "3", "reason": "Slip", "password": PASSWORD}
    )

    assert refused.status_code < 500
    assert "This record is not signed yet" in refused.content.decode()


def test_what_was_found_is_part_of_what_is_signed(world):
    ceilings(world, max_mg_per_session=30)
    one = correct(world, "given_ml", "4")
    assert OVER_SESSION.split(":")[0] in Signature.objects.get(addendum=one).canonical_text

    with lifted_everywhere():
        Addendum.objects.filter(pk=one.pk).update(findings=None)

        assert verify_chain(world.clinic).broken.record == str(world.record.public_id)


def test_a_correction_signed_in_the_format_before_still_holds(world, monkeypatch):
    ceilings(world, max_mg_per_session=30)
    with monkeypatch.context() as earlier:
        earlier.setattr("sessions.canonical.CURRENT_FORMAT", 3)
        correct(world, "given_ml", "4")

    correct(world, "depth_mm", "4")

    assert verify_chain(world.clinic).broken is None


def test_the_findings_stay_beside_the_correction_in_the_readers_language(world, browser):
    ceilings(world, max_mg_per_session=30)

    one = correct(world, "given_ml", "4")

    assert [row["rule"] for row in one.findings if row["level"] == "block"] == ["dose.over_session_ceiling"]
    assert verify_chain(world.clinic).broken is None
    for text in (page_text(browser, "record-view", world.record.public_id), pdf_text(browser, world)):
        assert OVER_SESSION.removesuffix(".") in re.sub(r"\s+", " ", text.replace("\u00a0", " "))
    with override("fr"):
        (addendum,) = report(world).sessions[0].addenda
        assert "dépasse le plafond de 30 mg par séance" in addendum.findings[0]


def test_only_the_full_report_tells_the_findings_as_it_alone_tells_what_was_gone_past(world):
    ceilings(world, max_mg_per_session=30)
    correct(world, "given_ml", "4")

    told = {variant: for_variant(report(world), variant).sessions for variant in Variant}

    assert [variant for variant, of in told.items() if any(one.findings for each in of for one in each.addenda)] == [
        Variant.FULL
    ]


def test_they_are_frozen_with_the_correction(world):
    ceilings(world, max_mg_per_session=30)
    one = correct(world, "given_ml", "4")

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Addendum.objects.filter(pk=one.pk).update(findings=None)

    assert violated(refusal.value) == "treatment_sessions_addendum_f_update"


def test_the_second_click_of_two_is_one_correction(world):
    ceilings(world, max_mg_per_session=30)

    assert correct(world, "given_ml", "4") == correct(world, "given_ml", "4")


def test_a_withdrawn_record_is_held_against_nothing(world):
    ceilings(world, max_mg_per_session=30)
    correct(world, "given_ml", "3.5")
    withdrawal = {"kind": "withdrawal", "corrects": "", "text": "Wrong patient"}
    Addendum.objects.create(
        record=world.record, by=world.doctor, at=world.record.performed_at, reason="x", **withdrawal
    )

    assert rules(world) == []


def test_the_page_shows_what_is_new_before_anything_is_signed(world, browser):
    ceilings(world, max_mg_per_session=30)

    asked = send(world, browser)

    assert OVER_SESSION in asked.content.decode().replace("\u00a0", " ")
    assert "Read it, then sign again." in asked.content.decode()
    assert not world.record.addenda.exists()
    assert asked.context["form"]["value"].value() == "4"

    seen = [row["key"] for row in asked.context["findings"]]
    assert send(world, browser, seen=seen).status_code == 302
    assert world.record.addenda.get().value == "4"


def test_other_numbers_than_those_read_are_shown_anew(world, browser):
    ceilings(world, max_mg_per_session=30)
    seen = [row["key"] for row in send(world, browser).context["findings"]]

    again = send(world, browser, seen=seen, value="5")

    assert "50 mg" in again.content.decode().replace("\u00a0", " ")
    assert not world.record.addenda.exists()


def test_a_value_that_brings_nothing_new_is_signed_at_once(world, browser):
    assert send(world, browser, value="2.1").status_code == 302


def test_a_right_lot_that_was_expired_or_recalled_is_said_and_told_to_the_manager(world):
    day = world.record.performed_at.date()
    expired = lot_of(world, number="OLD 1", expires_on=day - timedelta(days=1))
    lot_of(world, number="BAD 1")
    recalls.recall_lots(actor=world.doctor_user, clinic=world.clinic, number="BAD 1", reason="Letter")

    assert "lot.expired" in rules(world, "OLD 1", "lot_number")
    assert "lot.recalled" in rules(world, "BAD 1", "lot_number")

    correct(world, "lot_number", "OLD 1", reason="Read off the vial")
    notice = StockNotice.objects.get(lot=expired, kind=StockNotice.Kind.FORCED)
    assert notice.keyed_on == day
    assert "expired on" in notice.words
    assert notice.words.endswith("Read off the vial")
