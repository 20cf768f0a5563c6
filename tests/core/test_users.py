import pytest

from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from mesoclinic.core.services import users
from tests.factories import PASSWORD, make_clinic, make_user

pytestmark = pytest.mark.django_db


def test_two_users_never_share_an_email_whatever_its_case():
    clinic = make_clinic()
    common = {"actor": None, "clinic": clinic, "full_name": "", "roles": [Role.RECEPTION], "password": None}
    users.create_user(username="a", email="Ann@example.org", **common)

    with pytest.raises(Refused) as refusal:
        users.create_user(username="b", email="ann@EXAMPLE.org", **common)

    assert refusal.value.code == "email-taken"
    assert User.objects.count() == 1


def test_nobody_signs_themselves_up(client):
    make_user(make_clinic(), Role.ADMIN)
    asked = {"username": "eve", "email": "eve@example.org", "password1": PASSWORD, "password2": PASSWORD}

    pages = [client.get("/accounts/signup/"), client.post("/accounts/signup/", asked)]

    assert [page.status_code for page in pages] == [200, 200]
    assert not any('name="username"' in page.content.decode() for page in pages)
    assert User.objects.count() == 1
