"""Making, changing and stopping users; the clinic and its sites."""

import re

import pytest

from mesoclinic.core.models import AuditEvent, Clinic, Site, User
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from mesoclinic.core.services import clinics, users
from tests.factories import PASSWORD, make_clinic, make_user, site_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic()


@pytest.fixture
def admin(clinic) -> User:
    return make_user(clinic, Role.ADMIN)


@pytest.mark.parametrize(
    "leave",
    [
        lambda admin: users.deactivate_user(actor=admin, user=admin),
        lambda admin: users.update_user(actor=admin, user=admin, roles=[Role.MANAGER]),
    ],
    ids=["deactivated", "without the role"],
)
def test_the_last_admin_stays_until_there_is_another(clinic, admin, leave):
    stopped = make_user(clinic, Role.ADMIN)
    users.deactivate_user(actor=admin, user=stopped)

    with pytest.raises(Refused) as refused:
        leave(admin)
    assert refused.value.code == "last-admin"
    make_user(clinic, Role.ADMIN)
    leave(admin)

    left = User.objects.get(pk=admin.pk)
    assert not left.is_active or Role.ADMIN not in left.roles


def test_the_admin_of_another_clinic_does_not_count(admin):
    make_user(make_clinic(), Role.ADMIN)

    with pytest.raises(Refused):
        users.deactivate_user(actor=admin, user=admin)


def test_a_deactivated_user_can_sign_in_no_more_and_is_out_at_once(clinic, admin, client):
    user = make_user(clinic, Role.RECEPTION)
    client.force_login(user)

    users.deactivate_user(actor=admin, user=user)

    assert client.get("/account/").status_code == 302
    assert not client.login(username=user.username, password=PASSWORD)
    users.reactivate_user(actor=admin, user=user)
    assert client.login(username=user.username, password=PASSWORD)


def test_a_new_password_works_and_the_old_one_signs_out(clinic, admin, client):
    user = make_user(clinic, Role.RECEPTION)
    client.force_login(user)

    password = users.reset_password(actor=admin, user=user)

    assert client.get("/account/").status_code == 302
    assert not client.login(username=user.username, password=PASSWORD)
    assert client.login(username=user.username, password=password)


def test_a_temporary_password_can_be_read_out_and_never_comes_twice():
    made = {users.temporary_password() for _number in range(200)}

    assert len(made) == 200
    assert all(re.fullmatch(r"([a-z]{4}-){3}[a-z]{4}", password) for password in made)


def test_no_password_is_ever_written_into_the_audit_trail(clinic, admin):
    password = users.reset_password(actor=admin, user=make_user(clinic, Role.RECEPTION))

    assert not [event for event in AuditEvent.objects.all() if password in f"{event.changes}{event.reason}"]


def test_changing_a_user_says_what_changed(clinic, admin):
    user = make_user(clinic, Role.RECEPTION)

    users.update_user(actor=admin, user=user, full_name="Rosa", roles=[Role.RECEPTION, Role.MANAGER])

    changes = AuditEvent.objects.get(verb="user.updated").changes
    assert [(row["field"], row["new"]) for row in changes] == [
        ("full_name", "Rosa"),
        ("roles", ["manager", "reception"]),
    ]


def test_saving_without_a_change_writes_no_event(clinic, admin):
    user = make_user(clinic, Role.RECEPTION)

    users.update_user(actor=admin, user=user, full_name="", roles=[Role.RECEPTION])
    clinics.update_clinic(actor=admin, clinic=clinic, name=clinic.name)
    clinics.set_tolerances(actor=admin, clinic=clinic, rows=[(4, 0, 1), (10, 1, 3), (20, 2, 6), (None, 3, 7)])

    assert not AuditEvent.objects.filter(verb__in=["user.updated", "clinic.updated", "clinic.tolerances-set"]).exists()


def test_an_email_of_another_user_is_refused(clinic, admin):
    users.update_user(actor=admin, user=admin, email="a@example.org")

    with pytest.raises(Refused) as refused:
        users.update_user(actor=admin, user=make_user(clinic), email="A@example.org")

    assert refused.value.field == "email"


def test_the_first_page_works_once():
    first = {"name": "C", "country": "FR", "time_zone": "Europe/Paris", "language": "en", "email": ""}
    person = {"full_name": "M", "password": PASSWORD}

    user = clinics.found_first_clinic(**first, **person, username="maud")

    assert user.roles == {Role.MANAGER, Role.ADMIN}
    with pytest.raises(Refused) as refused:
        clinics.found_first_clinic(**first, **person, username="other")
    assert refused.value.code == "already-founded"


@pytest.mark.parametrize(
    ("rows", "field", "wrong"),
    [
        ([(4, 0, 1), (9, 0, 1), (7, 0, 1)], "up_to", [1]),
        ([(None, 0, 1), (None, 1, 2)], "up_to", [0, 1]),
        ([(4, 0, 1), (None, 1, 1), (4, 1, 1)], "up_to", [0, 2]),
        ([(0, 0, 1), (None, 1, 1)], "up_to", [0]),
        ([(4, -1, 1), (None, 1, 1)], "early", [0]),
        ([(None, 1, 1), (4, 0, 100)], "late", [1]),
        ([], "up_to", []),
    ],
)
def test_a_table_of_days_that_makes_no_sense_is_refused_with_the_rows_at_fault(clinic, rows, field, wrong):
    with pytest.raises(Refused) as refused:
        clinics.set_tolerances(actor=None, clinic=clinic, rows=rows)

    assert (refused.value.code, refused.value.field) == ("bad-tolerances", field)
    assert refused.value.details["rows"] == wrong


def test_the_table_of_days_is_kept_in_order_whatever_the_order_typed(clinic):
    clinics.set_tolerances(actor=None, clinic=clinic, rows=[(None, 3, 7), (20, 2, 6), (4, 0, 1)])

    clinic.refresh_from_db()
    assert clinic.tolerances == [[4, 0, 1], [20, 2, 6], [0, 3, 7]]


def test_the_last_site_in_use_stays_in_use(clinic):
    site = site_of(clinic)

    with pytest.raises(Refused) as refused:
        clinics.update_site(actor=None, site=site, is_active=False)
    assert refused.value.code == "last-site"
    clinics.create_site(actor=None, clinic=clinic, name="Second", time_zone="Europe/Paris")
    clinics.update_site(actor=None, site=site, is_active=False)

    assert not Site.objects.get(pk=site.pk).is_active


@pytest.mark.parametrize("fields", [{"time_zone": "Mars/Base"}, {"slot_step_min": 0}, {"name": ""}])
def test_a_site_that_cannot_be_is_refused(clinic, fields):
    with pytest.raises(Refused) as refused:
        clinics.update_site(actor=None, site=site_of(clinic), **fields)

    assert refused.value.field == next(iter(fields))
