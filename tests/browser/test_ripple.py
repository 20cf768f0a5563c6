"""A session of a course is changed in the calendar: what follows is drawn and asked first, and a step is taken back."""

import re
from datetime import datetime, time, timedelta

import pytest
from playwright.sync_api import expect

from mesoclinic.core.localtime import instant, local_day
from sessions.models import Appointment
from sessions.services import appointments, availability
from tests.browser.clinic import open_clinic
from tests.browser.looking import Keyboard
from tests.browser.test_calendar import HOUR, at, drag, visit
from tests.factories import (
    make_appointment,
    make_course,
    make_patient,
    make_practitioner,
    make_species,
    work_week,
)

MONDAY, FRIDAY, SUNDAY = 1, 5, 7


@pytest.fixture
def weekday() -> int | None:
    """The ISO weekday on which the course begins; tomorrow's, unless a test asks for another."""
    return None


@pytest.fixture
def world(weekday):
    """Ida has five weekly sessions from tomorrow at ten, all booked with Dr Moreau; Noor has a course to book."""
    world = open_clinic()
    tomorrow = local_day(datetime.now(world.site.zone), world.site.zone) + timedelta(days=1)
    world.day = tomorrow + timedelta(days=(weekday - tomorrow.isoweekday()) % 7 if weekday else 0)
    ida = make_patient(world.clinic, name="Ida Roux")
    course = make_course(
        world.clinic, cadence="5x1w@30", patient=ida, practitioner=world.doctor, start_on=world.day, plan=True
    )
    world.visits = [
        make_appointment(
            world.clinic,
            patient=ida,
            practitioner=world.doctor,
            room=world.room,
            planned_session=row,
            starts_at=instant(row.due_on, time(10), world.site.zone),
            minutes=30,
        )
        for row in course.planned_sessions.order_by("number")
    ]
    noor = make_patient(world.clinic, name="Noor Haddad")
    make_course(world.clinic, cadence="4x1w@30", patient=noor, practitioner=world.doctor, start_on=world.day)
    return world


@pytest.fixture
def calendar(look, world):
    looker = look(world.desk, time_zone=world.zone, size=(1280, 1800))
    looker.go(f"/calendar/?on={world.day + timedelta(days=7)}&view=week")
    expect(visit(looker.page, "Ida Roux").first).to_be_visible()
    return looker


def starts(world) -> list[str]:
    rows = Appointment.objects.live().filter(patient__name="Ida Roux").order_by("planned_session__number")
    return [f"{(row.starts_at.astimezone(world.site.zone)):%H:%M}" for row in rows]


def days(world) -> list[int]:
    rows = Appointment.objects.live().filter(patient__name="Ida Roux").order_by("planned_session__number")
    return [(local_day(row.starts_at, world.site.zone) - world.day).days for row in rows]


def open_move(page, keyboard) -> None:
    keyboard.press(visit(page, "Ida Roux").first)
    expect(page.get_by_role("dialog").get_by_label("Day", exact=True)).to_be_visible()


def test_a_move_by_keyboard_shows_old_and_new_dates_and_shifts_the_rest(calendar, world):
    page, keyboard = calendar.page, Keyboard(calendar.page)
    before = days(world)

    open_move(page, keyboard)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Day", exact=True).fill((world.day + timedelta(days=9)).isoformat())
    dialog.get_by_role("button", name="Move").click()
    expect(page.get_by_role("heading", name="What about the visits that follow?")).to_be_visible()
    assert days(world) == before
    calendar.see("r1-question")
    assert not calendar.violations()
    page.get_by_role("radio", name=re.compile("Shift the following")).check()
    page.get_by_role("button", name="Move").click()

    expect(page.locator("#undo")).to_contain_text("3 more along with it.")
    assert days(world) == [0, 9, 16, 23, 30]
    calendar.see("r2-undo-bar")
    page.locator("#undo").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back.")).to_be_visible()
    assert days(world) == before


def column(page, day, who: str):
    """The column of a day and a person, by its heading as it is read out."""
    return page.locator(f".ec-col-head > [aria-label*=' {day.day} {day:%B} {day.year}, {who}']")


