"""The overview's visits and utilisation against a slow, obvious count in plain Python, and against the lists behind them."""

from collections import Counter
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from sessions.forms.overview import OverviewListForm, period
from sessions.models import Absence, Closure, WorkingHours
from sessions.queries.availability import public_holidays
from sessions.queries.overview import PARTS, sites
from sessions.queries.overview_hours import open_days, visit_part
from sessions.queries.overview_lists import listing
from sessions.queries.overview_pieces import hours, plain
from sessions.queries.overview_scope import Scope
from tests.factories import make_clinic, make_user, site_of
from tests.sessions.overview_world import FIRST, LAST, overview_world
from tests.shared import shared

pytestmark = pytest.mark.django_db
LIVE = ("booked", "arrived", "in_progress", "fulfilled")
MINUTE = timedelta(minutes=1)


def scope_of(world, **filters) -> Scope:
    chosen = tuple(world.sites) if filters.get("site") is None else (filters["site"],)
    return Scope(
        clinic=world.clinic,
        sites=chosen,
        from_on=FIRST,
        until_on=LAST,
        **{"today": LAST + timedelta(days=1), **filters},
    )


def some_scopes(world):
    yield scope_of(world)
    yield scope_of(world, site=world.denver)
    yield scope_of(world, practitioner=world.people[2])
    yield scope_of(world, species=world.patients[-1].species)
    yield scope_of(world, protocol=world.versions[0].protocol, site=world.paris)


# The slow way


def counted(visit, scope: Scope) -> bool:
    day = visit.starts_at.astimezone(visit.site.zone).date()
    session = visit.planned_session
    course = session.course if session else None
    return (
        FIRST <= day <= LAST
        and visit.site in scope.sites
        and visit.status not in ("entered_in_error", "offered")
        and visit.offered_until is None
        and scope.practitioner in (None, visit.practitioner)
        and scope.species in (None, visit.patient.species)
        and (scope.protocol is None or (course is not None and course.protocol_version.protocol == scope.protocol))
    )


def slow_counts(visits) -> Counter:
    found: Counter = Counter()
    for visit in visits:
        found["booked"] += 1
        found["done"] += visit.status == "fulfilled"
        found["open"] += visit.status in ("booked", "arrived", "in_progress")
        found["no-show"] += visit.status == "no_show"
        found["not-treated"] += visit.status == "not_treated"
        found["cancelled"] += visit.status == "cancelled"
        found["taking-time"] += visit.status in LIVE
        is_late = visit.starts_at - visit.status_at < timedelta(hours=24)
        found["late"] += visit.status == "cancelled" and visit.cancelled_by == "patient" and is_late
    return +found


