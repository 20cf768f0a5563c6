"""What a practitioner does with a course, one form a page: review, pause, resume, stop, leave out, go back, restart."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.refused import Refused
from patients.queries import patients as patient_reads
from protocols.cadence import Cadence
from protocols.forms.cadence import CadenceForm
from sessions.forms.courses import ExtendForm, ReasonForm, RestartForm, ReviewForm, SkipForm, StopForm
from sessions.models import Course
from sessions.queries import courses as reads
from sessions.queries.plans import course_plan
from sessions.queries.ripples import Deed
from sessions.services import courses

from .courses import page_of_course
from .desk import back
from .prescription import rows_of_text
from .ripples import answer, ask, offer_undo

RIGHT = "sessions.change_course"


def _page(
    request: HttpRequest, course: Course, form: forms.Form, save: Callable[[], Any], *, done: str, **words: Any
) -> HttpResponse:
    """Show a form about a course; once it was sent and saved, go back and say `done`, if it is not said otherwise.

    Back is the plan, or the calendar, which asks in its dialog.
    """
    if request.method == "POST" and form.is_valid():
        try:
            save()
        except Refused as no:
            form.refuse(no)
        else:
            if done:
                messages.success(request, done)
            return back(request, "sessions:course", course.public_id)
    banner = patient_reads.banner(patient_reads.kept(course.patient), timezone.localdate())
    context = {"course": course, "form": form, "banner": banner, "url": _address(course), **words}
    context["next"] = request.POST.get("next") or request.GET.get("next", "")
    template = "sessions/courses/_act.html" if request.htmx else words.pop("template", "sessions/courses/act.html")
    return render(request, template, context)


def _act(request: HttpRequest, course: Course, save: Callable[[], Any], done: str) -> HttpResponse:
    """Do something at the press of a button, say so on the plan, or say why not."""
    try:
        save()
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, done)
    return redirect("sessions:course", course.public_id)


def _address(course: Course) -> str:
    return reverse("sessions:course", args=[course.public_id])


@requires(RIGHT)
def pause_course(request: HttpRequest, public_id: UUID) -> HttpResponse:
    course = reads.get_or_404(request.clinic, public_id)
    form = ReasonForm(request.POST or None)

    def save():
        return courses.pause_course(actor=request.user, course=course, reason=form.cleaned_data["reason"])

    return _page(
        request,
        course,
        form,
        save,
        done=_("The course is paused."),
        title=_("Pause the course"),
        text=_("Nothing is due until somebody resumes it. What is booked stays booked."),
        submit=_("Pause"),
        icon="pause-circle-fill",
    )


@requires(RIGHT)
@require_POST
def resume_course(request: HttpRequest, public_id: UUID) -> HttpResponse:
    course = reads.get_or_404(request.clinic, public_id)
    done = _("The course goes on.")
    return _act(request, course, lambda: courses.resume_course(actor=request.user, course=course), done)


@requires(RIGHT)
def stop_course(request: HttpRequest, public_id: UUID) -> HttpResponse:
    course = reads.get_or_404(request.clinic, public_id)
    form = StopForm(request.POST or None, visits=reads.visits_to_come(course))

    def save():
        reason = form.cleaned_data["reason"]
        return courses.stop_course(actor=request.user, course=course, reason=reason, cancel=form.chosen)

    return _page(
        request,
        course,
        form,
        save,
        done=_("The course is stopped."),
        title=_("Stop the course"),
        text=reads.stopping_in_words(course),
        submit=_("Stop the course"),
        icon="stop-circle-fill",
        tone="danger",
    )


@requires(RIGHT)
def skip_session(request: HttpRequest, public_id: UUID, number: int) -> HttpResponse:
    course = reads.get_or_404(request.clinic, public_id)
    form = SkipForm(request.POST or None)
    planned = course.planned_sessions.filter(number=number).first()
    batch = uuid4()

    def save():
        following = answer(request, planned) or []
        words = {"number": number, "reason": form.cleaned_data["reason"], "batch": batch}
        courses.skip_session_with_following(actor=request.user, course=course, following=following, **words)
        offer_undo(request, batch, _("Session %(n)s is left out.") % {"n": number})

    if planned is not None and request.method == "POST" and "future" not in request.POST and form.is_valid():
        planned.course = course
        asked = ask(request, planned, Deed.SKIP) if planned.status == planned.Status.PLANNED else None
        if asked is not None:
            return asked
    return _page(
        request,
        course,
        form,
        save,
        done="",
        title=_("Leave out session %(n)s") % {"n": number},
        text=_("It does not take place. If visits are booked behind it, you are asked about them next."),
        submit=_("Leave it out"),
        icon="skip-forward-circle",
    )


@requires(RIGHT)
@require_POST
def unskip_session(request: HttpRequest, public_id: UUID, number: int) -> HttpResponse:
    course = reads.get_or_404(request.clinic, public_id)

    def save():
        return courses.unskip_session(actor=request.user, course=course, number=number)

    return _act(request, course, save, _("Session %(n)s is in the plan again.") % {"n": number})


@requires(RIGHT)
def step_back(request: HttpRequest, public_id: UUID) -> HttpResponse:
    course = reads.get_or_404(request.clinic, public_id)
    form = ReasonForm(request.POST or None)

    def save():
        return courses.step_back(actor=request.user, course=course, reason=form.cleaned_data["reason"])

    return _page(
        request,
        course,
        form,
        save,
        done=_("The course goes one phase back."),
        title=_("One phase back"),
        text=_("The phase before begins again with the next session, measured from the last one done."),
        submit=_("Go one phase back"),
        icon="arrow-counterclockwise",
    )


@requires(RIGHT)
def restart_course(request: HttpRequest, public_id: UUID) -> HttpResponse:
    course = reads.get_or_404(request.clinic, public_id)
    form = RestartForm(request.POST or None, initial={"start_on": timezone.localdate()})

    def save():
        return courses.restart_course(actor=request.user, course=course, **form.cleaned_data)

    return _page(
        request,
        course,
        form,
        save,
        done=_("The course begins again."),
        title=_("Begin again"),
        text=_("The series begins again on this day; what was done stays, and the numbers go on."),
        submit=_("Begin again"),
        icon="arrow-repeat",
    )


@requires(RIGHT)
def extend_course(request: HttpRequest, public_id: UUID) -> HttpResponse:
    course = reads.get_or_404(request.clinic, public_id)
    form = ExtendForm(request.POST if request.method == "POST" else None)

    def save():
        return courses.extend_course(actor=request.user, course=course, **form.asked())

    return _page(
        request,
        course,
        form,
        save,
        done=_("The course goes on longer."),
        title=_("Extend the course"),
        text=_("What is left of the series comes first; what was done stays."),
        submit=_("Extend"),
        icon="plus-lg",
    )


@requires(RIGHT)
def change_cadence(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Another series from the next session on, with a live preview of its dates."""
    course = reads.get_or_404(request.clinic, public_id)
    form, series = _cadence_forms(request, course)
    if form.is_bound and form.is_valid() and series.is_valid():
        asked = {"cadence": str(series.cadence), "reason": form.cleaned_data["reason"]}
        try:
            courses.change_cadence(actor=request.user, course=course, **asked)
        except Refused as no:
            form.refuse(no)
        else:
            messages.success(request, _("The course follows another series from the next session on."))
            return redirect("sessions:course", course.public_id)
    today = timezone.localdate()
    banner = patient_reads.banner(patient_reads.kept(course.patient), today)
    next_row = reads.plan(course, today).next_row
    context = {"course": course, "form": form, "cadence_form": series, "banner": banner, "next_row": next_row}
    return render(request, "sessions/courses/change_cadence.html", context)


