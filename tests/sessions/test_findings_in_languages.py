"""What the mix check said is told in the language of who reads it: on paper, on the record's page, of a prescription."""

import json
from datetime import date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import translation

from mesoclinic.core.roles import Role
from patients.services import consents
from protocols.dosing import Finding, Level
from protocols.dosing.keeping import kept_finding, sentence_of
from protocols.models import Substance
from protocols.services.protocols import DraftLine
from protocols.words import finding_said
from sessions.models import Course, Override, Signature
from sessions.queries import record_checks
from sessions.queries.kept_findings import told
from sessions.queries.reports import course_report
from sessions.queries.signatures import verify_chain
from sessions.recording import OverrideGiven, SiteTreated
from sessions.services import courses, records
from sessions.services.records import Typed
from tests.factories import make_indication, make_protocol_version, make_substance, make_user
from tests.sessions.booking_world import MONDAY, NOW, PARIS, at
from tests.sessions.record_world import filled, finish, record_world, save, sign, start
from tests.shared import shared

pytestmark = pytest.mark.django_db
FEW = (SiteTreated("Neck", "left", points=4, volume_per_point_ml=Decimal("0.5")),)
ENGLISH = "Nobody's consent to the treatment counts on this day. Have it given."
PER_POINT = {
    "en": "0.5 mL per point is outside the usual 0.01 to 0.3 mL.",
    "fr": "0,5 mL par point : hors des 0,01 à 0,3 mL habituels.",
}


@shared
def world():
    """A record signed in English without a consent, with too much in each of its points."""
    with time_machine.travel(at("10:15"), tick=False):
        world = record_world()
        consents.withdraw_consent(actor=None, consent=world.consent, on=MONDAY)
        record = start(world)
        check = record_checks.check_record(record, filled(record), at("10:15"))
        given = tuple(OverrideGiven(f.key, f.rule, f.text, "Form follows") for f in check.blocks)
        save(world, record, filled(record, sites=FEW, overrides=given))
        sign(world, finish(world, record))
        record.refresh_from_db()
        world.record = record
        yield world


def report_in(world, language: str):
    with translation.override(language):
        return course_report(Course.objects.get(pk=world.course.pk), MONDAY)


def page_in(world, language: str) -> str:
    browser = Client()
    browser.force_login(world.doctor_user)
    browser.cookies["django_language"] = language
    type(world.doctor_user).objects.filter(pk=world.doctor_user.pk).update(language=language)
    page = browser.get(reverse("sessions:record-view", args=[world.record.public_id]))
    return page.content.decode().replace("&#x27;", "'").replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_report_tells_in_its_own_language_what_was_gone_past(world, language):
    [session] = report_in(world, language).sessions

    with translation.override(language):
        wanted = translation.gettext(ENGLISH)
    assert [one.rule for one in session.overrides] == [wanted]
    assert (wanted == ENGLISH) is (language == "en")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_records_page_tells_it_in_the_readers_language_and_writes_numbers_so(world, language):
    page = page_in(world, language)

    assert (ENGLISH in page) is (language == "en")
    assert PER_POINT[language] in page


def test_what_was_signed_stays_word_for_word_whoever_reads_it(world):
    text = Signature.objects.get(record=world.record).canonical_text

    page_in(world, "fr")
    report_in(world, "fr")

    world.record.refresh_from_db()
    assert {ENGLISH, PER_POINT["en"]} <= {one["text"] for one in world.record.findings}
    assert Signature.objects.get(record=world.record).canonical_text == text
    assert world.record.findings == json.loads(text)["record"]["findings"]
    assert verify_chain(world.clinic).broken is None


