"""Axe on every page: each URL of the rights matrix that answers with a page, in light and in dark."""

from datetime import UTC, datetime, time
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from mesoclinic.core.localtime import instant, local_day
from mesoclinic.core.roles import RIGHTS, Role
from sessions.models import Appointment
from sessions.queries.reports import course_report, get_or_404
from tests.browser.clinic import open_clinic
from tests.browser.looking import DESKTOP, TABLET, Keyboard, slug
from tests.browser.no_pages import WHY_NO_PAGE
from tests.factories import make_appointment, make_horse, make_patient, make_species
from tests.sessions.booking_world import NOW
from tests.sessions.record_world import record_world, signed
from tests.web import rights
from tests.web.rights import World, all_rows, all_views

pytestmark = pytest.mark.once  # long, and the same on both engines
GROUPS = sorted(path.stem for path in Path(rights.__file__).parent.glob("rows_*.py"))
ROLES = (Role.PRACTITIONER, Role.RECEPTION, Role.MANAGER, Role.ADMIN)


def role_for(right: str) -> Role:
    """The role that sees most of a page."""
    return next(role for role in ROLES if role in RIGHTS[right])


@pytest.mark.parametrize("group", GROUPS)
def test_axe_finds_nothing_on_any_page(look, group):
    rows, views = import_module(f"tests.web.{group}").ROWS, all_views()
    make_species()  # a clinic without any has no page for a new caller
    world = World()
    lookers = {}
    found: list[str] = []
    no_page: dict[str, str] = {}

    for name, row in rows.items():
        role = role_for(views[name].right)
        if role not in lookers:
            lookers[role] = look(world.users[role])
            # A URL that only takes a POST says so with a 405, in the console too.
            lookers[role].expect_fault("405|409")
        address = row.address(name, world)
        if why := why_no_page(lookers[role], address):
            no_page[name] = why
        else:
            found += violations_of(lookers[role], name, address)

    assert not found, "\n".join(found)
    assert no_page == {name: WHY_NO_PAGE[name] for name in rows.keys() & WHY_NO_PAGE.keys()}


def test_every_url_that_is_no_page_is_one_of_the_matrix():
    assert WHY_NO_PAGE.keys() < all_rows().keys()


def why_no_page(looker, address: str) -> str:
    """Say why there is no page to look at, in a word of `NO_PAGES`; nothing where there is one."""
    answer = looker.context.request.get(address, max_redirects=0)
    kind = answer.headers.get("content-type", "").split(";")[0]
    if answer.status != 200:
        return str(answer.status)
    if kind != "text/html":
        return "data" if kind == "application/json" else "a file"
    return "" if "<html" in answer.text() else "a part of a page"


def violations_of(looker, name: str, address: str) -> list[str]:
    looker.go(address)
    return in_both_colours(looker, name)


def in_both_colours(looker, name: str) -> list[str]:
    """Look at the page in light, with all rules, and in dark, where only the colours differ."""
    found = [f"{name} | {fault}" for fault in looker.violations()]
    looker.see(f"axe-{slug(name)}")
    looker.turn("dark")
    found += [f"{name} in dark | {fault}" for fault in looker.violations("color-contrast")]
    looker.turn("light")
    return found


STATUSES = {
    "offered": {"offered_until": datetime(2100, 1, 1, tzinfo=UTC)},
    "booked": {},
    "arrived": {},
    "in_progress": {},
    "fulfilled": {},
    "not_treated": {"status_reason": "Fever"},
    "cancelled": {"status_reason": "Fever", "cancelled_by": "patient"},
    "no_show": {},
}


@pytest.mark.parametrize("view", ["day", "week"])
def test_an_empty_calendar_is_scrolled_by_keyboard(look, view):
    world = open_clinic()
    looker = look(world.desk, time_zone=world.zone)
    page = looker.go(f"/calendar/?view={view}")
    hours = page.get_by_role("region", name="Calendar")
    expect(page.locator("#calendar")).to_have_attribute("data-ready", "yes")
    before = hours.evaluate("one => one.scrollTop")

    Keyboard(page).press(hours, "End")

    page.wait_for_function("before => document.querySelector('#calendar .ec-main').scrollTop > before", arg=before)
    looker.see(f"scrolled-{view}")
    assert looker.violations() == []


@pytest.mark.parametrize("size", [DESKTOP, TABLET], ids=["desktop", "tablet"])
def test_axe_finds_nothing_in_a_calendar_of_visits_of_every_status(look, size):
    world = open_clinic()
    today = local_day(datetime.now(UTC), world.site.zone)
    for hour, (status, more) in enumerate(STATUSES.items(), start=9):
        starts_at = instant(today, time(hour), world.site.zone)
        for practitioner, patient, place in (
            (world.doctor, make_patient(world.clinic), None),
            (world.vet, make_horse(world.clinic), world.stable),
        ):
            asked = {"practitioner": practitioner, "patient": patient, "place": place, "starts_at": starts_at}
            visit = make_appointment(world.clinic, **asked)
            Appointment.objects.filter(pk=visit.pk).update(status=status, **more)
    looker = look(world.desk, time_zone=world.zone, size=size)
    found = []

    for view in ("day", "week"):
        page = looker.go(f"/calendar/?view={view}")
        expect(page.locator("#calendar .ec .visit[data-visit]")).to_have_count(2 * len(STATUSES))
        found += in_both_colours(looker, f"calendar of a {view}")

    assert not found, "\n".join(found)


def test_axe_looks_at_everything_in_the_calendar_but_the_librarys_roles(look):
    world = open_clinic()
    starts_at = instant(local_day(datetime.now(UTC), world.site.zone), time(9), world.site.zone)
    make_appointment(world.clinic, patient=make_patient(world.clinic), practitioner=world.doctor, starts_at=starts_at)
    looker = look(world.desk, time_zone=world.zone)
    page = looker.go("/calendar/")
    visit = page.locator("#calendar .ec .visit[data-visit]")
    expect(visit).to_be_visible()
    assert looker.violations() == []

    visit.evaluate("""one => {
        one.removeAttribute("aria-label");
        one.removeAttribute("title");
        one.innerHTML = '<img src="data:,"><button></button>';
    }""")
    rules = {fault.split(":")[0] for fault in looker.violations()}

    assert {"image-alt", "button-name"} <= rules
    assert "aria-required-children" not in rules


def test_axe_finds_nothing_where_nobody_is_signed_in(look):
    """The first page of all while there is no user; then the sign-in and the pages that are open to anybody."""
    looker = look()
    looker.expect_fault("404")
    found = violations_of(looker, "the first page", "/start/")
    assert looker.page.url.endswith("/start/")
    world = record_world()
    signed(world)
    seal = course_report(get_or_404(world.clinic, world.course.public_id), NOW.date()).seal
    sealed = urlsplit(seal.address).path

    for address in ("/accounts/login/", "/accounts/password/reset/", "/nowhere/", sealed, f"{sealed[:-2]}x/"):
        found += violations_of(looker, address, address)
        assert looker.page.url.endswith(address), "axe looked at another page"

    assert not found, "\n".join(found)


def test_axe_finds_nothing_on_the_accounts_own_pages(look):
    looker = look(World().users[Role.PRACTITIONER])
    found = []
    for address in ("/accounts/password/change/", "/accounts/2fa/", "/accounts/sessions/", "/accounts/logout/"):
        looker.go(address)
        found += [f"{address} | {fault}" for fault in looker.violations()]

    assert not found, "\n".join(found)
