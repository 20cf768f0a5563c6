"""Adherence, drop-out and outcomes of the overview against a slow count in plain Python, and against their lists."""

import csv
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from statistics import median

import pytest
from django.core.paginator import Paginator
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from protocols.models import Lot
from sessions.forms.overview import OverviewListForm
from sessions.models import (
    Administration,
    AdverseEvent,
    Course,
    CourseFigures,
    PlannedSession,
    Score,
    SessionRecord,
)
from sessions.models.courses import LEFT_OPEN, OUT_OF_PLAN
from sessions.outcomes import SMALLEST_GROUP
from sessions.queries.overview import PARTS, sites
from sessions.queries.overview_courses import dropped, overdue, reached, reviews, sessions_done, timings
from sessions.queries.overview_lists import listing
from sessions.queries.overview_outcomes import courses_with_outcome, outcomes, responders
from sessions.queries.overview_pieces import plain
from sessions.queries.overview_safety import sessions_given
from sessions.queries.overview_scope import Scope
from sessions.services.figures import count_courses, first_and_last, on_one_scale
from tests.factories import make_course, make_lot, make_user
from tests.sessions.booking_world import at
from tests.sessions.overview_world import FIRST, LAST, overview_world
from tests.sessions.recall_world import lot_world
from tests.sessions.record_world import done, lot_of, record_world
from tests.sessions.test_corrections import correct
from tests.sessions.test_overview_visits import (
    assert_every_number_has_its_list,
    numbers,
    scope_of,
    some_scopes,
)
from tests.shared import shared

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 20, 1, tzinfo=UTC)
DAY = timedelta(days=1)
GATED_AFTER = 3
SCALES_BY_COURSE = (("pain",), ("pain", "lameness"), ("lameness",))
HIGHEST = {"pain": 10, "lameness": 5}


def course_world(seed: int, *, visits: int = 0):
    """Eighty courses with sessions done early, in time and late, scored on pain, lameness or both, some stopped or lapsed."""
    world, dice = overview_world(seed, visits=visits), random.Random(seed)
    expiries = (date(2026, 4, 1), date(2026, 5, 20), date(2030, 1, 1))
    world.lots = [
        make_lot(world.clinic, site=world.paris, expires_on=day, low_stock_ml=low)
        for day in expiries
        for low in (None, 100)
    ]
    Lot.objects.filter(pk=world.lots[-2].pk).update(status="recalled", recalled_at=NOW)
    for n in range(80 - len(world.courses)):
        course = make_course(
            world.clinic,
            patient=world.patients[n % len(world.patients)],
            protocol_version=dice.choice(world.versions),
            indication=dice.choice(world.indications),
            practitioner=dice.choice(world.people),
            site=dice.choice(world.sites),
            start_on=FIRST - 10 * DAY + dice.randrange(40) * DAY,
            cadence=dice.choice(["4x1w", f"{GATED_AFTER}x1w!, 2x4w"]),
        )
        world.courses.append(course)
    for course in world.courses:
        _play(dice, course, world.lots)
    type(world.indications[0]).objects.filter(pk=world.indications[0].pk).update(main_score="lameness")
    world.courses = list(Course.objects.filter(clinic=world.clinic).select_related("indication"))
    count_courses(now=NOW)
    return world


def _play(dice: random.Random, course: Course, lots: list[Lot]) -> None:
    sessions = list(course.planned_sessions.order_by("number"))
    number = dice.randrange(len(sessions) + 1)
    for session in sessions[:number]:
        days = dice.choice([-9, 0, 0, 0, 3, 7, 8, 14, 15, 16, 30])
        moved = session.latest_on + days * DAY if days > 0 else session.due_on + days * DAY
        PlannedSession.objects.filter(pk=session.pk).update(status="done", performed_on=moved)
        if dice.random() < 0.8:
            _record(dice, course, session, moved, lots)
    if dice.random() < 0.5:
        state = dice.choice([{"status": "stopped"}, {"status": "paused", "lapsed_on": LAST}, {"status": "paused"}])
        Course.objects.filter(pk=course.pk).update(status_reason="moved away", **state)


