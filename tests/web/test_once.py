"""A form sent twice from one page is saved once; from another page, or after a refusal, it is sent anew."""

import pytest
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from mesoclinic.core import once
from mesoclinic.core.roles import Role
from sessions.models import Closure
from tests.factories import make_clinic, make_user
from tests.web.rows_sessions_appointments import make_visit

pytestmark = pytest.mark.django_db
ASKED = {"from_on": "2026-03-02", "until_on": "2026-03-03", "reason": "Painters", "csrfmiddlewaretoken": "one page"}


def browser_of(clinic) -> Client:
    browser = Client()
    browser.force_login(make_user(clinic, *Role))
    return browser


def send(browser: Client, **changes):
    body = "&".join(f"{name}={value}" for name, value in (ASKED | changes).items()).replace(" ", "+")
    return browser.post(reverse("sessions:add-closure"), **sent(body))


def sent(body: str) -> dict[str, str]:
    return {"data": body, "content_type": "application/x-www-form-urlencoded"}


def test_a_form_sent_twice_from_one_page_is_saved_once_and_leads_to_the_same_place():
    browser = browser_of(make_clinic())

    first, second = send(browser), send(browser)

    assert Closure.objects.count() == 1
    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"])


def test_the_same_words_from_another_page_are_another_form():
    browser = browser_of(make_clinic())

    send(browser)
    send(browser, csrfmiddlewaretoken="another page")

    assert Closure.objects.count() == 2


def test_the_same_words_of_another_user_are_another_form():
    clinic = make_clinic()

    send(browser_of(clinic))
    send(browser_of(clinic))

    assert Closure.objects.count() == 2


def test_a_refused_form_is_refused_again_in_words():
    browser = browser_of(make_clinic())

    answers = [send(browser, until_on="2026-03-01") for _click in range(2)]

    assert ["before the first" in answer.content.decode() for answer in answers] == [True, True]


def test_a_button_that_was_refused_says_so_each_time():
    clinic = make_clinic()
    browser, visit = browser_of(clinic), make_visit(clinic)
    url = reverse("sessions:undo-no-show", args=[visit.public_id])

    answers = [browser.post(url, **sent("csrfmiddlewaretoken=one+page")) for _click in range(2)]

    assert [len(get_messages(answer.wsgi_request)) for answer in answers] == [1, 2]


def test_a_second_click_waits_for_the_first_and_is_led_where_it_led(monkeypatch):
    monkeypatch.setattr(cache, "add", lambda *args: False)
    found = iter([once.UNDER_WAY, once.UNDER_WAY, "/calendar/"])
    monkeypatch.setattr(cache, "get", lambda key: next(found))
    monkeypatch.setattr(once, "LOOK_EVERY", 0)

    answer = send(browser_of(make_clinic()))

    assert answer["Location"] == "/calendar/"
    assert not Closure.objects.exists()


def test_a_cache_that_is_away_keeps_nobody_from_working(monkeypatch):
    def away(*args):
        raise ConnectionError

    monkeypatch.setattr(cache, "add", away)
    monkeypatch.setattr(cache, "set", away)

    assert send(browser_of(make_clinic())).status_code == 302
    assert Closure.objects.count() == 1


PAGE = "0123456789abcdef" * 2


def test_a_page_gone_back_to_asks_before_it_saves_again_and_keeps_what_is_typed():
    """The page was drawn anew: another token, and the name its script kept."""
    browser = browser_of(make_clinic())
    first = send(browser, page_name=PAGE)

    asked = send(browser, page_name=PAGE, csrfmiddlewaretoken="drawn anew", reason="Plumbers")

    assert (asked.status_code, Closure.objects.count()) == (409, 1)
    assert f'href="{first["Location"]}"' in asked.content.decode()
    assert '<textarea name="reason" hidden>\nPlumbers</textarea>' in asked.content.decode()
    once_more = {"csrfmiddlewaretoken": "of the question", "reason": "Plumbers", "once_more": "yes"}
    again, and_again = send(browser, page_name=PAGE, **once_more), send(browser, page_name=PAGE, **once_more)
    assert first["Location"] != again["Location"] == and_again["Location"]
    assert Closure.objects.count() == 2


def test_only_the_page_that_was_saved_asks():
    browser, other = browser_of(make_clinic()), browser_of(make_clinic(name="Elsewhere"))
    send(browser, page_name=PAGE, until_on="2026-03-01")
    assert send(browser, page_name=PAGE, csrfmiddlewaretoken="2").status_code == 302, "the first was refused"

    assert send(browser, page_name=PAGE[::-1], csrfmiddlewaretoken="3").status_code == 302
    assert send(browser, page_name="no name", csrfmiddlewaretoken="4").status_code == 302
    assert send(other, page_name=PAGE, csrfmiddlewaretoken="5").status_code == 302
