"""Where a rule of the check begins and ends: exactly at its number, on its last day, where nothing is known, far from Greenwich."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from protocols.dosing import CompetitionRule, Counting, MixEvent, MixSite
from tests.protocols.dosing_cases import (
    CALCITONIN,
    DEXAMETHASONE,
    HORSE,
    LIDOCAINE_1,
    SALINE,
    D,
    by_rule,
    check,
    levels,
    line,
    strength,
)

pytestmark = pytest.mark.engine

NEW_YORK = ZoneInfo("America/New_York")
TODAY, TOMORROW = date(2026, 3, 2), date(2026, 3, 3)
HOURS_12 = CompetitionRule("hours", "USEF", 12, Counting.ELAPSED_HOURS, "s", name="12 hours")
DEXA = CompetitionRule(
    *("dexa", "USEF", 12, Counting.ELAPSED_HOURS, "s", frozenset({"dexamethasone"})),
    name="Dexamethasone",
    max_mg_per_1000_lb=D(10),
)


def show(starts_on: date, ends_on: date, body: str = "USEF", name: str = "Show") -> MixEvent:
    return MixEvent(name, starts_on, ends_on, body)


def competing(*events: MixEvent, **fields: object):
    fields = {"competition_bodies": frozenset({"USEF"}), **fields}
    return replace(HORSE, competes=True, events=events, **fields)


# --- competition


def test_an_event_is_still_on_on_its_last_day_and_over_the_day_after():
    elsewhere = [show(date(2026, 3, 1), ends_on, "FEI") for ends_on in (TODAY, date(2026, 3, 1))]

    still, over = (levels(check([line(SALINE)], competing(event))) for event in elsewhere)

    assert still["competition.event_now"] == "warn"
    assert "competition.event_now" not in over


@pytest.mark.parametrize(("volume_ml", "warns"), [("2.5", False), ("2.501", True)])
def test_the_most_in_a_day_may_be_given_and_nothing_above_it(volume_ml, warns):
    horse = competing(weight_kg=D("453.59237"))  # a thousand pounds: 10 mg, which 2.5 mL of 4 mg/mL are

    found = levels(check([line(DEXAMETHASONE, volume_ml)], horse, competition_rules=(DEXA,)))

    assert ("competition.too_much" in found) is warns


def test_without_a_weight_nothing_is_said_of_the_most_in_a_day():
    found = levels(check([line(DEXAMETHASONE, "50")], competing(weight_kg=None), competition_rules=(DEXA,)))

    assert "competition.too_much" not in found
    assert found["competition.earliest"] == "warn"


def test_the_earliest_start_is_told_in_the_clinics_own_time():
    given_at = datetime(2026, 3, 2, 20, 30, tzinfo=NEW_YORK)

    found = check(
        [line(SALINE)], competing(), performed_at=given_at, zone=NEW_YORK, competition_rules=(HOURS_12,)
    )  # fmt: skip

    assert by_rule(found)["competition.earliest"].text.endswith("is 2026-03-03 08:30.")


def test_a_day_of_competing_begins_at_the_clinics_midnight():
    # 11 hours before midnight in New York is 16 hours before that of Greenwich's day.
    noon, one = (datetime(2026, 3, 2, hour, tzinfo=NEW_YORK) for hour in (12, 13))
    horse = competing(show(TOMORROW, TOMORROW))

    in_time, too_late = (
        levels(check([line(SALINE)], horse, performed_at=at, zone=NEW_YORK, competition_rules=(HOURS_12,)))
        for at in (noon, one)
    )

    assert "competition.earliest" in in_time
    assert "competition.too_early" in too_late


def test_the_first_event_a_rule_forbids_is_named_whatever_the_order_they_are_written_in():
    late, soon = show(date(2026, 3, 3), date(2026, 3, 9), name="Later"), show(TODAY, TODAY, name="Sooner")

    found = by_rule(check([line(SALINE)], competing(late, soon), competition_rules=(HOURS_12,)))

    assert found["competition.too_early"].numbers["event"] == "Sooner"


def test_a_rule_for_the_skin_speaks_for_its_events_so_that_nobody_says_there_is_none():
    horse = competing(show(date(2026, 3, 20), date(2026, 3, 20)))

    found = levels(check([line(SALINE)], horse, competition_rules=(HOURS_12,)))

    assert "competition.event" not in found
    assert "competition.earliest" in found


def test_an_event_under_rules_nobody_stated_is_said_without_a_body():
    soon = show(date(2026, 3, 20), date(2026, 3, 20), body="")

    found = by_rule(check([line(SALINE)], competing(soon)))

    assert found["competition.event"].text == (
        "The horse competes on 2026-03-20 (Show), under rules nobody stated: ask."
    )  # fmt: skip


# --- volumes


@pytest.mark.parametrize("planned_ml", ["2", "0"])
def test_a_volume_as_planned_is_no_slip_though_it_is_as_many_milligrams(planned_ml):
    one_in_one = replace(CALCITONIN, strength=strength("1 mg/mL"), usual_strengths=())

    found = levels(check([line(one_in_one, "2", planned_ml=D(planned_ml))]))

    assert not {"dose.mg_for_ml", "dose.volume_slip"} & found.keys()


def test_a_millilitre_typed_for_a_milligram_is_found_at_one_too():
    found = by_rule(check([line(LIDOCAINE_1, "1", planned_ml=D("0.1"))]))  # 0.1 mL of 1 % are 1 mg

    assert found["dose.mg_for_ml"].level == "block"


def test_a_syringe_whose_points_have_no_volume_hides_no_other_syringe():
    lines = [line(SALINE, "9"), replace(line(SALINE, "9"), syringe="B")]
    sites = (MixSite(10), MixSite(10, D("0.1"), syringe="B"))

    found = [one for one in check(lines, sites=sites) if one.rule == "volume.mismatch"]

    assert [one.numbers["syringe"] for one in found] == ["B"]


def test_the_same_number_in_a_unit_of_another_kind_is_a_slip():
    usual = replace(CALCITONIN, usual_strengths=(strength("100 mg/mL"),))  # 100 IU/mL it is

    found = by_rule(check([line(usual)]))

    assert found["dose.strength_slip"].level == "block"
