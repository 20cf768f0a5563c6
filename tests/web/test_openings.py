"""No page shows a file without a trace: whoever is shown one patient's file, by any address, is in its log."""

import re

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import RIGHTS
from patients.models import Patient
from tests.web.rights import World, all_rows, all_views

pytestmark = [pytest.mark.django_db, pytest.mark.once]
ROWS, VIEWS = all_rows(), all_views()
# Lists, and what is proposed while somebody looks for a file: no file is opened. Records on a round's page are written
# down each.
LISTS = {
    *("patients:search", "patients:duplicates", "patients:merge", "patients:find-parties", "sessions:overview-list"),
    *("sessions:round", "sessions:move-round", "sessions:cancel-round", "sessions:round-records"),
    "sessions:book-together",
}
# The door itself: who opens it is written down with the reason given there.
DOOR = {"patients:open-restricted"}
ADDRESSED = {name for name, row in ROWS.items() if row.kwargs or row.query} - LISTS - DOOR


@pytest.fixture(scope="module")
def clinic(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        world = World()
        world.addresses = {name: row.address(name, world) for name, row in ROWS.items()}
        world.browsers = {role: Client() for role in world.users}
        for role, browser in world.browsers.items():
            browser.force_login(world.users[role])
        yield world
        transaction.set_rollback(True)


def shown_in(world, page: str) -> set[int]:
    """The patients whose names the page says."""
    text = re.sub(r"<[^>]+>", " ", page)
    names = Patient.objects.filter(clinic=world.clinic).values_list("pk", "name")
    return {key for key, name in names if re.search(rf"\b{re.escape(name)}\b", text)}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_no_browser_and_no_proxy_keeps_a_page(clinic, name):
    role = sorted(RIGHTS[VIEWS[name].right])[0]
    with transaction.atomic():
        answer = clinic.browsers[role].get(clinic.addresses[name])
        transaction.set_rollback(True)
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("name", sorted(ADDRESSED))
def test_who_is_shown_one_file_is_written_down(clinic, name):
    for role in sorted(RIGHTS[VIEWS[name].right]):
        cache.clear()
        newest = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        with transaction.atomic():
            answer = clinic.browsers[role].get(clinic.addresses[name])
            if answer.status_code != 200 or "html" not in answer["Content-Type"]:
                transaction.set_rollback(True)
                continue
            shown = shown_in(clinic, answer.content.decode())
            written = AuditEvent.objects.filter(pk__gt=newest, actor=clinic.users[role])
            noted = set(written.values_list("patient_id", flat=True))
            transaction.set_rollback(True)
        assert shown <= noted, role


def test_pages_of_one_file_one_after_another_are_one_opening_of_it(clinic):
    cache.clear()
    role = "reception"
    with transaction.atomic():
        before = AuditEvent.objects.count()
        for name in ("sessions:patient", "patients:edit", "patients:record-weight", "patients:edit"):
            clinic.browsers[role].get(clinic.addresses[name])
        assert AuditEvent.objects.count() == before + 1
        transaction.set_rollback(True)
