"""Consents: who agreed to which words, as what, on what day; withdrawn, never erased."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import Consent, ConsentScan, ConsentSignature, ConsentText, Party, Patient
from patients.scans import MOST_BYTES, kind_of
from patients.services.sealed import refuse_sealed
from patients.signatures import Stroke, has_ink

ClassesOf = Callable[[Patient], set[str]]
_classes_of: list[ClassesOf] = []


def classes_by(read: ClassesOf) -> None:
    """Say where the classes of substances stand a patient is to be given: courses, which this app knows nothing of."""
    _classes_of[:] = [read]


@transaction.atomic
def give_consent(
    *,
    actor: User | None,
    patient: Patient,
    text: ConsentText,
    given_by_name: str = "",
    given_as: str,
    given_on: date | None = None,
    given_by_party: Party | None = None,
    method: str = "paper",
    today: date | None = None,
) -> Consent:
    """Note a consent. The giver is a contact of the patient or a name. Raises Refused("not-valid" | "in-future")."""
    today = today or timezone.localdate()
    refuse_sealed(patient)
    if text.clinic_id != patient.clinic_id:
        raise Refused("not-valid", _("Choose a text of this clinic."), field="text")
    if given_by_party is not None and given_by_party.clinic_id != patient.clinic_id:
        raise Refused("not-valid", _("Choose a contact of this clinic."), field="given_by_party")
    consent = Consent(
        patient=patient,
        text=text,
        given_on=given_on or today,
        given_by_name=given_by_name.strip() or (given_by_party.name if given_by_party else ""),
        given_by_party=given_by_party,
        given_as=given_as,
        method=method,
        classes=_planned(patient),
        taken_by=actor,
    )
    if consent.given_on > today:
        raise Refused("in-future", _("This day is still to come. Choose today or an earlier day."), field="given_on")
    check(consent, but=["patient", "taken_by"])
    consent.save()
    audit.record(actor=actor, verb="consent.given", subject=consent, clinic=patient.clinic, patient_id=patient.pk)
    return consent


@transaction.atomic
def sign_consent(
    *,
    actor: User,
    patient: Patient,
    text: ConsentText,
    given_as: str,
    strokes: Sequence[Stroke] = (),
    typed_name: str = "",
    now: datetime | None = None,
    **giver: Any,
) -> Consent:
    """Note a consent given on the screen today, with the signature that was drawn, or the name typed in its place.

    The same signature sent twice is one consent. Raises Refused("no-signature") and as `give_consent`.
    """
    now, typed_name = now or timezone.now(), typed_name.strip()
    drawn = [[list(point) for point in stroke] for stroke in strokes]
    if not has_ink(strokes):
        drawn = []
        if not typed_name:
            raise Refused("no-signature", _("Sign in the box, or type your name."), field="typed_name")
    signed = {"strokes": drawn, "typed_name": typed_name}
    same = Consent.objects.filter(patient=patient, text=text, given_as=given_as, withdrawn_on=None, taken_by=actor)
    for one in same.filter(given_on=timezone.localdate(now)).select_related("signature"):
        kept = getattr(one, "signature", None)
        if kept is not None and {"strokes": kept.strokes, "typed_name": kept.typed_name} == signed:
            return one
    given = {"given_as": given_as, "method": "screen", "today": timezone.localdate(now), **giver}
    consent = give_consent(actor=actor, patient=patient, text=text, **given)
    words = sha256(f"{text.title}\n{text.body}".encode()).hexdigest()
    ConsentSignature.objects.create(consent=consent, text_sha256=words, signed_at=now, **signed)
    return consent


def _planned(patient: Patient) -> list[str] | None:
    """The classes in the plan, so that a new one is noticed; None while nothing is planned."""
    codes = {code for read in _classes_of for code in read(patient)}
    return sorted(codes) or None


@transaction.atomic
def withdraw_consent(*, actor: User | None, consent: Consent, on: date | None = None) -> Consent:
    """Note that a consent was withdrawn. Raises Refused("already-withdrawn" | "not-valid")."""
    consent = (
        Consent.objects.select_for_update(of=("self",)).select_related("patient__clinic", "text").get(pk=consent.pk)
    )
    if consent.withdrawn_on is not None:
        raise Refused("already-withdrawn", _("This consent has already been withdrawn."))
    consent.withdrawn_on = on or timezone.localdate()
    check(consent, but=["patient", "taken_by"])
    consent.save(update_fields=["withdrawn_on"])
    patient = consent.patient
    audit.record(actor=actor, verb="consent.withdrawn", subject=consent, clinic=patient.clinic, patient_id=patient.pk)
    return consent


@transaction.atomic
def add_scan(*, actor: User | None, consent: Consent, content: bytes, now: datetime | None = None) -> ConsentScan:
    """Keep a scan of the signed form. Raises Refused("too-large" | "not-a-scan" | "already-there" | "restricted" | …)."""
    now = now or timezone.now()
    if len(content) > MOST_BYTES:
        raise Refused("too-large", _("This file is larger than 10 MB. Scan it with fewer dots an inch."), field="scan")
    kind = kind_of(content)
    if kind is None:
        words = _("This is no whole PDF, JPEG or PNG, whatever its name says. Scan the form again.")
        raise Refused("not-a-scan", words, field="scan")
    consent = Consent.objects.select_for_update(of=("self",)).select_related("patient__clinic").get(pk=consent.pk)
    refuse_sealed(consent.patient)
    digest = sha256(content).hexdigest()
    if consent.scans.filter(sha256=digest).exists():
        raise Refused("already-there", _("This scan is there already."), field="scan")
    scan = ConsentScan(
        consent=consent, suffix=kind.suffix, size_bytes=len(content), sha256=digest, added_by=actor, added_at=now
    )
    scan.file.save(f"scan{kind.suffix}", ContentFile(content), save=False)
    scan.save()
    told = {"clinic": consent.patient.clinic, "patient_id": consent.patient_id}
    audit.record(actor=actor, verb="consent.scan-added", subject=consent, **told)
    return scan


def read_scan(*, actor: User, scan: ConsentScan) -> bytes:
    """Give the scan, and note who asked. Raises Refused("lost" | "changed") when the storage does not hold it as kept."""
    patient = scan.consent.patient
    try:
        with scan.file.open("rb") as file:
            content = file.read()
    except OSError as exc:
        raise Refused("lost", _("The file of this scan is missing. Ask whoever keeps the backups.")) from exc
    if sha256(content).hexdigest() != scan.sha256:
        raise Refused(
            "changed", _("The file of this scan was changed after it was kept. Ask whoever keeps the backups.")
        )
    told = {"clinic": patient.clinic, "patient_id": patient.pk}
    audit.record(actor=actor, verb="consent.scan-read", subject=scan.consent, **told)
    return content