def _record(dice: random.Random, course: Course, session: PlannedSession, day: date, lots: list[Lot]) -> None:
    record = SessionRecord.objects.create(
        clinic=course.clinic,
        course=course,
        planned_session=session,
        patient=course.patient,
        status=dice.choice(["done", "done", "done", "done", "draft"]),
        performed_at=datetime.combine(day, time(22, 30 + session.number), tzinfo=UTC),
        performed_by=course.lead_practitioner,
    )
    for scale in SCALES_BY_COURSE[course.number % 3]:
        for rater in dice.sample(["patient", "clinician"], dice.choice([1, 1, 1, 2])):
            for moment in ("before", "after"):
                value = Decimal(dice.randrange(0, HIGHEST[scale] + 1))
                Score.objects.create(record=record, scale=scale, moment=moment, value=value, rated_by=rater)
    taken = dice.sample(lots, dice.choice([0, 1, 2]))
    for position, lot in enumerate([*taken, *taken[:1]]):  # a lot may be in two syringes of a session
        mix = {"substance": lot.substance, "role": "base", "prepared_ml": 2, "given_ml": 2, "lot": lot}
        Administration.objects.create(record=record, position=position, **mix)
    for _event in range(dice.choice([0, 0, 0, 1, 2])):
        severity = dice.choice(["mild", "mild", "moderate", "severe"])
        AdverseEvent.objects.create(patient=course.patient, record=record, kind="bruise", severity=severity)


# The slow way


def fits(course: Course, scope) -> bool:
    return (
        course.site in scope.sites
        and scope.practitioner in (None, course.lead_practitioner)
        and scope.species in (None, course.patient.species)
        and scope.protocol in (None, course.protocol_version.protocol)
    )


def slow_outcome(course: Course) -> tuple[str, Decimal, Decimal, date] | None:
    """Walk through the records one by one, on the scale of the indication first, then on pain, then on lameness."""
    for scale in (course.indication.main_score, "pain", "lameness"):
        if (found := slow_outcome_on(course, scale)) is not None:
            return (scale, *found)
    return None


def slow_outcome_on(course: Course, scale: str) -> tuple[Decimal, Decimal, date] | None:
    first = rater = found = None
    for record in course.records.exclude(status="draft").order_by("performed_at"):
        given = {score.rated_by: score.value for score in record.scores.filter(scale=scale, moment="before")}
        if first is None and given:
            rater = "patient" if "patient" in given else "clinician"
            first = given[rater]
        elif rater in given:
            found = (first, given[rater], record.performed_at.astimezone(course.site.zone).date())
    return found


@shared
def worlds():
    return [course_world(seed) for seed in range(2)]


@pytest.mark.parametrize("seed", range(2))
def test_sessions_are_sorted_by_their_window_as_by_hand(worlds, seed):
    world = worlds[seed]

    for scope in some_scopes(world):
        slow: Counter = Counter()
        for course in world.courses:
            for session in course.planned_sessions.filter(status="done") if fits(course, scope) else ():
                day = session.performed_on
                if not FIRST <= day <= LAST:
                    continue
                late = (day - session.latest_on).days
                slow["sessions"] += 1
                slow["early"] += day < session.earliest_on
                slow["in-window"] += session.earliest_on <= day <= session.latest_on
                slow["late-week"] += 1 <= late <= 7
                slow["late-fortnight"] += 8 <= late <= 14
                slow["gap"] += late > 14
        found = {name: sessions_done(scope).filter(q).count() for name, q in timings().items()}
        assert +Counter(found) == +slow