def _cadence_forms(request: HttpRequest, course: Course) -> tuple[ReasonForm, CadenceForm]:
    if request.method != "POST":
        left = course_plan(course).phases_left
        return ReasonForm(), CadenceForm(initial=Cadence(left) if left else course.cadence)
    rows = CadenceForm.answering_rows(request.POST)
    if rows is None and "cadence-read" in request.POST:
        rows = rows_of_text(request.POST)
    if rows is not None:
        return ReasonForm(initial={"reason": request.POST.get("reason", "")}), rows
    series = CadenceForm(request.POST)
    series.is_valid()
    return ReasonForm(request.POST), series


@requires(RIGHT)
@require_POST
def record_review(request: HttpRequest, public_id: UUID, after: int) -> HttpResponse:
    """Record the review card of the plan page; "change" leads on to the new cadence."""
    course = reads.get_or_404(request.clinic, public_id)
    form = ReviewForm(request.POST, visits=reads.visits_to_come(course))
    if form.is_valid():
        try:
            review = courses.record_review(actor=request.user, course=course, after_number=after, **form.asked())
        except Refused as no:
            form.refuse(no)
        else:
            messages.success(request, _("The review is recorded."))
            leads_on = review.decision == review.Decision.CHANGE
            return redirect("sessions:change-cadence" if leads_on else "sessions:course", course.public_id)
    return render(request, "sessions/courses/course.html", page_of_course(request, course, form), status=422)
