"""The papers a patient or owner takes along, as PDF."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.refused import Refused
from patients.queries import patients
from sessions.printing.card import CardSize
from sessions.queries import courses
from sessions.services import take_along
from sessions.services.take_along import PrintedPaper


@require_safe
@requires("sessions.view_schedule")
def print_card(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Print the card with all that is booked for a patient."""
    patient = patients.get_or_404(request.clinic, public_id)
    try:
        printed = take_along.print_card(actor=request.user, patient=patient, **_asked(request))
    except Refused as no:
        messages.error(request, no.message)
        return redirect("sessions:patient", patient.public_id)
    return _pdf(printed)


@require_safe
@requires("sessions.view_schedule")
def print_course_card(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Print the card with the visits of one course."""
    course = courses.get_or_404(request.clinic, public_id)
    patient = patients.kept(course.patient)
    try:
        printed = take_along.print_card(actor=request.user, patient=patient, course=course, **_asked(request))
    except Refused as no:
        messages.error(request, no.message)
        return redirect("sessions:course", course.public_id)
    return _pdf(printed)


@require_safe
@requires("sessions.view_schedule")
def print_leaflet(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Print what a patient is to expect."""
    patient = patients.get_or_404(request.clinic, public_id)
    return _pdf(take_along.print_leaflet(actor=request.user, patient=patient, language=_language(request)))


@require_safe
@requires("sessions.view_schedule")
def print_course_leaflet(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Print what to expect of a course, with its rhythm and its protocol's advice."""
    course = courses.get_or_404(request.clinic, public_id)
    patient, language = patients.kept(course.patient), _language(request)
    return _pdf(take_along.print_leaflet(actor=request.user, patient=patient, course=course, language=language))


def _asked(request: HttpRequest) -> dict:
    size = request.GET.get("size", "")
    return {
        "size": CardSize(size) if size in set(CardSize) else CardSize.CARD,
        "language": _language(request),
    }


def _language(request: HttpRequest) -> str:
    asked = request.GET.get("language", "")
    return asked if asked in dict(settings.LANGUAGES) else ""


def _pdf(printed: PrintedPaper) -> HttpResponse:
    named = content_disposition_header(as_attachment=False, filename=printed.file_name)
    headers = {"Content-Disposition": named, "Cache-Control": "no-store"}
    return HttpResponse(printed.pdf, content_type="application/pdf", headers=headers)
