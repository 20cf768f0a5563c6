"""The pages of the settings: beginning a clinic, users, hours, days away, the access log."""

from datetime import UTC, date, datetime, time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mesoclinic.core import audit
from mesoclinic.core.models import AuditEvent, Clinic, User
from mesoclinic.core.roles import Role
from patients.models import Place
from sessions.models import Absence, Closure, Practitioner, WorkingHours
from sessions.services import availability
from tests.factories import PASSWORD, make_clinic, make_patient, make_user, site_of
from tests.web.rights import all_views
from tests.web.rows_settings import ROWS as SETTINGS_ROWS

pytestmark = pytest.mark.django_db
BEGIN = {
    "name": "Les Prés",
    "country": "FR",
    "time_zone": "Europe/Paris",
    "full_name": "Maud",
    "username": "maud",
    "email": "",
    "password": PASSWORD,
    "again": PASSWORD,
}
HOURS = (time(9), time(12))
BAD_TEXT = ["\x00", "x" * 10_000, "🐴" * 50, "-1", "9999-12-31", "'; DROP TABLE core_user; --"]


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic()


@pytest.fixture
def admin(clinic, client) -> User:
    user = make_user(clinic, Role.ADMIN, Role.MANAGER)
    client.force_login(user)
    return user


@pytest.fixture
def doctor(clinic) -> Practitioner:
    return availability.create_practitioner(actor=None, clinic=clinic, name="Dr Weber")


def rows_of_hours(*rows: dict) -> dict:
    data = {"form-TOTAL_FORMS": str(len(rows)), "form-INITIAL_FORMS": "0"}
    for number, row in enumerate(rows):
        filled = {"weekday": "1", "kind": "open", "start_time": "09:00", "end_time": "12:00", "every_weeks": "1"} | row
        data |= {f"form-{number}-{name}": value for name, value in filled.items()}
    return data


def test_an_empty_installation_begins_with_its_first_page(client):
    assert client.get("/")["Location"] == "/start/"
    assert client.get("/accounts/login/")["Location"] == "/start/"

    answer = client.post("/start/", BEGIN)

    assert answer["Location"] == "/settings/"
    clinic = Clinic.objects.get()
    assert (clinic.name, site_of(clinic).holiday_country) == ("Les Prés", "FR")
    assert client.get("/settings/users/").status_code == 200
    assert client.post("/start/", BEGIN | {"username": "second"}).status_code == 302
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"again": "another"}, {"password": "short", "again": "short"}, {"username": "a b"}, {"time_zone": "Mars/Base"}],
)
def test_a_wrong_first_page_makes_nothing(client, wrong):
    assert client.post("/start/", BEGIN | wrong).status_code == 200

    assert not Clinic.objects.exists()


def test_a_new_user_gets_a_temporary_password_shown_once(client, admin):
    data = {"full_name": "Rosa", "username": "rosa", "roles": ["reception"], "email": "", "language": ""}

    page = client.post("/settings/users/new/", data).content.decode()

    password = page.split('data-copy="')[1].split('"')[0]
    assert client.login(username="rosa", password=password)
    client.force_login(admin)
    rosa = User.objects.get(username="rosa")
    assert password not in client.get(reverse("core:edit-user", args=[rosa.public_id])).content.decode()


def test_the_last_admin_is_told_why_he_stays(client, admin):
    url = reverse("core:deactivate-user", args=[admin.public_id])

    page = client.post(url, follow=True).content.decode()

    assert "Make somebody else admin first" in page


def test_monday_to_friday_in_one_row_makes_five_days_and_comes_back_as_one(client, admin, doctor):
    url = reverse("sessions:edit-hours", args=["practitioner", doctor.public_id])

    client.post(url, rows_of_hours({"weekday": "1-5"}, {"weekday": "6", "end_time": "11:00"}))

    assert sorted(WorkingHours.objects.values_list("weekday", flat=True)) == [1, 2, 3, 4, 5, 6]
    formset = client.get(url).context["formset"]
    assert [form.initial["weekday"] for form in formset] == ["1-5", "6"]
    assert [form.initial["from_on"] for form in formset] == [None, None]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"end_time": "09:00"}, "end_time"),
        ({"every_weeks": "2"}, "from_on"),
        ({"every_weeks": "9"}, "every_weeks"),
        ({"from_on": "2026-03-02", "until_on": "2026-03-01"}, "until_on"),
        ({"weekday": "8"}, "weekday"),
        ({"start_time": "25:00"}, "start_time"),
    ],
)
def test_hours_that_cannot_be_are_said_beside_the_field(client, admin, doctor, row, field):
    url = reverse("sessions:edit-hours", args=["practitioner", doctor.public_id])

    answer = client.post(url, rows_of_hours(row))

    assert list(answer.context["formset"][0].errors) == [field]
    assert not WorkingHours.objects.exists()


def test_an_absence_of_days_ends_with_the_last_day_of_the_site(client, admin, doctor):
    data = {"who": str(doctor.public_id), "from_on": "2026-03-28", "until_on": "2026-03-29"}

    client.post("/settings/absences/new/", data)

    absence = Absence.objects.get()
    assert absence.starts_at == datetime(2026, 3, 27, 23, tzinfo=UTC)
    assert absence.ends_at == datetime(2026, 3, 29, 22, tzinfo=UTC)  # the clocks went forward that day


def test_an_absence_that_begins_when_the_clocks_jump_is_refused(client, admin, doctor):
    data = {"who": str(doctor.public_id), "from_on": "2026-03-29", "from_time": "02:30"}

    answer = client.post("/settings/absences/new/", data)

    assert "from_time" in answer.context["form"].errors


