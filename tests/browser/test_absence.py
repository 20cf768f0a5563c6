"""Somebody is away: the desk enters it, sees what it breaks, accepts new times, and calls those of today."""

from datetime import datetime, time, timedelta

import pytest
from playwright.sync_api import expect

from mesoclinic.core.localtime import instant, local_day
from mesoclinic.core.roles import Role
from sessions.models import Appointment
from sessions.services import availability
from tests.browser.clinic import open_clinic
from tests.browser.looking import TABLET
from tests.factories import make_appointment, make_course, make_patient, make_practitioner, make_user, work_week

NAMES = ("Ida Roux", "Noor Haddad", "Emil Brandt", "Chiara Conti")


@pytest.fixture
def world(look):
    world = open_clinic()
    world.colleague = make_practitioner(
        world.clinic,
        name="Dr Cy Okafor",
        species=world.doctor.species.all(),
        hours=work_week("10:00", "12:00", days=range(1, 8)),
        site=world.site,
    )
    world.today = local_day(datetime.now(world.site.zone), world.site.zone)
    return world


def book(world, name, days, hour, minute=0, **fields):
    starts_at = instant(world.today + timedelta(days=days), time(hour, minute), world.site.zone)
    patient = make_patient(world.clinic, name=name, phone="+33 6 39 98 01 23")
    own = {"practitioner": world.doctor, "room": world.room, "minutes": 30, "now": datetime.now(world.site.zone)}
    return make_appointment(world.clinic, patient=patient, starts_at=starts_at, **{**own, **fields})


def away(world, days, until_days):
    span = [instant(world.today + timedelta(days=n), time(0, 1), world.site.zone) for n in (days, until_days)]
    return availability.add_absence(
        actor=world.desk, practitioner=world.doctor, starts_at=span[0], ends_at=span[1], reason="Flu"
    )


def test_an_absence_is_entered_and_all_it_breaks_gets_new_times(world, look):
    visits = [book(world, name, 7, 10 + n // 2, 30 * (n % 2)) for n, name in enumerate(NAMES)]
    day = (world.today + timedelta(days=7)).isoformat()
    looker = look(world.desk, time_zone=world.zone)
    page = looker.go("/settings/absences/new/")

    page.get_by_label("Who or what").select_option(label="Dr Ada Moreau")
    page.get_by_label("First day").fill(day)
    page.get_by_label("Last day").fill(day)
    page.get_by_label("Reason").fill("Flu")
    expect(page.get_by_text("This breaks 4 visits")).to_be_visible()
    expect(page.get_by_text("Noor Haddad")).to_be_visible()
    assert looker.violations() == []
    looker.see("away-1-what-it-breaks")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", name="To move")).to_be_visible()
    assert looker.violations() == []
    looker.see("away-2-new-times")
    one = page.locator("li").filter(has_text="Noor Haddad")
    one.get_by_role("radio").nth(1).check()
    one.get_by_role("button", name="Accept this one").click()
    expect(page.get_by_text("1 visit has its new time.")).to_be_visible()
    expect(page.get_by_text("Noor Haddad")).to_have_count(0)
    page.get_by_role("button", name="Accept all 3 new times").click()

    expect(page.get_by_text("3 visits have their new times.")).to_be_visible()
    expect(page.get_by_text("Every visit to come still stands.")).to_be_visible()
    looker.see("away-3-done")
    moved = Appointment.objects.filter(pk__in=[one.pk for one in visits])
    assert all(one.moved_count == 1 for one in moved)


def test_who_is_sick_today_becomes_a_list_of_calls(world, look):
    visit = book(world, "Ida Roux", 0, 11)
    book(world, "Noor Haddad", 1, 15)
    book(world, "Emil Brandt", 3, 15)
    away(world, 0, 5)
    looker = look(world.desk, time_zone=world.zone)
    page = looker.go("/")
    looker.see("away-4-today")
    page.get_by_role("link", name="3 visits have lost their time").click()
    expect(page.get_by_role("heading", name="To call")).to_be_visible()
    page.get_by_role("button", name="Accept all 3 new times").click()
    expect(page.get_by_text("2 times are held: call now.")).to_be_visible()

    ida = page.locator("li.rebook-row").filter(has_text="Ida Roux")
    ida.get_by_role("button", name="No answer").click()
    expect(ida.locator(".rebook-attempt").filter(has_text="No answer")).to_be_visible()
    ida.get_by_placeholder("Note").fill("with the daughter")
    ida.get_by_role("button", name="Message left").click()
    expect(ida.get_by_text("with the daughter")).to_be_visible()
    assert looker.violations() == []
    looker.see("away-5-calls")
    ida.get_by_role("button", name="Agreed").click()
    expect(ida).to_have_count(0)
    noor = page.locator("li.rebook-row").filter(has_text="Noor Haddad")
    noor.get_by_role("button", name="Does not want it").click()

    expect(noor.get_by_role("button", name="Hold this time")).to_be_visible()
    looker.see("away-6-after")
    visit.refresh_from_db()
    assert (visit.status, visit.practitioner, visit.moved_count) == ("booked", world.colleague, 1)


@pytest.mark.parametrize(("size", "dark"), [(TABLET, False), (TABLET, True)], ids=["tablet", "dark"])
def test_the_list_of_calls_is_whole_on_a_tablet(world, look, size, dark):
    book(world, "Ida Roux", 0, 11)
    book(world, "Chiara Conti-Vandenbroucke", 4, 11, 30)
    away(world, 0, 5)
    looker = look(world.desk, time_zone=world.zone, size=size, dark=dark)

    page = looker.go("/rebook/")

    expect(page.get_by_role("heading", name="To call")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    assert looker.violations() == []
    looker.see(f"away-7-{'dark' if dark else 'tablet'}")


def test_a_last_day_shows_what_is_left_open_and_hands_courses_over(world, look):
    book(world, "Ida Roux", 7, 11)
    course = make_course(world.clinic, practitioner=world.doctor, patient=make_patient(world.clinic, name="Ugo Lenz"))
    availability.update_practitioner(actor=None, practitioner=world.doctor, last_day_on=world.today)
    user = make_user(world.clinic, Role.MANAGER, Role.RECEPTION, Role.ADMIN)
    looker = look(user, time_zone=world.zone)

    page = looker.go(f"/leaving/{world.doctor.public_id}/")
    assert looker.violations() == []
    looker.see("away-8-leaving")
    page.get_by_label("Hand all over to").select_option(label="Dr Cy Okafor")
    page.get_by_role("button", name="Hand over").click()
    expect(page.get_by_text("Dr Cy Okafor now leads 1 course.")).to_be_visible()
    page.get_by_role("button", name="End it with the last day").click()

    expect(page.get_by_text("The sign-in ends with the last day.")).to_be_visible()
    course.refresh_from_db()
    assert course.lead_practitioner == world.colleague
