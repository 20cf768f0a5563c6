"""A real Chromium on a real server with this test's database: who looks, what is heard, what is kept when it fails."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, expect, sync_playwright

from mesoclinic.core.models import User
from tests.browser.looking import Looker, assert_silent, slug
from tests.chromium import FLAGS
from tests.processes import celery_worker, empty_broker, process_environment, running
from tests.servers import free_port

RESULTS = Path(settings.BASE_DIR) / "test-results"


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        item.failed_in_call = report.failed
    return report


@pytest.fixture(scope="package")
def chromium(chromium_path) -> Iterator[Browser]:
    """One browser for all tests of this folder. Playwright keeps an event loop; Django must not mind it."""
    expect.set_options(timeout=20_000)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def address(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[str]:
    """The address of a gunicorn as in production, on the database of this test run."""
    port = free_port()
    with django_db_blocker.unblock():
        environment = process_environment(WEB_WORKERS="2", SITE_ADDRESS=f"http://127.0.0.1:{port}")
    command = [sys.executable, "-m", "gunicorn", "-c", "python:mesoclinic.gunicorn", "mesoclinic.wsgi"]
    with running([*command, "--bind", f"127.0.0.1:{port}", "--log-level", "info"], environment) as server:
        server.wait_for_words("Booting worker", seconds=60)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def look(request, chromium, address, transactional_db) -> Iterator[Callable[..., Looker]]:
    """Open a browser window for somebody: `look(user, width=…, dark=…)`. What it must not hear fails the test."""
    lookers: list[Looker] = []

    def open_for(user: User | None = None, **options) -> Looker:
        lookers.append(Looker(chromium, address, user, **options))
        return lookers[-1]

    yield open_for
    failed = getattr(request.node, "failed_in_call", True)
    for number, looker in enumerate(lookers):
        if failed:
            RESULTS.mkdir(exist_ok=True)
            looker.keep(RESULTS / f"{slug(request.node.name)}-{number}.png")
        looker.context.close()
    if not failed:
        assert_silent(lookers)


@pytest.fixture
def worker(transactional_db) -> Iterator[None]:
    """A real Celery worker on a silent broker."""
    empty_broker()
    with celery_worker(concurrency=1):
        yield
    empty_broker()
