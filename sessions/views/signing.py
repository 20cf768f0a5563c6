"""Sign records, one or several at once, and add to those that are signed. Who signs is asked once more."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mesoclinic.core.access import requires
from mesoclinic.core.exports import exported
from mesoclinic.core.identity_forms import PROOFS
from mesoclinic.core.refused import Refused
from patients.queries import patients as patient_reads
from sessions import exports
from sessions.forms.addenda import AddendumForm
from sessions.forms.records import SignForm
from sessions.models import Practitioner, SessionRecord
from sessions.queries import correction_checks
from sessions.queries import records as reads
from sessions.queries.record_checks import key_of, shown
from sessions.services import records


@requires("sessions.sign_record")
@require_GET
def list_unsigned(request: HttpRequest) -> HttpResponse:
    """List what is done and not signed: one's own, ticked; everybody's on request, those of others to be ticked."""
    if sent := exported(request, "record", reads.unsigned(request.clinic, _own(request)), exports.UNSIGNED):
        return sent
    return _unsigned_page(request, SignForm(request=request))


@requires("sessions.sign_record")
@sensitive_post_parameters(*PROOFS)
@require_POST
def sign_records(request: HttpRequest) -> HttpResponse:
    """Sign the ticked records, all or none; records ticked elsewhere come here first, for who signs them."""
    form = SignForm(request.POST, request=request)
    if not form.was_asked:
        return _unsigned_page(request, SignForm(request=request))
    chosen = _chosen(request)
    if not (form.is_valid() and form.is_same_person()):
        return _unsigned_page(request, form)
    try:
        signed = records.sign_records(actor=request.user, records=chosen, reason=form.cleaned_data["reason"])
    except Refused as refused:
        form.refuse(refused)
        return _unsigned_page(request, form)
    words = ngettext("%(n)d record is signed.", "%(n)d records are signed.", len(signed))
    messages.success(request, words % {"n": len(signed)})
    if len(chosen) == 1:
        return redirect("sessions:record-view", public_id=chosen[0].public_id)
    return redirect("sessions:records-unsigned")


@requires("sessions.sign_record")
@sensitive_post_parameters(*PROOFS)
@require_http_methods(["GET", "POST"])
def add_addendum(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Add to a signed record: an addendum, a correction, a late entry, or a withdrawal.

    What the mix check finds with a corrected value, and did not before, is shown once before it is signed.
    """
    record = reads.get_or_404(request.clinic, public_id)
    form = AddendumForm(request.POST or None, request=request, record=record)
    is_sent = request.method == "POST" and form.is_valid()
    asked = form.corrected() if is_sent and record.status == SessionRecord.Status.SIGNED else {}
    found = correction_checks.found_by(record, **asked) if asked else ()
    if {key_of(one) for one in found} - set(request.POST.getlist("seen")):
        form.add_error(
            None, _("With this value the mix check says something else than before. Read it, then sign again.")
        )
    elif is_sent and form.is_same_person():
        try:
            records.add_addendum(actor=request.user, record=record, **form.words())
            messages.success(request, _("Added and signed."))
            return redirect("sessions:record-view", public_id=record.public_id)
        except Refused as refused:
            form.refuse(refused)
    banner = patient_reads.banner(patient_reads.kept(record.patient), timezone.localdate())
    context = {"record": record, "form": form, "banner": banner, "findings": [shown(one) for one in found]}
    return render(request, "sessions/records/addendum.html", context)


def _chosen(request: HttpRequest) -> list:
    wanted = []
    for text in request.POST.getlist("record")[:500]:
        try:
            wanted.append(uuid.UUID(text))
        except ValueError:
            continue
    return list(reads.records(request.clinic).filter(public_id__in=wanted))


def _own(request: HttpRequest) -> Practitioner | None:
    """Whose records the page shows; None for everybody's."""
    return None if request.GET.get("of") == "all" else getattr(request.user, "practitioner", None)


def _unsigned_page(request: HttpRequest, form: SignForm) -> HttpResponse:
    own = getattr(request.user, "practitioner", None)
    chosen = set(request.POST.getlist("record"))
    everybody = _own(request) is None
    rows = list(reads.unsigned(request.clinic, None if everybody else own)[:500])
    is_for_others = bool(form["reason"].value()) or bool(chosen - {str(row.public_id) for row in rows})
    if is_for_others and not everybody:  # sent from the page of somebody else's record: what was ticked and typed stays
        everybody, rows = True, list(reads.unsigned(request.clinic)[:500])
    today = timezone.localdate()
    context = {
        "rows": [
            {
                "record": row,
                "ticked": str(row.public_id) in chosen if chosen else own is not None and row.performed_by_id == own.pk,
                "giver_can_sign": (own is None or row.performed_by_id != own.pk)
                and row.performed_by.can_sign_on(today),
                "has_left": row.performed_by.last_day_on is not None and row.performed_by.last_day_on < today,
            }
            for row in rows
        ],
        "form": form,
        "asks_reason": is_for_others or any(own is None or row.performed_by_id != own.pk for row in rows),
        "everybody": everybody,
        "drafts": reads.drafts(request.clinic, None if everybody else own)[:50],
        "has_own": own is not None,
    }
    return render(request, "sessions/records/unsigned.html", context)
