"""The demo clinic holds what it promises, on both engines; it never touches anybody's own clinic."""

from datetime import UTC, datetime
from io import StringIO
from itertools import pairwise

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F
from django.test import Client

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic
from patients.models import Identifier, Patient, Place
from sessions.demo.building import build_demo
from sessions.demo.house import STAFF
from sessions.models import Addendum, AdverseEvent, Appointment, Course, Practitioner, Room, SessionRecord
from sessions.queries.signatures import verify_chain
from tests.factories import make_clinic

CHRISTMAS = datetime(2026, 12, 25, 10, 5, tzinfo=UTC)  # the clinic stands in Paris then, where nobody works


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker):
    """One demo for the whole module, in a transaction around those of its tests: it takes a while to make."""
    with django_db_blocker.unblock(), time_machine.travel(CHRISTMAS, tick=True), transaction.atomic():
        yield build_demo(now=CHRISTMAS)
        transaction.set_rollback(True)


# First what needs an empty database, then what shares the one demo.


@pytest.mark.django_db
def test_the_demo_is_refused_in_a_database_that_holds_a_clinic():
    make_clinic()

    with pytest.raises(CommandError, match="holds a clinic that is not the demo"):
        call_command("demo")

    assert Clinic.objects.count() == 1


@pytest.mark.django_db
def test_the_demo_needs_a_password_of_its_own_in_production(settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="--password"):
        call_command("demo")

    assert not Clinic.objects.exists()


def test_the_demo_holds_what_it_promises(db, demo):
    people = Patient.objects.filter(species__code="human")
    horses = Patient.objects.filter(species__code="horse")
    statuses = set(Course.objects.values_list("status", flat=True))
    records = SessionRecord.objects.values_list("status", flat=True)

    assert (people.count(), horses.count()) == (60, 20)
    assert (Practitioner.objects.count(), Room.objects.count(), Place.objects.count()) == (3, 3, 2)
    assert statuses == {"active", "paused", "completed", "stopped"}
    assert Course.objects.filter(lapsed_on__isnull=False).exists()
    assert set(records) == {"draft", "done", "signed"}
    assert Addendum.objects.exists()
    assert AdverseEvent.objects.filter(is_late=True).exists()
    assert AdverseEvent.objects.filter(is_late=False).exists()
    assert all(horse.party_links.filter(role="owner", until_on=None).count() == 1 for horse in horses)
    assert Identifier.objects.filter(scheme="microchip").count() == 20


def test_every_course_of_the_demo_is_planned_and_nobody_is_booked_twice(db, demo):
    live = Appointment.objects.live()

    assert not Course.objects.exclude(plan_made=F("plan_wanted")).exists()
    assert not Course.objects.exclude(plan_problem="").exists()
    for resource in ("practitioner", "room", "patient"):
        rows = live.filter(is_squeezed_in=False).exclude(**{resource: None}).order_by(resource, "starts_at")
        spans = list(rows.values_list(f"{resource}_id", "starts_at", "ends_at"))
        assert all(one[0] != two[0] or one[2] <= two[1] for one, two in pairwise(spans))


def test_the_day_of_the_demo_is_half_full_and_under_way(db, demo):
    today = [one for one in Appointment.objects.all() if local_day(one.starts_at, demo.site.zone) == demo.today]

    for practitioner in demo.practitioners.values():
        own = [one for one in today if one.practitioner_id == practitioner.pk and one.is_live]
        minutes = sum((one.ends_at - one.starts_at).total_seconds() / 60 for one in own)
        assert 200 <= minutes <= 400
    assert demo.clinic.country == "FR"
    assert {"booked", "in_progress", "fulfilled", "cancelled"} <= {one.status for one in today}


def test_the_signed_records_of_the_demo_hold(db, demo):
    result = verify_chain(demo.clinic)

    assert result.broken is None
    assert result.count > 100


def test_the_demo_command_prints_every_login_and_leaves_a_demo_as_it_is(db, demo):
    out = StringIO()

    call_command("demo", stdout=out)

    assert "is there already" in out.getvalue()
    assert all(username in out.getvalue() for username, _name, _role in STAFF)
    assert Patient.objects.count() == 80


@pytest.mark.parametrize("username", [username for username, _name, _role in STAFF])
def test_everybody_in_the_demo_has_something_on_the_front_page(db, demo, username):
    client = Client()
    client.force_login(demo.users[username])

    answer = client.get("/")
    page = answer.content.decode()

    assert answer.status_code == 200
    if username == "manager":
        assert "LDA-2207" in page
    elif username == "admin":
        assert 'href="/patients/' not in page
    else:
        assert page.count('href="/patients/') > 5
