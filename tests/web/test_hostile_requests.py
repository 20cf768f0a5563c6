"""Every URL asked for in ways no page of ours does: hostile queries, methods, bodies, headers, ways back."""

from itertools import cycle
from urllib.parse import urljoin, urlsplit

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse

from mesoclinic.core.roles import Role
from tests.factories import make_user, site_of
from tests.sessions.booking_world import NOW
from tests.web.rights import World, all_rows
from tests.web.rows_sessions_appointments import make_visit

pytestmark = pytest.mark.django_db
ROWS = all_rows()
PARAMETERS = (
    *("page", "q", "sort", "on", "from", "from_on", "until_on", "status", "practitioner", "species", "kind", "minutes"),
    *("patient", "place", "version", "appointment", "indication", "view", "at", "where", "name", "phone", "birth_on"),
    *("person", "field", "category", "show", "state", "start_on", "cadence", "next", "of", "substance", "contact-name"),
)
VALUES = (
    *(
        "-1",
        "9" * 21,
        "\x00",
        "a\x00b",
        "__class__",
        "-patient__clinic__name",
        "9999-99-99",
        "9999-12-31",
        "0001-01-01",
    ),
    *("2026-02-30", "x" * 10_000, "🐴", "\u202e", "'\"><script>", "NaN", "1e400", "²", "[]", "zzz", "%", "a_%"),
    "00000000-0000-0000-0000-000000000000",
)
TRIES = 5  # every page is asked with five different words in every parameter
WAYS_BACK = (
    "nonsense",
    "//evil.example/",
    "https://evil.example/",
    "\\\\evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
)
WAYS_BACK += (
    "sessions:today",
    "/\r\nSet-Cookie: a=b",
    "/" + "x" * 10_000,
    "/\x00",
    " //evil.example",
    "/\t/evil.example",
)


class Stage:
    def __init__(self) -> None:
        self.world = World()
        self.browser = Client()
        self.browser.force_login(make_user(self.world.clinic, *Role))
        self.urls = {}
        for name, row in ROWS.items():
            self.urls[name] = reverse(name, kwargs=row.kwargs(self.world) if row.kwargs else {})
        self.pages = {name: url for name, url in self.urls.items() if "GET" in self._allowed(url)}

    def _allowed(self, url: str) -> str:
        with transaction.atomic():
            answer = self.browser.put(url)
            transaction.set_rollback(True)
        return answer.get("Allow", "GET")

    def fault(self, method: str, address: str, *args, **more) -> str:
        """What went wrong, or nothing; what the request did is undone."""
        with transaction.atomic():
            try:
                with transaction.atomic():
                    answer = getattr(self.browser, method)(address, *args, **more)
                    return f"status {answer.status_code}" if answer.status_code >= 500 else ""
            except Exception as error:
                return f"{type(error).__name__}: {error}"[:200]
            finally:
                transaction.set_rollback(True)


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker):
    with time_machine.travel(NOW, tick=False), django_db_blocker.unblock(), transaction.atomic():
        yield Stage()
        transaction.set_rollback(True)


def test_no_page_breaks_over_a_hostile_query(stage):
    faults, turn = [], cycle(VALUES)
    for name, url in stage.pages.items():
        for _try in range(TRIES):
            words = {parameter: next(turn) for parameter in PARAMETERS}
            fault = stage.fault("get", url, {**ROWS[name].asked(stage.world), **words})
            faults += [(name, fault)] if fault else []

    assert faults == []


@pytest.mark.once
def test_no_url_breaks_over_a_method_body_or_header_it_does_not_expect(stage):
    faults = []
    for name, url in stage.urls.items():
        asked = [
            ("head", (), {}),
            ("delete", (), {}),
        ]
        asked += [("post", (b'{"a": 1}',), {"content_type": "application/json"})]
        asked += [
            ("post", (b"\xff\xfe%ED%A0%80=1&name=%ED%A0%80",), {"content_type": "application/x-www-form-urlencoded"})
        ]
        asked += [("post", (b"--x\r\nbroken",), {"content_type": "multipart/form-data; boundary=x"})]
        asked += [("get", (), {"headers": {"HX-Request": "true", "HX-Boosted": "x", "HX-Current-URL": "//x\x7f%zz"}})]
        asked += [("get", (), {"headers": {"accept": "application/json"}}), ("get", (), {"headers": {"accept": "x"}})]
        for method, args, more in asked:
            fault = stage.fault(method, url, *args, **more)
            faults += [(name, method, more, fault)] if fault else []

    assert faults == []


@pytest.mark.parametrize("way", WAYS_BACK)
def test_the_way_back_never_leads_out_of_the_house_nor_breaks(stage, way):
    visit = {"public_id": stage.world.one(make_visit).public_id}
    site = {"public_id": site_of(stage.world.clinic).public_id}
    targets = [
        reverse("sessions:arrive", kwargs=visit),
        reverse("core:switch-site", kwargs=site),
        reverse("set_language"),
    ]
    for target in targets:
        with transaction.atomic():
            answer = stage.browser.post(target, {"next": way, "language": "en"})
            transaction.set_rollback(True)

        assert answer.status_code == 302
        assert answer["Location"].startswith("/")
        assert not answer["Location"].startswith(("//", "/\\"))
        assert "Set-Cookie" not in answer.headers


def test_signing_in_leads_to_no_other_house(stage):
    user = make_user(stage.world.clinic, Role.RECEPTION)
    for way in WAYS_BACK:
        with transaction.atomic():
            asked = {"login": user.username, "password": "correct horse battery", "next": way}
            answer = Client().post(reverse("account_login"), asked)
            transaction.set_rollback(True)

        led_to = urlsplit(urljoin("http://testserver/accounts/login/", answer.get("Location", "/").replace("\\", "/")))
        assert answer.status_code in (200, 302)
        assert (led_to.scheme, led_to.netloc) == ("http", "testserver"), way
