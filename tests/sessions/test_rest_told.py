"""How a horse rests is told on every paper about it, unless its protocol says its own; no two papers contradict each other."""

import io
from datetime import date
from decimal import Decimal

import pypdf
import pytest

from patients.queries.patients import get_or_404
from protocols.advice import shipped_advice
from protocols.services.protocols import DraftLine
from sessions.models import Course
from sessions.queries import courses
from sessions.queries.reports import course_report
from sessions.queries.reports import get_or_404 as course_or_404
from sessions.services.records.starting import from_protocol
from sessions.services.take_along import print_leaflet
from tests.factories import make_clinic, make_course, make_horse, make_patient, make_protocol_version, make_substance
from tests.sessions.report_world import add_record, report_world
from tests.shared import shared

pytestmark = pytest.mark.django_db
TODAY = date(2026, 5, 4)
REST = ("Do not ride for 5 to 7 days", "no washing of it, for 24 to 48 hours")
EFFECT = next(one.text for one in shipped_advice() if one.code == "effect-grows")
NO_RIDING = next(one.text for one in shipped_advice() if one.code == "no-riding")


@shared
def clinic():
    return make_clinic()


def leaflets(patient, course) -> list[str]:
    """The leaflet of the course and that of the patient."""
    patient, course = (
        get_or_404(patient.clinic, patient.public_id),
        courses.get_or_404(patient.clinic, course.public_id),
    )
    printed = [print_leaflet(actor=None, patient=patient, course=one).pdf for one in (course, None)]
    return [
        " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(one)).pages).split())
        for one in printed
    ]


@pytest.mark.parametrize(
    ("advice", "said", "left_out"),
    [
        ("", REST, ()),
        (EFFECT, REST, ()),
        (NO_RIDING, REST[:1], REST[1:]),
        ("Walk for two days.", ("Walk for two days.",), REST),
    ],
)
def test_both_leaflets_say_how_a_horse_rests_as_its_protocol_does_else_as_shipped(clinic, advice, said, left_out):
    horse, version = make_horse(clinic), make_protocol_version(clinic, aftercare=advice)

    told = leaflets(horse, make_course(clinic, patient=horse, protocol_version=version))

    for text in told:
        assert all(one in text for one in said)
        assert not any(one in text for one in left_out)


def test_a_course_that_is_over_no_longer_says_how_its_horse_rests(clinic):
    horse, version = make_horse(clinic), make_protocol_version(clinic, aftercare="Walk for two days.")
    course = make_course(clinic, patient=horse, protocol_version=version)
    Course.objects.filter(pk=course.pk).update(status="completed")

    of_course, of_patient = leaflets(horse, course)

    assert "Walk for two days." in of_course
    assert "Walk for two days." not in of_patient
    assert all(one in of_patient for one in REST)


def test_a_dog_is_told_nothing_about_riding(clinic):
    dog, lidocaine = make_patient(clinic, "dog"), make_substance(clinic, species=("dog",))
    version = make_protocol_version(
        clinic, aftercare=f"{EFFECT}\n{NO_RIDING}", lines=[DraftLine(lidocaine, "base", Decimal(2))]
    )
    course = make_course(clinic, patient=dog, protocol_version=version)

    told = leaflets(dog, course)

    assert not any("ride" in text for text in told)
    assert from_protocol(version, course).aftercare == EFFECT


@pytest.mark.parametrize("recorded", [True, False])
def test_the_sheet_says_it_whatever_was_written_down_or_planned(recorded):
    world = report_world()
    if recorded:
        record = add_record(world, 1)
        record.aftercare = EFFECT
        record.save(update_fields=["aftercare"])
    course = course_or_404(world.clinic, world.course.public_id)

    told = course_report(course, TODAY).aftercare

    assert all(one in told for one in REST)
    assert (EFFECT in told) is recorded


def test_a_record_begins_with_it_and_what_the_practitioner_writes_instead_stays():
    world = report_world()
    record = add_record(world, 1)
    record.aftercare = "Walk for two days."
    record.save(update_fields=["aftercare"])
    course = course_or_404(world.clinic, world.course.public_id)

    assert all(one in from_protocol(course.protocol_version, course).aftercare for one in REST)
    assert course_report(course, TODAY).aftercare == "Walk for two days."
