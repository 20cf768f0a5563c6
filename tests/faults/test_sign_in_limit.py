"""Guessing a password is stopped however many processes answer: the limit is kept where all of them see it."""

import http.cookiejar
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

import pytest
from django.core.cache import cache

from mesoclinic.core.roles import Role
from tests.factories import PASSWORD, make_clinic, make_user
from tests.processes import process_environment, running
from tests.servers import free_port

HOST = {"Host": "clinic.example"}  # the limit counts by name and host; the processes stand behind one
FAILURES_ALLOWED = 6  # ACCOUNT_RATE_LIMITS: login_failed, for one name


@pytest.fixture
def addresses(transactional_db):
    """Two gunicorns on the data of this test: no process remembers what the other one heard."""
    cache.clear()
    command = [sys.executable, "-m", "gunicorn", "-c", "python:mesoclinic.gunicorn", "mesoclinic.wsgi"]
    ports = [free_port(), free_port()]
    environment = process_environment(WEB_WORKERS="1")
    with (
        running([*command, "--bind", f"127.0.0.1:{ports[0]}", "--log-level", "info"], environment) as one,
        running([*command, "--bind", f"127.0.0.1:{ports[1]}", "--log-level", "info"], environment) as other,
    ):
        one.wait_for_words("Booting worker")
        other.wait_for_words("Booting worker")
        yield [f"http://127.0.0.1:{port}/accounts/login/" for port in ports]
    cache.clear()


def sign_in(address: str, username: str, password: str) -> tuple[int, str]:
    """Sign in as a new visitor; return the status and where it led."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = opener.open(urllib.request.Request(address, headers=HOST), timeout=60).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    typed = {"csrfmiddlewaretoken": token, "login": username, "password": password}
    form = urllib.request.Request(address, urllib.parse.urlencode(typed).encode(), HOST)
    try:
        answer = opener.open(form, timeout=60)
    except urllib.error.HTTPError as refused:
        return refused.code, refused.url
    return answer.status, answer.url


def test_the_limit_of_wrong_passwords_holds_across_processes(addresses):
    user = make_user(make_clinic(), Role.RECEPTION)
    other = make_user(user.clinic, Role.RECEPTION)
    for guess in range(FAILURES_ALLOWED):
        sign_in(addresses[guess % 2], user.username, f"wrong {guess}")

    late = [sign_in(address, user.username, PASSWORD) for address in addresses]

    assert [(status, url) for status, url in late if "login" not in url] == []
    status, url = sign_in(addresses[0], other.username, PASSWORD)
    assert (status, "login" in url) == (200, False)
