"""The pages of retention: entering a period, the list, and the questions before a file is made nobody's."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from patients.models import Patient, RetentionRule
from patients.services.retention import set_retention
from tests.factories import PASSWORD, make_clinic, make_patient, make_user
from tests.shared import shared

pytestmark = pytest.mark.django_db

TODAY = datetime(2026, 11, 28, 9, tzinfo=UTC)


@shared
def clinic():
    with time_machine.travel(TODAY, tick=False):
        yield make_clinic()


@pytest.fixture
def browser(clinic):
    browser = Client()
    browser.force_login(make_user(clinic, Role.MANAGER))
    return browser


def old_file(clinic, **fields) -> Patient:
    on = {"registered_on": date(2001, 2, 3), "now": datetime(2001, 2, 3, 9, tzinfo=UTC), "weight_kg": None}
    return make_patient(clinic, **on, name="Ann Old", phone="+33 6 39 98 77 66", **fields)


def kept_five_years(clinic) -> None:
    fields = {"since_on": date(2026, 1, 1), "keep_years": 5, "source": "House rule"}
    set_retention(actor=None, clinic=clinic, applies_to="people", **fields)


def confirm(browser, patient, **sent):
    sent = {"reason": "Period over", "number": str(patient.number), "password": PASSWORD, "identity": "asked", **sent}
    return browser.post(reverse("sessions:pseudonymise", args=[patient.public_id]), sent)


def test_a_clinic_without_a_period_is_told_that_none_holds_by_itself(browser):
    page = browser.get(reverse("sessions:retention")).text

    assert "ships none that holds by itself" in page
    assert "entered no period yet" in page


def test_a_sourced_period_of_the_country_is_taken_over_into_the_form_and_saved_by_a_person(browser):
    address = reverse("sessions:edit-retention", args=["people"])
    offered = browser.get(address).text
    form = browser.get(address, {"take": "fr-hospital"}).context["form"]
    nothing_yet = RetentionRule.objects.count()

    saved = browser.post(address, {name: form[name].value() or "" for name in form.fields})

    assert "Order of doctors" in offered
    assert nothing_yet == 0
    assert saved.status_code == 302
    rule = RetentionRule.objects.get()
    assert (rule.keep_years, rule.until_birthday, rule.after_death_years) == (20, 28, 10)
    assert AuditEvent.objects.get(verb="retention.set").changes


def test_where_no_source_gives_a_period_the_page_says_so(browser):
    page = browser.get(reverse("sessions:edit-retention", args=["animals"])).text

    assert "We found no period for this" in page


def test_a_period_without_its_source_is_refused_at_the_field(browser):
    sent = {"since_on": "2026-01-01", "keep_years": "5", "source": ""}
    answer = browser.post(reverse("sessions:edit-retention", args=["people"]), sent)

    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {"source"}
    assert not RetentionRule.objects.exists()


def test_the_same_day_entered_again_changes_the_period(browser, clinic):
    kept_five_years(clinic)
    sent = {"since_on": "2026-01-01", "keep_years": "7", "source": "House rule"}
    browser.post(reverse("sessions:edit-retention", args=["people"]), sent)

    assert RetentionRule.objects.get().keep_years == 7


def test_the_list_names_the_file_its_last_entry_and_since_when(browser, clinic):
    kept_five_years(clinic)
    patient = old_file(clinic)

    page = browser.get(reverse("sessions:retention"))

    assert page.context["lines"][0].patient == patient
    assert "3 Feb 2001" in page.text
    assert "3 Feb 2006" in page.text


def test_a_file_is_pseudonymised_by_typing_its_number_and_proving_who_one_is(browser, clinic):
    kept_five_years(clinic)
    patient = old_file(clinic)

    answer = confirm(browser, patient)

    assert answer.status_code == 302
    patient.refresh_from_db()
    assert patient.is_pseudonymised
    page = browser.get(reverse("sessions:patient", args=[patient.public_id])).text
    assert "was pseudonymised on" in page
    assert "Ann" not in page
    assert "Open the file again" not in page


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"number": "999"}, "number"), ({"password": "not it"}, "password"), ({"reason": ""}, "reason")],
)
def test_a_wrong_number_a_wrong_password_or_no_reason_changes_nothing(browser, clinic, wrong, field):
    kept_five_years(clinic)
    patient = old_file(clinic)

    answer = confirm(browser, patient, **wrong)

    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert "Nothing was signed" not in answer.text
    patient.refresh_from_db()
    assert patient.name == "Ann Old"


def test_a_file_still_kept_shows_until_when_and_no_button(browser, clinic):
    kept_five_years(clinic)
    patient = make_patient(clinic)

    page = browser.get(reverse("sessions:pseudonymise", args=[patient.public_id])).text
    answer = confirm(browser, patient)

    assert "This file is kept until" in page
    assert "for good" not in page
    assert answer.status_code == 200
    patient.refresh_from_db()
    assert not patient.is_pseudonymised
