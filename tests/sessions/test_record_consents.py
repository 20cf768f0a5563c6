"""A record without a consent that counts asks for a reason; a new class of substances asks for a new consent."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mesoclinic.core.refused import Refused
from patients.services import consents, parties
from protocols.models import Category
from sessions.queries import record_checks
from sessions.queries import records as reads
from sessions.recording import LineGiven, OverrideGiven
from tests.factories import make_consent, make_horse, make_substance
from tests.sessions.booking_world import MONDAY, at
from tests.sessions.record_world import filled, finish, record_world, save, start
from tests.shared import shared

pytestmark = pytest.mark.django_db
EARLIER = date(2026, 2, 1)


@shared
def world():
    with time_machine.travel(at("10:15"), tick=False):
        yield record_world()


def said(world, **changes) -> list[str]:
    record = start(world)
    check = record_checks.check_record(record, filled(record, **changes), at("10:15"))
    return [one.rule for one in check.blocks if one.rule.startswith("consent.")]


def withdraw(world):
    consents.withdraw_consent(actor=None, consent=world.consent, on=MONDAY)


def test_with_a_consent_that_counts_nothing_is_said(world):
    assert said(world) == []


def test_without_consent_a_record_is_done_only_with_a_reason(world):
    withdraw(world)
    record = start(world)
    save(world, record, filled(record))

    with pytest.raises(Refused) as refused:
        finish(world, record)
    [finding] = refused.value.details["findings"]
    given = OverrideGiven(record_checks.key_of(finding), finding.rule, finding.text, "Given by telephone, form follows")
    save(world, record, filled(record, overrides=(given,)))
    finish(world, record)

    record.refresh_from_db()
    assert refused.value.code == "needs-reason"
    assert finding.rule == "consent.general"
    assert record.status == "done"
    assert reads.content(record).overrides == (given,)


def test_the_former_owners_consent_does_not_carry_a_record(world):
    world.patient.species = make_horse(world.clinic).species
    world.patient.save(update_fields=["species"])
    owner = parties.add_party(actor=None, patient=world.patient, role="owner", name="Olga", from_on=EARLIER)
    parties.transfer_ownership(actor=None, patient=world.patient, on=MONDAY, name="Nora", today=MONDAY)
    world.patient.consents.update(given_as="owner", given_by_party=owner.party, given_on=EARLIER)

    assert said(world) == ["consent.general"]


def test_sedation_asks_for_its_own_consent(world):
    without = said(world, sedation="Detomidine 0.3 mL")
    make_consent(world.patient, "sedation")

    assert without == ["consent.sedation"]
    assert said(world, sedation="Detomidine 0.3 mL") == []


def test_where_the_law_asks_for_consent_to_off_label_use_a_record_does_too(world):
    text = make_consent(world.patient, "off_label").text
    world.patient.consents.filter(text=text).delete()
    elsewhere = said(world)

    type(text).objects.filter(pk=text.pk).update(country=world.clinic.country)

    assert elsewhere == []
    assert said(world) == ["consent.off_label"]


def enzyme_line(world) -> LineGiven:
    Category.objects.get_or_create(code="enzyme", defaults={"name": "Enzymes"})
    enzyme = make_substance(world.clinic, "Hyaluronidase", categories=("enzyme",))
    return LineGiven(enzyme.pk, "add_in", Decimal(1), Decimal(1))


def test_a_class_the_consent_did_not_know_of_asks_for_a_new_one(world):
    make_consent(world.patient, given_on=MONDAY, today=MONDAY)  # the course is prescribed: its classes are known now
    world.consent.delete()
    line = enzyme_line(world)
    lines = (*reads.content(start(world)).lines, line)

    before = said(world, lines=lines)
    assert said(world) == []
    assert before == ["consent.new_class"]


def test_a_consent_given_once_it_was_planned_covers_it(world):
    line = enzyme_line(world)
    lines = (*reads.content(start(world)).lines, line)
    world.consent.classes = ["anaesthetic", "vasodilator"]
    world.consent.save(update_fields=["classes"])
    assert said(world, lines=lines) == ["consent.new_class"]

    renewed = make_consent(world.patient, given_on=MONDAY, today=MONDAY)
    renewed.classes = [*renewed.classes, "enzyme"]
    renewed.save(update_fields=["classes"])

    assert said(world, lines=lines) == []


def test_prescribing_what_the_consent_did_not_know_of_says_so(world):
    world.consent.classes = ["anaesthetic"]
    world.consent.save(update_fields=["classes"])
    browser = Client()
    browser.force_login(world.doctor_user)
    version = world.course.protocol_version

    address = reverse("sessions:prescribe", args=[world.patient.public_id]) + f"?version={version.public_id}"
    html = browser.get(address).content.decode()

    assert "Have consent renewed" in html


def test_the_patients_page_says_why_a_consent_counts_no_longer(world):
    withdraw(world)
    horse = make_horse(world.clinic, owner="Olga")
    party = horse.party_links.get().party
    make_consent(horse, given_as="owner", given_by_party=party, given_by_name="")
    parties.transfer_ownership(actor=None, patient=horse, on=MONDAY, name="Nora", today=MONDAY)
    browser = Client()
    browser.force_login(world.doctor_user)

    html = browser.get(reverse("sessions:patient", args=[horse.public_id])).content.decode()

    assert "the animal was sold since" in html
