"""The live preview of a series and its editor, as pages."""

from datetime import date

import pytest
from django.urls import reverse

from mesoclinic.core.models import Site
from mesoclinic.core.roles import Role
from protocols.cadence import parse
from sessions.models import Closure
from sessions.queries.previews import preview
from tests.factories import make_clinic, make_course, make_user, site_of
from tests.protocols.test_cadence_form import posted
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def clinic():
    return make_clinic()


@pytest.fixture
def browser(clinic, client):
    client.force_login(make_user(clinic, Role.PRACTITIONER))
    return client


def dates_of(text, clinic, start_on=date(2026, 3, 30)):
    found = preview(parse(text), start_on=start_on, site=site_of(clinic))
    return [day.due_on for phase in found.phases for day in phase.days]


def test_the_preview_moves_around_public_holidays_as_the_plan_will(clinic):
    """Easter Monday is a holiday in France: DESIGN section 4, rule 2."""
    assert dates_of("4x1w", clinic) == [date(2026, 3, 30), date(2026, 4, 7), date(2026, 4, 13), date(2026, 4, 20)]


def test_the_preview_knows_the_closed_days_of_the_site_chosen(browser, clinic):
    barn = Site.objects.create(clinic=clinic, name="Barn", time_zone="Europe/Paris")
    Closure.objects.create(clinic=clinic, site=barn, from_on=date(2026, 3, 9), until_on=date(2026, 3, 9))
    asked = posted({"count": 2, "gap": 1}, start_on="2026-03-02")

    here = browser.post(reverse("sessions:cadence-preview"), asked).context["preview"]
    there = browser.post(reverse("sessions:cadence-preview"), {**asked, "site": str(barn.public_id)}).context["preview"]

    assert here.last_on == date(2026, 3, 9)
    assert there.last_on != date(2026, 3, 9)


def test_the_site_of_another_clinic_is_none_of_ours(browser, clinic):
    foreign = site_of(make_clinic())
    Closure.objects.create(clinic=foreign.clinic, site=foreign, from_on=date(2026, 3, 9), until_on=date(2026, 3, 9))
    asked = posted({"count": 2, "gap": 1}, start_on="2026-03-02", site=str(foreign.public_id))

    shown = browser.post(reverse("sessions:cadence-preview"), asked).context["preview"]

    assert shown.last_on == date(2026, 3, 9)


def test_another_site_asks_for_the_dates_anew(browser, clinic):
    course = make_course(clinic, cadence="4x1w")
    Site.objects.create(clinic=clinic, name="Barn", time_zone="Europe/Paris")
    address = reverse("sessions:prescribe", args=[course.patient.public_id])
    page = browser.get(address, {"version": str(course.protocol_version.public_id)}).content.decode()

    assert 'id="id_site"' in page
    assert "change from:#id_site" in page


@pytest.mark.parametrize("name", ["site", "course"])
@pytest.mark.parametrize("garbage", ["0x5", "-1", "٣"])
def test_a_preview_for_what_is_none_is_not_found(browser, name, garbage):
    asked = posted({"count": 2, "gap": 1}, start_on="2026-03-02", **{name: garbage})

    assert browser.post(reverse("sessions:cadence-preview"), asked).status_code == 404


def test_the_preview_takes_two_statements(clinic, django_assert_num_queries):
    site = site_of(clinic)
    clinic = site.clinic

    with django_assert_num_queries(2):
        preview(parse("999x1d"), start_on=date(2026, 3, 2), site=site)


def test_the_editors_rows_are_previewed_with_words_and_the_text_brought_into_step(browser):
    data = posted({"count": 4, "gap": 1, "minutes": 15}, start_on="2026-03-02")

    page = browser.post(reverse("sessions:cadence-preview"), data, headers={"HX-Request": "true"}).content.decode()

    assert "4 sessions of 15 minutes, 1 week apart." in page
    assert "Mon 23 Mar" in page
    assert 'name="cadence-text"' in page
    assert 'value="4x1w@15"' in page


def test_text_somebody_is_typing_is_never_replaced(browser):
    data = posted({"count": 1}, text="4x1w", start_on="2026-03-02")

    page = browser.post(reverse("sessions:cadence-preview"), data, headers={"HX-Request": "true"}).content.decode()

    assert "4 sessions, 1 week apart." in page
    assert 'name="cadence-text"' not in page


def test_a_fault_of_the_notation_is_shown_with_its_exact_words(browser):
    page = browser.get(reverse("sessions:cadence-preview"), {"cadence": "4xw"}).content.decode()

    assert "cannot be read from its character 3 on, which is &quot;w&quot;" in page


@pytest.mark.parametrize("start_on", ["", "9999-12-31", "0001-01-01", "2026-02-30", "\x00", "🐎"])
def test_an_impossible_start_day_counts_as_today(browser, start_on):
    answer = browser.get(reverse("sessions:cadence-preview"), {"cadence": "4x1w", "start_on": start_on})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("of", "start_on", "words"),
    [
        ("", "9999-12-31", "Enter a year between 1900 and 2100."),
        ("", "2026-02-30", "Enter a real date"),
        ("course", "9999-12-31", "Enter a year between 1900 and 2100."),
        ("course", "2020-01-01", "Choose a first day from today on, at most two years ahead."),
        ("course", "2099-01-01", "Choose a first day from today on, at most two years ahead."),
    ],
)
def test_a_day_no_series_begins_on_is_said_in_words_in_place_of_its_dates(browser, of, start_on, words):
    url = reverse("sessions:cadence-preview", query={"of": of})

    page = browser.post(url, posted({"count": 4, "gap": 1}, start_on=start_on)).content.decode()

    assert words in page
    assert "series-day" not in page


def test_a_protocols_series_may_be_looked_at_from_any_day(browser):
    data = posted({"count": 4, "gap": 1}, start_on="2020-01-01")

    assert "series-day" in browser.post(reverse("sessions:cadence-preview"), data).content.decode()


def test_rows_made_from_text_of_a_course_keep_the_courses_own_first_day(browser):
    data = posted({"count": 1}, text="D0 D7 D29")

    own = browser.post(reverse("protocols:cadence-rows"), data).content.decode()
    course = browser.post(reverse("protocols:cadence-rows", query={"of": "course"}), data).content.decode()

    assert 'name="start_on"' in own
    assert 'name="start_on"' not in course


@pytest.mark.parametrize(
    "text", ["", "\x00", "4x1w" * 500, "999x999mo", "1x, 999x999w", "*x1d", "🐎", "40x1d," * 30 + "1x1d"]
)
def test_no_text_gives_an_error_page(browser, text):
    data = posted({"count": 1}, text=text)

    assert browser.get(reverse("sessions:cadence-preview"), {"cadence": text}).status_code == 200
    assert browser.post(reverse("sessions:cadence-preview"), data).status_code == 200
    assert browser.post(reverse("protocols:cadence-rows"), data).status_code == 200


def test_rows_are_made_from_the_text(browser):
    page = browser.post(reverse("protocols:cadence-rows"), posted({"count": 1}, text="D0 D7 D29")).content.decode()

    assert 'name="cadence-rows-2-gap" value="22"' in page
    assert 'value="1x, 1x7d, 1x22d"' in page


def test_a_site_that_is_closed_for_good_is_said_in_words(clinic, browser):
    Closure.objects.create(
        clinic=clinic, site=site_of(clinic), from_on=date(2026, 1, 1), until_on=date(2040, 1, 1), reason="Sold"
    )

    page = browser.get(reverse("sessions:cadence-preview"), {"cadence": "4x1w", "start_on": "2026-03-02"})

    assert "closed for good" in page.content.decode()
