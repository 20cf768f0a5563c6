"""Headers of every page, the sign-in limit, the idle timeout, the statements every request costs."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse

from mesoclinic.core.models import User
from mesoclinic.core.roles import Role
from mesoclinic.core.services import clinics
from tests.factories import make_clinic, make_patient, make_user
from tests.shared import shared
from tests.web.rights import all_views

pytestmark = pytest.mark.django_db
PAGES = ["/accounts/login/", "/settings/", "/account/", "/patients/", "/no-such-page/", "/healthz"]


@shared
def clinic():
    return make_clinic()


@pytest.mark.parametrize("page", PAGES)
def test_every_page_carries_the_strict_headers(client, clinic, page):
    user = make_user(clinic, Role.RECEPTION)
    if page != "/accounts/login/":
        client.force_login(user)

    headers = client.get(page).headers

    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    # Whole directives, in whatever order: only so does a source more than 'self' show.
    assert {"default-src 'none'", "frame-ancestors 'none'", "script-src 'self'"} <= set(policy.split("; "))
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_the_page_that_refuses_carries_them_too(client):
    client.force_login(User.objects.create_user("lost", password=None))

    assert client.get("/settings/")["X-Frame-Options"] == "DENY"


def test_every_page_about_a_patient_stays_out_of_every_cache(client, clinic):
    client.force_login(make_user(clinic, Role.PRACTITIONER, Role.MANAGER))
    patient = make_patient(clinic)
    names = [
        name for name in all_views() if name in ("sessions:patient", "sessions:patient-access-log", "patients:edit")
    ]

    assert names
    for name in names:
        answer = client.get(reverse(name, args=[patient.public_id]))
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"], name
        assert "private" in answer["Cache-Control"], name


def test_the_sixth_wrong_password_has_to_wait_from_whatever_browser(client, clinic, settings):
    assert "db" in settings.CACHES["default"]["BACKEND"] or "redis" in settings.CACHES["default"]["BACKEND"]
    cache.clear()
    make_user(clinic, Role.RECEPTION, username="rosa")
    wrong = {"login": "rosa", "password": "wrong"}

    for _try in range(6):
        assert "do not match" in type(client)().post("/accounts/login/", wrong).content.decode()
    answer = type(client)().post("/accounts/login/", wrong)

    assert answer.status_code == 200
    assert "Wait five minutes" in answer.content.decode()
    cache.clear()


def test_an_idle_browser_is_signed_out_and_a_busy_one_is_not(client, clinic, settings):
    began_at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    with time_machine.travel(began_at, tick=False) as clock:
        client.force_login(make_user(clinic, Role.RECEPTION))
        for _visit in range(3):
            assert client.get("/account/").status_code == 200
            clock.shift(timedelta(minutes=29))
        assert client.get("/account/").status_code == 200
        clock.shift(timedelta(seconds=settings.SESSION_COOKIE_AGE + 1))

        assert client.get("/account/")["Location"].startswith("/accounts/login/")


def test_a_page_costs_four_statements_before_its_own(client, clinic, django_assert_num_queries):
    client.force_login(make_user(clinic, Role.RECEPTION))
    client.get("/account/")

    with django_assert_num_queries(4):  # session, user with clinic, sites, roles
        client.get("/account/")


def test_a_chosen_site_stays_chosen_until_it_is_closed(client, clinic):
    client.force_login(make_user(clinic, Role.RECEPTION))
    second = clinics.create_site(actor=None, clinic=clinic, name="Second", time_zone="America/New_York")

    client.post(reverse("core:switch-site", args=[second.public_id]), {"next": "/account/"})
    assert client.get("/account/").wsgi_request.site == second
    clinics.update_site(actor=None, site=second, is_active=False)

    assert client.get("/account/").wsgi_request.site != second


@pytest.mark.parametrize("going", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
@pytest.mark.parametrize("url", ["/language/", None])
def test_nobody_is_sent_away_from_the_clinic(client, clinic, going, url):
    client.force_login(make_user(clinic, Role.RECEPTION))
    site = clinics.create_site(actor=None, clinic=clinic, name="Second", time_zone="Europe/Paris")

    answer = client.post(url or reverse("core:switch-site", args=[site.public_id]), {"next": going, "language": "fr"})

    assert answer["Location"] == "/"


def test_a_chosen_language_stays_with_the_user(client, clinic):
    user = make_user(clinic, Role.RECEPTION)
    client.force_login(user)

    client.post("/language/", {"language": "fr", "next": "/account/"})
    client.post("/language/", {"language": "xx"})

    user.refresh_from_db()
    assert user.language == "fr"
    assert '<html lang="fr"' in client.get("/account/").content.decode()


def test_a_user_without_a_clinic_gets_a_page_in_words(client):
    client.force_login(User.objects.create_user("lost", password=None))

    answer = client.get("/settings/")

    assert answer.status_code == 403
    assert "Mesoclinic" in answer.content.decode()
