"""The door of a restricted file: whoever may open it says why first, for anybody else there is no such file.

The queries that give out one file, course, visit or record ask `knock`. Who stands there is known by the request of
this thread; where there is none (a worker, a command) the door stands open. A file that was given out and is deleted
before the request is over, as its import is taken back, is answered as one that is not here. A page with a file that
went through the door is an opening of it, written down unless the view wrote down more.
"""

import logging
from contextvars import ContextVar
from datetime import timedelta
from urllib.parse import urlencode

from django.core.cache import cache
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.defaults import page_not_found

from mesoclinic.core import audit
from mesoclinic.core.models import User
from patients.models import Patient

logger = logging.getLogger(__name__)

RIGHT = "patients.open_restricted"
OPEN_FOR = timedelta(minutes=30)
ONE_LOOK = timedelta(minutes=30)  # pages of one file, one after another by one person, are one opening of it
SHOWN = 200
PAGES = (SHOWN, 409, 422)
SESSION_KEY = "restricted_files"
_standing: ContextVar[HttpRequest | None] = ContextVar("restricted_door", default=None)


class RestrictedError(Http404):
    """A restricted file was asked for by somebody who has not said why."""

    def __init__(self, patient: Patient) -> None:
        super().__init__()
        self.patient = patient


def knock(patient: Patient) -> Patient:
    """Give the file back, unless it is restricted and whoever asks has not said why. Raises RestrictedError."""
    request = _standing.get()
    if patient.restricted_at is not None and request is not None and not _was_opened(request, patient):
        raise RestrictedError(patient)
    return give_out(patient)


def give_out(patient: Patient) -> Patient:
    """Give the file back whatever its door says, and know that this request shows something of it."""
    request = _standing.get()
    if request is not None:
        vars(request).setdefault("files_given_out", {})[patient.pk] = patient
    return patient


def open_door(request: HttpRequest, patient: Patient) -> None:
    """Let this user in for half an hour, in this session only."""
    until = timezone.now() + OPEN_FOR
    request.session[SESSION_KEY] = {**request.session.get(SESSION_KEY, {}), str(patient.pk): until.isoformat()}


def _was_opened(request: HttpRequest, patient: Patient) -> bool:
    until = request.session.get(SESSION_KEY, {}).get(str(patient.pk), "")
    return request.user.has_perm(RIGHT) and until > timezone.now().isoformat()


def _is_gone(request: HttpRequest) -> bool:
    """Say whether a file this request was given is deleted by now."""
    given = getattr(request, "files_given_out", {})
    return Patient.objects.filter(pk__in=given).count() < len(given)


def _note_opened(request: HttpRequest, response: HttpResponse, noted: set[int]) -> None:
    """Write down whose files a page showed that the view itself did not write down."""
    given = getattr(request, "files_given_out", {})
    if response.status_code not in PAGES:
        return
    stands = noted if response.status_code == SHOWN else set()  # what was refused was taken back, its events too
    for patient in given.values():
        if _was_looked_at(request.user, patient):
            continue
        if patient.pk not in stands:
            with transaction.atomic():
                audit.record(actor=request.user, verb="patient.opened", subject=patient, patient_id=patient.pk)
        _keep_look(request.user, patient)


def _was_looked_at(user: User, patient: Patient) -> bool:
    try:
        return bool(cache.get(_look(user, patient)))
    except Exception:  # without a cache every page is an opening
        logger.exception("The cache did not answer.")
        return False


def _keep_look(user: User, patient: Patient) -> None:
    try:
        cache.set(_look(user, patient), True, ONE_LOOK.total_seconds())
    except Exception:
        logger.exception("The cache did not answer.")


def _look(user: User, patient: Patient) -> str:
    return f"look-{user.public_id}-{patient.public_id}"


class RestrictedFileMiddleware:
    """Keeps who stands at the door, sends those who may open a file to the page that asks why, knows which are gone, and
    writes down which were opened.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _standing.set(request if request.user.is_authenticated else None)
        try:
            with audit.noting() as noted:
                response = self.get_response(request)
        finally:
            _standing.reset(token)
        _note_opened(request, response, noted)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, IntegrityError | ObjectDoesNotExist) and _is_gone(request):
            return page_not_found(request, exception)
        if not isinstance(exception, RestrictedError) or not request.user.has_perm(RIGHT):
            return None
        address = reverse("patients:open-restricted", args=[exception.patient.public_id])
        query = urlencode({"next": request.get_full_path()}) if request.method == "GET" else ""
        return HttpResponseRedirect(f"{address}?{query}" if query else address)