@pytest.mark.parametrize("seed", range(2))
def test_what_is_overdue_and_what_is_due_for_review_is_what_walking_through_the_courses_finds(worlds, seed):
    world = worlds[seed]
    today, found = date(2026, 4, 20), 0

    for scope in some_scopes(world):
        scope = replace(scope, today=today)
        open_ones = [
            course for course in world.courses if fits(course, scope) and course.status in ("active", "paused")
        ]
        late = {
            session
            for course in open_ones
            for session in course.planned_sessions.all()
            if session.status in ("planned", "booked")
            and not session.is_held
            and session.why not in (LEFT_OPEN, OUT_OF_PLAN)
            and FIRST <= session.latest_on < today
        }
        assert set(overdue(scope)) == late
        gated = {course.pk for course in open_ones if review_waits(course)}
        assert {plan.course.pk for plan in reviews(scope)} == gated
        found += len(gated)
    assert found


def review_waits(course: Course) -> bool:
    """Say whether somebody has to look before this course goes on: all before its gate is done, and nobody has looked."""
    if "!" not in course.cadence:
        return False
    first = list(course.planned_sessions.filter(number__lte=GATED_AFTER))
    return len(first) == GATED_AFTER and all(session.status in ("done", "skipped") for session in first)


@pytest.mark.parametrize("seed", range(2))
def test_drop_out_is_what_walking_through_the_courses_finds(worlds, seed):
    world = worlds[seed]

    for scope in some_scopes(world):
        began = [course for course in world.courses if fits(course, scope) and FIRST <= course.start_on <= LAST]
        for number in range(5):
            narrowed = type(scope)(**{**vars(scope), "number": number})
            counts = {course.pk: course.planned_sessions.filter(status="done").count() for course in began}
            gone = [c for c in began if c.status == "stopped" or (c.status == "paused" and c.lapsed_on)]
            assert set(reached(narrowed)) == {course for course in began if counts[course.pk] >= number}
            assert set(dropped(narrowed)) == {course for course in gone if counts[course.pk] == number}


@pytest.mark.parametrize("seed", range(2))
def test_outcomes_are_those_of_walking_through_the_records(worlds, seed):
    world, compared = worlds[seed], Counter()

    for scope in some_scopes(world):
        slow: dict = {}
        for course in world.courses:
            came_to = slow_outcome(course) if fits(course, scope) else None
            if came_to and came_to[1] > 0 and FIRST <= came_to[3] <= LAST:
                slow.setdefault(came_to[0], {})[course.pk] = came_to[1:3]
        rows = courses_with_outcome(scope).values_list("scale", "pk", "first_score", "last_score")
        quick: dict = {}
        for scale, key, first, last in rows:
            quick.setdefault(scale, {})[key] = (first, last)
        assert quick == slow
        pain = slow.get("pain", {})
        fell = {key for key, (first, last) in pain.items() if last <= first * Decimal("0.7")}
        assert set(responders(scope).values_list("pk", flat=True)) == fell
        for scale, figures in figures_by_scale(scope).items():
            changes = [last - first for first, last in slow[scale].values()]
            assert figures[0].cell.text == str(len(changes))
            if len(changes) >= SMALLEST_GROUP:
                assert Decimal(figures[1].cell.text.replace("−", "-")) == median(changes)
                compared[scale] += 1
            if scale == "pain" and len(changes) >= SMALLEST_GROUP:
                assert figures[2].below.startswith(f"{len(fell)} / {len(pain)}")
    assert set(compared) == {"pain", "lameness"}


def figures_by_scale(scope) -> dict:
    found = [block.figures for block in outcomes(scope).blocks if block.kind == "figures"]
    return {figures[1].label.removeprefix("median change of "): figures for figures in found}


