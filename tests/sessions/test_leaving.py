"""A last day: what it leaves open, courses handed over in one step, a sign-in that ends."""

from datetime import timedelta

import pytest

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from sessions.queries.leaving import leaving, practitioner_or_404
from sessions.services import availability
from sessions.services.feeds import make_feed
from sessions.services.leaving import end_sign_in, end_sign_ins, hand_over_courses
from tests.factories import make_clinic, make_course, make_practitioner, make_user
from tests.sessions.booking_world import MONDAY, NOW, book, open_clinic
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    world = open_clinic()
    world.admin = make_user(world.clinic, Role.ADMIN)
    world.user = make_user(world.clinic, Role.PRACTITIONER)
    availability.update_practitioner(actor=None, practitioner=world.doctor, user=world.user, last_day_on=MONDAY)
    world.doctor.refresh_from_db()
    return world


def course(world, **fields):
    own = {"patient": world.patient, "practitioner": world.doctor, "start_on": MONDAY}
    return make_course(world.clinic, **{**own, **fields})


def left(world, **fields):
    who = practitioner_or_404(world.clinic, world.doctor.public_id)
    return leaving(world.site, who, NOW)


def test_the_page_gathers_what_is_left_open(world, django_assert_max_num_queries):
    availability.update_practitioner(actor=None, practitioner=world.doctor, last_day_on=None)
    book(world, day_offset=3)
    led = course(world)
    availability.update_practitioner(actor=None, practitioner=world.doctor, last_day_on=MONDAY)

    with django_assert_max_num_queries(19):
        found = left(world)

    assert (found.broken, found.courses, found.unsigned_count, found.feeds) == (1, [led], 0, [])
    assert found.can_sign_in
    assert not found.is_settled
    assert [one.name for one in found.colleagues] == ["Vet Bo", "Dr Cy"]


def test_all_open_courses_are_handed_over_in_one_step(world):
    first, second = course(world), course(world)
    done = course(world)
    type(done).objects.filter(pk=done.pk).update(status="completed")

    handed = hand_over_courses(actor=world.admin, practitioner=world.doctor, to=world.colleague, now=NOW)

    assert {one.pk for one in handed.courses} == {first.pk, second.pk}
    first.refresh_from_db(), done.refresh_from_db()
    assert (first.lead_practitioner, done.lead_practitioner) == (world.colleague, world.doctor)
    assert AuditEvent.objects.filter(verb="course.handed-over").count() == 2
    assert first.history.first().lead_practitioner_id == world.colleague.pk


def test_who_does_not_treat_the_species_takes_none_of_those(world):
    of_a_person = course(world)
    generalist = make_practitioner(world.clinic, name="Dr All")
    of_a_horse = course(world, patient=world.horse)

    handed = hand_over_courses(actor=None, practitioner=world.doctor, to=world.colleague, now=NOW)
    assert (handed.courses, handed.left) == ((of_a_person,), 1)

    assert hand_over_courses(actor=None, practitioner=world.doctor, to=generalist, now=NOW).courses == (of_a_horse,)


@pytest.mark.parametrize(
    ("code", "to"),
    [
        ("same-practitioner", "doctor"),
        ("wrong-species", "vet"),
        ("elsewhere", "stranger"),
        ("practitioner-gone", "gone"),
    ],
)
def test_a_hand_over_that_makes_no_sense_is_refused(world, code, to):
    course(world)
    world.stranger = make_practitioner(make_clinic(), name="Dr Far")
    world.gone = make_practitioner(world.clinic, name="Dr Gone", last_day_on=MONDAY - timedelta(days=1))

    with pytest.raises(Refused) as refused:
        hand_over_courses(actor=None, practitioner=world.doctor, to=getattr(world, to), now=NOW)
    assert refused.value.code == code


def test_handing_over_nothing_says_so(world):
    with pytest.raises(Refused, match="leads no open course"):
        hand_over_courses(actor=None, practitioner=world.doctor, to=world.colleague, now=NOW)


def test_a_sign_in_ends_with_the_last_day_and_not_before(world):
    assert end_sign_in(actor=world.admin, practitioner=world.doctor, now=NOW) is False

    assert end_sign_ins(now=NOW) == 0
    world.user.refresh_from_db()
    assert world.user.is_active

    assert end_sign_ins(now=NOW + timedelta(days=1)) == 1
    assert end_sign_ins(now=NOW + timedelta(days=1)) == 0
    world.user.refresh_from_db()
    assert not world.user.is_active


def test_after_the_last_day_a_sign_in_ends_at_once(world):
    assert end_sign_in(actor=world.admin, practitioner=world.doctor, now=NOW + timedelta(days=1)) is True

    with pytest.raises(Refused, match="cannot sign in"):
        end_sign_in(actor=world.admin, practitioner=world.doctor, now=NOW + timedelta(days=1))


def test_a_sign_in_nobody_asked_to_end_does_not(world):
    assert end_sign_ins(now=NOW + timedelta(days=30)) == 0


def test_without_a_last_day_no_sign_in_ends(world):
    availability.update_practitioner(actor=None, practitioner=world.doctor, last_day_on=None)

    with pytest.raises(Refused, match="Set the last day first"):
        end_sign_in(actor=world.admin, practitioner=world.doctor, now=NOW)


def test_the_only_admin_keeps_the_sign_in(world):
    availability.update_practitioner(actor=None, practitioner=world.doctor, user=world.admin)
    end_sign_in(actor=world.admin, practitioner=world.doctor, now=NOW)

    assert end_sign_ins(now=NOW + timedelta(days=1)) == 0
    world.admin.refresh_from_db()
    assert world.admin.is_active


def test_the_calendar_address_ends_with_the_sign_in(world):
    feed, _secret = make_feed(actor=world.user, owner=world.doctor, now=NOW)
    assert left(world).feeds == [feed]
    end_sign_in(actor=world.admin, practitioner=world.doctor, now=NOW)

    end_sign_ins(now=NOW + timedelta(days=1))

    assert left(world).feeds == []
