"""A worker registers the patients of the rows, a few in one transaction; killed on the way, another goes on with the next."""

import logging
from time import sleep
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import AuditEvent, Clinic
from mesoclinic.core.refused import Refused
from mesoclinic.core.services.jobs import KEPT, Turn
from patients.importing.rows import Reader, ReadRow, read_row
from patients.models import ImportRow, Party, Patient, PatientImport, Place
from patients.models.imports import ImportStatus, RowState
from patients.queries.known import known_files
from patients.services import flags, patients, places
from patients.services.imports.reading import reader_of
from patients.services.imports.telling_apart import tell_file_apart
from patients.words import phone_key

logger = logging.getLogger(__name__)

ROWS_A_STEP = 5  # while they are written SQLite lets nobody else write, and PostgreSQL registers nobody else
PAUSE = 0.05  # seconds between two steps, for whoever waits at SQLite's door: it keeps no queue


def import_rows(turn: Turn[PatientImport]) -> bool:
    """Import on where the last turn ended. Says whether there is more to do."""
    one = turn.hold(ImportStatus.IMPORTING)
    if one is None:
        return False
    with translation.override(one.language):
        reader = reader_of(one)
        while not turn.is_over:
            if not _step(turn, reader):
                return False
            if connection.vendor == "sqlite":
                sleep(PAUSE)
    return True


@transaction.atomic
def _step(turn: Turn[PatientImport], reader: Reader) -> bool:
    """Import the next few; False when nobody is left, or somebody else is at it."""
    one = turn.hold(ImportStatus.IMPORTING)
    if one is None:
        return False
    # Two imports at once must not both miss the other's; a visit that is saved meanwhile does not wait.
    Clinic.objects.select_for_update(no_key=True).get(pk=one.clinic_id)
    states = [RowState.NEW, RowState.LIKELY] if one.with_likely else [RowState.NEW]
    rows = list(one.rows.filter(state__in=states).order_by("position")[:ROWS_A_STEP])
    if not rows:
        _finish(one)
        return False
    read = [read_row(reader, row.cells) for row in rows]
    known = known_files(one.clinic, zip(read, (row.fingerprint for row in rows), strict=True))
    for row, what in zip(rows, read, strict=True):
        twin_id, is_sure = known.of(what, row.fingerprint)
        if is_sure:
            row.state, row.twin_id = RowState.HERE, twin_id
        else:
            row.twin_id = (
                row.twin_id or twin_id or row.not_twin_id
            )  # perhaps somebody like it came since it was checked
            _import(one, row, what)
        # At once: the next one may share its owner.
        row.save(update_fields=["state", "twin", "not_twin", "cells", "faults", "patient", "audited_to"])
    return True


def _import(one: PatientImport, row: ImportRow, what: ReadRow) -> None:
    """Register one; what is refused now becomes a fault and keeps no other from it."""
    if what.faults:
        row.state, row.faults = RowState.FAULTY, [list(fault) for fault in what.faults]
        return
    try:
        with transaction.atomic():
            row.patient = _register(one, what)
            tell_file_apart(row)
            row.audited_to = _audited_to(row.patient)
    except Refused as refused:
        row.state, row.faults = RowState.FAULTY, [["", refused.message]]
        return
    except (OperationalError, InterfaceError):
        raise  # the database, not the row: another worker tries again
    except Exception:  # one row that cannot be imported must not keep the others from it, again and again
        logger.exception("import %s: row %s failed", one.pk, row.position)
        row.state, row.faults = (
            RowState.FAULTY,
            [["", _("This row could not be imported. Register this patient by hand.")]],
        )
        return
    row.state, row.cells, row.faults = RowState.IMPORTED, [], []  # the twin stays: the two are offered for merging


def _register(one: PatientImport, what: ReadRow) -> Patient:
    actor, clinic = one.asked_by, one.clinic
    patient = patients.register_patient(
        actor=actor,
        clinic=clinic,
        species=what.species,
        identifiers=what.numbers,
        parties=[_party(one, contact) for contact in what.contacts],
        place=_place(one, what),
        **what.given,
    )
    for flag in what.flags:
        flags.add_flag(actor=actor, patient=patient, source=_("Taken over from the former files"), **flag)
    if what.no_allergies_on:
        status = Patient.AllergyStatus.NONE_KNOWN
        patients.set_allergies(actor=actor, patient=patient, status=status, asked_on=what.no_allergies_on)
    return patient


def _audited_to(patient: Patient) -> int:
    """What comes later in the trail was done by somebody else: a file of which nothing does can be taken back."""
    return AuditEvent.objects.filter(patient_id=patient.pk).order_by("-pk").values_list("pk", flat=True)[:1].get()


def _party(one: PatientImport, contact: dict[str, str]) -> dict[str, Any]:
    """The keywords of `parties.link`: a contact of this name whom a phone or mail proves, or whom this file named."""
    alike = Party.objects.filter(clinic=one.clinic, name=contact["name"], pseudonymised_at__isnull=True)
    phone, email = phone_key(contact["phone"], one.clinic.country), contact["email"].casefold()
    for party in alike.order_by("pk"):
        pairs = [(phone, party.phone_search), (email, party.email.casefold())]
        told = [mine == theirs for mine, theirs in pairs if mine and theirs]
        if all(told) and (told or party.patient_links.filter(patient__import_rows__of=one).exists()):
            return {"role": contact["role"], "party": party}
    return contact


def _place(one: PatientImport, what: ReadRow) -> Place | None:
    name = " ".join(what.place_name.split())
    if not name:
        return None
    found = Place.objects.filter(clinic=one.clinic, name__iexact=name).order_by("pk").first()
    kind = Place.Kind.STABLE if what.species.is_animal else Place.Kind.HOME
    return found or places.create_place(actor=one.asked_by, clinic=one.clinic, name=name, kind=kind)


def _finish(one: PatientImport) -> None:
    now = timezone.now()
    done = {"status": ImportStatus.DONE, "held_by": None, "done_at": now, "expires_at": now + KEPT}
    PatientImport.objects.filter(pk=one.pk).update(**done)
    audit.record(actor=one.asked_by, verb="import.done", subject=one)