def test_each_scale_stands_by_itself_pain_first_and_only_pain_has_responders(worlds):
    scope = scope_of(worlds[0])

    blocks = outcomes(scope).blocks

    lame = next(place for place, block in enumerate(blocks) if block.title == "Lameness (0–5)")
    heads = [[said for said, _side in block.heads] for block in blocks if block.kind == "table"]
    of_lameness = [[said for said, _side in block.heads] for block in blocks[lame:] if block.kind == "table"]
    assert list(figures_by_scale(scope)) == ["pain", "lameness"]
    assert len(blocks[lame + 1].figures) == 2
    assert of_lameness
    assert all("Median change of lameness" in one and len(one) == 4 for one in of_lameness)
    pain = heads[: -len(of_lameness)]
    assert pain
    assert all("Median change of pain" in one and len(one) == 5 for one in pain)
    asked = [cell.query for block in blocks[lame:] for row in block.rows for cell in row if cell.query]
    assert {(one["what"], one["scale"]) for one in asked} == {("outcome", "lameness")}


def test_the_scale_that_counts_is_the_indications_then_pain_then_lameness():
    at = [datetime(2026, 3, n, tzinfo=UTC) for n in (1, 2)]
    pain = [(at[0], "owner", Decimal(6)), (at[1], "owner", Decimal(5))]
    lame = [(at[0], "clinician", Decimal(3)), (at[1], "clinician", Decimal(1))]

    assert on_one_scale({"pain": pain, "lameness": lame}, "pain")[0] == "pain"
    assert on_one_scale({"pain": pain, "lameness": lame}, "lameness") == ("lameness", (Decimal(3), Decimal(1), at[1]))
    assert on_one_scale({"pain": pain, "lameness": lame[:1]}, "lameness")[0] == "pain"
    assert on_one_scale({"pain": pain[:1], "lameness": lame}, "satisfaction")[0] == "lameness"
    assert on_one_scale({"lameness": lame[:1]}, "pain") == ("lameness", (Decimal(3), None, None))
    assert on_one_scale({}, "satisfaction") == ("pain", (None, None, None))


@pytest.mark.parametrize("seed", range(2))
def test_every_number_of_every_part_is_as_long_as_its_list(worlds, seed):
    world = worlds[seed]
    today = date(2026, 5, 1)
    asked: Counter = Counter()

    for scope in some_scopes(world):
        scope = type(scope)(**{**vars(scope), "today": today})
        for key in ("courses", "outcomes", "safety"):
            part = PARTS[key][1](scope)
            assert_every_number_has_its_list(part)
            for cell, number in numbers(part):
                form = OverviewListForm(cell.query, clinic=world.clinic, today=today)
                assert form.is_valid(), form.errors
                found = listing(form.scope(sites(world.clinic)), cell.query["what"])
                assert Paginator(found.rows, 50).count == number, (scope, cell)
                for row in found.rows[:3]:
                    assert len(found.line(row).cells) == len(found.heads)
                asked[cell.query["what"]] += 1
    assert {"in-use", "expiring", "expired", "low", "recalled"} <= asked.keys()
    assert {
        "sessions",
        "in-window",
        "overdue",
        "reached",
        "dropped",
        "outcome",
        "given",
        "with-event",
        "event-mild",
    } <= asked.keys()


