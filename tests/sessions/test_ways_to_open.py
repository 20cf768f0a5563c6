"""A course whose site is never open: who may change that has the way there, on the course and on Today."""

import pytest
from django.urls import reverse

from mesoclinic.core.models import Site
from mesoclinic.core.roles import Role
from sessions.models import Course
from tests.factories import make_course, make_user
from tests.sessions.booking_world import NOW, open_clinic, patient
from tests.sessions.today_world import page
from tests.shared import shared

pytestmark = pytest.mark.django_db

CLOSED, BROKEN = "no-open-day 2026-03-02", "broken"
HOURS, CLOSURES = "hours", "closures"


@shared
def world():
    return open_clinic()


def without_plan(world, problem=CLOSED) -> Course:
    course = make_course(world.clinic, patient=patient(world.clinic, "Bo Ek"), practitioner=world.vet)
    Course.objects.filter(pk=course.pk).update(plan_problem=problem)
    return course


def ways(html: str, site: Site) -> set[str]:
    """Which ways a page has, in the sentence that says why there is no plan."""
    said = html.split("notice-danger", 1)[-1] if "notice-danger" in html else html.split("Bo Ek", 1)[1]
    said = said.split("no plan", 1)[0].split("The series", 1)[0][:2500]
    addresses = {
        HOURS: reverse("sessions:edit-hours", args=["site", site.public_id]),
        CLOSURES: reverse("sessions:closures"),
    }
    return {name for name, address in addresses.items() if f'href="{address}"' in said}


MAY = [
    ((Role.PRACTITIONER,), set()),
    ((Role.MANAGER,), {CLOSURES}),
    ((Role.PRACTITIONER, Role.ADMIN), {HOURS, CLOSURES}),
]


@pytest.mark.parametrize(("roles", "shown"), MAY)
def test_the_course_has_the_ways_its_reader_may_go(client, world, roles, shown):
    course = without_plan(world)
    client.force_login(make_user(world.clinic, *roles))

    html = client.get(reverse("sessions:course", args=[course.public_id])).content.decode()

    assert "Enter its opening hours or end the closure." in html
    assert ways(html, world.site) == shown


@pytest.mark.parametrize(("roles", "shown"), MAY)
def test_today_has_the_ways_its_reader_may_go(client, world, roles, shown):
    without_plan(world)
    user = make_user(world.clinic, *roles)
    world.vet.user = user
    world.vet.save(update_fields=["user"])

    html = page(client, user, now=NOW)

    assert "Enter its opening hours or end the closure." in html
    assert ways(html, world.site) == shown


def test_hours_do_not_mend_a_plan_that_stopped_at_an_error(client, world):
    course = without_plan(world, BROKEN)
    client.force_login(make_user(world.clinic, Role.PRACTITIONER, Role.ADMIN))

    html = client.get(reverse("sessions:course", args=[course.public_id])).content.decode()

    assert "Planning stopped at an error." in html
    assert ways(html, world.site) == set()


def test_of_another_site_the_hours_are_its_own_and_the_closures_of_the_one_worked_at_are_not_offered(client, world):
    course = without_plan(world)
    other = Site.objects.create(clinic=world.clinic, name="Barn", time_zone=world.site.time_zone)
    Course.objects.filter(pk=course.pk).update(site=other)
    client.force_login(make_user(world.clinic, Role.PRACTITIONER, Role.ADMIN))

    html = client.get(reverse("sessions:course", args=[course.public_id])).content.decode()

    assert ways(html, other) == {HOURS}