def drag_to(page, day, who: str = "Dr Ada Moreau") -> None:
    """Over to the column of another day, at the same hour."""
    box, target = visit(page, "Ida Roux").first.bounding_box(), column(page, day, who).bounding_box()
    x, y = box["x"] + 20, box["y"] + box["height"] / 2
    way = target["x"] + target["width"] / 2 - x
    page.mouse.move(x, y)
    page.mouse.down()
    for part in range(1, 11):
        page.mouse.move(x + way * part / 10, y)
    page.mouse.up()


@pytest.mark.parametrize("weekday", [MONDAY, FRIDAY, SUNDAY])
def test_a_drag_to_another_day_asks_and_draws_ghosts_and_escape_changes_nothing(calendar, world):
    page = calendar.page
    before = days(world), starts(world)

    seen = world.day + timedelta(days=7)
    drag_to(page, seen + timedelta(days=-1 if seen.isoweekday() == SUNDAY else 1))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="What about the visits that follow?")).to_be_visible()
    assert (days(world), starts(world)) == before
    dialog.get_by_role("radio", name=re.compile("Shift the following")).check()
    calendar.see("r3-drag")
    assert not calendar.violations()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.reload()
    expect(visit(page, "Ida Roux").first).to_have_attribute("aria-label", at("10:00"))
    assert (days(world), starts(world)) == before


@pytest.mark.once
@pytest.mark.parametrize("weekday", [MONDAY, SUNDAY])
def test_a_visit_is_made_longer_by_its_lower_edge(calendar, world):
    page = calendar.page
    box = visit(page, "Ida Roux").first.bounding_box()

    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 2)
    page.mouse.down()
    for part in range(1, 11):
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 2 + HOUR / 2 * part / 10)
    page.mouse.up()
    expect(page.locator("#calendar-undo")).to_contain_text("Ida Roux")

    expect(visit(page, "Ida Roux").first).to_have_attribute("aria-label", re.compile("^10:00–11:00"))


@pytest.mark.once
def test_a_session_to_book_is_dragged_into_the_day(look, world):
    looker = look(world.desk, time_zone=world.zone, size=(1280, 1800))
    page = looker.go(f"/calendar/?on={world.day}")
    expect(visit(page, "Ida Roux")).to_be_visible()
    looker.see("r4-day-with-list")
    assert not looker.violations()
    item = page.locator(".due-one", has_text="Noor Haddad").first.bounding_box()
    target = visit(page, "Ida Roux").bounding_box()

    page.mouse.move(item["x"] + 60, item["y"] + 20)
    page.mouse.down()
    for part in range(1, 11):
        way = (target["x"] + 60 - item["x"] - 60) * part / 10, (target["y"] + 2 * HOUR - item["y"] - 20) * part / 10
        page.mouse.move(item["x"] + 60 + way[0], item["y"] + 20 + way[1])
    page.mouse.up()

    expect(visit(page, "Noor Haddad")).to_have_attribute("aria-label", re.compile("^1[12]:"))
    assert Appointment.objects.filter(patient__name="Noor Haddad", planned_session__number=1).count() == 1


@pytest.mark.once
def test_columns_of_rooms_and_filters(look, world):
    looker = look(world.desk, time_zone=world.zone, size=(1280, 1800))
    page = looker.go(f"/calendar/?on={world.day}")
    expect(visit(page, "Ida Roux")).to_be_visible()

    page.get_by_label("Columns").select_option("Rooms")
    expect(page.locator("#calendar")).to_contain_text("Room 2")
    expect(visit(page, "Ida Roux")).to_be_visible()
    looker.see("r5-rooms")
    drag(page, visit(page, "Ida Roux"), HOUR)
    expect(visit(page, "Ida Roux")).to_have_attribute("aria-label", at("11:00"))
    page.get_by_label("State").select_option("Cancelled")
    expect(page.locator("#calendar[data-ready=yes]")).to_be_visible()
    expect(visit(page, "Ida Roux")).to_have_count(0)


