import pytest

from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from mesoclinic.core.services import users
from tests.factories import make_clinic

pytestmark = pytest.mark.django_db


def test_two_users_never_share_an_email_whatever_its_case():
    clinic = make_clinic()
    common = {"actor": None, "clinic": clinic, "full_name": "", "roles": [Role.RECEPTION], "password": None}
    users.create_user(username="a", email="Ann@example.org", **common)

    with pytest.raises(Refused) as refusal:
        users.create_user(username="b", email="ann@EXAMPLE.org", **common)

    assert refusal.value.code == "email-taken"
    assert User.objects.count() == 1
