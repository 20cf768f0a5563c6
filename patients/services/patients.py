"""Register, change and end patients, and record what they weigh and what they are allergic to."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from patients.models import Patient, Place, Weight
from patients.models.patients import AllergyStatus
from patients.queries.flags import lasting_allergies
from patients.services import identifiers as identifier_service
from patients.services import parties as party_service
from patients.services.sealed import refuse_sealed
from patients.services.searching import fold_contact, index_patients
from protocols.models import Species

FIELDS = (
    *("name", "registered_name", "sex", "birth_on", "birth_is_estimated", "breed", "colour", "place", "stall_note"),
    *("food_chain", "food_chain_seen_on", "phone", "email", "address", "language", "may_email", "may_text"),
    *("may_call", "note"),
)
MEDICAL = ("note",)
GIVEN = ("clinic", "number", "created_by")  # set by the services, not by whoever types


@transaction.atomic
def register_patient(
    *,
    actor: User | None,
    clinic: Clinic,
    species: Species | str,
    name: str,
    public_id: uuid.UUID | None = None,
    identifiers: Iterable[tuple[str, str]] = (),
    parties: Iterable[Mapping[str, Any]] = (),
    weight_kg: Decimal | None = None,
    weighed_on: date | None = None,
    weight_is_estimated: bool = False,
    no_allergies: bool = False,
    registered_on: date | None = None,
    now: datetime | None = None,
    **fields: Any,
) -> Patient:
    """Register a person or an animal under the clinic's next file number.

    `public_id` makes a form sent twice register once: the second call returns the first one's patient. `parties` are
    the keywords of `parties.link`; `no_allergies` means asked today and none known. Raises Refused("not-valid" | "bad-identifier" …).
    """
    if public_id and (earlier := Patient.objects.filter(clinic=clinic, public_id=public_id).first()):
        return earlier
    if isinstance(species, str):
        species = Species.objects.get(code=species)
    today = registered_on or timezone.localdate()
    patient = Patient(clinic=clinic, species=species, created_by=actor, public_id=public_id or uuid.uuid4())
    patient.created_at = now or timezone.now()
    _assign(patient, {"name": name, **_without_food_chain_of_people(species, {"food_chain": "", **fields})}, today)
    if no_allergies:
        patient.allergy_status, patient.allergy_asked_on = AllergyStatus.NONE_KNOWN, today
    patient.number = _next_number(clinic)
    patient.save()
    for scheme, value in identifiers:
        _attach(patient, scheme, value)
    for party in parties:
        party_service.link(actor=actor, patient=patient, **{"from_on": today, **party})
    if weight_kg is not None:
        _weigh(actor, patient, weight_kg, weighed_on or today, weight_is_estimated, today)
    index_patients([patient])
    audit.record(actor=actor, verb="patient.registered", subject=patient, patient_id=patient.pk)
    return patient


@transaction.atomic
def update_patient(
    *,
    actor: User | None,
    patient: Patient,
    edit_count: int | None = None,
    food_chain_mistaken: bool = False,
    today: date | None = None,
    **fields: Any,
) -> Patient:
    """Change a patient's own words.

    Raises Refused("edited-meanwhile") when `edit_count` is not what was read; Refused("signed-out") for a horse that
    would come back into the food chain, unless its sign-out was `food_chain_mistaken`. Source: DOMAIN section 2.4.
    """
    patient = _locked(patient)
    refuse_sealed(patient)
    if edit_count is not None and edit_count != patient.edit_count:
        message = _("Somebody else changed this file meanwhile. Load the page again and make your change once more.")
        raise Refused("edited-meanwhile", message)
    if not food_chain_mistaken:
        _refuse_return_to_food_chain(patient, fields)
    before = {name: getattr(patient, name) for name in fields}
    _assign(patient, _without_food_chain_of_people(patient.species, fields), today or timezone.localdate())
    patient.edit_count += 1
    patient.save(update_fields=[*fields, "edit_count", "search_text", "phone_search"])
    index_patients([patient])
    changes = audit.changed(patient, before, hidden=MEDICAL)
    audit.record(actor=actor, verb="patient.updated", subject=patient, patient_id=patient.pk, changes=changes)
    return patient


@transaction.atomic
def end_patient(*, actor: User | None, patient: Patient, on: date, reason: str, today: date | None = None) -> Patient:
    """Close the file of a patient who died or left: from now on nobody gets a message about them.

    Raises Refused("already-ended" | "in-future").
    """
    patient = _locked(patient)
    if patient.is_ended:
        raise Refused("already-ended", _("This file has already been closed."))
    refuse_future(on, today or timezone.localdate(), "on")
    patient.ended_on, patient.end_reason = on, reason
    check(patient, but=GIVEN)
    patient.save(update_fields=["ended_on", "end_reason"])
    audit.record(actor=actor, verb="patient.ended", subject=patient, patient_id=patient.pk)
    return patient


@transaction.atomic
def reopen_patient(*, actor: User | None, patient: Patient) -> Patient:
    """Open a closed file again: ended by mistake, or the patient came back. Raises Refused("not-ended")."""
    patient = _locked(patient)
    if not patient.is_ended:
        raise Refused("not-ended", _("This file is open."))
    refuse_sealed(patient)
    patient.ended_on, patient.end_reason = None, ""
    patient.save(update_fields=["ended_on", "end_reason"])
    audit.record(actor=actor, verb="patient.reopened", subject=patient, patient_id=patient.pk)
    return patient


@transaction.atomic
def set_allergies(
    *, actor: User | None, patient: Patient, status: str, asked_on: date | None = None, today: date | None = None
) -> Patient:
    """Note the answer to "any allergies?": none known on a day, or not asked after all.

    A list is kept by adding flags. Raises Refused("allergies-listed") while the file lists any that hold after today.
    """
    today = today or timezone.localdate()
    patient = _locked(patient)
    refuse_sealed(patient)
    if status == AllergyStatus.LISTED or lasting_allergies(patient, today).exists():
        message = _("This file lists allergies. End each of them first, or add to the list.")
        raise Refused("allergies-listed", message, field="status")
    if asked_on:
        refuse_future(asked_on, today, "asked_on")
    save_allergy_status(patient, status, asked_on or today)
    audit.record(actor=actor, verb="patient.allergies-asked", subject=patient, patient_id=patient.pk)
    return patient


def save_allergy_status(patient: Patient, status: str, asked_on: date | None) -> None:
    """Write the status and its day together; the one place that does, inside the caller's transaction."""
    patient.allergy_status = status
    patient.allergy_asked_on = None if status == AllergyStatus.NOT_ASKED else asked_on
    check(patient, but=GIVEN)
    patient.save(update_fields=["allergy_status", "allergy_asked_on"])