def test_a_practitioner_of_another_clinic_cannot_be_absent_here(client, admin):
    stranger = availability.create_practitioner(actor=None, clinic=make_clinic(), name="Dr Elsewhere")

    answer = client.post("/settings/absences/new/", {"who": str(stranger.public_id), "from_on": "2026-03-02"})

    assert "who" in answer.context["form"].errors
    assert not Absence.objects.exists()


def test_a_public_holiday_is_opened_once_and_closed_again(client, admin, clinic):
    holiday = client.get("/settings/closures/").context["holidays"][0]

    for _twice in range(2):
        client.post("/settings/closures/open-holiday/", {"day": holiday.day.isoformat()})
    closure = Closure.objects.get()
    assert (closure.is_open, closure.from_on) == (True, holiday.day)

    client.post(reverse("sessions:remove-closure", args=[closure.public_id]))
    assert not Closure.objects.exists()


@pytest.mark.parametrize("day", ["2020-01-02", "", "x"])
def test_a_day_that_is_no_public_holiday_is_not_opened(client, admin, day):
    client.post("/settings/closures/open-holiday/", {"day": day})

    assert not Closure.objects.exists()


def test_a_place_of_the_same_name_is_refused_beside_the_name(client, admin, clinic):
    data = {"kind": "stable", "name": "Green Lane", "travel_min": "20"}
    client.post("/patients/places/new/", data)

    answer = client.post("/patients/places/new/", data)

    assert "name" in answer.context["form"].errors
    assert Place.objects.count() == 1


@pytest.mark.parametrize("bad", BAD_TEXT)
def test_no_bad_input_breaks_a_page_of_the_settings(client, admin, clinic, doctor, bad):
    names = [name for name in SETTINGS_ROWS if name.startswith(("sessions:create", "sessions:add", "patients:create"))]
    names += ["core:clinic", "core:create-site", "core:create-user", "core:account", "core:tolerances"]
    before = AuditEvent.objects.count()

    for name in sorted(set(names) & all_views().keys()):
        url = reverse(name, args=[site_of(clinic).public_id] if name == "sessions:create-room" else None)
        fields = client.get(url).context
        form = fields.get("form")
        data = dict.fromkeys(form.fields, bad) if form else rows_of_hours({"up_to": bad, "early": bad, "late": bad})
        assert client.post(url, data).status_code in (200, 302), name

    assert client.get("/settings/access-log/", {"patient": bad, "person": bad, "from_on": bad}).status_code == 200
    assert AuditEvent.objects.count() <= before + 6


def test_the_access_log_shows_who_opened_which_file(client, admin, clinic):
    anna, other = make_patient(clinic, name="Anna Weber"), make_patient(clinic, name="Bruno Klein")
    stranger = make_patient(make_clinic(), name="Anna Elsewhere")
    for patient in (anna, other, stranger):
        audit.record(actor=admin, verb="patient.opened", subject=patient, patient_id=patient.pk)

    page = client.get("/settings/access-log/", {"kind": "looked"}).context["page"].object_list
    named = client.get("/settings/access-log/", {"kind": "looked", "patient": "weber"}).context["page"].object_list
    own = client.get(reverse("sessions:patient-access-log", args=[anna.public_id])).context["page"].object_list

    assert {event.patient for event in page} == {anna, other}
    assert [event.patient for event in named] == [anna]
    assert {event.patient for event in own} == {anna}
    assert "patient.opened" in {event.verb for event in own}


def test_the_access_log_is_filtered_by_person_and_by_local_days(client, admin, clinic):
    other = make_user(clinic, Role.RECEPTION)
    audit.record(actor=other, verb="clinic.opened", subject=clinic)
    today = timezone.localdate(timezone=site_of(clinic).zone).isoformat()

    by_other = client.get("/settings/access-log/", {"person": str(other.pk)}).context["page"].object_list
    on_day = client.get("/settings/access-log/", {"from_on": today, "until_on": today}).context["page"].object_list
    before = client.get("/settings/access-log/", {"until_on": "2020-01-01"}).context["page"].object_list

    assert [event.actor for event in by_other] == [other]
    assert on_day
    assert before == []


def _count(client, url) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


@pytest.mark.parametrize(
    "url",
    [
        *("/settings/access-log/", "/settings/users/", "/settings/practitioners/", "/settings/rooms/"),
        *("/settings/hours/", "/settings/absences/", "/settings/closures/", "/patients/places/"),
    ],
)
def test_a_list_costs_the_same_statements_however_long_it_is(client, admin, clinic, doctor, url):
    _fill(clinic, doctor, admin, 1, 3)
    client.get(url)
    few = _count(client, url)

    _fill(clinic, doctor, admin, 3, 12)

    assert _count(client, url) == few


def _fill(clinic: Clinic, doctor: Practitioner, admin: User, first: int, last: int) -> None:
    site = site_of(clinic)
    for number in range(first, last):
        patient = make_patient(clinic, name=f"Patient {number}")
        audit.record(actor=admin, verb="patient.opened", subject=patient, patient_id=patient.pk)
        make_user(clinic, Role.RECEPTION)
        one = availability.create_practitioner(actor=None, clinic=clinic, name=f"Dr {number}")
        room = availability.create_room(actor=None, site=site, name=f"Room {number}")
        availability.set_working_hours(
            actor=None, site=site, practitioner=one, blocks=[availability.HoursBlock(1, *HOURS)]
        )
        availability.add_absence(actor=None, room=room, starts_at=timezone.now())
        day = date(2099, 1, 1 + number)
        availability.add_closure(actor=None, site=site, from_on=day, until_on=day)
        Place.objects.create(clinic=clinic, name=f"Place {number}")