def busy_minutes(visits, *, with_travel: bool) -> int:
    taking = [visit for visit in visits if visit.status in LIVE]
    travel = sum(visit.travel_before_min + visit.travel_after_min for visit in taking) if with_travel else 0
    return travel + sum((visit.ends_at - visit.starts_at) // MINUTE for visit in taking)


def covers(block: WorkingHours, day: date, minute: int) -> bool:
    weeks = (day - timedelta(days=day.weekday()) - (block.from_on - timedelta(days=block.from_on.weekday()))).days // 7
    return (
        block.weekday == day.isoweekday()
        and block.from_on <= day <= (block.until_on or day)
        and weeks % block.every_weeks == 0
        and block.start_time.hour * 60 + block.start_time.minute <= minute
        and minute < block.end_time.hour * 60 + block.end_time.minute
    )


def open_minutes(world, site, *, person=None, room=None) -> Counter:
    """Ask every single minute of the days whether it is open."""
    blocks = list(WorkingHours.objects.filter(site=site))
    own = [
        b
        for b in blocks
        if (b.practitioner_id, b.room_id) == (person.pk if person else None, room.pk if room else None)
    ]
    of_site = [b for b in blocks if b.practitioner_id is None and b.room_id is None]
    if room is not None and not own:
        own = of_site or [b for b in blocks if b.practitioner_id and b.kind == "open"]
    shut = [(c.from_on, c.until_on) for c in Closure.objects.filter(site=site)]
    away = [(a.starts_at, a.ends_at) for a in Absence.objects.filter(practitioner=person, room=room)]
    found: Counter = Counter()
    for n in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=n)
        if any(a <= day <= b for a, b in shut) or day in public_holidays(site.holiday_country, "", day.year):
            continue
        if person is not None and person.last_day_on and day > person.last_day_on:
            continue
        local = [(wall(a, site), wall(b, site) if b else None) for a, b in away]
        for minute in range(24 * 60):
            if not any(b.kind == "open" and covers(b, day, minute) for b in own):
                continue
            if any(b.kind == "break" and covers(b, day, minute) for b in own):
                continue
            if person is not None and of_site and not any(covers(b, day, minute) for b in of_site):
                continue
            if any(a <= (day, minute) and (b is None or (day, minute) < b) for a, b in local):
                continue
            found[day.isoweekday(), minute // 60] += 1
    return found


def wall(at, site) -> tuple[date, int]:
    local = at.astimezone(site.zone)
    return local.date(), local.hour * 60 + local.minute


@shared
def worlds():
    return [overview_world(seed) for seed in range(3)]


@pytest.mark.parametrize("seed", range(3))
def test_visits_and_their_time_are_what_a_slow_count_finds(worlds, seed):
    world = worlds[seed]

    for scope in some_scopes(world):
        found = visit_part(scope)
        expected = [visit for visit in world.visits if counted(visit, scope)]

        assert +found.counts == slow_counts(expected)
        for taken in found.practitioners:
            theirs = [visit for visit in expected if visit.practitioner == taken.row]
            assert +taken.counts == slow_counts(theirs)
            assert taken.busy_min == busy_minutes(theirs, with_travel=True)
        for taken in (*found.rooms, found.without_room):
            there = [visit for visit in expected if visit.room == taken.row]
            assert +taken.counts == slow_counts(there)
            assert taken.busy_min == busy_minutes(there, with_travel=False)


@pytest.mark.parametrize("seed", range(2))
def test_open_time_is_what_every_single_minute_says(seed):
    world = overview_world(seed, visits=20)
    scope = scope_of(world)

    found = visit_part(scope)

    week: Counter = Counter()
    for taken in found.practitioners:
        by_hour = sum((open_minutes(world, site, person=taken.row) for site in world.sites), Counter())
        assert taken.open_min == sum(by_hour.values()), taken.row
        week += by_hour
    assert +found.week.open == week
    for taken in found.rooms:
        assert taken.open_min == sum(open_minutes(world, taken.row.site, room=taken.row).values()), taken.row


def test_the_hours_of_the_week_hold_every_minute_of_every_visit():
    world = overview_world(7)
    scope = scope_of(world)

    week = visit_part(scope).week

    busy, touched = Counter(), Counter()
    for visit in world.visits:
        if not counted(visit, scope) or visit.status not in LIVE:
            continue
        local = visit.starts_at.astimezone(visit.site.zone).replace(tzinfo=None)
        end = visit.ends_at.astimezone(visit.site.zone).replace(tzinfo=None)
        hours = set()
        while local < end:
            busy[local.isoweekday(), local.hour] += 1
            hours.add((local.isoweekday(), local.hour))
            local += MINUTE
        touched.update(hours)
    assert +week.busy == busy
    assert +week.visits == touched


@pytest.mark.parametrize("seed", range(2))
def test_every_number_is_as_long_as_the_list_behind_it(worlds, seed):
    world = worlds[seed]
    asked = 0

    for scope, key in product(some_scopes(world), PARTS):
        part = PARTS[key][1](scope)
        for cell, number in numbers(part):
            form = OverviewListForm(cell.query, clinic=world.clinic, today=scope.today)
            assert form.is_valid(), form.errors
            found = listing(form.scope(sites(world.clinic)), cell.query["what"])
            assert found.rows.count() == number, (scope, cell)
            asked += 1
    assert asked > 200


@pytest.mark.parametrize("seed", range(2))
def test_the_open_hours_are_the_sum_of_the_days_behind_them(worlds, seed):
    world = worlds[seed]
    asked = 0

    for scope in some_scopes(world):
        for block in PARTS["visits"][1](scope).blocks:
            for cell in (row[6] for row in block.rows if len(row) == 9):
                if cell.text == "–":
                    continue
                form = OverviewListForm(cell.query, clinic=world.clinic, today=scope.today)
                assert form.is_valid(), form.errors
                narrowed = form.scope(sites(world.clinic))
                days = open_days(narrowed)
                assert hours(sum(day.minutes for day in days)) == cell.text
                assert [day.on for day in days] == sorted(day.on for day in days)
                found = listing(narrowed, cell.query["what"])
                assert len(found.rows) == len(days)
                assert len(found.line(found.rows[0]).cells) == len(found.heads)
                asked += 1
    assert asked > 5


def test_a_day_open_leads_to_its_day_list_at_the_site_its_reader_works_at_and_nowhere_at_another(worlds):
    world = worlds[0]
    person = world.people[0]
    WorkingHours.objects.filter(practitioner=person).delete()
    for site in world.sites:
        whose = {"clinic": world.clinic, "site": site, "practitioner": person, "from_on": date(2026, 1, 5)}
        WorkingHours.objects.create(weekday=2, start_time=time(8), end_time=time(12), **whose)
    client = Client()
    client.force_login(world.manager)
    whose = {"practitioner": str(person.public_id)}
    asked = {"period": "own", "from_on": FIRST, "until_on": LAST, "what": "open-days", **whose}

    answer = client.get(reverse("sessions:overview-list"), asked)

    lines = answer.context["page"].object_list
    assert {line.cells[1] for line in lines} == {world.paris.name, "Denver"}
    assert all(line.href == "" for line in lines if line.cells[1] == "Denver")
    here = [line.href for line in lines if line.cells[1] == world.paris.name]
    days = [one.on.isoformat() for one in open_days(scope_of(world, practitioner=person, site=world.paris))]
    assert here == [reverse("sessions:day-list", query={"on": on, **whose}) for on in days]
    assert 'href=""' not in answer.text
    assert client.get(here[0]).context["filters"].cleaned_data["practitioner"] == person


def test_a_room_of_a_site_that_was_not_asked_about_has_no_open_days_there(worlds):
    world = worlds[0]

    assert open_days(scope_of(world, site=world.denver, room=world.rooms[0])) == []
    assert open_days(scope_of(world, site=world.paris, room=world.rooms[0])) != []


def cells_of(part):
    """Give every cell that says a number: all but the first of a row, which names it."""
    for block in part.blocks:
        yield from (figure.cell for figure in block.figures)
        yield from (cell for row in block.rows for cell in row[1:])


def numbers(part):
    """Give the cells with a list and a count: shares, medians, rates and times lead to the list they are made of."""
    for cell in cells_of(part):
        text = cell.text.rpartition("· ")[2].replace(",", "").replace("\u202f", "")
        if cell.query and text.isdigit() and text != "0":
            yield cell, int(text)


def says_nothing_happened(text: str) -> bool:
    """Say whether a number is zero of something: there is no list of nothing."""
    return text in ("0", "0 %", "0:00") or text.endswith("· 0")


def assert_every_number_has_its_list(part):
    told = [cell for cell in cells_of(part) if any(sign.isdigit() for sign in cell.text)]
    assert [cell.text for cell in told if not cell.query and not says_nothing_happened(cell.text)] == []
    return len(told)


@pytest.mark.parametrize("seed", range(2))
def test_every_number_opens_a_list(worlds, seed):
    world = worlds[seed]

    assert sum(assert_every_number_has_its_list(PARTS["visits"][1](scope)) for scope in some_scopes(world)) > 100


def test_a_part_asks_as_often_for_few_visits_as_for_many(django_assert_num_queries):
    for visits in (3, 80):
        world = overview_world(1, visits=visits)
        with django_assert_num_queries(7):
            visit_part(scope_of(world))


# The pages


@pytest.fixture
def page():
    clinic = make_clinic()
    client = Client()
    client.force_login(make_user(clinic, "manager"))
    client.clinic = clinic
    return client


def test_an_empty_clinic_is_told_so(page):
    answer = page.get(reverse("sessions:overview"))

    assert "No visit was booked on these days" in answer.content.decode()


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-03-02", "2026-03-01", "The last day is before the first."),
        ("9999-01-01", "9999-12-31", "Enter a year between 1900 and 2100."),
        ("1900-01-01", "2100-12-31", "Choose at most a year: 366 days."),
        ("", "2026-03-01", "Say from which day until which."),
        ("yesterday", "2026-03-01", "Enter a real date"),
        ("1900-01-01", "1900-01-01", None),
        ("2100-12-31", "2100-12-31", None),
    ],
)
def test_a_period_that_cannot_be_is_told_beside_its_field(page, first, last, said):
    asked = {"period": "own", "from_on": first, "until_on": last}

    for url in (reverse("sessions:overview"), reverse("sessions:overview-list")):
        answer = page.get(url, {**asked, "what": "booked"})
        assert answer.status_code == 200
        if said:
            assert said in answer.content.decode()


