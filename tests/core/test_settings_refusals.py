"""In the settings every no stands beside the field it is about, and all that was typed stays."""

import pytest
from django.urls import reverse

from mesoclinic.core.models import Site
from mesoclinic.core.models.clinics import default_tolerances
from mesoclinic.core.roles import Role
from mesoclinic.core.services import clinics
from tests.factories import make_clinic, make_user
from tests.shared import shared

pytestmark = pytest.mark.django_db
MINUTES = ("first_visit_min", "session_min", "review_min", "other_min")


@shared
def admin():
    return make_user(make_clinic(), Role.ADMIN)


@pytest.fixture
def browser(client, admin):
    client.force_login(admin)
    return client


def refused(browser, page: str, **changes):
    """Send the page's form as it stands, but for the changes; give the form that comes back."""
    form = browser.get(page).context["form"]
    sent = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in sent.items() if value is not None and value is not False}
    answer = browser.post(page, {**sent, **changes})
    assert answer.status_code == 200
    form = answer.context["form"]
    assert {name: form[name].value() for name in changes} == changes
    return form.errors


@pytest.mark.parametrize(
    ("name", "typed"),
    [*((name, typed) for name in MINUTES for typed in ("0", "1000")), ("late_cancellation_hours", "337")],
)
def test_a_number_of_the_clinic_out_of_bounds_is_said_beside_it(browser, name, typed):
    errors = refused(browser, reverse("core:clinic"), **{name: typed})

    assert errors.keys() == {name}
    assert "or more" in errors[name][0] if typed == "0" else "or less" in errors[name][0]


def test_a_name_that_is_taken_is_said_beside_the_name(browser, admin):
    site = Site.objects.get(clinic=admin.clinic)
    clinics.create_site(actor=None, clinic=admin.clinic, name="Quay", time_zone=site.time_zone)

    errors = refused(browser, reverse("core:edit-site", args=[site.public_id]), name="Quay", address="2 Quay")

    assert errors == {"name": ["There is already a site of this name."]}


def test_the_last_admin_is_told_so_beside_the_roles(browser, admin):
    address = reverse("core:edit-user", args=[admin.public_id])

    errors = refused(browser, address, roles=[Role.MANAGER.value], full_name="Somebody else")

    assert errors.keys() == {"roles"}
    admin.refresh_from_db()
    assert admin.is_active
    assert Role.ADMIN in admin.roles


def table(*rows):
    """What the page of days early and late sends."""
    sent = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": min(len(rows), len(default_tolerances()))}
    for at, (up_to, early, late) in enumerate(rows):
        sent |= {f"form-{at}-up_to": up_to, f"form-{at}-early": early, f"form-{at}-late": late}
    return sent


@pytest.mark.parametrize(
    ("rows", "wrong", "words"),
    [
        ([(4, 0, 1), (20, 2, 6)], {1}, "empty in exactly one row"),
        ([("", 0, 1), (9, 1, 1), ("", 1, 2)], {0, 2}, "empty in exactly one row"),
        ([(4, 0, 1), ("", 3, 7), (4, 1, 1)], {0, 2}, "Two rows have the same length"),
    ],
)
def test_a_table_of_days_is_refused_beside_the_lengths_at_fault(browser, rows, wrong, words):
    answer = browser.post(reverse("core:tolerances"), table(*rows))

    forms = answer.context["formset"].forms
    html = answer.content.decode()
    assert {at for at, form in enumerate(forms) if form.errors} == wrong
    assert all(forms[at].errors.keys() == {"up_to"} and words in forms[at].errors["up_to"][0] for at in wrong)
    assert all(f'href="#id_form-{at}-up_to"' in html and f'id="id_form-{at}-up_to_error"' in html for at in wrong)
    assert [(str(form["up_to"].value()), int(form["late"].value())) for form in forms] == [
        (str(up_to), late) for up_to, _early, late in rows
    ]


def test_an_empty_table_of_days_is_refused_above_its_rows(browser):
    answer = browser.post(reverse("core:tolerances"), table())

    assert "empty in exactly one row" in answer.context["formset"].non_form_errors()[0]
    assert 'href="#id_form-TOTAL_FORMS-rows"' in answer.content.decode()


def test_a_row_taken_away_is_not_the_one_at_fault(browser):
    sent = table((4, 0, 1), (4, 1, 1), (9, 1, 2), (9, 3, 3), ("", 3, 7))

    answer = browser.post(reverse("core:tolerances"), {**sent, "form-0-DELETE": "on"})

    assert [at for at, form in enumerate(answer.context["formset"].forms) if form.errors] == [2, 3]