@pytest.mark.parametrize("seed", range(2))
def test_events_and_lots_are_what_walking_through_the_records_finds(worlds, seed):
    world = worlds[seed]

    for scope in some_scopes(world):
        given, sessions, lots, hit, kinds = [], 0, Counter(), Counter(), Counter()
        for record in SessionRecord.objects.exclude(status="draft"):
            day = record.performed_at.astimezone(record.course.site.zone).date()
            by_whom = scope.practitioner in (None, record.performed_by)
            wide = type(scope)(**{**vars(scope), "practitioner": None})
            if not (fits(record.course, wide) and by_whom and FIRST <= day <= LAST):
                continue
            given.append(record)
            seen = list(record.adverse_events.all())
            sessions += bool(seen)
            kinds.update(event.severity for event in seen)
            for lot_id in {line.lot_id for line in record.administrations.all()}:
                lots[lot_id] += 1
                hit[lot_id] += bool(seen)
        assert set(sessions_given(scope)) == set(given)
        if not given:
            continue
        part = PARTS["safety"][1](scope)
        shown = [figure.cell.text for figure in part.blocks[0].figures]
        assert shown[:2] == [str(len(given)), str(sessions)]
        assert shown[2] == f"{sessions * 1000 / len(given):.1f}"
        assert shown[3:] == [str(kinds[one]) for one in ("mild", "moderate", "severe")]
        rows = next((block.rows for block in part.blocks if block.kind == "table"), ())
        told = {row[0].text: (int(row[1].text), int(row[2].text)) for row in rows}
        assert all(row[3].text == f"{int(row[2].text) * 1000 / int(row[1].text):.1f}" for row in rows)
        assert told == {
            f"{lot.substance.name} · {lot.number}": (lots[lot.pk], hit[lot.pk]) for lot in world.lots if hit[lot.pk]
        }


def test_a_lot_put_right_by_a_correction_has_the_session_and_the_lot_signed_has_not():
    world = lot_world()
    record, wrong = world.record, world.lot
    meant, right = lot_of(world, number="AB 21"), lot_of(world, number="AB 13")
    AdverseEvent.objects.create(patient=record.patient, record=record, kind="bruise", severity="mild", is_late=True)
    day = local_day(record.performed_at, record.course.site.zone)
    scope = Scope(clinic=world.clinic, sites=(record.course.site,), from_on=day, until_on=day, today=day)

    for lot, hour in ((meant, "19:00"), (right, "19:01")):
        correct(world, value=lot.number, now=at(hour))

    [rows] = [block.rows for block in PARTS["safety"][1](scope).blocks if block.kind == "table"]
    told = {row[0].text.rsplit(" · ", 1)[1]: (row[1].text, row[2].text) for row in rows}
    assert told[right.number] == ("1", "1")
    assert not told.keys() & {wrong.number, meant.number}
    for lot, number in ((right, 1), (meant, 0), (wrong, 0)):
        for what in ("given", "with-event"):
            assert len(listing(replace(scope, lot=lot), what).rows) == number


def test_small_groups_are_not_shown(worlds):
    world = worlds[0]
    scope = scope_of(world)
    rows = [row for block in outcomes(scope).blocks for row in block.rows]

    assert rows
    assert all(int(row[1].text) >= SMALLEST_GROUP for row in rows)


def test_a_part_asks_as_often_for_few_courses_as_for_many(worlds, django_assert_max_num_queries):
    world = worlds[1]

    for key, most in (("courses", 10), ("outcomes", 9), ("safety", 10)):
        with django_assert_max_num_queries(most):
            PARTS[key][1](scope_of(world))


def test_overdue_is_only_what_is_over_today(worlds):
    world = worlds[0]
    scope = scope_of(world)

    late = overdue(type(scope)(**{**vars(scope), "today": date(2026, 4, 1)}))

    assert all(session.latest_on < date(2026, 4, 1) for session in late)
    assert late.exists()


# The nightly count


def test_the_first_score_counts_and_the_last_by_the_same_rater():
    at = [datetime(2026, 3, n, tzinfo=UTC) for n in range(1, 5)]

    found = first_and_last(
        [
            (at[0], "clinician", Decimal(6)),
            (at[0], "patient", Decimal(8)),
            (at[1], "patient", Decimal(5)),
            (at[2], "clinician", Decimal(1)),
        ]
    )

    assert found == (Decimal(8), Decimal(5), at[1])
    assert first_and_last([(at[0], "owner", Decimal(3))]) == (Decimal(3), None, None)
    assert first_and_last([]) == (None, None, None)


