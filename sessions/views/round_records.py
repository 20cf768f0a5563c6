"""One page with all records of a round: begun together, each saved for itself, typed in later as late entries."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core import audit
from mesoclinic.core.access import requires
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from sessions.forms.appointments import ReasonForm
from sessions.models import SessionRecord
from sessions.queries import appointments as visit_reads
from sessions.queries import record_pages as pages
from sessions.queries import records
from sessions.queries import round_records as reads
from sessions.queries import rounds as round_reads
from sessions.queries.round_records import RoundStop
from sessions.recording import RecordContent, as_last_time, raw_of, text_of
from sessions.services import rounds

from .record_forms import blank_pages
from .record_mix import mix_origin


@require_safe
@requires("sessions.change_record")
def round_records(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show every record of a round on one page; who is on it was opened."""
    one = round_reads.round_or_404(request.clinic, public_id)
    stops = reads.stops_of(one)
    shown = [stop.record for stop in stops if stop.record is not None]
    with transaction.atomic():
        audit.record_all(
            audit.event(actor=request.user, verb="record.opened", subject=row, patient_id=row.patient_id)
            for row in shown
        )
    today = local_day(timezone.now(), one.site.zone)
    rows = _shown(stops, request.user)
    choices = [row["sent"].forms.options for row in rows if "sent" in row]
    context = {
        "round": one,
        "words": round_reads.place_words(one.place),
        "stops": rows,
        "choices": {options.species: options for options in choices}.values(),
        "done": sum(stop.is_done for stop in stops),
        "waiting": sum(stop.may_begin for stop in stops),
        "is_later": one.on < today,
        "is_early": one.on > today,
        "here": request.path,
    }
    return render(request, "sessions/rounds/records.html", context)


def _shown(stops: list[RoundStop], user: User) -> list[dict]:
    """What the page shows of each visit: a form while its record is a draft, a few lines once it is done."""
    by_uid = {f"r{number}-": stop for number, stop in enumerate(stops, start=1)}
    begun = {uid: stop.record for uid, stop in by_uid.items() if stop.record is not None}
    more = _forms({uid: record for uid, record in begun.items() if by_uid[uid].is_draft}, user)
    more |= _read({uid: record for uid, record in begun.items() if by_uid[uid].is_done})
    return [
        {"number": number, "uid": uid, "stop": stop, "visit": stop.visit, "record": stop.record, **more.get(uid, {})}
        for number, (uid, stop) in enumerate(by_uid.items(), start=1)
    ]


def _forms(drafts: dict[str, SessionRecord], user: User) -> dict[str, dict]:
    if not drafts:
        return {}
    sent = blank_pages(drafts, user)
    known = next(iter(sent.values())).known  # of all: the page asks once
    around = pages.form_pages(list(drafts.values()), timezone.localdate(), known)
    return {
        uid: {"sent": sent[uid], "page": page, "origin": mix_origin(sent[uid], page.sources)}
        for uid, page in ((uid, around[record.pk]) for uid, record in drafts.items())
    }


def _read(done: dict[str, SessionRecord]) -> dict[str, dict]:
    said, contents = pages.summaries(done.values()), records.contents(done.values())
    return {
        uid: {"summary": said[record.pk], "values": _to_take_over(contents[record.pk])} for uid, record in done.items()
    }


def _to_take_over(content: RecordContent) -> dict:
    """What the next one of the round may take over, as text: the mix with its lots, places and technique."""
    raw = raw_of(as_last_time(content))
    lots = [{"lot": text_of(line.lot_id), "lot_number": line.lot_number} for line in content.mix]
    lines = [{**line, **lot} for line, lot in zip(raw["lines"], lots, strict=True)]
    fields = {name: value for name, value in raw["fields"].items() if isinstance(value, str)}
    return {"fields": fields, "lines": lines, "sites": raw["sites"]}


@require_POST
@requires("sessions.change_record")
def start_round_records(request: HttpRequest, public_id: UUID) -> HttpResponse:
    one = round_reads.round_or_404(request.clinic, public_id)
    try:
        rounds.start_round_records(actor=request.user, round=one)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("sessions:round", public_id=one.public_id)
    return redirect("sessions:round-records", public_id=one.public_id)


@require_POST
@requires("sessions.change_record")
def leave_out_of_round(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Say of a visit that nothing was given, with the reason the page sends; its draft goes."""
    visit = visit_reads.get_or_404(request.clinic, public_id)
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            rounds.leave_out_of_round(actor=request.user, visit=visit, **form.cleaned_data)
            messages.success(request, _("Noted: %(name)s was not treated.") % {"name": visit.patient.name})
        except Refused as refused:
            messages.error(request, refused.message)
    else:
        messages.error(request, form.errors["reason"][0])
    if visit.round is None:
        return redirect("sessions:appointment", public_id=visit.public_id)
    return redirect("sessions:round-records", public_id=visit.round.public_id)
