"""A whole series booked by keyboard alone: wishes, other times for one session, and accepting it all."""

from datetime import timedelta

from playwright.sync_api import expect

from mesoclinic.core.localtime import local_day
from sessions.models import Appointment
from sessions.queries.availability import day_span
from sessions.services import availability
from tests.browser.clinic import open_clinic
from tests.browser.looking import Keyboard
from tests.factories import make_course, make_patient


def test_a_receptionist_books_a_whole_series_by_keyboard(look):
    world = open_clinic()
    patient = make_patient(world.clinic, name="Ida Roux")
    course = make_course(world.clinic, patient=patient, practitioner=world.doctor, cadence="4x1w@20, 3x2w@30")
    second = course.planned_sessions.get(number=2).due_on
    first_minute, last_minute = day_span(world.site, second - timedelta(days=1), second + timedelta(days=1))
    availability.add_absence(actor=None, practitioner=world.doctor, starts_at=first_minute, ends_at=last_minute)
    looker = look(world.desk, time_zone=world.zone)
    looker.go(f"/courses/{course.public_id}/")
    hand = Keyboard(looker.page)
    page = looker.page

    hand.reach(page.get_by_role("link", name="Book the whole series"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="All 7 inside their windows.")).to_be_visible()
    expect(page.get_by_text("2 days late")).to_be_visible()
    expect(page.get_by_text("Dr Ada Moreau is away")).to_be_visible()
    looker.see("series-proposal")
    assert looker.violations() == []

    hand.reach(page.get_by_role("link", name="Other times for session 4"))
    page.keyboard.press("Enter")
    others = page.locator(".series-others a")
    expect(others).to_have_count(3)
    looker.see("series-alternatives")
    assert looker.violations() == []
    hand.reach(others.nth(1))
    page.keyboard.press("Enter")
    expect(page.get_by_text("chosen by you")).to_be_visible()

    hand.reach(page.get_by_role("button", name="Book all 7 sessions"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("7 sessions are booked")).to_be_visible()
    visits = Appointment.objects.filter(planned_session__course=course, status="booked").order_by("starts_at")
    assert visits.count() == 7
    assert local_day(visits[1].starts_at, world.site.zone) == second + timedelta(days=2)
    looker.see("series-booked")


def test_the_second_of_two_receptionists_sees_why_and_fresh_times(look):
    world = open_clinic()
    mine, theirs = (
        make_course(world.clinic, patient=make_patient(world.clinic, name=name), practitioner=world.doctor)
        for name in ("Ida Roux", "Bea Blanc")
    )
    first, second = look(world.desk, time_zone=world.zone), look(world.doctor_user, time_zone=world.zone)
    second.expect_fault("409")
    first.go(f"/courses/{mine.public_id}/series/")
    second.go(f"/courses/{theirs.public_id}/series/")

    first.page.get_by_role("button", name="Book all 4 sessions").click()
    expect(first.page.get_by_text("4 sessions are booked")).to_be_visible()
    second.page.get_by_role("button", name="Book all 4 sessions").click()

    expect(second.page.get_by_text("Nothing was booked")).to_be_visible()
    expect(second.page.get_by_text("That time has just been taken.")).to_be_visible()
    second.see("series-refused")
    assert Appointment.objects.filter(planned_session__course=theirs).count() == 0
    second.page.get_by_role("button", name="Book all 4 sessions").click()
    expect(second.page.get_by_text("4 sessions are booked")).to_be_visible()


def test_wishes_that_exclude_everything_are_said_on_every_screen(look):
    world = open_clinic()
    patient = make_patient(world.clinic, name="Ida Roux")
    course = make_course(world.clinic, patient=patient, practitioner=world.doctor)
    for number, (size, dark) in enumerate((((1280, 900), False), ((768, 1024), True))):
        looker = look(world.desk, time_zone=world.zone, size=size, dark=dark)
        page = looker.go(f"/courses/{course.public_id}/series/?asked=1&from_time=03:00&until_time=04:00&times_are=only")
        expect(page.get_by_role("heading", name="No time was found for any of the 4 sessions.")).to_be_visible()
        expect(page.get_by_text("if other hours are allowed")).to_be_visible()
        looker.see(f"series-nothing-{number}")
        assert looker.violations() == []
        page = looker.go(f"/courses/{course.public_id}/series/?asked=1&from_time=12:00&until_time=09:00")
        expect(page.get_by_text("This leaves no time").first).to_be_visible()
        looker.see(f"series-wrong-{number}")
        page = looker.go(f"/courses/{course.public_id}/series/")
        looker.see(f"series-{number}")
        page = looker.go(f"/patients/{patient.public_id}/preferences/")
        looker.see(f"preferences-{number}")
        assert looker.violations() == []
