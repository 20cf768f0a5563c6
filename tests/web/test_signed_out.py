"""Who was signed out in the middle of something loses nothing: not a word typed, not the page it was typed on."""

import re
from html import unescape
from io import BytesIO
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from mesoclinic.core.roles import Role
from tests.factories import make_clinic, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def anybody():
    make_user(make_clinic(), Role.RECEPTION)
    return Client()


def test_a_form_that_is_sent_is_kept_and_can_be_sent_again(anybody):
    address = reverse("patients:register") + "?species=human"
    typed = {
        "name": 'Zoë "Zo" <Lind>',
        "note": "\nfirst\nsecond",
        "password": "secret-one",
        "oldpassword": "secret-two",
        "tick": ["a", "b"],
    }

    answer = anybody.post(address, typed)
    page = answer.content.decode()

    assert answer.status_code == 401
    assert f'action="{address}"' in page
    kept = re.findall(r'<textarea name="(\w+)" hidden>\n(.*?)</textarea>', page, re.DOTALL)
    assert [(name, unescape(value)) for name, value in kept] == [
        ("name", typed["name"]),
        ("note", typed["note"]),
        ("tick", "a"),
        ("tick", "b"),
    ]
    assert "secret-" not in page
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    "headers", [{"HX-Request": "true"}, {"X-Autosave": "1"}, {"Accept": "application/json"}], ids=str
)
def test_a_script_is_told_and_gets_no_page_to_draw_into_its_own(anybody, headers):
    answer = anybody.get(reverse("sessions:book"), headers=headers)

    assert (answer.status_code, answer.content) == (401, b"")


def test_a_page_that_refreshes_by_itself_gives_its_place_to_the_sign_in(anybody):
    answer = anybody.get(reverse("sessions:today"), headers={"HX-Request": "true", "X-Background": "1"})

    assert answer["HX-Redirect"] == f"{reverse('account_login')}?next={reverse('sessions:today')}"
    assert answer.content == b""


def test_the_address_of_a_button_opened_as_a_page_says_so(client):
    clinic = make_clinic()
    client.force_login(make_user(clinic, Role.RECEPTION))

    answer = client.get(reverse("sessions:arrive", args=[uuid4()]))

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "This address belongs to a button" in answer.content.decode()
    page = f"http://testserver{reverse('sessions:today')}?on=2026-03-02"
    assert client.get(answer.wsgi_request.path, headers={"referer": page})["Location"] == page
    for elsewhere in ("http://elsewhere.example/", f"http://testserver{answer.wsgi_request.path}", "http://[", ""):
        assert client.get(answer.wsgi_request.path, headers={"referer": elsewhere}).status_code == 405


def test_with_a_file_the_rest_is_kept_too(anybody):
    answer = anybody.post(reverse("patients:register"), {"name": "Zoë", "scan": BytesIO(b"x")})
    page = answer.content.decode()

    assert '<textarea name="name" hidden>\nZoë</textarea>' in page
    assert 'enctype="multipart/form-data"' in page
    assert "Only the file has to be chosen once more." in page


def test_a_page_that_is_open_can_tell_who_signed_in_last(client):
    ann, ben = (make_user(make_clinic(), Role.RECEPTION) for _user in range(2))
    for user in (ann, ben):
        client.force_login(user)
        assert f'data-user="{user.public_id}"' in client.get(reverse("sessions:today")).content.decode()
        assert client.cookies["mesoclinic_user"].value == str(user.public_id)
    client.logout()
    assert f'data-user="{ben.public_id}"' not in client.get(reverse("account_login")).content.decode()
