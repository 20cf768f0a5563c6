"""Every URL × every role × own or foreign object, from the right each view wears. See `rights.py` for how to add a row."""

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from mesoclinic.core.models import User
from mesoclinic.core.roles import RIGHTS, Role
from tests.web.rights import World, all_rows, all_views

# Each case in a transaction of its own, inside the stage's.
pytestmark = [pytest.mark.django_db, pytest.mark.once]
# Anybody may ask these, signed in or not: nothing of a clinic is shown but to who holds a secret link.
OPEN = {
    *("healthz", "readyz", "set_language", "favicon"),
    *("sessions:begin", "sessions:visit-link", "sessions:read-feed", "sessions:verify-report"),
}
# allauth's own pages: signing in, and what a user does to the own account. They touch nothing of a clinic.
ALLAUTH = {
    *("account_login", "account_logout", "account_inactive", "account_signup", "account_reauthenticate"),
    *("account_email", "account_email_verification_sent", "account_change_password", "account_set_password"),
    *("account_reset_password", "account_confirm_login_code", "account_confirm_email", "account_reset_password_done"),
    *("account_reset_password_from_key", "account_reset_password_from_key_done"),
    *("mfa_index", "mfa_authenticate", "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp"),
    *("mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes", "mfa_list_webauthn"),
    *("mfa_add_webauthn", "mfa_reauthenticate_webauthn", "mfa_remove_webauthn", "mfa_edit_webauthn"),
    "usersessions_list",
}
VIEWS = all_views()
ROWS = all_rows()
GUARDED = sorted(VIEWS.keys() - OPEN - ALLAUTH)
READY = sorted(ROWS.keys() & VIEWS.keys())


class Stage:
    """Two clinics with every row's object, and a signed-in browser for each role of the first."""

    def __init__(self) -> None:
        self.own, self.foreign = World(), World()
        self.kwargs = {name: (self._build(name, self.own), self._build(name, self.foreign)) for name in READY}
        self.browsers = {role: _signed_in(user) for role, user in self.own.users.items()}
        self.browsers["clinicless"] = _signed_in(User.objects.create_user("nobody's", password=None))
        self.browsers["signed out"] = Client()

    @staticmethod
    def _build(name: str, world: World):
        """Return the keywords, or what went wrong: only the tests of this row shall fail by it."""
        try:
            return ROWS[name].kwargs(world) if ROWS[name].kwargs else {}
        except Exception as fault:
            return fault

    def own_url(self, name: str) -> str:
        return self._url(name, self._kwargs(name)[0])

    def foreign_urls(self, name: str) -> list[str]:
        """The URL with each of its objects in turn taken from the other clinic."""
        own, foreign = self._kwargs(name)
        return [self._url(name, own | {key: foreign[key]}) for key in own if own[key] != foreign[key]]

    def _kwargs(self, name: str):
        for kwargs in self.kwargs[name]:
            if isinstance(kwargs, Exception):
                raise kwargs
        return self.kwargs[name]

    def _url(self, name: str, kwargs: dict) -> str:
        return reverse(name, kwargs=kwargs, query=ROWS[name].asked(self.own) or None)


def _signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker):
    """One setup for all cases; each case rolls back to it, and the end rolls back all."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Stage()
        transaction.set_rollback(True)


@pytest.fixture
def ask(stage):
    """Ask a URL by GET and by POST and return both answers; what a view did is undone before the next."""

    def both(who: Role | str, url: str) -> dict[str, HttpResponse]:
        answers = {}
        for method in ("get", "post"):
            with transaction.atomic():
                answers[method] = getattr(stage.browsers[who], method)(url)
                transaction.set_rollback(True)
        return answers

    return both


def test_every_url_has_a_name_and_an_example_row():
    without = sorted(set(GUARDED) - ROWS.keys())

    assert without == [], "add a Row to tests/web/rows_<app>.py; its docstring in rights.py says how"


def test_no_row_is_left_over():
    assert sorted(ROWS.keys() - set(GUARDED)) == []


def test_every_view_wears_a_right_or_is_open_on_purpose():
    assert [name for name in GUARDED if getattr(VIEWS[name], "right", None) not in RIGHTS] == []


def test_the_open_urls_need_no_signing_in():
    guarded_by_login = [name for name in OPEN & VIEWS.keys() if getattr(VIEWS[name], "login_required", True)]

    assert guarded_by_login == []
    assert [name for name in GUARDED if not getattr(VIEWS[name], "login_required", True)] == []


@pytest.mark.parametrize("name", READY)
def test_a_visitor_is_sent_to_sign_in(stage, ask, name):
    answers = ask("signed out", stage.own_url(name))

    assert _codes(answers) == {"get": 302, "post": 401}
    assert answers["get"]["Location"].startswith("/accounts/login/")
    assert 'href="/accounts/login/"' in answers["post"].content.decode()


@pytest.mark.parametrize("name", READY)
def test_a_user_without_a_clinic_sees_nothing(stage, name):
    assert stage.browsers["clinicless"].get(stage.own_url(name)).status_code == 403


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", READY)
def test_a_role_gets_what_its_rights_say(stage, ask, name, role):
    url = stage.own_url(name)
    if role not in RIGHTS[VIEWS[name].right]:
        browser = stage.browsers[role]
        code = browser.get(url).status_code
        assert (browser.post(url).status_code if code == 405 else code) == 403
        return
    own = _codes(ask(role, url))
    assert own["get"] not in (403, 404)
    assert max(own.values()) < 500
    assert own["post" if own["get"] == 405 else "get"] not in (403, 404, 405)
    for url in stage.foreign_urls(name):
        foreign = _codes(ask(role, url))
        assert set(foreign.values()) <= {404, 405}, url
        assert 404 in foreign.values(), url


def _codes(answers: dict[str, HttpResponse]) -> dict[str, int]:
    return {method: answer.status_code for method, answer in answers.items()}
