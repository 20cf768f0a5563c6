"""Course reports: the list to choose from, the page, the PDF, and handing them out."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from mesoclinic.core import languages
from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.file_answers import file_answer
from mesoclinic.core.refused import Refused
from patients.models import Patient
from patients.queries import patients
from patients.queries.parties import current_contacts, language_of
from sessions import exports
from sessions.forms.reports import CourseFilter, HandOutForm, SheetForm
from sessions.models import Course
from sessions.models.handouts import Basis, ReportVariant
from sessions.printing.document import Variant
from sessions.queries import records
from sessions.queries.course_lists import courses_to_print
from sessions.queries.handouts import get_or_404 as handout_or_404
from sessions.queries.handouts import handouts_of
from sessions.queries.reports import get_or_404
from sessions.services import handouts as handing
from sessions.services import reports as services

COURSES_A_PAGE = 50


@require_safe
@requires("sessions.view_report")
def reports(request: HttpRequest) -> HttpResponse:
    """List the courses that can be printed."""
    form = CourseFilter(request.GET or None, clinic=request.clinic)
    form.is_valid()
    asked = getattr(form, "cleaned_data", {})  # a wrong date is told beside its field; the other filters hold
    courses = courses_to_print(request.clinic, **asked, sort=request.GET.get("sort", ""))
    if sent := exported(request, "report", courses, exports.REPORTS):
        return sent
    page = Paginator(courses, COURSES_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request, "sessions/reports/list.html", {"form": form, "page": page, "is_filtered": any(asked.values())}
    )


@require_safe
@requires("sessions.view_report")
def course_report(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the report of a course as one of its readers gets it, in the language asked for."""
    course = get_or_404(request.clinic, public_id)
    variant, language = _variant(request), _language(request)
    opened = services.open_course_report(
        actor=request.user, course=course, today=timezone.localdate(), variant=variant, language=language
    )
    context = {
        "course": course,
        "report": opened.page,
        "asked": urlencode({"variant": str(variant), "language": language}),
        "language": language,
        "is_full": variant is Variant.FULL,
        "variants": _tabs(public_id, ("variant", variant, ReportVariant.choices), language=language),
        "languages": _tabs(public_id, ("language", language, settings.LANGUAGES), variant=str(variant)),
        "handouts": handouts_of(course),
    }
    return render(request, "sessions/reports/course.html", context)


@require_safe
@requires("sessions.view_report")
def course_report_pdf(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Print the full report of a course for the file, named so that a person finds it again."""
    course = get_or_404(request.clinic, public_id)
    printed = services.print_course_report(
        actor=request.user, course=course, today=timezone.localdate(), language=_language(request)
    )
    return file_answer(printed.pdf, printed.file_name)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("sessions.view_report")
def hand_out_report(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Hand out a report: to whom, what for, on what basis. The paper is then on the report's page."""
    course = get_or_404(request.clinic, public_id)
    asked = {"variant": str(_variant(request)), "language": _language(request)}
    form = HandOutForm(request.POST or None, initial={**asked, **_to_take_home(request, course)})
    if request.method == "POST" and form.is_valid():
        try:
            handout = handing.hand_out_report(actor=request.user, course=course, **form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Written down. Open the paper below and give it to them."))
            asked = {"variant": handout.variant, "language": handout.language}
            return redirect(reverse("sessions:course-report", args=[public_id], query=asked) + "#handed-out")
    back = reverse("sessions:course-report", args=[public_id], query=asked)
    return render(
        request,
        "sessions/reports/hand_out.html",
        {"course": course, "patient": course.patient, "form": form, "back": back},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("sessions.view_report")
def hand_out_sheet(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Hand out the sheet of a session without a course. The paper is then on the record's page."""
    record = records.get_or_404(request.clinic, public_id)
    if record.course_id is not None or record.status == record.Status.DRAFT:
        raise Http404
    asked = {"language": _language(request)}
    initial = {} if request.method == "POST" else {**asked, **_home_with(request, record.patient)}
    form = SheetForm(request.POST or None, initial=initial)
    back = reverse("sessions:record-view", args=[public_id])
    if request.method == "POST" and form.is_valid():
        try:
            handing.hand_out_sheet(actor=request.user, record=record, **form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Written down. Open the paper below and give it to them."))
            return redirect(back + "#handed-out")
    context = {"patient": records.patient_of(record), "record": record, "form": form, "back": back}
    return render(request, "sessions/reports/hand_out.html", context)


@require_safe
@requires("sessions.view_report")
def handed_out_pdf(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Open a paper again as it was handed out."""
    handout = handout_or_404(request.clinic, public_id)
    try:
        content = handing.read_handout(actor=request.user, handout=handout)
    except Refused as refused:
        messages.error(request, refused.message)
        name = "course-report" if handout.course is not None else "record-view"
        return redirect(f"sessions:{name}", handout.about.public_id)
    return file_answer(content, handout.file_name)


def _to_take_home(request: HttpRequest, course: Course) -> dict[str, str]:
    """Give what is nearly always said of a sheet: it goes home with whoever came, who asked for it, in their language."""
    if request.method == "POST" or _variant(request) is not Variant.SHEET:
        return {}
    return _home_with(request, course.patient)


def _home_with(request: HttpRequest, patient: Patient) -> dict[str, str]:
    today = timezone.localdate()
    patient = patients.kept(patient)
    keeper = next((one.name for one in current_contacts(patient, today)), "") if patient.species.is_animal else ""
    return {
        "recipient": keeper or patient.name,
        "purpose": _("To take home"),
        "basis": Basis.REQUEST,
        "language": request.GET.get("language") or language_of(patient, today),
    }


def _tabs(public_id: UUID, choices: tuple, **kept: str) -> list[dict]:
    """Give the tabs for one choice, the others kept."""
    key, chosen, offered = choices
    return [
        {
            "label": label,
            "url": reverse("sessions:course-report", args=[public_id], query={**kept, key: code}),
            "active": code == chosen,
        }
        for code, label in offered
    ]


def _variant(request: HttpRequest) -> Variant:
    asked = request.GET.get("variant", "")
    return next((one for one in Variant if one.value == asked), Variant.FULL)


def _language(request: HttpRequest) -> str:
    return languages.asked(request) or (get_language() or "en").split("-")[0]