def test_a_list_nobody_knows_is_not_found(page):
    assert page.get(reverse("sessions:overview-list"), {"what": "nonsense"}).status_code == 404
    assert page.get(reverse("sessions:overview-part", args=["nonsense"])).status_code == 404


def test_a_strangers_site_or_practitioner_is_refused(page):
    other = make_clinic()

    answer = page.get(reverse("sessions:overview"), {"site": str(site_of(other).public_id)})

    assert "Choose one from the list" in answer.content.decode()


def test_the_page_shows_its_charts_and_links(page):
    world = overview_world(3)
    page.force_login(world.manager)

    answer = page.get(reverse("sessions:overview"), {"period": "own", "from_on": FIRST, "until_on": LAST})

    text = answer.content.decode()
    assert text.count('<svg xmlns="http://www.w3.org/2000/svg" class="chart"') == 3
    assert "what=no-show" in text
    behind = page.get(
        reverse("sessions:overview-list"), {"what": "booked", "period": "own", "from_on": FIRST, "until_on": LAST}
    )
    assert world.patients[0].name in behind.content.decode()


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("week", date(2026, 11, 23), date(2026, 11, 29)),
        ("month", date(2026, 11, 1), date(2026, 11, 30)),
        ("quarter", date(2026, 10, 1), date(2026, 12, 31)),
        ("year", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_periods_are_those_of_the_calendar(name, first, last):
    assert period(name, date(2026, 11, 28)) == (first, last)


def test_a_number_is_written_as_its_reader_does():
    assert plain(Decimal("-2.750")) == "−2.75"
    with translation.override("fr"):
        assert plain(Decimal("-2.750")) == "−2,75"