@pytest.mark.once
@pytest.mark.parametrize("dark", [False, True])
def test_the_question_on_a_tablet(look, world, dark):
    looker = look(world.desk, time_zone=world.zone, size=(768, 1024), dark=dark)
    page = looker.go(f"/appointments/{world.visits[1].public_id}/cancel/")

    page.get_by_role("radio").first.check()
    page.get_by_label("Why").fill("Ill")
    page.get_by_role("button", name="Cancel the visit").click()
    expect(page.get_by_role("heading", name="What about the visits that follow?")).to_be_visible()
    looker.see(f"r6-tablet-{'dark' if dark else 'light'}")
    assert not looker.violations()
    page.get_by_role("button", name="Cancel the visit").click()
    expect(page.locator("#undo")).to_contain_text("cancelled")
    assert days(world) == [0, 14, 21, 28]


# Whether the middle of one thing lies above or below the other, both measured at the same moment.
IN_COLUMN = """
([ghost, head]) => {
    const one = ghost.getBoundingClientRect(), column = head.getBoundingClientRect();
    const middle = one.left + one.width / 2;
    return column.left - 6 <= middle && middle <= column.right + 6;
}
"""


# Whether all of one thing is seen: inside the calendar as it is scrolled, inside the window, and not under the question.
IS_SEEN = """
(ghost) => {
    const one = ghost.getBoundingClientRect(), frame = document.querySelector("#calendar .ec-main").getBoundingClientRect();
    const over = document.querySelector("dialog[open]")?.getBoundingClientRect();
    const inside = (box) => box.top - 2 <= one.top && one.bottom <= box.bottom + 2 && box.left - 2 <= one.left && one.right <= box.right + 2;
    const isUnder = over && one.left < over.right && over.left < one.right && one.top < over.bottom && over.top < one.bottom;
    return inside(frame) && inside({top: 0, left: 0, bottom: innerHeight, right: innerWidth}) && !isUnder;
}
"""


def see_ghost(page, number: int, day, clock: str, who: str = "Dr Ada Moreau") -> None:
    """The ghost of a session is seen in the column of its day and person, at its hour, once the calendar is drawn."""
    ghost = page.locator(f".visit-ghost[data-ghost='{number}']")
    expect(ghost).to_have_attribute("aria-label", re.compile(f"^{clock}–.*Session {number}"))
    expect(column(page, day, who)).to_be_attached()
    for _ in range(100):  # the old week may still be standing while the new one is fetched
        one, head = ghost.element_handle(), column(page, day, who).element_handle()
        if page.evaluate(IN_COLUMN, [one, head]) and page.evaluate(IS_SEEN, one):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the ghost of session {number} is not seen in the column of {day}")


def choose(page, words: str) -> None:
    page.get_by_role("dialog").get_by_role("radio", name=re.compile(words)).check()


def look_at(page, day) -> None:
    """Let the calendar behind the question show the day of a new date."""
    page.get_by_role("button", name=re.compile(f"^\\w+ {day.day} {day:%b} .*show in the calendar")).first.click()


@pytest.mark.once
def test_a_move_by_dialog_draws_the_ghosts_of_each_of_the_three_futures(look, world):
    later = world.visits[2]
    moved_to = instant(world.day + timedelta(days=16), time(11), world.site.zone)
    appointments.move(actor=world.desk, appointment=later, starts_at=moved_to)
    before = days(world)
    looker = look(world.desk, time_zone=world.zone, size=(1280, 1800))
    page = looker.go(f"/calendar/?on={world.day + timedelta(days=7)}&view=week")
    expect(visit(page, "Ida Roux").first).to_be_visible()

    open_move(page, Keyboard(page))
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Day", exact=True).fill((world.day + timedelta(days=8)).isoformat())
    dialog.get_by_role("button", name="Move").click()
    expect(dialog.get_by_role("heading", name="What about the visits that follow?")).to_be_visible()

    see_ghost(page, 2, world.day + timedelta(days=8), "10:00")
    expect(page.locator(".visit-ghost")).to_have_count(1)
    choose(page, "Shift the following")
    look_at(page, world.day + timedelta(days=17))
    see_ghost(page, 3, world.day + timedelta(days=17), "11:00")
    looker.see("r7-ghosts")
    choose(page, "Plan the rest anew")
    look_at(page, world.day + timedelta(days=14))
    see_ghost(page, 3, world.day + timedelta(days=14), "11:00")
    assert days(world) == before
    dialog.get_by_role("button", name="Move").click()
    expect(page.locator("#undo")).to_contain_text("more along with it.")
    assert days(world) == [0, 8, 14, 21, 28]
    page.locator("#undo").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back.")).to_be_visible()
    assert days(world) == before


