"""The frame of every page: errors in words, a strict policy kept, the theme from the cookie."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse

from mesoclinic.core.navigation import navigation
from mesoclinic.core.roles import Role
from mesoclinic.core.templatetags.ui import LEVEL_ICONS, STATUS_LOOKS, device_name
from tests.factories import make_clinic, make_user

pytestmark = pytest.mark.once
TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
SPRITE = (settings.BASE_DIR / "mesoclinic/static/vendor/icons/icons.svg").read_text()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_an_inline_script_or_style(path: Path):
    text = path.read_text()

    assert not re.search(r"\sstyle=|\son[a-z]+=\"|hx-on|javascript:", text)
    assert not re.search(r"<style|<script(?![^>]*(src=|application/json))", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_icon_named_in_a_template_is_in_the_sprite(path: Path):
    text = path.read_text()
    named = re.findall(r"{% icon \"([a-z0-9-]+)\"(?!\|)", text) + re.findall(r"\sicon=\"([a-z0-9-]+)\"", text)

    assert [name for name in named if f'id="{name}"' not in SPRITE] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_the_head_of_a_column_begins_with_a_capital_unless_it_is_a_unit(path: Path):
    heads = re.findall(r"<th scope=\"col\"[^>]*>\s*(?:{% translate \"([^\"]*)|([^<{\s][^<{]*))", path.read_text())

    words = [said or plain for said, plain in heads]
    assert [one for one in words if one[0].islower() and one.split()[0] not in ("mL", "mg", "mg/kg")] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_what_is_wrong_is_summed_up_once(path: Path):
    """A whole form drawn by its variable has its summary already."""
    text = path.read_text()

    assert not ("{{ form }}" in text and "_error_summary.html" in text)
    forms = re.findall(r"<form\b.*?</form>", text, re.DOTALL)
    assert [one for one in forms if one.count("_error_summary.html") > 1] == []


def test_every_status_and_level_has_an_icon_of_the_sprite():
    names = [icon for _tone, icon in STATUS_LOOKS.values()] + list(LEVEL_ICONS.values())

    assert [name for name in names if f'id="{name}"' not in SPRITE] == []


@pytest.mark.parametrize(
    "piece", sorted((settings.BASE_DIR / "templates/components").glob("_*.html")), ids=lambda p: p.name
)
def test_every_piece_opens_with_a_comment_on_what_it_needs(piece: Path):
    assert piece.read_text().startswith("{#")


@pytest.mark.parametrize("name", ["400.html", "403.html", "404.html", "403_csrf.html", "500.html"])
def test_error_pages_need_no_context(name):
    page = render_to_string(name)

    assert "Mesoclinic" in page
    assert 'href="/"' in page


def test_the_icon_browsers_ask_for_by_themselves_is_there(client):
    answer = client.get("/favicon.ico")

    assert answer.status_code == 302
    assert answer["Location"].endswith("img/favicon.svg")


def test_the_theme_is_taken_from_the_cookie_and_nothing_else_is():
    request = RequestFactory().get("/")

    for cookie, theme in [("dark", "dark"), ("light", "light"), ('"><script>', "system")]:
        request.COOKIES["theme"] = cookie
        assert navigation(request)["theme"] == theme


def test_a_visitor_gets_no_navigation():
    assert navigation(RequestFactory().get("/"))["nav"] == []


@pytest.mark.django_db
def test_the_navigation_shows_only_what_the_role_may_open(rf):
    clinic = make_clinic()
    request = rf.get("/")
    labels = {}
    for role in (Role.RECEPTION, Role.ADMIN):
        request.user = make_user(clinic, role)
        labels[role] = {str(entry["label"]) for entry in navigation(request)["nav"]}

    assert not labels[Role.RECEPTION] & {"Reports", "Stock", "Protocols"}
    assert not labels[Role.ADMIN] & {"Patients", "Calendar", "Reports", "Stock", "Protocols"}


@pytest.mark.django_db
def test_a_wrong_password_is_refused_in_words_and_the_name_stays(client):
    answer = client.post("/accounts/login/", {"login": "nobody", "password": "x\x00y"})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'value="nobody"' in page
    assert "invisible character" in page


@pytest.mark.django_db
def test_a_password_that_is_left_out_is_asked_for_in_words(client):
    client.force_login(
        make_user(make_clinic(), Role.RECEPTION), backend="mesoclinic.core.accounts.AuthenticationBackend"
    )

    page = client.post(reverse("account_change_password"), {}).content.decode()

    assert page.count("Please fill this in.") >= 3
    assert "New password once more" in page


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605 Version/18 Safari/604", "Safari, iPad"),
        ("curl/8.0", "curl/8.0"),
        ("", ""),
    ],
)
def test_a_device_is_named_by_its_browser_and_system(said, name):
    assert device_name(said) == name