def test_counting_twice_changes_nothing_and_counts_what_came_since():
    world = record_world()
    count_courses(now=NOW)
    done(world, 1)
    count_courses(now=NOW + DAY)
    count_courses(now=NOW + DAY)

    row = CourseFigures.objects.get(course=world.course)
    assert (row.sessions_done, row.counted_at) == (1, NOW + DAY)


# The pages


def test_outcomes_say_their_age_and_that_they_claim_no_cause(worlds):
    world = worlds[0]
    client = Client()
    client.force_login(world.manager)
    asked = {"period": "own", "from_on": FIRST, "until_on": LAST}

    text = client.get(reverse("sessions:overview-part", args=["outcomes"]), asked).content.decode()

    assert "As counted on 20 May 2026, 03:00" in text
    assert "they do not show what caused a change" in text


def test_drop_out_says_its_age(worlds):
    client = Client()
    client.force_login(worlds[0].manager)
    asked = {"period": "own", "from_on": FIRST, "until_on": LAST}

    text = client.get(reverse("sessions:overview-part", args=["courses"]), asked).content.decode()

    assert "As counted on 20 May 2026, 03:00" in text


def test_before_the_first_night_the_page_says_so():
    world = record_world()
    client = Client()
    client.force_login(make_user(world.clinic, Role.MANAGER))

    text = client.get(reverse("sessions:overview-part", args=["outcomes"])).content.decode()

    assert "Outcomes are counted every night. Come back tomorrow." in text


def test_opening_a_list_with_pain_scores_is_written_down_for_each_patient_on_the_page(worlds):
    world = worlds[0]
    client = Client()
    client.force_login(world.manager)
    asked = {"period": "own", "from_on": FIRST, "until_on": LAST, "what": "outcome"}

    answer = client.get(reverse("sessions:overview-list"), asked)

    shown = {line.patient_id for line in answer.context["page"].object_list}
    events = AuditEvent.objects.filter(verb="overview.opened")
    assert shown
    assert set(events.values_list("patient_id", flat=True)) == shown
    assert events.count() == len(shown)


def test_the_list_behind_a_number_leaves_whole_and_each_file_in_it_is_noted(worlds):
    world = worlds[0]
    client = Client()
    client.force_login(world.manager)
    asked = {"period": "own", "from_on": FIRST, "until_on": LAST, "what": "outcome"}
    shown = client.get(reverse("sessions:overview-list"), asked).context
    before = AuditEvent.objects.filter(verb="overview.opened").count()

    answer = client.get(reverse("sessions:overview-list"), asked | {"as": "csv"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    heads, *rows = csv.reader(StringIO(text))

    assert heads == list(shown["listing"].heads)
    assert len(rows) == shown["page"].paginator.count
    assert rows[: len(shown["page"].object_list)] == [list(map(str, line.cells)) for line in shown["page"].object_list]
    noted = AuditEvent.objects.filter(verb="overview.opened").order_by("pk")[before:]
    assert {event.patient_id for event in noted} == {line.patient_id for line in shown["page"].object_list}


def test_a_spreadsheet_can_sort_and_add_up_what_stands_behind_a_number(worlds):
    """On the page a change is “−2.5” and a day “9 Jan 2026”; in the file they are a number and a day."""
    world = worlds[0]
    client = Client()
    client.force_login(world.manager)
    asked = {"period": "own", "from_on": FIRST, "until_on": LAST, "what": "outcome"}
    lines = client.get(reverse("sessions:overview-list"), asked).context["page"].object_list

    answer = client.get(reverse("sessions:overview-list"), asked | {"as": "xlsx"})
    _heads, *rows = load_workbook(BytesIO(b"".join(answer.streaming_content))).active.iter_rows(values_only=True)

    assert any(row[7] < 0 for row in rows)
    for row, line in zip(rows, lines, strict=False):
        first, last, change, on = row[5:]
        assert change == pytest.approx(last - first)
        assert line.texts[7] == plain(Decimal(str(change)))
        assert line.texts[8] == f"{on.day} {on:%b %Y}"
