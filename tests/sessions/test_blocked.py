"""A patient's blocked days, in one place: noted days, competitions, and what their rules count before; kept everywhere."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from mesoclinic.core.refused import Refused
from protocols.services.protocols import DraftLine
from sessions.models import Appointment, BookingPreference
from sessions.queries import appointments as reads
from sessions.queries import availability, plan_pages, proposal_words, rounds
from sessions.queries import courses as course_reads
from sessions.queries.blocked import blocked_times, reasons_on
from sessions.queries.proposals import find_series
from sessions.scheduling.walltime import minute_of
from sessions.services import appointments, competitions, preferences
from sessions.services.appointments import SeriesTime
from tests.factories import make_competition_rule, make_course, make_protocol_version, make_substance
from tests.sessions.booking_world import MONDAY, NOW, PARIS, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    world = open_clinic()
    make_competition_rule(world.clinic, body="USEF", name="GR414")
    return world


def show(world, days: int, length: int = 1, **columns):
    first = MONDAY + timedelta(days=days)
    given = {"name": "Spring show", "body": "USEF", "from_on": first, "until_on": first + timedelta(days=length - 1)}
    return competitions.enter_competition(actor=None, patient=world.horse, today=MONDAY, **{**given, **columns})


def block(world, days: int, reason: str = ""):
    day = MONDAY + timedelta(days=days)
    preferences.block_days(actor=None, patient=world.horse, from_on=day, until_on=day, today=MONDAY, reason=reason)


def blocked(world, days: int = 30):
    keys = [world.horse.pk]
    return blocked_times(world.clinic.pk, keys, MONDAY, MONDAY + timedelta(days=days), PARIS).get(world.horse.pk, [])


def book_horse(world, clock: str = "10:00", days: int = 0, **fields) -> Appointment:
    return book(world, clock, day_offset=days, patient=world.horse, practitioner=world.vet, **fields)


def course_of(world, cadence: str = "4x1w@30", version=None):
    return make_course(
        world.clinic,
        patient=world.horse,
        practitioner=world.vet,
        start_on=MONDAY,
        cadence=cadence,
        protocol_version=version,
        now=NOW,
    )


def series(world, course):
    wish = BookingPreference(patient=world.horse, clinic=world.clinic)
    return find_series(course, wish, now=NOW.replace(hour=5))


# --- what is blocked


def test_days_noted_events_and_what_their_rules_count_are_one_list(world):
    block(world, 3, "At the farrier's")
    show(world, 10, 3)

    words = [one.words(PARIS) for one in blocked(world)]

    assert words == [
        "the patient cannot come on 5 March (At the farrier's)",
        "competes 12–14 March (Spring show); rule USEF, GR414 counts from 11 Mar, 12:00",
        "competes 12–14 March (Spring show)",
    ]
    assert reasons_on(blocked(world), date(2026, 3, 13), PARIS) == "competes 12–14 March (Spring show)"
    assert reasons_on(blocked(world), date(2026, 3, 10), PARIS) == ""


def test_an_event_is_said_once_with_every_rule_before_it(world):
    make_competition_rule(world.clinic, body="USEF", name="GR411", amount=24)
    show(world, 10)

    assert reasons_on(blocked(world), date(2026, 3, 11), PARIS) == (
        "competes on 12 March (Spring show); rule USEF, GR411 counts from 11 Mar, 00:00; "
        "rule USEF, GR414 counts from 11 Mar, 12:00"
    )


def test_hours_are_counted_back_over_the_change_of_the_clocks(world):
    """The night before Sunday 29 March 2026 has an hour less: 36 hours before Monday are from eleven on Saturday."""
    make_competition_rule(world.clinic, body="FEI", name="36 h", amount=36)
    show(world, 28, body="FEI")

    [rule, _event] = blocked(world)

    assert rule.words(PARIS).endswith("rule FEI, 36 h counts from 28 Mar, 11:00")


@pytest.mark.parametrize(
    ("columns", "first_free"),
    [
        ({"counting": "inclusive_days", "amount": 7}, date(2026, 3, 5)),  # day 1 is the 5th, day 8 the 12th
        ({"counting": "clear_days", "amount": 7}, date(2026, 3, 4)),  # seven whole days between the 4th and the 12th
        ({"counting": "elapsed_days", "amount": 5}, date(2026, 3, 6)),
    ],
)
def test_the_last_day_to_treat_before_a_show_follows_the_way_its_body_counts(world, columns, first_free):
    make_competition_rule(world.clinic, body="B", **columns)
    show(world, 10, body="B")

    days = [MONDAY + timedelta(days=n) for n in range(10)]
    free = [day for day in days if not reasons_on(blocked(world), day, PARIS)]

    assert free[-1] == first_free


def test_rules_of_other_bodies_routes_and_years_block_nothing(world):
    for columns in (
        {"body": "FEI"},
        {"body": "USEF", "route": "intra-articular", "amount": 500},
        {"body": "USEF", "valid_until": date(2026, 3, 1), "amount": 500},
        {"body": "USEF", "counting": "none", "amount": None},
    ):
        make_competition_rule(world.clinic, **columns)
    show(world, 10)

    assert [one.rule for one in blocked(world)] == ["USEF, GR414", ""]


def test_a_rule_about_a_substance_blocks_where_an_open_course_gives_it(world):
    steroid = make_substance(world.clinic, "Dexamethasone", categories=("anti-inflammatory",))
    make_competition_rule(
        world.clinic, body="USEF", name="Steroids", amount=72, applies_to="substances", keys=[steroid.code]
    )
    show(world, 10)
    assert "USEF, Steroids" not in {one.rule for one in blocked(world)}

    course_of(world, version=make_protocol_version(world.clinic, lines=[DraftLine(steroid, "base", 1)]))

    assert "USEF, Steroids" in {one.rule for one in blocked(world)}


def test_a_patient_without_competitions_costs_one_statement(world):
    block(world, 3)
    with CaptureQueriesContext(connection) as queries:
        blocked(world)
    assert len(queries) == 1

    show(world, 10)
    with CaptureQueriesContext(connection) as queries:
        blocked(world)
    assert len(queries) == 2, "the rules; none of them is about a substance"


# --- kept wherever times are looked for


def test_a_proposed_series_keeps_clear_of_the_show_and_says_why(world):
    course = course_of(world)
    show(world, 7, 2)

    found = series(world, course)

    line = found.lines()[1]
    closed = availability.closed_days(world.site)
    why = proposal_words.cause(line.why, found.people, closed, found.blocked)
    assert why == "competes 9–10 March (Spring show)"
    assert line.starts_at is not None
    assert not reasons_on(found.blocked, line.starts_at.astimezone(PARIS).date(), PARIS)


def test_the_hours_before_a_show_are_the_reason_too(world):
    """A show on Tuesday: from Monday noon on it is too late, and in the morning the vet has another horse."""
    course = course_of(world)
    show(world, 8)
    other = patient(world.clinic, "Quark", "horse")
    book(world, "09:00", day_offset=7, minutes=180, patient=other, practitioner=world.vet)

    found = series(world, course)

    line = next(line for line in found.lines() if line.number == 2)
    assert line.starts_at.astimezone(PARIS).date() not in (date(2026, 3, 9), date(2026, 3, 10))
    why = proposal_words.cause(line.why, found.people, availability.closed_days(world.site), found.blocked)
    assert why == "competes on 10 March (Spring show); rule USEF, GR414 counts from 9 Mar, 12:00"


def test_free_times_of_the_patient_leave_the_blocked_time_out(world):
    show(world, 1)

    found = reads.free_times(
        world.site, [world.vet], MONDAY, MONDAY + timedelta(days=2), 30, patient=world.horse, now=NOW
    )

    assert max(one.end for one in found.on(MONDAY, world.site)) == minute_of(at("12:00"))
    assert not found.on(MONDAY + timedelta(days=1), world.site)
    assert found.on(MONDAY + timedelta(days=2), world.site)


def test_the_booking_page_says_why_a_day_is_empty(world):
    show(world, 1)
    browser = Client()
    browser.force_login(world.desk)
    asked = {"patient": world.horse.public_id, "from_on": str(MONDAY)}

    with time_machine.travel(NOW, tick=False):
        text = browser.get(reverse("sessions:book"), asked).content.decode()

    assert "competes on 3 March (Spring show)" in text


# --- booked only in the open


def test_booking_on_a_blocked_day_needs_a_reason_which_is_kept(world):
    show(world, 1)

    with pytest.raises(Refused) as no:
        book_horse(world, days=1)
    assert (no.value.code, no.value.field) == ("blocked-day", "outside_window_reason")
    assert "competes on 3 March (Spring show)" in no.value.message
    assert no.value.details["alternatives"]
    assert not Appointment.objects.exists()

    visit = book_horse(world, days=1, outside_window_reason="First aid on the ground")
    assert visit.exception_reason == "First aid on the ground"


def test_a_reason_that_was_not_needed_is_not_kept(world):
    visit = book_horse(world, outside_window_reason="just so")

    assert visit.exception_reason == ""


def test_a_noted_day_is_as_blocked_as_a_show(world):
    block(world, 1)

    with pytest.raises(Refused, match="cannot come on 3 March"):
        book_horse(world, days=1)


def test_a_time_over_before_the_rule_counts_is_free(world):
    show(world, 1)

    assert book_horse(world, "11:30").exception_reason == ""
    with pytest.raises(Refused, match="GR414 counts from 2 Mar, 12:00"):
        book_horse(world, "12:00")


def test_moving_onto_a_blocked_day_needs_a_reason(world):
    show(world, 1)
    visit = book_horse(world, days=3)

    with pytest.raises(Refused) as no:
        appointments.move(actor=world.desk, appointment=visit, starts_at=at("10:00", 1), now=NOW)
    assert no.value.code == "blocked-day"

    moved = appointments.move(
        actor=world.desk, appointment=visit, starts_at=at("10:00", 1), outside_window_reason="Owner insists", now=NOW
    )
    assert moved.exception_reason == "Owner insists"


def test_a_visit_that_stands_on_a_blocked_day_moves_within_it_with_its_reason(world):
    show(world, 1)
    visit = book_horse(world, days=1, outside_window_reason="First aid")

    moved = appointments.move(actor=world.desk, appointment=visit, starts_at=at("11:00", 1), now=NOW)

    assert moved.exception_reason == "First aid"


def test_a_series_never_lands_on_a_blocked_day_by_the_reason_of_the_series(world):
    course = course_of(world)
    show(world, 21)

    with pytest.raises(Refused) as no:
        appointments.book_series(
            actor=world.desk,
            clinic=world.clinic,
            course=course,
            times=[SeriesTime(1, at("10:00", 21), world.vet, world.room)],
            now=NOW.replace(hour=5),
        )

    assert no.value.code == "blocked-day"


def test_a_walk_in_is_never_turned_away_and_says_what_stood_against_it(world):
    block(world, 0, "Show")

    visit = appointments.walk_in(
        actor=world.desk,
        clinic=world.clinic,
        site=world.site,
        patient=world.horse,
        practitioner=world.vet,
        minutes=30,
        now=at("10:00"),
    )

    assert "the patient cannot come on 2 March (Show)" in visit.exception_reason


def test_the_booking_form_asks_why_and_keeps_everything_typed(world):
    show(world, 1)
    browser = Client()
    browser.force_login(world.desk)
    address = reverse("sessions:book") + f"?patient={world.horse.public_id}"
    typed = {
        "slot": "other",
        "on": "2026-03-03",
        "at": "10:00",
        "with_whom": str(world.vet.public_id),
        "note": "bring the lamp",
        "booking_token": "7b7e7b1e-9d3c-4bb0-b3a5-2c8f4d5e6f70",
    }
    with time_machine.travel(NOW, tick=False):
        answer = browser.post(address, typed)
        assert answer.status_code == 409
        assert answer.context["form"].errors["outside_window_reason"]
        assert "bring the lamp" in answer.content.decode()

        assert browser.post(address, {**typed, "outside_window_reason": "First aid"}).status_code == 302
    assert Appointment.objects.get().exception_reason == "First aid"


def test_a_french_reader_reads_why_in_french(world):
    show(world, 10, 3)

    with translation.override("fr"):
        words = [one.words(PARIS) for one in blocked(world)]

    assert words[1] == "en compétition 12–14 mars (Spring show)"


def test_on_a_round_a_blocked_horse_is_not_due_and_needs_a_reason(world):
    course_of(world)
    show(world, 0)

    [one] = rounds.candidates_of(world.site, [world.horse], MONDAY, NOW)

    assert (one.is_due, one.needs_reason) == (False, True)
    assert one.why.endswith("· competes on 2 March (Spring show)")


# --- what stands there already


def test_the_plan_says_which_sessions_are_blocked(world):
    course = course_of(world)
    show(world, 7)

    page = plan_pages.plan(course_reads.get_or_404(world.clinic, course.public_id), MONDAY)

    whys = {row.session.number: row.why for row in page.rows}
    assert whys[2] == "Competes on 9 March (Spring show)."
    assert not whys[3]


def test_visits_booked_before_the_show_was_entered_stay_and_are_listed(world):
    visit = book_horse(world, days=3)
    free = book_horse(world, days=9)
    show(world, 3)
    browser = Client()
    browser.force_login(world.desk)

    with time_machine.travel(NOW, tick=False):
        page = browser.get(reverse("sessions:enter-competition", args=[world.horse.public_id]))

    assert [one for one, _words in page.context["clashes"]] == [visit]
    assert "Competes on 5 March (Spring show)" in page.content.decode()
    assert {one.status for one in Appointment.objects.filter(pk__in=[visit.pk, free.pk])} == {"booked"}
