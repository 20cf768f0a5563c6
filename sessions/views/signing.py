"""Sign records, one or several at once, and add to those that are signed. The password is asked for once more."""

import uuid

from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.refused import Refused
from patients.queries import patients as patient_reads
from sessions.forms.addenda import AddendumForm
from sessions.forms.records import SignForm
from sessions.queries import records as reads
from sessions.services import records


@requires("sessions.sign_record")
@require_GET
def list_unsigned(request: HttpRequest) -> HttpResponse:
    """List what is done and not signed: one's own first, everybody's on request."""
    return _unsigned_page(request, SignForm())


@requires("sessions.sign_record")
@sensitive_post_parameters("password")
@require_POST
def sign_records(request: HttpRequest) -> HttpResponse:
    """Sign the ticked records, all or none; records ticked elsewhere come here for the password first."""
    if "password" not in request.POST:
        return _unsigned_page(request, SignForm())
    chosen = _chosen(request)
    form = SignForm(request.POST)
    if not _is_same_person(request, form):
        return _unsigned_page(request, form)
    try:
        signed = records.sign_records(actor=request.user, records=chosen)
    except Refused as refused:
        form.refuse(refused)
        return _unsigned_page(request, form)
    words = ngettext("%(n)d record is signed.", "%(n)d records are signed.", len(signed))
    messages.success(request, words % {"n": len(signed)})
    if len(chosen) == 1:
        return redirect("sessions:record-view", public_id=chosen[0].public_id)
    return redirect("sessions:records-unsigned")


@requires("sessions.sign_record")
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def add_addendum(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Add to a signed record: an addendum, a correction, a late entry, or a withdrawal."""
    record = reads.get_or_404(request.clinic, public_id)
    form = AddendumForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _is_same_person(request, form):
        data = {name: value for name, value in form.cleaned_data.items() if name != "password"}
        try:
            records.add_addendum(actor=request.user, record=record, **data)
            messages.success(request, _("Added and signed."))
            return redirect("sessions:record-view", public_id=record.public_id)
        except Refused as refused:
            form.refuse(refused)
    banner = patient_reads.banner(patient_reads.kept(record.patient), timezone.localdate())
    return render(request, "sessions/records/addendum.html", {"record": record, "form": form, "banner": banner})


def _chosen(request: HttpRequest) -> list:
    wanted = []
    for text in request.POST.getlist("record")[:500]:
        try:
            wanted.append(uuid.UUID(text))
        except ValueError:
            continue
    return list(reads.records(request.clinic).filter(public_id__in=wanted))


def _is_same_person(request: HttpRequest, form) -> bool:
    """Check the password, ten times a minute at most. Says what is wrong on the form."""
    if not form.is_valid():
        return False
    if not ratelimit.consume(request, action="reauthenticate", user=request.user):
        form.add_error("password", _("Too many tries. Wait a minute."))
        return False
    if not request.user.check_password(form.cleaned_data["password"]):
        form.add_error("password", _("This is not your password. Nothing was signed."))
        return False
    return True


def _unsigned_page(request: HttpRequest, form: SignForm) -> HttpResponse:
    own = getattr(request.user, "practitioner", None)
    everybody = request.GET.get("of") == "all" or own is None
    rows = reads.unsigned(request.clinic, None if everybody else own)
    chosen = set(request.POST.getlist("record"))
    context = {
        "rows": [{"record": row, "ticked": not chosen or str(row.public_id) in chosen} for row in rows[:500]],
        "form": form,
        "everybody": everybody,
        "drafts": reads.drafts(request.clinic, None if everybody else own)[:50],
        "has_own": own is not None,
    }
    return render(request, "sessions/records/unsigned.html", context)