def test_what_was_kept_before_its_sentence_was_is_told_in_the_words_kept(world):
    old = {"level": "warn", "rule": "x", "key": "x||", "text": "4 shots are few.", "source": ""}

    with translation.override("fr"):
        assert told(old) == "4 shots are few."
        assert told(old | {"text": ENGLISH}) == translation.gettext(ENGLISH)  # without a number: it can be translated
        assert told(old | {"message": "%(n)s shots", "numbers": {"n": {"number": "four"}}}) == "4 shots are few."
        assert told({}) == ""
    override = world.record.overrides.get()
    Override(record=None, course=world.course, rule="x", finding="Kept as it was.", reason="y", by=world.desk).save()
    assert Override.objects.get(rule="x").sentence is None
    assert "Kept as it was." in [one.rule for one in report_in(world, "fr").overrides]
    assert override.sentence is None  # the record's own findings tell it, and they are signed


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_prescription_gone_past_is_told_in_the_language_of_its_report(world, language):
    withdrawn = make_substance(world.clinic, "Buflomedil")
    version = make_protocol_version(world.clinic, name="Old", lines=[DraftLine(withdrawn, "vasodilator", Decimal(1))])
    Substance.objects.filter(pk=withdrawn.pk).update(status="withdrawn", status_reason="deaths")
    world.course = courses.prescribe_course(
        actor=world.doctor_user,
        clinic=world.clinic,
        patient=world.patient,
        protocol_version=version,
        indication=make_indication(world.clinic),
        lead_practitioner=world.doctor,
        site=world.site,
        start_on=MONDAY,
        cadence="4x1w",
        override_reason="The last vials, agreed",
        now=NOW,
    )
    [kept] = [one for one in Override.objects.filter(course=world.course) if one.rule == "substance.withdrawn"]

    said = [one.rule for one in report_in(world, language).overrides]

    assert (kept.finding in said) is (language == "en")


def test_numbers_days_and_times_come_back_from_json_as_they_were():
    numbers = {
        "ml": Decimal("0.50"),
        "count": 3,
        "name": "2026-03-02",
        "on": date(2026, 3, 2),
        "at": datetime(2026, 3, 1, 9, 30, tzinfo=PARIS),
    }
    found = Finding(Level.BLOCK, "any.rule", "%(ml)s %(count)s %(name)s %(on)s %(at)s", numbers, "S1")

    row = json.loads(json.dumps({"level": "block", "rule": "any.rule", "source": "S1", **sentence_of(found)}))
    again = kept_finding(row)

    assert (again, again.key) == (found, found.key)
    for language in ("en", "fr"):
        with translation.override(language):
            assert finding_said(again) == finding_said(found)
    assert again.numbers == found.numbers


def test_a_class_new_to_the_consent_has_one_key_in_every_language_and_each_its_words():
    with time_machine.travel(at("10:15"), tick=False):
        world = record_world()
        world.consent.classes = ["anaesthetic"]
        world.consent.save(update_fields=["classes"])
        record = start(world)
        found = {}
        for language in ("en", "fr"):
            with translation.override(language):
                [one] = record_checks.check_record(record, filled(record), at("10:15")).blocks
                found[language] = (one.key, finding_said(one))

    assert found["en"][0] == found["fr"][0]
    assert "Vasodilator" in found["en"][1]
    assert "Vasodilatateur" in found["fr"][1]


def test_who_reads_in_another_language_does_not_take_over_why_a_finding_was_gone_past():
    with time_machine.travel(at("10:15"), tick=False):
        world = record_world()
        consents.withdraw_consent(actor=None, consent=world.consent, on=MONDAY)
        record = start(world)
        given = []
        for language, actor in (("en", world.doctor_user), ("fr", make_user(world.clinic, Role.PRACTITIONER))):
            with translation.override(language):
                check = record_checks.check_record(record, filled(record), at("10:15"))
                overrides = record_checks.given_overrides(check, {check.blocks[0].key: "Form follows"})
                record.refresh_from_db()
                typed = Typed(raw={}, content=filled(record, overrides=overrides), edit_count=record.edit_count)
                records.save_draft(actor=actor, record=record, typed=typed)
                given.append(record.overrides.get())

    assert given[0].pk == given[1].pk
    assert given[1].by == world.doctor_user
