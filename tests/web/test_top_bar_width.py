"""The navigation and tabs fit every usual window without scrolling, with the long words of French."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation
from playwright.sync_api import sync_playwright

from mesoclinic.core.navigation import ITEMS
from mesoclinic.core.roles import Role
from sessions.models.handouts import ReportVariant
from tests.chromium import FLAGS
from tests.factories import make_clinic, make_user

pytestmark = pytest.mark.once

STATIC = settings.BASE_DIR / "mesoclinic/static"
STYLES = ("vendor/bootstrap/bootstrap.min.css", "css/mesoclinic.css")
FRENCH = ("Aujourd’hui", "Calendrier", "Patients", "Traitements", "Protocoles", "Stocks", "Rapports", "Paramètres")
MEASURE = """() => ({
    nav: document.querySelector('.top-nav').scrollWidth - document.querySelector('.top-nav').clientWidth,
    page: document.documentElement.scrollWidth - document.documentElement.clientWidth,
})"""


@pytest.mark.django_db
def test_every_entry_of_the_navigation_fits_in_french(chromium_path, rf: RequestFactory):
    assert len(FRENCH) == len(ITEMS)
    styles = "".join(f'<link rel="stylesheet" href="/{path}">' for path in STYLES)
    nav = [{"label": label, "url": "/", "icon": "house", "active": False} for label in FRENCH]
    user = make_user(make_clinic(name="Clinique du Grand Pré de la Vallée"), Role.PRACTITIONER)
    request = rf.get("/")
    request.clinic, request.user = user.clinic, user
    perms = {"patients": {"view_patient": True}}
    bar = render_to_string("components/_top_bar.html", {"nav": nav, "user": user, "perms": perms, "request": request})
    frame = f"<!doctype html><html lang='fr'><head>{styles}</head><body>{bar}</body></html>"

    assert spills(chromium_path, frame, MEASURE) == {}


def test_every_tab_of_a_report_fits_in_french(chromium_path):
    with translation.override("fr"):
        labels = [str(label) for label in ReportVariant.labels]
    tabs = [{"label": label, "url": "/", "active": False} for label in labels]
    bar = render_to_string("components/_tabs.html", {"tabs": tabs, "label": "Report"})
    styles = "".join(f'<link rel="stylesheet" href="/{path}">' for path in STYLES)
    frame = f"<!doctype html><html lang='fr'><head>{styles}</head><body><main>{bar}</main></body></html>"

    assert len(labels) == 5
    assert spills(chromium_path, frame, MEASURE.replace(".top-nav", ".tabs")) == {}


def spills(chromium_path: str, frame: str, measure: str) -> dict[int, dict[str, int]]:
    """Say by how much the bar and the page are wider than each window they do not fit."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        page = browser.new_page()
        page.route("**/*", lambda route: route.fulfill(path=static_file(route.request.url)))
        page.route("**/frame", lambda route: route.fulfill(body=frame, content_type="text/html; charset=utf-8"))
        page.goto("http://clinic.test/frame")
        page.evaluate("document.fonts.ready")
        found = {}
        for width in (320, 390, 768, 820, 1024, 1280, 1366, 1440, 1500, 1920):
            page.set_viewport_size({"width": width, "height": 800})
            found[width] = page.evaluate(measure)
        browser.close()
    return {width: spill for width, spill in found.items() if any(spill.values())}


def static_file(url: str) -> Path:
    return STATIC / urlsplit(url).path.removeprefix("/static").lstrip("/")