@transaction.atomic
def record_weight(
    *,
    actor: User | None,
    patient: Patient,
    weight_kg: Decimal,
    weighed_on: date,
    is_estimated: bool = False,
    noted_in: uuid.UUID | None = None,
    today: date | None = None,
) -> Weight:
    """Note a weight. The same weight of the same day twice is one row. Raises Refused("not-valid" | "in-future").

    `noted_in` is the record it was typed in; `forget_weight` takes it back with that.
    """
    today = today or timezone.localdate()
    weight = _weigh(actor, patient, weight_kg, weighed_on, is_estimated, today, noted_in)
    audit.record(actor=actor, verb="patient.weighed", subject=patient, patient_id=patient.pk)
    return weight


@transaction.atomic
def correct_weight(
    *,
    actor: User | None,
    patient: Patient,
    weight_kg: Decimal,
    weighed_on: date,
    noted_in: uuid.UUID,
    is_estimated: bool = False,
    today: date | None = None,
) -> Weight:
    """Give the weight typed in a record anew: its row, else one more. Raises Refused("not-valid" | "in-future")."""
    row = Weight.objects.filter(noted_in=noted_in).first()
    if row is None:
        given = {"weight_kg": weight_kg, "weighed_on": weighed_on, "is_estimated": is_estimated}
        return record_weight(actor=actor, patient=patient, noted_in=noted_in, today=today, **given)
    refuse_sealed(patient)
    row.weight_kg = weight_kg
    check(row, but=["by", "patient"])
    row.save(update_fields=["weight_kg"])
    audit.record(actor=actor, verb="patient.weighed", subject=patient, patient_id=patient.pk)
    return row


