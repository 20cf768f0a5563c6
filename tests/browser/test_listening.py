"""The listener of the browser tests hears what it is there for: each fault is made on purpose, and is heard."""

import re

import pytest

from mesoclinic.core.roles import Role
from tests.browser.looking import assert_silent
from tests.factories import make_clinic, make_user

pytestmark = pytest.mark.once  # what the browser hears is the same on both engines

# What a page does, and what must be heard of it.
FAULTS = {
    "an error in the console": ("console.error('it broke')", "error: it broke"),
    "a warning in the console": ("console.warn('it may break')", "warning: it may break"),
    "a script that fails": ("setTimeout(() => { throw new Error('not caught'); })", "script error: not caught"),
    "a promise nobody kept": ("void Promise.reject(new Error('not kept'))", "script error: not kept"),
    "a file that is not there": (
        "new Image().src = '/static/none.png'",
        "error: Failed to load resource",
    ),
    "a script in the page": (
        "document.head.append(Object.assign(document.createElement('script'), {textContent: '1'}))",
        "error: CSP: script-src",
    ),
    "a style in the page": ("document.body.setAttribute('style', 'color: red')", "error: CSP: style-src"),
    "an image from elsewhere": ("new Image().src = 'https://elsewhere.invalid/one.png'", "error: CSP: img-src"),
    "a word sent elsewhere": ("fetch('https://elsewhere.invalid/').catch(() => {})", "error: CSP: connect-src"),
}


@pytest.fixture
def looker(look, transactional_db):
    looker = look(make_user(make_clinic(), Role.RECEPTION))
    looker.go("/")
    return looker


def forgive(looker) -> None:
    """Let the test end well: what was heard was made on purpose, and so is what is still to come of it."""
    looker.expect_fault("")
    looker.faults.clear()


@pytest.mark.parametrize("fault", FAULTS)
def test_what_must_never_be_heard_is_heard(looker, fault):
    deed, heard = FAULTS[fault]
    assert looker.faults == []

    page = looker.page
    with (
        page.expect_event("pageerror")
        if heard.startswith("script error")
        else page.expect_console_message(lambda told: f"{told.type}: {told.text}".startswith(heard))
    ):
        page.evaluate(f"() => {{ {deed}; }}")

    assert any(one.startswith(heard) for one in looker.faults), looker.faults
    with pytest.raises(AssertionError, match=re.escape(heard)):
        assert_silent([looker])
    forgive(looker)


def test_a_silent_page_is_heard_as_nothing(looker):
    looker.page.evaluate("() => console.log('all is well')")
    looker.page.reload()

    assert looker.faults == []


def test_a_fault_the_test_asks_for_is_no_fault_and_others_are(looker):
    looker.expect_fault("asked for")

    looker.page.evaluate("() => { console.error('asked for'); console.error('other'); }")
    looker.page.wait_for_function("() => true")

    assert [fault.split(" http")[0].strip() for fault in looker.faults] == ["error: other"]
    forgive(looker)
