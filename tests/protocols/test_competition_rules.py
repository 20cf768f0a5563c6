"""A clinic's rules of sports bodies: loaded from the catalogue, edited with source and date, counted by the mix check."""

import dataclasses
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from protocols.dosing import Counting
from protocols.models import CompetitionRule
from protocols.queries import competition as queries
from protocols.services import competition
from protocols.services.catalogue import load_catalogue, shipped_catalogue
from tests.factories import make_clinic, make_competition_rule, make_user
from tests.shared import shared

pytestmark = pytest.mark.django_db

SHIPPED = shipped_catalogue()


@shared
def clinic():
    clinic = make_clinic()
    load_catalogue(clinic=clinic)
    return clinic


@pytest.fixture
def browser(clinic, client):
    client.force_login(make_user(clinic, Role.PRACTITIONER))
    return client


def changed_catalogue(code: str, **fields):
    rules = [dataclasses.replace(one, **fields) if one.code == code else one for one in SHIPPED.competition_rules]
    return dataclasses.replace(SHIPPED, competition_rules=tuple(rules))


def form(**fields):
    return {
        "body": "Pony Club",
        "name": "No needle on the day",
        "counting": "clear_days",
        "amount": "1",
        "applies_to": "injection",
        "source": "Handbook 2026, page 12",
        "checked_on": "2026-01-05",
        **fields,
    }


# --- from the catalogue


def test_every_shipped_rule_becomes_a_row_that_keeps_its_own_rules(clinic):
    rows = list(CompetitionRule.objects.filter(clinic=clinic))

    assert len(rows) == len(SHIPPED.competition_rules)
    for row in rows:
        row.full_clean()
        assert row.source


def test_the_mix_check_counts_the_rules_of_the_sources(clinic):
    counted = {
        (rule.code, rule.amount, rule.counting, rule.route)
        for rule in queries.checked_rules(clinic.pk)
        if rule.counting is not Counting.NONE
    }

    # DOMAIN.md 2.3; shock wave (S88) is no injection and no mix is held against it
    assert counted == {
        ("usef-gr414", 12, Counting.ELAPSED_HOURS, "any"),
        ("usef-gr411", 24, Counting.ELAPSED_HOURS, "any"),
        ("usef-dexamethasone", 12, Counting.ELAPSED_HOURS, "any"),
        ("usef-ketoprofen", 12, Counting.ELAPSED_HOURS, "any"),
        ("usef-methocarbamol", 12, Counting.ELAPSED_HOURS, "any"),
        ("fei-methylprednisolone-acetate-200", 28, Counting.ELAPSED_DAYS, "intra-articular"),
        ("fei-methylprednisolone-acetate-100", 14, Counting.ELAPSED_DAYS, "intra-articular"),
        ("avef-triamcinolone", 15, Counting.ELAPSED_DAYS, "intra-articular"),
        ("avef-dexamethasone", 5, Counting.ELAPSED_DAYS, "any"),
        ("rmtc-betamethasone", 7, Counting.ELAPSED_DAYS, "intra-articular"),
        ("hisa-4222-race", 14, Counting.INCLUSIVE_DAYS, "intra-articular"),
        ("hisa-4222-workout", 7, Counting.INCLUSIVE_DAYS, "intra-articular"),
        ("racing-victoria-joints", 8, Counting.CLEAR_DAYS, "intra-articular"),
        ("nha-joints", 7, Counting.INCLUSIVE_DAYS, "intra-articular"),
    }
    by_code = {rule.code: rule for rule in queries.checked_rules(clinic.pk)}
    assert by_code["usef-gr411"].keys == {"anaesthetic", "corticosteroid", "sedative"}
    assert by_code["usef-dexamethasone"].max_mg_per_1000_lb == Decimal(10)
    assert by_code["usef-gr414"].valid_from == date(2013, 12, 1)


def test_loading_again_changes_nothing_and_updates_what_the_clinic_left(clinic):
    again = load_catalogue(clinic=clinic)
    assert (again.added, again.updated, again.kept) == (0, 0, 0)

    load_catalogue(clinic=clinic, catalogue=changed_catalogue("usef-gr414", amount=Decimal(14)))

    assert CompetitionRule.objects.get(clinic=clinic, code="usef-gr414").amount == 14


def test_a_rule_the_clinic_changed_is_never_overwritten(clinic):
    rule = CompetitionRule.objects.get(clinic=clinic, code="usef-gr414")
    competition.update_competition_rule(
        actor=None, rule=rule, amount=24, source="USEF Rule Book 2026", checked_on=date(2026, 1, 5)
    )

    loaded = load_catalogue(clinic=clinic, catalogue=changed_catalogue("usef-gr414", amount=Decimal(14)))

    assert loaded.kept == 1
    rule.refresh_from_db()
    assert (rule.amount, rule.source, rule.is_edited) == (24, "USEF Rule Book 2026", True)


# --- the clinic's own


