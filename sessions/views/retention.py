"""How long files are kept, which are past it, and the way to pseudonymise one."""

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.identity_forms import PROOFS
from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from patients.models import RetentionRule
from patients.models.retention import AppliesTo
from patients.queries import erasure
from patients.queries import patients as patient_reads
from patients.services.retention import set_retention
from sessions import exports, retention_periods
from sessions.forms.retention import PseudonymiseForm, RetentionForm
from sessions.queries import retention as reads
from sessions.services import file_exports
from sessions.services import retention as services

FILES_A_PAGE = 50
MOST_ASKED = 200


@require_safe
@requires("patients.keep_retention")
def retention(request: HttpRequest) -> HttpResponse:
    """Show the periods in force and the files past them."""
    today = local_day(timezone.now(), request.site.zone)
    found = reads.past_retention(request.clinic, request.site, today)
    lines = partial(reads.lines, site=request.site, today=today)
    if sent := exported(request, "retention", found, exports.PAST_RETENTION, lines=lines):
        return sent
    page = Paginator(found, FILES_A_PAGE).get_page(request.GET.get("page"))
    in_force = reads.rules_in_force(request.clinic, today)
    context = {
        "page": page,
        "lines": lines(list(page.object_list)),
        "kinds": [(kind, words, in_force.get(kind)) for kind, words in AppliesTo.choices],
        "has_rules": bool(in_force),
        "asked": erasure.restricted(request.clinic)[:MOST_ASKED],
    }
    return render(request, "sessions/retention/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("patients.keep_retention")
def edit_retention(request: HttpRequest, applies_to: str) -> HttpResponse:
    """Enter how long the files of people or of animals are kept; a sourced period can be taken over first."""
    if applies_to not in AppliesTo.values:
        raise Http404
    today = local_day(timezone.now(), request.site.zone)
    rules = reads.rules_of(request.clinic, applies_to)
    form = RetentionForm(request.POST or None, instance=_proposed(request, applies_to, today, rules))
    if request.method == "POST" and form.is_valid():
        try:
            set_retention(actor=request.user, clinic=request.clinic, applies_to=applies_to, **form.cleaned_data)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("sessions:retention")
    context = {
        "form": form,
        "rules": rules,
        "kind": AppliesTo(applies_to),
        "periods": retention_periods.of_country(request.clinic.country, applies_to),
        "country": request.clinic.country,
    }
    return render(request, "sessions/retention/edit.html", context)


def _proposed(request: HttpRequest, applies_to: str, today, rules: list[RetentionRule]) -> RetentionRule:
    """What the form starts with: the period asked for, else the clinic's own newest one."""
    rule = RetentionRule(clinic=request.clinic, applies_to=applies_to, since_on=today)
    taken = retention_periods.by_code(request.GET.get("take", ""))
    known = taken or next(iter(rules), None)
    if known is not None and known.applies_to == applies_to:
        for name in ("keep_years", "until_birthday", "after_death_years", "source"):
            setattr(rule, name, getattr(known, name))
    return rule


@require_http_methods(["GET", "HEAD", "POST"])
@requires("patients.keep_retention")
@sensitive_post_parameters(*PROOFS)
def pseudonymise_patient(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask for the reason, the file's number and who it is; then take the identity out of the file for good."""
    patient = patient_reads.get_or_404(request.clinic, public_id)
    today = local_day(timezone.now(), request.site.zone)
    form = PseudonymiseForm(request.POST or None, request=request, patient=patient)
    if request.method == "POST" and form.is_valid() and form.is_same_person():
        try:
            services.pseudonymise_patient(
                actor=request.user, patient=patient, site=request.site, reason=form.cleaned_data["reason"]
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The file is pseudonymised. Its signed records hold as before."))
            return redirect("sessions:retention")
    held = reads.held_now(patient, request.site, today)
    context = {
        "form": form,
        "patient": patient,
        "banner": patient_reads.banner(patient, today),
        "held": held,
        "is_past": held is not None and held.until_on <= today and not patient.is_pseudonymised,
    }
    return render(request, "sessions/retention/pseudonymise.html", context)


@requires("patients.export_file")
@require_POST
def export_patient(request: HttpRequest, public_id: UUID) -> FileResponse:
    """Hand out the whole file as a zip, for whoever has a right to a copy; the browser keeps nothing."""
    patient = patient_reads.get_or_404(request.clinic, public_id)
    made = file_exports.export_patient(actor=request.user, patient=patient, site=request.site)
    headers = {"Cache-Control": "no-store", "Content-Length": str(made.size_bytes)}
    return FileResponse(
        made.content, as_attachment=True, filename=made.file_name, content_type="application/zip", headers=headers
    )
