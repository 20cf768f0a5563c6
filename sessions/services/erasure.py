"""Answer a request for erasure: what no law keeps is deleted, what is kept is restricted, and the answer is written down."""

import uuid
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site, User
from mesoclinic.core.refused import Refused
from patients.models import ErasureRequest, Patient
from patients.queries.patients import file_ids
from patients.services import erasing
from patients.services.pseudonymising import forget_import_rows, forget_told_apart
from patients.services.sealed import refuse_sealed
from patients.services.searching import index_patients
from sessions.models import BlockedDay, BookingPreference, CallAttempt, Reminder, Reply, WaitingEntry
from sessions.printing.file_names import file_part
from sessions.printing.pdf import PrintedPaper, letters_pdf
from sessions.queries import erasure as reads
from sessions.queries.erasure_letter import letters
from sessions.queries.retention import Held, held_now
from sessions.services import batches

RULE = ("keep_years", "until_birthday", "after_death_years")


@transaction.atomic
def record_erasure(
    *,
    actor: User,
    patient: Patient,
    site: Site,
    public_id: uuid.UUID,
    now: datetime | None = None,
    **asked: Any,
) -> ErasureRequest:
    """Answer a request (`asked`: the fields of ErasureRequest a person fills in). The same `public_id` twice is one.

    Raises Refused("pseudonymised" | "restricted" | "merged" | "in-future" | "no-period" | "period-over" |
    "course-open" | "visits-to-come" | "not-valid").
    """
    now = now or timezone.now()
    today = local_day(now, site.zone)
    rows = Patient.objects.select_for_update(of=("self",)).select_related("species", "clinic")
    files = list(rows.filter(pk__in=file_ids(patient)).order_by("pk"))
    if known := ErasureRequest.objects.filter(public_id=public_id, patient__in=files).first():
        return known
    file = next(one for one in files if one.pk == patient.pk)
    keys = [one.pk for one in files]
    held = _held(file, keys, site, now, today, asked["asked_on"])
    request = ErasureRequest(
        clinic_id=file.clinic_id, patient=file, public_id=public_id, by=actor, at=now, **asked, **_answer(keys, held)
    )
    check(request, but=["clinic", "patient", "by", "lifted_by"])
    request.save()
    _delete(actor, keys, now, today)
    file.refresh_from_db()
    erasing.restrict(file, now, today)
    index_patients(files)
    audit.record(actor=actor, verb="erasure.recorded", subject=request, patient_id=file.pk)
    return request


def _held(file: Patient, keys: list[int], site: Site, now: datetime, today: date, asked_on: date) -> Held:
    """Say how long the file is kept, or refuse."""
    refuse_sealed(file)
    if file.merged_into_id is not None:
        raise Refused("merged", _("This file was merged into another one. Open that one."))
    if asked_on > today:
        words = _("This day is still to come. Choose today or an earlier day.")
        raise Refused("in-future", words, field="asked_on")
    held = held_now(file, site, today)
    if problem := reads.problem(keys, held, now, today):
        code, words = problem
        raise Refused(code, str(words))
    return held


def _answer(keys: list[int], held: Held) -> dict[str, Any]:
    return {
        "deleted": reads.counted(reads.DELETED, keys),
        "kept": reads.counted(reads.KEPT, keys),
        "rule": {name: getattr(held.rule, name) for name in RULE},
        "source": held.rule.source,
        "last_entry_on": held.last_entry_on,
        "kept_until_on": held.until_on,
    }


Deed = Callable[[User | None, list[int], datetime, date], object]
# In this order: whose addresses and feeds these are is told by the contacts, which go towards the end.
DEEDS: dict[str, Deed] = {
    "feeds": lambda actor, keys, now, today: reads.feeds(keys).delete(),
    "messages": lambda actor, keys, now, today: Reminder.objects.filter(appointment__patient__in=keys).delete(),
    "replies": lambda actor, keys, now, today: Reply.objects.filter(appointment__patient__in=keys).delete(),
    "calls": lambda actor, keys, now, today: CallAttempt.objects.filter(patient__in=keys).delete(),
    "waiting": lambda actor, keys, now, today: WaitingEntry.objects.filter(patient__in=keys).delete(),
    "wishes": lambda actor, keys, now, today: _drop_wishes(keys),
    "copies": lambda actor, keys, now, today: batches.let_go(keys),
    "imports": lambda actor, keys, now, today: forget_import_rows(keys),
    "apart": lambda actor, keys, now, today: forget_told_apart(keys),
    "permissions": lambda actor, keys, now, today: erasing.end_permissions(actor, keys, today),
    "contacts": lambda actor, keys, now, today: erasing.drop_contacts(keys, now),
    "ways": lambda actor, keys, now, today: erasing.drop_ways(keys),
}


def _delete(actor: User, keys: list[int], now: datetime, today: date) -> None:
    for deed in DEEDS.values():
        deed(actor, keys, now, today)


def _drop_wishes(keys: list[int]) -> None:
    BookingPreference.objects.filter(patient__in=keys).delete()
    BlockedDay.objects.filter(patient__in=keys).delete()
    Patient.objects.filter(pk__in=keys).update(stall_note="")


def print_answer(*, actor: User, request: ErasureRequest, site: Site) -> PrintedPaper:
    """Print the answer as a letter in the language it was asked in. That it was is noted.

    `request` comes from `request_or_404`. Raises Refused("pseudonymised") once nobody is named any more.
    """
    patient = request.patient
    if patient.is_pseudonymised:
        raise Refused("pseudonymised", _("This file has been pseudonymised already."))
    with transaction.atomic():
        audit.record(actor=actor, verb="erasure.printed", subject=request, patient_id=patient.pk)
    with override(request.language):
        pdf = letters_pdf(letters(request, site))
    name = file_part(patient.name, "patient")
    return PrintedPaper(pdf, f"{local_day(request.at, site.zone).isoformat()}_{name}_erasure.pdf")