def test_cancelling_in_the_calendar_draws_ghosts_and_going_back_takes_them_away(calendar, world):
    page, before = calendar.page, days(world)

    visit(page, "Ida Roux").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("link", name="Cancel visit").click()
    dialog.get_by_role("radio").first.check()
    dialog.get_by_label("Why").fill("Ill")
    dialog.get_by_role("button", name="Cancel the visit").click()
    choose(page, "Shift the following")
    look_at(page, world.day + timedelta(days=21))
    see_ghost(page, 3, world.day + timedelta(days=21), "10:00")
    expect(page.locator(".visit-leaving")).not_to_have_count(0)
    calendar.see("r8-cancel")
    page.keyboard.press("Escape")
    expect(page.locator(".visit-ghost")).to_have_count(0)
    expect(visit(page, "Ida Roux").first).to_have_attribute("aria-label", at("10:00"))
    assert days(world) == before


@pytest.mark.once
@pytest.mark.parametrize("deed", ["Did not come", "Not treated"])
def test_a_visit_that_fell_through_draws_the_ghosts_of_those_that_follow(look, world, deed):
    today = world.day - timedelta(days=1)
    course = make_course(
        world.clinic,
        cadence="3x1w@30",
        patient=make_patient(world.clinic, name="Lars Bo"),
        practitioner=world.doctor,
        start_on=today,
        plan=True,
    )
    for row in course.planned_sessions.order_by("number"):
        make_appointment(
            world.clinic,
            patient=course.patient,
            practitioner=world.doctor,
            room=world.room,
            planned_session=row,
            starts_at=instant(row.due_on, time(8), world.site.zone),
            minutes=30,
        )
    if deed == "Not treated":
        appointments.check_in(
            actor=world.desk, appointment=Appointment.objects.get(planned_session__number=1, patient__name="Lars Bo")
        )
    looker = look(world.desk, time_zone=world.zone, size=(1280, 1800))
    page = looker.go(f"/calendar/?on={today}&view=week")

    visit(page, "Lars Bo").first.click()
    dialog = page.get_by_role("dialog")
    if deed == "Not treated":
        dialog.get_by_role("link", name=deed).click()
        dialog.get_by_label("Why").fill("Fever")
    dialog.get_by_role("button", name=deed).click()
    choose(page, "Shift the following")
    look_at(page, today + timedelta(days=14))
    see_ghost(page, 2, today + timedelta(days=14), "08:00")
    looker.see(f"r10-{deed.split()[-1]}")
    dialog.get_by_role("button", name=deed).click()
    expect(page.locator("#undo")).to_contain_text(f"Lars Bo: {deed.lower()}")