def forget_weight(*, noted_in: uuid.UUID) -> None:
    """Take back the weight typed in a record that does not count any more, inside the caller's transaction."""
    Weight.objects.filter(noted_in=noted_in).delete()


def _attach(patient: Patient, scheme: str, value: str) -> None:
    """Attach a number typed with others: what is wrong with it is said at the field of its scheme."""
    try:
        identifier_service.attach(patient=patient, scheme=scheme, value=value)
    except Refused as refused:
        refused.field = scheme
        raise


def _weigh(actor, patient, weight_kg, weighed_on, is_estimated, today, noted_in=None) -> Weight:
    refuse_sealed(patient)
    refuse_future(weighed_on, today, "weighed_on")
    facts = {"weight_kg": weight_kg, "weighed_on": weighed_on, "is_estimated": is_estimated}
    weight = Weight(patient=patient, by=actor, noted_in=noted_in, **facts)
    check(weight, but=["by", "patient"])
    if same := Weight.objects.filter(patient=patient, **facts).first():
        return same
    weight.save()
    return weight


def _assign(patient: Patient, fields: Mapping[str, Any], today: date) -> None:
    unknown = fields.keys() - set(FIELDS)
    if unknown:
        raise TypeError(f"a patient has no {', '.join(sorted(unknown))}")
    for name, value in fields.items():
        setattr(patient, name, " ".join(value.split()) if name in ("name", "registered_name") else value)
    if patient.birth_on:
        refuse_future(patient.birth_on, today, "birth_on")
    if patient.food_chain_seen_on:
        refuse_future(patient.food_chain_seen_on, today, "food_chain_seen_on")
    _refuse_foreign_place(patient.place, patient.clinic_id)
    check(patient, but=GIVEN)
    fold_contact(patient, patient.name, patient.registered_name)


def _without_food_chain_of_people(species: Species, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Horses count as food animals until the passport says otherwise; other species have no food chain."""
    fields = dict(fields)
    if not species.traits.get("has_food_chain"):
        fields |= {name: value for name, value in (("food_chain", ""), ("food_chain_seen_on", None)) if name in fields}
    elif fields.get("food_chain") == "":
        fields["food_chain"] = Patient.FoodChain.NOT_ASKED
    return fields


def _refuse_return_to_food_chain(patient: Patient, fields: Mapping[str, Any]) -> None:
    signed_out = Patient.FoodChain.SIGNED_OUT
    if patient.food_chain == signed_out and fields.get("food_chain", signed_out) != signed_out:
        words = _("Signing out of the food chain is permanent. If it was entered by mistake, tick that as well.")
        raise Refused("signed-out", words, field="food_chain")


def _refuse_foreign_place(place: Place | None, clinic_id: int) -> None:
    if place is not None and place.clinic_id != clinic_id:
        raise Refused("not-valid", _("Choose a place of this clinic."), field="place")


def refuse_future(day: date, today: date, field: str) -> None:
    """Raise Refused("in-future") beside the field for a day that is still to come."""
    if day > today:
        raise Refused("in-future", _("This day is still to come. Choose today or an earlier day."), field=field)


def _next_number(clinic: Clinic) -> int:
    """Take the clinic's next file number; the update locks its row, so no two patients get one number."""
    Clinic.objects.filter(pk=clinic.pk).update(next_patient_number=F("next_patient_number") + 1)
    return Clinic.objects.values_list("next_patient_number", flat=True).get(pk=clinic.pk) - 1


def _locked(patient: Patient) -> Patient:
    return (
        Patient.objects.select_for_update(of=("self",)).select_related("species", "clinic", "place").get(pk=patient.pk)
    )
