"""Courses: the list, the plan page, and the prescription."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from mesoclinic.core import audit
from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.refused import Refused
from patients.queries import patients as patient_reads
from sessions import exports
from sessions.forms.courses import CoursesFilter, ReviewForm
from sessions.models import Course
from sessions.queries import courses as reads
from sessions.queries import plan_pages, prescriptions
from sessions.queries.handouts import handouts_of
from sessions.queries.own_reasons import reason_words
from sessions.queries.plan_problems import is_closed_for_good, problem_words
from sessions.queries.plan_reasons import plan_reasons
from sessions.services import courses

from .prescription import Prescription

PAGE = 50


@requires("sessions.view_schedule")
@require_GET
def list_courses(request: HttpRequest) -> HttpResponse:
    asked = {"status": "open", **request.GET.dict()}
    form = CoursesFilter(asked, clinic=request.clinic)
    form.is_valid()
    chosen = form.cleaned_data
    found = reads.listed(
        request.clinic,
        status=chosen.get("status", "open"),
        practitioner=chosen.get("practitioner"),
        sort=request.GET.get("sort", ""),
    )
    if sent := exported(request, "course", found, exports.COURSES):
        return sent
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(request, "sessions/courses/list.html", {"form": form, "page": page, "today": timezone.localdate()})


@requires("sessions.view_schedule")
@require_GET
def open_course(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the plan of a course, and note who opened it."""
    course = reads.get_or_404(request.clinic, public_id)
    with transaction.atomic():
        audit.record(actor=request.user, verb="course.opened", subject=course, patient_id=course.patient_id)
    return render(request, "sessions/courses/course.html", page_of_course(request, course))


@requires("sessions.view_schedule")
@require_GET
def course_progress(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer the progress line: nothing new while the plan is being made, then the plan itself."""
    course = reads.get_or_404(request.clinic, public_id)
    if is_waiting(course):
        return HttpResponse(status=204)
    return render(request, "sessions/courses/_plan.html", page_of_course(request, course))


def is_waiting(course: Course) -> bool:
    """Say whether a plan is being made: somebody asked for it and nothing stands in its way."""
    return course.is_open and not course.is_planned and not course.plan_problem


def page_of_course(request: HttpRequest, course: Course, review_form: ReviewForm | None = None) -> dict[str, Any]:
    """Give what the plan page needs; the mix only to those who may see it."""
    today = timezone.localdate()
    sees_mix = request.user.has_perm("protocols.view_protocol")
    page = reads.plan(course, today)
    return {
        "course": course,
        "page": page,
        "reasons": plan_reasons(page),
        "banner": patient_reads.banner(patient_reads.kept(course.patient), today),
        "history": plan_pages.history(page),
        "handouts": handouts_of(course),
        "mix": prescriptions.lines_of(course.clinic, course.protocol_version) if sees_mix else None,
        "overrides": list(course.overrides.select_related("by")) if sees_mix else [],
        "is_waiting": is_waiting(course),
        "problem": problem_words(course),
        "is_closed": is_closed_for_good(course),
        "state_reason": reason_words(course.status_reason),
        "review_form": review_form or ReviewForm(visits=page.visits_to_come),
        "may_change": request.user.has_perm("sessions.change_course"),
        "today": today,
    }


@requires("sessions.prescribe")
def prescribe(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Prescribe a course: first the protocol (`?version=`), then everything else on one page."""
    desk = Prescription(request, patient_reads.get_or_404(request.clinic, public_id))
    if desk.version is None:
        name = "_protocols.html" if request.htmx else "choose_protocol.html"
        return render(request, f"sessions/courses/{name}", desk.choice())
    if request.method == "POST" and desk.is_valid():
        try:
            course = courses.prescribe_course(actor=request.user, clinic=request.clinic, **desk.asked())
        except Refused as no:
            desk.refuse(no)
        else:
            messages.success(request, _("The course is prescribed."))
            return redirect("sessions:course", course.public_id)
    return render(request, "sessions/courses/prescribe.html", desk.context())
