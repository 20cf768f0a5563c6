"""Take the identity out of a file: names, contacts, numbers, and all that people typed about the patient.

Only the rows of this app; `sessions.services.retention` decides, does its own and writes down who did it and why.
"""

from collections.abc import Iterable
from datetime import date, datetime

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from mesoclinic.core.models import AuditEvent
from patients.models import (
    Consent,
    ConsentScan,
    ConsentSignature,
    ErasureRequest,
    Flag,
    Identifier,
    ImportRow,
    Merge,
    Party,
    Patient,
    PatientParty,
    Place,
)
from patients.models.parties import PlaceKind
from patients.models.patients import EndReason
from patients.queries.erasure import import_rows
from patients.queries.telling_apart import pairs_of
from patients.services.searching import fold_contact, index_patients

BLANK = "—"  # where something was typed that is gone now
EMPTIED = (
    *("registered_name", "colour", "stall_note", "phone", "email", "address", "language", "note", "breed"),
    *("search_text", "phone_search"),
)
WRITTEN = (
    *("name", *EMPTIED, "place", "birth_on", "birth_is_estimated", "food_chain_seen_on", "may_email", "may_text"),
    *("may_call", "ended_on", "end_reason", "pseudonymised_at", "restricted_at"),
)


def forget_import_rows(keys: list[int]) -> None:
    """Delete what another program's list said of these files; whoever was imported beside one stays imported."""
    import_rows(keys).delete()
    ImportRow.objects.filter(twin__in=keys).update(twin=None)
    ImportRow.objects.filter(not_twin__in=keys).update(not_twin=None)


def forget_told_apart(keys: list[int]) -> None:
    """Nobody offers these files for merging any more: who else they are not is not kept."""
    pairs_of(keys).delete()


def clear_identity(patients: list[Patient], now: datetime, today: date) -> None:
    """Clear the files (one, and all merged into it) inside the caller's transaction. What is signed is not touched."""
    keys = [patient.pk for patient in patients]
    _clear_consents(keys)
    clear_parties(PatientParty.objects.filter(patient__in=keys), now)
    _clear_places({patient.place_id for patient in patients if patient.place_id}, keys, now)
    Identifier.objects.filter(patient__in=keys).delete()
    _clear_flags(keys)
    forget_import_rows(keys)
    forget_told_apart(keys)
    Merge.objects.filter(kept__in=keys).update(before={}, after={})
    _clear_requests(keys)
    for patient in patients:
        _clear_patient(patient, now, today)
    Patient.history.filter(id__in=keys).delete()
    index_patients(patients)


def clear_audit(patient_keys: Iterable[int], until: datetime) -> None:
    """Take names and words out of what was written down about these files until then; who did what, and when, stays."""
    events = AuditEvent.objects.exclude(verb="patient.pseudonymised").filter(at__lte=until)
    wordless = {"subject_text": "", "reason": "", "changes": []}
    events.filter(patient_id__in=list(patient_keys)).update(**wordless)
    clear_audit_of_nobody(until)


def clear_audit_of_nobody(until: datetime) -> None:
    """The same for contacts and homes that lost their names at this instant."""
    events = AuditEvent.objects.exclude(verb="patient.pseudonymised").filter(at__lte=until)
    for model in (Party, Place):
        nobodys = model.objects.filter(pseudonymised_at=until).values("pk")
        about = events.filter(subject_type=model._meta.label_lower, subject_id__in=nobodys)
        about.update(subject_text="", reason="", changes=[])


def _clear_patient(patient: Patient, now: datetime, today: date) -> None:
    with override(patient.clinic.language):
        patient.name = _("Pseudonymised file %(number)d") % {"number": patient.number}
    for name in EMPTIED:
        setattr(patient, name, "")
    patient.place, patient.food_chain_seen_on = None, None
    if patient.birth_on:
        patient.birth_on, patient.birth_is_estimated = date(patient.birth_on.year, 1, 1), True
    patient.may_email = patient.may_text = patient.may_call = False
    if patient.ended_on is None:
        patient.ended_on, patient.end_reason = today, EndReason.OTHER
    patient.pseudonymised_at, patient.restricted_at = now, None
    fold_contact(patient, patient.name)
    patient.save(update_fields=WRITTEN)


def _clear_consents(keys: list[int]) -> None:
    """Scans go with their files, once all is written; the giver's name goes, what was agreed to and when stays."""
    ConsentSignature.objects.filter(consent__patient__in=keys).delete()
    scans = ConsentScan.objects.filter(consent__patient__in=keys)
    names = [name for name in scans.values_list("file", flat=True) if name]
    transaction.on_commit(lambda: [default_storage.delete(name) for name in names])
    scans.delete()
    Consent.objects.filter(patient__in=keys).update(given_by_name=BLANK, given_by_party=None)


def clear_parties(links: QuerySet[PatientParty], now: datetime) -> None:
    """Part a file from these people; those who are nobody's contact any more lose their names too."""
    theirs = set(links.values_list("party_id", flat=True))
    links.delete()
    with_others = set(PatientParty.objects.filter(party__in=theirs).values_list("party_id", flat=True))
    for party in Party.objects.select_related("clinic").filter(pk__in=theirs - with_others):
        party.name = BLANK
        for name in ("phone", "email", "address", "language", "note"):
            setattr(party, name, "")
        party.may_email = party.may_text = party.may_call = False
        party.pseudonymised_at = now
        fold_contact(party)
        party.save()


def _clear_places(place_keys: set[int], keys: list[int], now: datetime) -> None:
    """A home is an address; one that is no other patient's loses it. Stables and care homes are others' too."""
    homes = Place.objects.select_related("clinic").filter(pk__in=place_keys, kind=PlaceKind.HOME)
    for place in homes.exclude(patients__in=Patient.objects.exclude(pk__in=keys)):
        place.name = f"{BLANK} {place.pk}"
        place.phone = place.email = place.address = place.note = ""
        place.is_archived, place.pseudonymised_at = True, now
        fold_contact(place)
        place.save()


def _clear_requests(keys: list[int]) -> None:
    """What was answered stays, and when; who asked for it goes."""
    requests = ErasureRequest.objects.filter(patient__in=keys)
    for name in ("note", "lift_reason"):
        requests.exclude(**{name: ""}).update(**{name: BLANK})
    requests.update(asked_by_name=BLANK, address="")


def _clear_flags(keys: list[int]) -> None:
    for flag in Flag.objects.filter(patient__in=keys):
        flag.text, flag.source = BLANK if flag.text else "", ""
        flag.save(update_fields=["text", "source"])
    Flag.history.filter(patient__in=keys).delete()
