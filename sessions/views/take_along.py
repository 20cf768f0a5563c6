"""The papers a patient or owner takes along, as PDF."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from mesoclinic.core import languages
from mesoclinic.core.access import requires
from mesoclinic.core.file_answers import file_answer
from mesoclinic.core.refused import Refused
from patients.models import Patient
from patients.queries import patients
from protocols.queries import protocols
from sessions.models import Course
from sessions.printing.card import CardSize
from sessions.queries import courses
from sessions.services import take_along


@require_safe
@requires("sessions.view_schedule")
def print_card(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Print the card with all that is booked for a patient."""
    patient = patients.get_or_404(request.clinic, public_id)
    return _card(request, patient, reverse("sessions:patient", args=[public_id]))


@require_safe
@requires("sessions.view_schedule")
def print_course_card(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Print the card with the visits of one course."""
    course = courses.get_or_404(request.clinic, public_id)
    return _card(request, patients.kept(course.patient), reverse("sessions:course", args=[public_id]), course=course)


@require_safe
@requires("sessions.view_schedule")
def print_leaflet(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Print what a patient is to expect."""
    return _leaflet(request, patients.get_or_404(request.clinic, public_id))


@require_safe
@requires("sessions.view_schedule")
def print_course_leaflet(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Print what to expect of a course, with its rhythm and its protocol's advice."""
    course = courses.get_or_404(request.clinic, public_id)
    return _leaflet(request, patients.kept(course.patient), course=course)


@require_safe
@requires("protocols.view_protocol")
def print_protocol_leaflet(request: HttpRequest, public_id: UUID, species: str) -> HttpResponse:
    """Print what anybody of a species is to expect of a protocol."""
    version = protocols.version_or_404(request.clinic, public_id)
    about = protocols.leaflet_species_or_404(version, species)
    printed = take_along.print_protocol_leaflet(version=version, species=about, language=languages.asked(request))
    return file_answer(printed.pdf, printed.file_name)


def _card(request: HttpRequest, patient: Patient, back: str, course: Course | None = None) -> HttpResponse:
    size = request.GET.get("size", "")
    asked = {"size": CardSize(size) if size in set(CardSize) else CardSize.CARD, "language": languages.asked(request)}
    try:
        printed = take_along.print_card(actor=request.user, patient=patient, course=course, **asked)
    except Refused as no:
        messages.error(request, no.message)
        return redirect(back)
    return file_answer(printed.pdf, printed.file_name)


def _leaflet(request: HttpRequest, patient: Patient, course: Course | None = None) -> HttpResponse:
    language = languages.asked(request)
    printed = take_along.print_leaflet(actor=request.user, patient=patient, course=course, language=language)
    return file_answer(printed.pdf, printed.file_name)
