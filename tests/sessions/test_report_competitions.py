"""Competition dates on reports: the earliest possible start by each rule, counted from all the horse was given."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions.models import Addendum, Course, SessionRecord
from sessions.printing.document import Variant
from sessions.printing.pdf import course_pdf
from sessions.printing.variants import for_variant
from sessions.queries.report_words import report_words
from sessions.queries.reports import course_report, get_or_404
from sessions.services import competitions
from tests.factories import make_competition_rule, make_course, make_substance
from tests.sessions.booking_world import MONDAY
from tests.sessions.record_world import lifted_everywhere
from tests.sessions.report_world import LATER, full_world, report_world
from tests.sessions.test_pdf import read
from tests.sessions.test_reports import page_of, text_of_page, text_of_pdf
from tests.shared import shared

pytestmark = pytest.mark.django_db
TODAY = LATER.date()


@shared
def world():
    """Mepivacaine was given on 2 March at 10:20 and on 14 March at 10:20, the horse under sedation; it competes for USEF."""
    world = full_world()
    enter(world, 30)
    return world


def enter(world, days: int, name: str = "Spring show", body: str = "USEF"):
    first = MONDAY + timedelta(days=days)
    given = {"name": name, "from_on": first, "until_on": first + timedelta(days=1), "body": body}
    return competitions.enter_competition(actor=None, patient=world.patient, today=MONDAY, **given)


def rule(world, name: str, **columns):
    return make_competition_rule(world.clinic, body="USEF", name=name, **columns)


def days_rule(world, name: str, amount: int, counting: str = "clear_days", **columns):
    about = {"applies_to": "substances"} if "keys" in columns else {}
    return rule(world, name, counting=counting, amount=amount, **about, **columns)


def report_of(world, variant: Variant = Variant.FULL, today: date = TODAY):
    return for_variant(course_report(get_or_404(world.clinic, world.course.public_id), today), variant)


def dates_of(world, today: date = TODAY) -> list[tuple[str, str, str, str]]:
    return [
        (one.rule, one.earliest, one.counted_from, one.because)
        for one in report_of(world, today=today).competition_dates
    ]


def test_each_rule_is_counted_in_its_own_way_from_the_last_session_it_is_about(world):
    rule(world, "GR414")
    days_rule(world, "Clear", 8)
    days_rule(world, "Day one", 7, "inclusive_days", keys=["mepivacaine"])
    days_rule(world, "Steroids", 9, keys=["corticosteroid"])

    assert dates_of(world) == [
        ("USEF, Clear", "23 Mar 2026", "session 2, 14 Mar 2026", "any injection"),
        ("USEF, Day one", "21 Mar 2026", "session 2, 14 Mar 2026", "Mepivacaine"),
        ("USEF, GR414", "14 Mar 2026 22:20", "session 2, 14 Mar 2026", "any injection"),
    ]


def test_what_the_session_before_gave_counts_while_its_rule_runs(world):
    steroid = make_substance(world.clinic, "Dexamethasone", categories=("corticosteroid",))
    days_rule(world, "Mepivacaine", 30, keys=["mepivacaine"])
    days_rule(world, "Pentoxifylline", 4, keys=["pentoxifylline"])
    line = SessionRecord.objects.get(course=world.course, planned_session__number=2).administrations.first()
    line.substance = steroid
    line.save(update_fields=["substance"])

    assert dates_of(world) == [
        ("USEF, Mepivacaine", "2 Apr 2026", "session 1, 2 Mar 2026", "Mepivacaine"),
        ("USEF, Pentoxifylline", "19 Mar 2026", "session 2, 14 Mar 2026", "Pentoxifylline"),
    ]
    assert [one[0] for one in dates_of(world, date(2026, 4, 3))] == ["USEF, Pentoxifylline"]


def test_needles_alone_are_an_injection_though_only_the_technique_says_so(world):
    """Of a record without a mix its technique may say that it is dry; the tick is another way to say it."""
    rule(world, "GR414")
    record = SessionRecord.objects.get(course=world.course, planned_session__number=2)
    record.administrations.all().delete()
    SessionRecord.objects.filter(pk=record.pk).update(sedation="", is_dry=False)

    assert dates_of(world) == [("USEF, GR414", "14 Mar 2026 22:20", "session 2, 14 Mar 2026", "any injection")]


def test_sedation_counts_by_rules_about_sedatives(world):
    days_rule(world, "Sedatives", 5, keys=["sedative"])

    assert [one[3] for one in dates_of(world)] == ["Detomidine 0.3 mL"]


@pytest.mark.parametrize(("signed", "expected"), [("", "Romifidine 1 mL"), ("Detomidine 0.3 mL", "Romifidine 1 mL")])
def test_a_sedation_given_anew_by_a_correction_counts_as_it_is_right(world, signed, expected):
    days_rule(world, "Sedatives", 5, keys=["sedative"])
    record = SessionRecord.objects.get(course=world.course, planned_session__number=2)
    with lifted_everywhere():
        SessionRecord.objects.filter(course=world.course).exclude(pk=record.pk).update(sedation="")
        SessionRecord.objects.filter(pk=record.pk).update(sedation=signed)
    Addendum.objects.create(
        record=record,
        kind="correction",
        corrects="sedation",
        value=expected,
        text="What was drawn up",
        reason="Read off the vial",
        by=record.performed_by,
        at=LATER,
    )

    assert [(one[2], one[3]) for one in dates_of(world)] == [("session 2, 14 Mar 2026", expected)]


def test_what_another_course_gave_counts_too_and_says_which(world):
    days_rule(world, "Clear", 8)
    other = make_course(world.clinic, patient=world.patient, practitioner=world.vet, start_on=MONDAY)
    record = SessionRecord.objects.get(course=world.course, planned_session__number=2)
    lines = list(record.administrations.all())
    record.pk, record.public_id, record.planned_session = None, None, None
    record.public_id = SessionRecord._meta.get_field("public_id").get_default()
    record.course, record.performed_at = other, record.performed_at + timedelta(days=3)
    record.save()
    for line in lines:
        line.pk, line.record = None, record
        line.save()

    assert dates_of(world) == [
        ("USEF, Clear", "26 Mar 2026", f"Course {other.number}, 17 Mar 2026", "any injection"),
    ]
    assert Course.objects.filter(patient=world.patient).count() == 2


def test_a_competition_before_the_earliest_start_names_the_rules(world):
    enter(world, 15, "Early show")
    enter(world, 16, "Elsewhere", body="FEI")
    days_rule(world, "Clear", 8)

    days = [(one.name, one.too_early) for one in report_of(world).competition_days]

    assert days == [("Early show", ("USEF, Clear",)), ("Elsewhere", ()), ("Spring show", ())]


def test_rules_of_other_bodies_and_of_other_routes_say_so_or_nothing(world):
    make_competition_rule(world.clinic, body="FEI", name="Art. 1")
    days_rule(world, "Joints", 14, route="intra-articular")
    rule(world, "Form", counting="none", amount=None, text="File the report form.")

    assert [(one[0], one[1], one[3]) for one in dates_of(world)] == [
        ("USEF, Joints", "29 Mar 2026", "any injection (made for another route than the skin)"),
        ("USEF, Form", "no time is given: File the report form.", "any injection"),
    ]


def test_page_paper_and_sheet_say_the_dates_and_never_that_a_horse_may_compete(client, world):
    enter(world, 15, "Early show")
    days_rule(world, "Clear", 8)
    days_rule(world, "Cooled", 9)
    days_rule(world, "Iced", 1)
    sheet = read(course_pdf(report_of(world, Variant.SHEET), report_words(world.patient.species)))

    with time_machine.travel(LATER, tick=False):
        opened, printed = page_of(client, world), page_of(client, world, "course-report-pdf")

    said = [
        text_of_page(opened),
        text_of_pdf(printed),
        " ".join(sheet.pages[0].extract_text().split()),
    ]

    assert len(sheet.pages) == 1
    for text in said:
        assert "USEF, Clear Handbook 2026, page 3 23 Mar 2026 session 2, 14 Mar 2026" in text
        assert (
            "17 – 18 Mar 2026: Early show (USEF) · begins before the earliest possible start by USEF, Cooled, USEF, Clear"
            in text
        )
        assert "no paper of ours is a permission to compete" in text


def test_a_sheet_of_a_horse_under_unknown_rules_says_to_ask_and_a_persons_says_nothing():
    horse, person = full_world(), full_world(species="human", name="Ada Lovelace")

    texts = [
        " ".join(
            read(course_pdf(report_of(world, Variant.SHEET), report_words(world.patient.species)))
            .pages[0]
            .extract_text()
            .split()
        )
        for world in (horse, person)
    ]

    assert "Ask us before the next competition" in texts[0]
    assert "ompet" not in texts[1]


def test_a_course_without_a_session_has_the_competitions_alone():
    world = report_world()
    enter(world, 30)
    days_rule(world, "Clear", 8)

    report = report_of(world)

    assert report.competition_dates == ()
    assert [one.name for one in report.competition_days] == ["Spring show"]


def test_the_statements_do_not_grow_with_rules_and_competitions(world):
    counts = []
    for start in (0, 10):
        for n in range(start, start + 1 + start):
            days_rule(world, f"Rule {n}", 2 + n)
            enter(world, 40 + 3 * n, f"Show {n}")
        with CaptureQueriesContext(connection) as queries:
            report_of(world)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 30
