"""A dialog asks before something is done; without scripts its question and its button stand in the page."""

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from playwright.sync_api import sync_playwright

from tests.chromium import FLAGS

STATIC = settings.BASE_DIR / "mesoclinic/static"
STYLES = [(STATIC / path).read_text() for path in ("vendor/bootstrap/bootstrap.min.css", "css/mesoclinic.css")]
ASKED = {"id": "archive", "action": "#", "button": "Take off the list", "question": "Take it off?", "csrf_token": "t"}


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_question_can_be_answered_with_and_without_scripts(chromium_path, has_scripts):
    piece = render_to_string("components/_confirm.html", ASKED)
    loaded_later = '<dialog id="dialog" class="dialog"></dialog>'
    styles = "".join(f"<style>{text}</style>" for text in STYLES)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        page = browser.new_context(java_script_enabled=has_scripts).new_page()
        page.set_content(f"<!doctype html><html lang='en'><body>{styles}{piece}{loaded_later}</body></html>")
        opener, question = page.locator("[data-dialog-open]"), page.get_by_text("Take it off?")
        shown = opener.is_visible(), question.is_visible(), page.locator("#archive [type=submit]").is_visible()
        back, empty = page.locator("[data-dialog-close]").is_visible(), page.locator("#dialog").is_visible()
        browser.close()

    assert shown == ((True, False, False) if has_scripts else (False, True, True))
    assert (back, empty) == (False, False)
