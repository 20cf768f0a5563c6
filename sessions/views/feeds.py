"""Calendar feeds: the public address a calendar reads, a practitioner's own, and those of a patient's people."""

from uuid import UUID

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mesoclinic.core.access import requires
from mesoclinic.core.localtime import local_day
from mesoclinic.core.refused import Refused
from patients.models import Patient
from patients.queries import patients
from sessions.queries import feeds as reads
from sessions.queries.today_clinic import practitioner_of
from sessions.services import feeds

RATES = {"calendar-feed": "60/m/ip"}
PLAIN = "text/plain; charset=utf-8"


@login_not_required
@require_safe
def read_feed(request: HttpRequest, secret: str) -> HttpResponse:
    """Give a calendar its visits: for programs, so what goes wrong is a number and a plain sentence."""
    if not ratelimit.consume(request, app="sessions", action="calendar-feed", config=RATES, limit_get=True):
        return HttpResponse(_("Too many requests. Try again in a minute."), status=429, content_type=PLAIN)
    now = timezone.now()
    feed = reads.feed_of_secret(secret, now.date())
    if feed is None:
        words = _("There is no calendar at this address. It may have been taken back: ask the clinic for a new one.")
        return HttpResponse(words, status=404, content_type=PLAIN)
    feed, body = feeds.tell(feed=feed, now=now)
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["ETag"] = etag = quote_etag(feed.content_hash)
    response["Last-Modified"] = http_date(feed.changed_at.timestamp())
    response["Cache-Control"] = "private, max-age=300"
    response["Content-Disposition"] = 'inline; filename="visits.ics"'
    response["X-Robots-Tag"] = "noindex"
    return get_conditional_response(request, etag, int(feed.changed_at.timestamp()), response) or response


@require_safe
@requires("sessions.view_schedule")
def my_calendar(request: HttpRequest) -> HttpResponse:
    practitioner = practitioner_of(request.user)
    feed = reads.own_feed(practitioner) if practitioner else None
    return render(request, "sessions/feeds/mine.html", {"practitioner": practitioner, "feed": feed})


@require_POST
@requires("sessions.view_schedule")
def make_my_feed(request: HttpRequest) -> HttpResponse:
    """Make the address and show it, this once."""
    practitioner = practitioner_of(request.user)
    if practitioner is None:
        return redirect("sessions:my-calendar")
    _feed, secret = feeds.make_feed(actor=request.user, owner=practitioner)
    return _show(request, secret, owner=practitioner.name, back=reverse("sessions:my-calendar"))


@require_POST
@requires("sessions.view_schedule")
def revoke_my_feed(request: HttpRequest) -> HttpResponse:
    practitioner = practitioner_of(request.user)
    if practitioner and (feed := reads.own_feed(practitioner)):
        feeds.revoke_feed(actor=request.user, feed=feed)
        messages.success(request, _("The address is taken back: nobody reads your visits by it any more."))
    return redirect("sessions:my-calendar")


@require_safe
@requires("patients.change_patient")
def patient_feeds(request: HttpRequest, public_id: UUID) -> HttpResponse:
    patient = patients.get_or_404(request.clinic, public_id)
    owners = reads.feed_owners(patient, _today(request))
    return render(request, "sessions/feeds/patient.html", {"patient": patient, "owners": owners})


@require_POST
@requires("patients.change_patient")
def make_patient_feed(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Make an address for the patient, or for a contact who is told about it, and show it, this once."""
    patient = patients.get_or_404(request.clinic, public_id)
    back = reverse("sessions:patient-feeds", args=[patient.public_id])
    owner = _asked_owner(request, patient)
    try:
        _feed, secret = feeds.make_feed(actor=request.user, owner=owner, about=patient)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect(back)
    return _show(request, secret, owner=owner.name, back=back)


@require_POST
@requires("patients.change_patient")
def revoke_patient_feed(request: HttpRequest, public_id: UUID, feed_id: UUID) -> HttpResponse:
    patient = patients.get_or_404(request.clinic, public_id)
    feed = reads.feed_or_404(patient, feed_id, _today(request))
    feeds.revoke_feed(actor=request.user, feed=feed, about=patient)
    messages.success(request, _("The address is taken back."))
    return redirect("sessions:patient-feeds", patient.public_id)


def _asked_owner(request: HttpRequest, patient: Patient):
    asked = request.POST.get("party", "")
    if not asked:
        return patient
    try:
        return reads.party_or_404(patient, UUID(asked), _today(request))
    except ValueError as fault:
        raise Http404 from fault


def _today(request: HttpRequest):
    return local_day(timezone.now(), request.site.zone) if request.site else timezone.localdate()


def _show(request: HttpRequest, secret: str, *, owner: str, back: str) -> HttpResponse:
    address = request.build_absolute_uri(reverse("sessions:read-feed", kwargs={"secret": secret}))
    context = {"owner": owner, "address": address, "back_url": back}
    context["webcal"] = "webcal:" + address.partition(":")[2]
    return render(request, "sessions/feeds/secret.html", context)
