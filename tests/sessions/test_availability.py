"""Who works when: weeks, breaks, holidays, clock changes; and how many SQL statements it takes."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from sessions.models import WorkingHours
from sessions.queries import appointments as reads
from sessions.queries import availability as queries
from sessions.services import availability
from sessions.services.availability import HoursBlock
from tests.factories import make_clinic, make_practitioner, make_room, make_user, site_of, work_week
from tests.sessions.booking_world import MONDAY, NOW, at, book, open_clinic, patient
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return open_clinic()


def starts(world, on, **fields):
    free = reads.free_times(world.site, [world.doctor], on, on, 60, now=NOW, step_min=60, **fields).told()
    return [one.starts_at.astimezone(world.site.zone).strftime("%H:%M") for one in free]


def test_every_second_week_is_counted_from_the_first(world):
    blocks = work_week("09:00", "11:00", days=[1], from_on=MONDAY, every_weeks=2)
    availability.set_working_hours(actor=world.desk, site=world.site, practitioner=world.doctor, blocks=blocks)

    weeks = [bool(starts(world, MONDAY + timedelta(weeks=n))) for n in range(4)]

    assert weeks == [True, False, True, False]


def test_hours_hold_from_their_first_day_to_their_last(world):
    blocks = work_week(from_on=MONDAY + timedelta(days=1), until_on=MONDAY + timedelta(days=2))
    availability.set_working_hours(actor=world.desk, site=world.site, practitioner=world.doctor, blocks=blocks)

    assert [bool(starts(world, MONDAY + timedelta(days=n))) for n in range(4)] == [False, True, True, False]


def test_breaks_absences_and_visits_are_not_offered(world):
    blocks = [*work_week("09:00", "14:00"), HoursBlock(1, time(12), time(13), kind="break")]
    availability.set_working_hours(actor=world.desk, site=world.site, practitioner=world.doctor, blocks=blocks)
    availability.add_absence(actor=world.desk, practitioner=world.doctor, starts_at=at("09:00"), ends_at=at("10:00"))
    book(world, "10:00", minutes=60)

    assert starts(world, MONDAY) == ["11:00", "13:00"]


def test_a_room_without_hours_follows_the_site(world):
    availability.set_working_hours(actor=world.desk, site=world.site, blocks=work_week("10:00", "12:00"))

    assert starts(world, MONDAY) == ["10:00", "11:00"]


def test_a_room_with_hours_of_its_own_is_offered_only_then(world, client):
    """Set on its page; the other room is shut."""
    availability.update_room(actor=world.desk, room=world.other_room, is_active=False)
    blocks = [{"kind": "open", "start": "09:00", "end": "13:00"}, {"kind": "break", "start": "10:00", "end": "11:00"}]
    form = {"form-TOTAL_FORMS": len(blocks), "form-INITIAL_FORMS": 0}
    for row, block in enumerate(blocks):
        values = {"weekday": 1, "kind": block["kind"], "start_time": block["start"], "end_time": block["end"]}
        form |= {f"form-{row}-{name}": value for name, value in {**values, "every_weeks": 1}.items()}
    client.force_login(make_user(world.clinic, Role.ADMIN))
    before = starts(world, MONDAY)

    saved = client.post(reverse("sessions:edit-hours", args=["room", world.room.public_id]), form)

    assert saved.status_code == 302
    assert len(before) > 4
    assert starts(world, MONDAY) == ["09:00", "11:00", "12:00"]
    with pytest.raises(Refused):
        book(world, "10:00")


def test_a_room_out_of_use_is_not_offered(world):
    availability.add_absence(actor=world.desk, room=world.room, starts_at=at("00:00"))
    availability.update_room(actor=world.desk, room=world.other_room, is_active=False)

    assert starts(world, MONDAY) == []


def test_hours_that_make_no_sense_change_nothing(world):
    before = WorkingHours.objects.count()

    for block in (
        HoursBlock(1, time(12), time(9)),
        HoursBlock(9, time(9), time(12)),
        HoursBlock(1, time(9), time(12), every_weeks=0),
        HoursBlock(1, time(9), time(12), from_on=MONDAY, until_on=MONDAY - timedelta(days=1)),
    ):
        with pytest.raises(Refused) as refusal:
            availability.set_working_hours(actor=world.desk, site=world.site, practitioner=world.doctor, blocks=[block])
        assert refusal.value.code == "bad-hours"
    assert WorkingHours.objects.count() == before


def test_changing_hours_is_audited_with_old_and_new(world):
    availability.set_working_hours(
        actor=world.desk, site=world.site, practitioner=world.doctor, blocks=work_week("09:00", "12:00", days=[1])
    )

    change = AuditEvent.objects.filter(verb="working_hours.set").first().changes[0]
    assert change["old"].startswith("Monday 09:00–17:00; Tuesday")
    assert change["new"] == "Monday 09:00–12:00"


def test_the_planner_asks_the_hours_of_the_site_closures_and_holidays(world):
    availability.set_working_hours(actor=None, site=world.site, blocks=work_week(days=[1, 2]))
    availability.add_closure(actor=None, site=world.site, from_on=date(2026, 3, 9), until_on=date(2026, 3, 9))
    is_open = queries.is_open_on(world.site)

    days = [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 9), date(2026, 4, 6)]
    assert [is_open(day) for day in days] == [True, True, False, False, False]


def test_a_holiday_of_an_unknown_country_closes_nothing():
    clinic = make_clinic(country="ZZ")

    assert queries.is_open_on(site_of(clinic))(date(2026, 12, 25))


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("Europe/Paris", [date(2026, 3, 22), date(2026, 3, 29), date(2026, 10, 18), date(2026, 10, 25)]),
        ("America/New_York", [date(2026, 3, 1), date(2026, 3, 8), date(2026, 10, 25), date(2026, 11, 1)]),
        ("Australia/Lord_Howe", [date(2026, 3, 29), date(2026, 4, 5), date(2026, 9, 27), date(2026, 10, 4)]),
    ],
)
def test_nine_in_the_morning_stays_nine_across_both_clock_changes(zone, days):
    clinic = make_clinic(time_zone=zone, country="ZZ")
    site, here = site_of(clinic), ZoneInfo(zone)
    doctor = make_practitioner(clinic, hours=work_week("09:00", "10:00", days=[7]))
    make_room(clinic)
    now = datetime(2026, 2, 1, tzinfo=here)

    for day in days:
        free = reads.free_times(site, [doctor], day, day, 60, now=now).told()
        assert [one.starts_at.astimezone(here).strftime("%a %H:%M") for one in free] == ["Sun 09:00"]
    offsets = {datetime(day.year, day.month, day.day, 9, tzinfo=here).utcoffset() for day in days}
    assert len(offsets) == 2, "the days lie on both sides of a change"


@pytest.mark.parametrize("loaded", [10, 1000])
def test_free_times_take_the_same_statements_at_ten_and_a_thousand_visits(world, loaded, django_assert_num_queries):
    _fill(world, loaded)

    with django_assert_num_queries(5):
        reads.free_times(world.site, [world.doctor], MONDAY, MONDAY + timedelta(days=59), 20, now=NOW, limit=50).told()


def _fill(world, count):
    from sessions.models import Appointment

    someone = patient(world.clinic, "Bea")
    Appointment.objects.bulk_create(
        Appointment(
            clinic=world.clinic,
            site=world.site,
            patient=someone,
            practitioner=world.doctor,
            starts_at=at("08:00", n // 40) + timedelta(minutes=15 * (n % 40)),
            ends_at=at("08:10", n // 40) + timedelta(minutes=15 * (n % 40)),
        )
        for n in range(count)
    )


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize("url", ["/calendar/list/?on=2026-03-02", "/calendar/feed/?on=2026-03-02&view=week"])
def test_calendar_pages_take_the_same_statements_at_ten_and_a_thousand_visits(
    world, client, url, django_assert_max_num_queries
):
    client.force_login(world.desk)
    counts = []
    for total in (10, 990):
        _fill(world, 10) if total == 10 else _more(world, total)
        client.get(url)
        with django_assert_max_num_queries(40) as seen:
            assert client.get(url).status_code == 200
        counts.append(len(seen))

    assert counts[0] == counts[1]


def _more(world, count):
    """As many visits of a second doctor, in the same days."""
    world.doctor = world.colleague
    _fill(world, count)
