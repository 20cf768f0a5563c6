import pytest

from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import RIGHTS, Role
from mesoclinic.core.services import users
from tests.factories import make_clinic, make_user

pytestmark = pytest.mark.django_db


def test_two_users_never_share_an_email_whatever_its_case():
    clinic = make_clinic()
    common = {"actor": None, "clinic": clinic, "full_name": "", "roles": [Role.RECEPTION], "password": None}
    users.create_user(username="a", email="Ann@example.org", **common)

    with pytest.raises(Refused) as refusal:
        users.create_user(username="b", email="ann@EXAMPLE.org", **common)

    assert refusal.value.code == "email-taken"
    assert User.objects.count() == 1


@pytest.mark.parametrize("right", RIGHTS)
@pytest.mark.parametrize("role", Role)
def test_a_role_has_exactly_the_rights_of_the_table(role, right):
    user = make_user(make_clinic(), role)

    assert user.has_perm(right) == (role in RIGHTS[right])
