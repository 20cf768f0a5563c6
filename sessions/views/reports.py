"""Course reports: the list to choose from, the page, the PDF."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from mesoclinic.core.access import requires
from sessions.forms.reports import CourseFilter
from sessions.queries.course_lists import courses_to_print
from sessions.queries.reports import get_or_404
from sessions.services import reports as services

COURSES_A_PAGE = 50


@require_safe
@requires("sessions.view_report")
def reports(request: HttpRequest) -> HttpResponse:
    """List the courses that can be printed."""
    form = CourseFilter(request.GET or None, clinic=request.clinic)
    form.is_valid()
    asked = getattr(form, "cleaned_data", {})  # a wrong date is told beside its field; the other filters hold
    courses = courses_to_print(
        request.clinic,
        text=asked.get("q", ""),
        status=asked.get("status", ""),
        practitioner=asked.get("practitioner"),
        from_on=asked.get("from_on"),
        until_on=asked.get("until_on"),
        sort=request.GET.get("sort", ""),
    )
    page = Paginator(courses, COURSES_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request, "sessions/reports/list.html", {"form": form, "page": page, "is_filtered": any(asked.values())}
    )


@require_safe
@requires("sessions.view_report")
def course_report(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the report of a course."""
    course = get_or_404(request.clinic, public_id)
    opened = services.open_course_report(actor=request.user, course=course, today=timezone.localdate())
    return render(request, "sessions/reports/course.html", {"course": course, "report": opened.page})


@require_safe
@requires("sessions.view_report")
def course_report_pdf(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Print the report of a course as a PDF, named so that a person finds it again."""
    course = get_or_404(request.clinic, public_id)
    printed = services.print_course_report(actor=request.user, course=course, today=timezone.localdate())
    named = content_disposition_header(as_attachment=False, filename=printed.file_name)
    return HttpResponse(printed.pdf, content_type="application/pdf", headers={"Content-Disposition": named})