def test_the_database_keeps_a_rule_whole(clinic):
    rule = make_competition_rule(clinic)

    for wrong in (
        {"amount": None},
        {"amount": 0},
        {"counting": "none"},
        {"counting": "moons"},
        {"applies_to": "substances"},
        {"keys": ["lidocaine"]},
        {"route": "by mouth"},
        {"max_mg_per_1000_lb": 0},
        {"valid_from": date(2026, 2, 1), "valid_until": date(2026, 1, 1)},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            CompetitionRule.objects.filter(pk=rule.pk).update(**wrong)


@pytest.mark.parametrize(
    ("missing", "code"),
    [({"source": " "}, "no-source"), ({"checked_on": None}, "no-date"), ({"body": ""}, "not-valid")],
)
def test_a_rule_names_its_body_its_source_and_the_day_it_was_read(clinic, missing, code):
    with pytest.raises(Refused) as no:
        make_competition_rule(clinic, **missing)

    assert no.value.code == code


def test_adding_changing_and_archiving_a_rule_tell_the_audit(clinic):
    rule = make_competition_rule(clinic)
    competition.update_competition_rule(actor=None, rule=rule, amount=24, source="New", checked_on=date(2026, 2, 1))
    for _twice in range(2):
        competition.archive_competition_rule(actor=None, rule=rule)
    competition.archive_competition_rule(actor=None, rule=rule, is_archived=False)

    verbs = AuditEvent.objects.filter(clinic=clinic, verb__startswith="competition-rule.").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "competition-rule.created",
        "competition-rule.updated",
        "competition-rule.archived",
        "competition-rule.restored",
    ]


def test_an_archived_rule_and_those_of_another_clinic_are_not_counted(clinic):
    rule = make_competition_rule(clinic)
    theirs = make_competition_rule(make_clinic())
    competition.archive_competition_rule(actor=None, rule=rule)

    counted = {one.body for one in queries.checked_rules(clinic.pk)}

    assert not {rule.body, theirs.body} & counted
    assert "USEF" in counted
    assert rule.body not in queries.bodies(clinic)


# --- pages


def test_the_list_says_how_each_rule_counts_and_where_it_stands(browser):
    text = browser.get(reverse("protocols:competition-rules")).content.decode()

    assert "GR414: no injection within 12 hours" in text
    assert "whole days between treatment and event" in text
    assert "As shipped; nobody here has compared it with its source yet." in text
    assert "[S81]" not in text


def test_a_rule_is_added_with_its_source_and_date(browser, clinic):
    answer = browser.post(reverse("protocols:create-competition-rule"), form())

    assert answer.status_code == 302
    rule = CompetitionRule.objects.get(clinic=clinic, body="Pony Club")
    assert (rule.amount, rule.counting, rule.checked_on) == (1, "clear_days", date(2026, 1, 5))


def test_substances_are_named_in_words_and_read_back_so(browser, clinic):
    given = form(applies_to="substances", keys="Dexamethasone, anaesthetic, corticosteroids")

    assert browser.post(reverse("protocols:create-competition-rule"), given).status_code == 302

    rule = CompetitionRule.objects.get(clinic=clinic, body="Pony Club")
    assert rule.keys == ["dexamethasone", "anaesthetic", "corticosteroid"]
    page = browser.get(reverse("protocols:edit-competition-rule", args=[rule.public_id]))
    shown = page.context["form"]["keys"].value()
    again = browser.post(
        reverse("protocols:edit-competition-rule", args=[rule.public_id]),
        {**given, "keys": ", ".join(shown) if isinstance(shown, list) else shown},
    )
    assert again.status_code == 302
    rule.refresh_from_db()
    assert rule.keys == ["dexamethasone", "anaesthetic", "corticosteroid"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"source": ""}, "source"),
        ({"checked_on": ""}, "checked_on"),
        ({"checked_on": "2099-01-01"}, "checked_on"),
        ({"amount": ""}, "amount"),
        ({"amount": "1001"}, "amount"),
        ({"counting": "none"}, "amount"),
        ({"applies_to": "substances", "keys": "moonshine"}, "keys"),
        ({"applies_to": "substances"}, "keys"),
        ({"valid_from": "2026-02-01", "valid_until": "2026-01-01"}, None),
    ],
)
def test_what_a_rule_lacks_is_said_at_its_field_and_everything_typed_is_kept(browser, clinic, wrong, field):
    answer = browser.post(reverse("protocols:create-competition-rule"), form(**wrong))

    assert answer.status_code == 422
    assert answer.context["form"].errors[field or "__all__"]
    assert "No needle on the day" in answer.content.decode()
    assert not CompetitionRule.objects.filter(clinic=clinic, body="Pony Club").exists()


def test_a_rule_checked_today_is_fine(browser, clinic):
    answer = browser.post(reverse("protocols:create-competition-rule"), form(checked_on=str(timezone.localdate())))

    assert answer.status_code == 302


def test_a_rule_is_counted_no_longer_and_again(browser, clinic):
    rule = make_competition_rule(clinic)
    address = reverse("protocols:archive-competition-rule", args=[rule.public_id])

    browser.post(address)
    assert CompetitionRule.objects.get(pk=rule.pk).is_archived
    browser.post(address, {"restore": "1"})
    assert not CompetitionRule.objects.get(pk=rule.pk).is_archived


def test_the_list_asks_as_often_for_fifty_rules_as_for_a_few(browser, clinic):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            browser.get(reverse("protocols:competition-rules"))
        return len(queries)

    count()
    few = count()
    for _n in range(30):
        make_competition_rule(clinic, applies_to="substances", keys=["dexamethasone"])
    assert count() == few