@pytest.mark.once
@pytest.mark.parametrize("dark", [False, True])
def test_leaving_a_session_out_in_the_calendar_draws_ghosts_and_is_taken_back(look, world, dark):
    appointments.cancel(actor=world.desk, appointment=world.visits[1], cancelled_by="patient", reason="Ill")
    before = days(world)
    looker = look(world.doctor_user, time_zone=world.zone, size=(768, 1024) if dark else (1280, 1800), dark=dark)
    page = looker.go(f"/calendar/?on={world.day + timedelta(days=7)}&view=week")
    expect(page.locator("#calendar[data-ready=yes]")).to_be_visible()

    page.get_by_role("link", name="Leave out session 2 of Ida Roux").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Why")).to_be_focused()
    looker.see(f"r9-why-{'dark' if dark else 'light'}")
    dialog.get_by_role("button", name="Leave it out").click()  # without a reason it is asked again, in the dialog
    expect(dialog.get_by_label("Why")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Why").fill("Responds early")
    dialog.get_by_role("button", name="Leave it out").click()
    choose(page, "Shift the following")
    look_at(page, world.day + timedelta(days=7))
    see_ghost(page, 3, world.day + timedelta(days=7), "10:00")
    looker.see(f"r9-question-{'dark' if dark else 'light'}")
    assert not looker.violations()
    assert days(world) == before == [0, 14, 21, 28]

    dialog.get_by_role("button", name="Leave it out").click()
    expect(page.locator("#undo")).to_contain_text("Session 2 is left out.")
    expect(page).to_have_url(re.compile("/calendar/"))
    assert days(world) == [0, 7, 14, 21]
    page.locator("#undo").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back.")).to_be_visible()
    assert days(world) == before


@pytest.fixture
def weekdays_only(world):
    """Nobody works at the weekend, nor before nine or after five; Dr Cy Amsel treats people too."""
    world.colleague = make_practitioner(
        world.clinic, name="Dr Cy Amsel", species=[make_species()["human"]], site=world.site, hours=work_week()
    )
    for one in (world.doctor, world.vet):
        availability.set_working_hours(actor=None, practitioner=one, site=world.site, blocks=work_week())
    return world


@pytest.mark.once
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("weekday", [FRIDAY])
def test_a_ghost_on_a_day_or_an_hour_that_is_not_drawn_shows_that_day_and_hour(look, world, weekdays_only, dark):
    """To the Saturday behind the next session, at half past six, squeezed in: neither day nor hour would be drawn."""
    size = {"size": (768, 1024), "dark": True} if dark else {"size": (1280, 1800)}
    looker = look(world.doctor_user, time_zone=world.zone, **size)
    friday = world.day + timedelta(days=7)
    page = looker.go(f"/calendar/?on={friday}&view=week")
    expect(visit(page, "Ida Roux").first).to_be_visible()
    saturday = friday + timedelta(days=8)
    expect(column(page, friday + timedelta(days=1), "Dr Ada Moreau")).to_have_count(0)

    open_move(page, Keyboard(page))
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Day", exact=True).fill(saturday.isoformat())
    dialog.get_by_label("Time", exact=True).fill("18:30")
    dialog.get_by_label("Why on this day").fill("Leaves on Sunday")
    dialog.get_by_label("Why squeeze it in").fill("Leaves on Sunday")
    dialog.get_by_role("button", name="Move").click()
    expect(dialog.get_by_role("heading", name="What about the visits that follow?")).to_be_visible()

    see_ghost(page, 2, saturday, "18:30")
    looker.see(f"r11-weekend-{'dark' if dark else 'light'}")
    assert not looker.violations()
    page.keyboard.press("Escape")
    expect(column(page, friday, "Dr Ada Moreau")).to_be_attached()
    expect(column(page, friday + timedelta(days=1), "Dr Ada Moreau")).to_have_count(0)
    expect(visit(page, "Ida Roux").first).to_have_attribute("aria-label", at("10:00"))


@pytest.mark.once
@pytest.mark.parametrize("weekday", [MONDAY])
def test_a_ghost_in_a_column_that_the_filter_leaves_out_brings_the_column(look, world, weekdays_only):
    looker = look(world.desk, time_zone=world.zone, size=(1280, 1800))
    monday = world.day + timedelta(days=7)
    page = looker.go(f"/calendar/?on={monday}&view=week&practitioner={world.doctor.public_id}")
    expect(visit(page, "Ida Roux").first).to_be_visible()
    expect(column(page, monday, "Dr Cy Amsel")).to_have_count(0)

    open_move(page, Keyboard(page))
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Day", exact=True).fill((monday + timedelta(days=1)).isoformat())
    dialog.get_by_label("With").select_option("Dr Cy Amsel")
    dialog.get_by_role("button", name="Move").click()
    expect(dialog.get_by_role("heading", name="What about the visits that follow?")).to_be_visible()

    see_ghost(page, 2, monday + timedelta(days=1), "10:00", "Dr Cy Amsel")
    looker.see("r12-column")
