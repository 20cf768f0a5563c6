"""The record of a session: begin it from the visit, fill it in, done; read it afterwards."""

import json
import uuid

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mesoclinic.core import audit, languages
from mesoclinic.core.access import requires
from mesoclinic.core.addresses import own_address
from mesoclinic.core.file_answers import file_answer
from mesoclinic.core.form_rows import rows_asked
from mesoclinic.core.refused import Refused
from patients.queries.patients import kept
from patients.restricted import knock
from sessions.forms.records import SignForm
from sessions.models import Appointment, PlannedSession, Practitioner, SessionRecord
from sessions.printing.pieces import paper_file_name
from sessions.queries import record_pages as pages
from sessions.queries import records as reads
from sessions.queries.mix_sources import sources_of
from sessions.services import records
from sessions.views.record_forms import Sent, blank_page, read_page
from sessions.views.record_mix import composed_page, mix_origin
from sessions.views.record_versions import differences, says_the_same

ROWS = ("lines", "sites", "reactions")


@requires("sessions.change_record")
@require_http_methods(["GET", "POST"])
def start_record(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Begin the record of a visit (POST), or show last time and the button that does (GET)."""
    rows = Appointment.objects.select_related("patient__species", "patient__clinic", "site", "planned_session__course")
    visit = get_object_or_404(rows, clinic=request.clinic, public_id=public_id)
    knock(kept(visit.patient))
    standing = reads.standing_of_appointment(visit)
    if standing is not None:
        return redirect("sessions:record-view", public_id=standing.public_id)
    if request.method == "POST":
        try:
            record = records.start_record(actor=request.user, appointment=visit)
            return redirect("sessions:record-edit", public_id=record.public_id)
        except Refused as refused:
            messages.error(request, refused.message)
    context = pages.before_start(visit, timezone.localdate())
    return render(request, "sessions/records/start.html", {"visit": visit, "page": context})


@requires("sessions.change_record")
@require_POST
def start_late_record(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Begin the record of a session nobody recorded on its day."""
    planned = get_object_or_404(PlannedSession, course__clinic=request.clinic, public_id=public_id)
    try:
        record = records.start_late_record(actor=request.user, planned_session=planned)
    except Refused as refused:
        messages.error(request, refused.message)
        patient = planned.course.patient
        return redirect("sessions:patient", public_id=patient.public_id)
    return redirect("sessions:record-edit", public_id=record.public_id)


@requires("sessions.view_record")
@require_GET
def open_record(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show a record as it stands, and note who opened it; a draft opens for writing."""
    record = reads.get_or_404(request.clinic, public_id)
    if record.status == SessionRecord.Status.DRAFT and request.user.has_perm("sessions.change_record"):
        return redirect("sessions:record-edit", public_id=record.public_id)
    _note_opened(request, record)
    page = pages.read_page(record, request.user, timezone.localdate())
    may_sign = record.status == SessionRecord.Status.DONE and page.is_signer
    context = {"record": record, "page": page, "form": SignForm(request=request) if may_sign else None}
    return render(request, "sessions/records/view.html", context)


@requires("sessions.change_record")
@require_GET
def edit_record(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show a draft for writing."""
    record = reads.get_or_404(request.clinic, public_id)
    if record.status != SessionRecord.Status.DRAFT:
        return redirect("sessions:record-view", public_id=record.public_id)
    _note_opened(request, record)
    return _form_page(request, record, blank_page(record, request.user))


@requires("sessions.change_record")
@require_POST
def save_record(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Keep what was typed: by itself every few seconds (answers JSON), or by the button."""
    record = reads.get_or_404(request.clinic, public_id)
    quiet = request.headers.get("X-Autosave") == "1"
    for prefix in ROWS:
        if (asked := rows_asked(request.POST, prefix)) is not None:
            return _form_page(request, record, read_page(record, asked))
    try:
        page = composed_page(request.clinic, record, request.POST)
    except Refused as refused:
        messages.error(request, refused.message)
        return _form_page(request, record, read_page(record, request.POST))
    sent = page.sent
    if page.asks:
        return _form_page(request, record, sent, asks=page.asks)
    try:
        saved = records.save_draft(actor=request.user, record=record, typed=sent.typed())
    except Refused as refused:
        return _not_saved(request, record, sent, refused, quiet)
    if quiet:
        return JsonResponse({"edit_count": saved.edit_count, "errors": sent.forms.errors()})
    if not sent.is_valid:
        return _form_page(request, reads.get_or_404(request.clinic, public_id), sent)
    then, _dash, language = request.POST.get("then", "").partition("-")
    if then == "label":
        return redirect(
            reverse(
                "sessions:record-label", args=[record.public_id], query={"language": language} if language else None
            )
        )
    messages.success(request, _("Saved as a draft."))
    return _on(request, "sessions:record-edit", record)


@requires("sessions.change_record")
@require_GET
@languages.in_language_asked
def print_label(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Print the labels of the syringes, as the mix was last saved; the page's button saves it first."""
    record = reads.get_or_404(request.clinic, public_id)
    try:
        pdf = records.print_labels(actor=request.user, record=record)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("sessions:record-view", public_id=record.public_id)
    return file_answer(pdf, paper_file_name(timezone.localdate(), record.patient.name, "syringe-labels"))


@requires("sessions.change_record")
@require_POST
def check_record(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Answer with the live sums and findings of what is typed so far; nothing is kept."""
    record = reads.get_or_404(request.clinic, public_id)
    sent = read_page(record, request.POST)
    forms = sent.forms
    context = {
        "record": record,
        "check": sent.check,
        "reasons": forms.reasons,
        "wrong": forms.wrong_reasons,
        "uid": forms.uid,
    }
    context["origin"] = mix_origin(sent, sources_of(record, sent.known))
    return render(request, "sessions/records/_checked.html", context)


@requires("sessions.change_record")
@require_POST
def compose_record(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Answer with the mix as the composer's button, a substance, a lot or a scanned pack changes it; nothing is kept.

    Empty (204) where nothing changes, as for a lot number that no substance, or more than one, has.
    """
    record = reads.get_or_404(request.clinic, public_id)
    try:
        page = composed_page(request.clinic, record, request.POST, composing=True)
    except Refused as refused:
        said = {"toast": {"level": "danger", "text": refused.message}}
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(said)})
    sent = page.sent
    if not page.is_asked and sent.data == request.POST:
        return HttpResponse(status=204)
    for line in sent.forms.lines:
        line.leave_gaps()
    context = {"forms": sent.forms, "check": sent.check, "record": record, "asks": page.asks}
    context["origin"] = mix_origin(sent, sources_of(record, sent.known))
    return render(request, "sessions/records/_mix.html", context)


@requires("sessions.change_record")
@require_POST
def finish_record(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Done: keep what was typed, say who gave it and when, and free the desk. A page of several answers JSON."""
    record = reads.get_or_404(request.clinic, public_id)
    quiet = request.headers.get("X-Autosave") == "1"
    sent = read_page(record, request.POST)
    if record.status != SessionRecord.Status.DRAFT:
        return _done_before(request, record, sent, quiet)
    if not (sent.is_valid and sent.names_who_gave_it()):
        return _not_done(sent) if quiet else _form_page(request, record, sent)
    by = get_object_or_404(Practitioner, clinic=request.clinic, pk=sent.performed_by)
    try:
        records.mark_done(actor=request.user, record=record, performed_at=sent.at, performed_by=by, typed=sent.typed())
    except Refused as refused:
        if quiet and refused.code not in ("edited-meanwhile", "gone", "not-a-draft"):
            sent.refuse(refused)
            return _not_done(sent)
        return _not_saved(request, record, sent, refused, quiet)
    if quiet:
        return JsonResponse({"done": True})
    messages.success(request, _("Done. The desk can book the next visit now."))
    return _on(request, "sessions:record-view", record)


@requires("sessions.change_record")
@require_POST
def undo_done(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take *done* back while the record is not signed."""
    record = reads.get_or_404(request.clinic, public_id)
    try:
        records.undo_done(actor=request.user, record=record)
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("sessions:record-view", public_id=record.public_id)


@requires("sessions.change_record")
@require_POST
def discard_record(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Throw away a draft that was begun by mistake."""
    record = reads.get_or_404(request.clinic, public_id)
    patient = reads.patient_of(record)
    try:
        records.discard_record(actor=request.user, record=record)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("sessions:record-view", public_id=record.public_id)
    messages.success(request, _("The draft was thrown away."))
    return redirect("sessions:patient", public_id=patient.public_id)


def _on(request: HttpRequest, name: str, record: SessionRecord) -> HttpResponse:
    """Go where the page sent along, such as back to its round, else to a page of the record."""
    return redirect(own_address(request) or reverse(name, args=[record.public_id]))


def _done_before(request: HttpRequest, record: SessionRecord, sent: Sent, quiet: bool) -> HttpResponse:
    """The second tap of two leads where the first led; another screen is shown what it says and the record does not."""
    if not says_the_same(record, sent):
        return _two_versions(request, record, sent, quiet)
    return JsonResponse({"done": True}) if quiet else _on(request, "sessions:record-view", record)


def _not_done(sent: Sent) -> JsonResponse:
    """Say what is missing, beside its field where it has one. What was typed is kept by the next save."""
    return JsonResponse({"done": False, "errors": sent.forms.errors(), "problems": sent.problems})


def _note_opened(request: HttpRequest, record: SessionRecord) -> None:
    with transaction.atomic():
        audit.record(actor=request.user, verb="record.opened", subject=record, patient_id=record.patient_id)


def _form_page(
    request: HttpRequest, record: SessionRecord, sent: Sent, status: int = 200, asks: str = ""
) -> HttpResponse:
    page = pages.form_page(record, timezone.localdate(), sent.known)
    context = {"record": record, "page": page, "sent": sent, "forms": sent.forms, "check": sent.check}
    context |= {"next": own_address(request), "origin": mix_origin(sent, page.sources), "asks": asks}
    return render(request, "sessions/records/edit.html", context, status=status)


def _not_saved(request: HttpRequest, record: SessionRecord, sent: Sent, refused: Refused, quiet: bool) -> HttpResponse:
    """Say why nothing was kept. A conflict shows both versions; nothing is overwritten."""
    if refused.code == "edited-meanwhile":
        return _two_versions(request, reads.get_or_404(request.clinic, record.public_id), sent, quiet)
    is_over = refused.code in ("not-a-draft", "gone")
    if refused.code == "not-a-draft":
        kept = reads.get_or_404(request.clinic, record.public_id)
        if not says_the_same(kept, sent):
            return _two_versions(request, kept, sent, quiet)
    if quiet:
        said = {"message": refused.message, "is_over": is_over, "errors": sent.forms.errors()}
        return JsonResponse(said, status=422)
    sent.refuse(refused)
    if is_over:
        messages.error(request, refused.message)
        return redirect("sessions:record-view", public_id=record.public_id)
    return _form_page(request, record, sent)


def _two_versions(request: HttpRequest, theirs: SessionRecord, sent: Sent, quiet: bool) -> HttpResponse:
    """Show both: to choose from while it is a draft, to read and take over once it is done."""
    context = {"record": theirs, "sent": sent, "rows": differences(theirs, sent), "pairs": sent.pairs(theirs)}
    context |= {"next": own_address(request), "is_draft": theirs.status == SessionRecord.Status.DRAFT}
    template = "sessions/records/_conflict.html" if quiet else "sessions/records/conflict.html"
    return render(request, template, context, status=409)
