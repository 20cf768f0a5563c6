"""Flags: what everybody must see before touching the patient; the allergy status follows them."""

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from patients.models import Flag, Patient
from patients.models.flags import ALLERGIES, PLANNED
from patients.models.patients import AllergyStatus
from patients.queries.flags import lasting_allergies
from patients.services.patients import refuse_future, save_allergy_status
from patients.services.sealed import refuse_sealed
from protocols.allergens import allergen_code
from protocols.models import Substance


@transaction.atomic
def add_flag(
    *,
    actor: User | None,
    patient: Patient,
    kind: str,
    substance: Substance | None = None,
    value: str = "",
    text: str = "",
    since_on: date | None = None,
    until_on: date | None = None,
    source: str = "",
    today: date | None = None,
) -> Flag:
    """Raise a flag. An allergy makes the file say "listed".

    Only what may be planned begins on a day to come: until then nobody would be warned.
    Raises Refused("not-valid" | "already-flagged" | "in-future").
    """
    today = today or timezone.localdate()
    patient = Patient.objects.select_for_update(of=("self",)).select_related("clinic", "species").get(pk=patient.pk)
    refuse_sealed(patient)
    flag = Flag(
        patient=patient,
        kind=kind,
        substance=substance if kind == "allergy_substance" else None,
        value=allergen_code(value) if kind in ALLERGIES[1:] else "",
        text=text.strip(),
        since_on=since_on or today,
        until_on=until_on,
        source=source.strip(),
        created_by=actor,
    )
    check(flag, but=["patient", "created_by"])
    if kind not in PLANNED:
        refuse_future(flag.since_on, today, "since_on")
    if substance is not None and substance.clinic_id not in (None, patient.clinic_id):
        raise Refused("not-valid", _("Choose a substance of this clinic."), field="substance")
    same = Flag.objects.filter(patient=patient, kind=kind, substance=flag.substance, value=flag.value, text=flag.text)
    if same.filter(until_on__isnull=True).exists():
        raise Refused("already-flagged", _("This is already noted in the file."), field="kind")
    flag.save()
    if kind in ALLERGIES:
        save_allergy_status(patient, AllergyStatus.LISTED, max(patient.allergy_asked_on or today, today))
    audit.record(actor=actor, verb="flag.added", subject=patient, patient_id=patient.pk)
    return flag


@transaction.atomic
def end_flag(*, actor: User | None, flag: Flag, on: date | None = None, today: date | None = None) -> Flag:
    """Say that a flag holds no longer; `on` is its last day.

    When the last allergy of the list ends, today or before, the file says "not asked": somebody has to ask again.
    Raises Refused("already-ended" | "not-valid").
    """
    today = today or timezone.localdate()
    patient = (
        Patient.objects.select_for_update(of=("self",)).select_related("clinic", "species").get(pk=flag.patient_id)
    )
    flag = Flag.objects.get(pk=flag.pk)
    if flag.until_on is not None and flag.until_on < today:
        raise Refused("already-ended", _("This flag has already ended."))
    flag.until_on = on or today
    check(flag, but=["patient", "created_by"])
    flag.save(update_fields=["until_on"])
    if flag.kind in ALLERGIES and not lasting_allergies(patient, today).exists():
        save_allergy_status(patient, AllergyStatus.NOT_ASKED, None)
    audit.record(actor=actor, verb="flag.ended", subject=patient, patient_id=patient.pk)
    return flag
