"""A horse's competition calendar: entered, changed, taken out; and the mix check that knows of it."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from patients.services import merging
from sessions.models import CompetitionEvent
from sessions.queries import record_checks, records
from sessions.queries import reports as report_reads
from sessions.queries.prescriptions import mix_for
from sessions.services import competitions
from tests.factories import make_clinic, make_competition_rule, make_horse, make_patient, make_user
from tests.sessions.booking_world import MONDAY, NOW, at
from tests.sessions.record_world import done, filled, record_world, start
from tests.shared import shared

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@shared
def world():
    clinic = make_clinic()
    return SimpleNamespace(clinic=clinic, horse=make_horse(clinic), desk=make_user(clinic, Role.RECEPTION))


@pytest.fixture
def desk(world):
    browser = Client()
    browser.force_login(world.desk)
    return browser


def enter(horse, days: int = 20, **columns) -> CompetitionEvent:
    first = MONDAY + timedelta(days=days)
    given = {"name": "Spring show", "from_on": first, "until_on": first + timedelta(days=2), **columns}
    return competitions.enter_competition(actor=None, patient=horse, today=MONDAY, **given)


def form(**fields):
    return {"name": "Spring show", "from_on": "2026-03-20", "until_on": "2026-03-22", "body": "", **fields}


def twelve_hours(clinic, **columns):
    return make_competition_rule(clinic, body="USEF", name="GR414", **columns)


# --- the calendar


def test_a_competition_is_entered_changed_and_taken_out_and_the_audit_knows(world):
    event = enter(world.horse, name="  Spring   show ")
    assert (event.name, event.clinic_id) == ("Spring show", world.horse.clinic_id)

    competitions.change_competition(actor=None, event=event, today=MONDAY, until_on=event.from_on)
    competitions.remove_competition(actor=None, event=CompetitionEvent.objects.get())

    assert not CompetitionEvent.objects.exists()
    told = AuditEvent.objects.filter(patient_id=world.horse.pk, verb__startswith="competition-event.").order_by("pk")
    assert [one.verb.split(".")[1] for one in told] == ["entered", "changed", "removed"]
    assert told[2].reason == "Spring show · 2026-03-22 – 2026-03-22"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"until_on": MONDAY}, "days-in-disorder"),
        ({"from_on": date(2026, 2, 1), "until_on": date(2026, 2, 2)}, "in-the-past"),
        ({"from_on": date(2036, 2, 1), "until_on": date(2036, 2, 2)}, "too-far"),
        ({"until_on": MONDAY + timedelta(days=200)}, "too-long"),
        ({"name": "  "}, "not-valid"),
    ],
)
def test_a_competition_that_cannot_be_is_refused(world, wrong, code):
    with pytest.raises(Refused) as no:
        enter(world.horse, **wrong)

    assert no.value.code == code


def test_only_horses_have_a_competition_calendar(world, desk):
    person = make_patient(world.clinic)

    with pytest.raises(Refused) as no:
        enter(person)
    assert no.value.code == "no-horse"
    assert desk.get(reverse("sessions:enter-competition", args=[person.public_id])).status_code == 404
    assert "Competitions" not in desk.get(reverse("sessions:patient", args=[person.public_id])).content.decode()


def test_the_database_keeps_a_competition_whole(world):
    event = enter(world.horse)

    for wrong in ({"name": ""}, {"until_on": event.from_on - timedelta(days=1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CompetitionEvent.objects.filter(pk=event.pk).update(**wrong)


def test_competitions_follow_a_merged_file(world):
    twin = make_horse(world.clinic)
    event = enter(twin)

    merging.merge_patient(actor=world.desk, patient=twin, into=world.horse)

    event.refresh_from_db()
    assert event.patient == world.horse


# --- pages


def test_the_page_enters_and_lists_and_the_patients_page_shows(world, desk):
    twelve_hours(world.clinic)
    page = reverse("sessions:enter-competition", args=[world.horse.public_id])

    assert desk.post(page, form(body="USEF", note="with Pia")).status_code == 302

    for shown in (page, reverse("sessions:patient", args=[world.horse.public_id])):
        text = desk.get(shown).content.decode()
        assert "Spring show" in text
        assert "rules of USEF" in text
        assert "with Pia" in text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"from_on": "2026-02-30"}, "from_on"),
        ({"until_on": "2026-03-19"}, "until_on"),
        ({"from_on": "2020-03-20", "until_on": ""}, "until_on"),
        ({"body": "Moon"}, "body"),
    ],
)
def test_what_a_competition_lacks_is_said_at_its_field_and_everything_typed_is_kept(world, desk, wrong, field):
    answer = desk.post(
        reverse("sessions:enter-competition", args=[world.horse.public_id]), form(note="with Pia", **wrong)
    )

    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert "with Pia" in answer.content.decode()
    assert not CompetitionEvent.objects.exists()


def test_a_competition_is_changed_and_taken_out_on_its_page(world, desk):
    event = enter(world.horse, body="Old Body")
    page = reverse("sessions:change-competition", args=[world.horse.public_id, event.public_id])

    assert desk.post(page, form(name="Autumn show", body="Old Body")).status_code == 302
    event.refresh_from_db()
    assert (event.name, event.body) == ("Autumn show", "Old Body"), "a body without rules is kept"

    text = desk.get(page).content.decode()
    assert "Take this competition out of the calendar?" in text
    desk.post(reverse("sessions:remove-competition", args=[world.horse.public_id, event.public_id]))
    assert not CompetitionEvent.objects.exists()


def test_another_horses_competition_is_not_found(world, desk):
    event = enter(make_horse(world.clinic))

    for name in ("sessions:change-competition", "sessions:remove-competition"):
        assert desk.post(reverse(name, args=[world.horse.public_id, event.public_id])).status_code == 404


# --- the mix check


def test_prescribing_says_the_earliest_time_by_the_rules_of_the_horses_body():
    world = record_world(species="horse")
    twelve_hours(world.clinic)
    enter(world.patient, days=20, body="USEF")

    texts = [one.text for one in mix_for(world.version, world.patient, MONDAY).findings]

    assert "Earliest possible by rule USEF, GR414 is 3 Mar 2026, 12:00." in texts


def test_prescribing_for_the_day_before_a_show_is_a_block_with_rule_numbers_and_source():
    world = record_world(species="horse")
    twelve_hours(world.clinic)
    enter(world.patient, days=1, body="USEF")

    [block] = [one for one in mix_for(world.version, world.patient, MONDAY).blocks if "competition" in one.rule]

    assert block.text == (
        "The horse competes on 3 Mar 2026 (Spring show); earliest possible by rule USEF, GR414 is 3 Mar 2026, 12:00."
    )
    assert block.source == "Handbook 2026, page 3"


def test_a_record_is_checked_at_the_minute_it_was_given():
    world = record_world(species="horse")
    twelve_hours(world.clinic)
    enter(world.patient, days=1, body="USEF")
    record = start(world)

    def said(clock: str) -> dict[str, str]:
        check = record_checks.check_record(
            records.get_or_404(world.clinic, record.public_id), filled(record), at(clock)
        )
        return {one["rule"]: one["text"] for one in check.lines if one["rule"].startswith("competition.")}

    assert "competition.too_early" not in said("12:00")
    assert said("12:01")["competition.too_early"].endswith("is 3 Mar 2026, 00:01.")


def test_a_record_counts_what_the_horse_was_sedated_with():
    world = record_world(species="horse")
    enter(world.patient, days=20)
    record = start(world)

    def said(sedation: str) -> dict[str, str]:
        content = replace(filled(record), sedation=sedation)
        check = record_checks.check_record(records.get_or_404(world.clinic, record.public_id), content, at("12:00"))
        return {one["rule"]: one["text"] for one in check.lines}

    assert "Detomidine 10 mg" in said(" Detomidine 10 mg ")["competition.risk"]
    assert "Detomidine" not in said("").get("competition.risk", "")


def test_a_show_nobody_has_rules_for_is_said_too():
    world = record_world(species="horse")
    enter(world.patient, days=5)

    rules = {one.rule: one.text for one in mix_for(world.version, world.patient, MONDAY).findings}

    assert "under rules nobody stated" in rules["competition.event"]


def test_a_horse_without_competitions_hears_of_no_rule():
    world = record_world(species="horse")
    twelve_hours(world.clinic)

    rules = {one.rule for one in mix_for(world.version, world.patient, MONDAY).findings}

    assert not {one for one in rules if one.startswith(("competition.earliest", "competition.event"))}


def test_a_french_reader_reads_the_finding_in_french():
    world = record_world(species="horse")
    twelve_hours(world.clinic)
    enter(world.patient, days=1, body="USEF")

    with translation.override("fr"):
        texts = [one.text for one in mix_for(world.version, world.patient, MONDAY).blocks]

    assert any("au plus tôt selon la règle USEF, GR414" in text for text in texts)


def test_the_owners_report_carries_what_the_rules_said_of_the_last_session():
    world = record_world(species="horse")
    twelve_hours(world.clinic)
    enter(world.patient, days=20, body="USEF")
    done(world)

    course = report_reads.get_or_404(world.clinic, world.course.public_id)
    told = report_reads.course_report(course, MONDAY).competition

    assert "Earliest possible by rule USEF, GR414 is 2 Mar 2026, 22:20." in [one.said for one in told]


def test_the_page_asks_as_often_for_thirty_competitions_as_for_three(world, desk):
    twelve_hours(world.clinic)

    def count(more: int) -> int:
        for n in range(more):
            enter(world.horse, days=20 + n, body="USEF")
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(reverse("sessions:enter-competition", args=[world.horse.public_id])).status_code == 200
        return len(queries)

    count(1)
    assert count(2) == count(27)


# --- entered after the injection


def given_then_entered(world, **columns):
    """The horse was treated on Monday at 10:20; the desk enters a competition of Tuesday afterwards."""
    twelve_hours(world.clinic, amount=48)
    done(world)
    browser = Client()
    browser.force_login(make_user(world.clinic, Role.RECEPTION))
    page = reverse("sessions:enter-competition", args=[world.patient.public_id])
    days = {"from_on": "2026-03-03", "until_on": "2026-03-03", "body": "USEF"}
    return browser, page, browser.post(page, form(**{**days, **columns}), follow=True)


def test_a_competition_entered_after_the_injection_is_held_against_what_was_given():
    browser, page, answer = given_then_entered(record_world(species="horse"))

    words = (
        "egins before the earliest possible start by USEF, GR414: 4 Mar 2026, 10:20, counted from what was given on"
        " 2 Mar 2026"
    )
    assert any(words in str(one) for one in answer.context["messages"])
    text = " ".join(browser.get(page).content.decode().split())
    assert f"B{words}" in text
    assert "Earliest possible by rule USEF, GR414 is 4 Mar 2026, 10:20." in text
    assert "idocaine" not in text, "the desk reads no mix"


def test_patient_page_and_record_say_what_the_rules_count_from_what_was_given():
    world = record_world(species="horse")
    browser, _page, _answer = given_then_entered(world)
    doctor = Client()
    doctor.force_login(world.doctor_user)
    record = world.course.records.get()

    for reader, name, row in ((browser, "patient", world.patient), (doctor, "record-view", record)):
        text = " ".join(reader.get(reverse(f"sessions:{name}", args=[row.public_id])).content.decode().split())
        assert "Begins before the earliest possible start by USEF, GR414: 4 Mar 2026, 10:20" in text
        assert "Earliest possible by rule USEF, GR414 is 4 Mar 2026, 10:20." in text
    desk = browser.get(reverse("sessions:patient", args=[world.patient.public_id])).content.decode()
    assert reverse("sessions:record-view", args=[record.public_id]) not in desk
    for reader, name, row, links in ((doctor, "patient", world.patient, True), (doctor, "record-view", record, False)):
        page = reader.get(reverse(f"sessions:{name}", args=[row.public_id])).content.decode()
        rules = page.split("Counted from what was given")[1].split("</ul>")[0]
        assert (reverse("sessions:record-view", args=[record.public_id]) in rules) is links, "a page links to others"


def test_the_pages_of_a_horse_ask_as_often_for_many_sessions_and_competitions():
    world = record_world(species="horse")
    given_then_entered(world)
    doctor = Client()
    doctor.force_login(world.doctor_user)
    first = world.course.records.get()
    pages = [
        reverse("sessions:patient", args=[world.patient.public_id]),
        reverse("sessions:record-view", args=[first.public_id]),
    ]

    def counts() -> list[int]:
        asked = []
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                assert doctor.get(page).status_code == 200
            asked.append(len(queries))
        return asked

    counts()
    few = counts()
    for number in (2, 3):
        done(world, number)
    for n in range(5):
        enter(world.patient, days=20 + n, body="USEF")
    assert counts() == few


def test_a_competition_late_enough_gets_the_earliest_time_and_no_word_that_it_is_all_right():
    _browser, _page, answer = given_then_entered(
        record_world(species="horse"), from_on="2026-03-20", until_on="2026-03-20"
    )

    text = answer.content.decode()
    assert "Rules of USEF count what the horse was given already: read them below." in text
    assert "egins before the earliest" not in text
    assert "Earliest possible by rule USEF, GR414 is 4 Mar 2026, 10:20." in text


def test_moving_a_competition_nearer_to_what_was_given_says_so():
    world = record_world(species="horse")
    browser, _page, _answer = given_then_entered(world, from_on="2026-03-20", until_on="2026-03-20")
    change = reverse(
        "sessions:change-competition", args=[world.patient.public_id, CompetitionEvent.objects.get().public_id]
    )

    answer = browser.post(change, form(from_on="2026-03-03", until_on="2026-03-03", body="USEF"), follow=True)

    assert any("begins before the earliest possible start" in str(one) for one in answer.context["messages"])


def test_a_rule_whose_time_is_over_is_not_listed_any_more():
    world = record_world(species="horse")
    browser, page, _answer = given_then_entered(world, from_on="2026-03-20", until_on="2026-03-20")

    with time_machine.travel(NOW + timedelta(days=10), tick=False):
        text = browser.get(page).content.decode()

    assert "Earliest possible by rule" not in text
