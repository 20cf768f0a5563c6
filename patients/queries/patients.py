"""Reads of patients: the only door to a clinic's files. Every read of a file follows merges."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Subquery
from django.http import Http404
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core.models import Clinic
from mesoclinic.core.wording import date_format
from patients.models import Flag, Identifier, Patient, Weight
from patients.models.flags import ALLERGIES, FlagKind
from patients.models.patients import AllergyStatus, IdentifierScheme
from patients.queries.parties import Contact, contacts_of
from patients.restricted import knock
from protocols.allergens import allergen_code
from protocols.dosing import MixPatient
from protocols.models import Species

LONGEST_CHAIN = 20


def get_or_404(clinic: Clinic, public_id: uuid.UUID | str) -> Patient:
    """Return the file of this clinic, or the one it was merged into. One SQL statement, one more for each merge.

    A restricted one only to who has said why (`patients.restricted`).
    """
    return knock(closed_or_404(clinic, public_id))


def closed_or_404(clinic: Clinic, public_id: uuid.UUID | str) -> Patient:
    """The same for pages that show nothing of what is in the file: what somebody asked about it, and the question why."""
    try:
        patient = _of(clinic, public_id=public_id)
    except (Patient.DoesNotExist, ValidationError, ValueError, TypeError) as exc:
        raise Http404 from exc
    return kept(patient)


def kept(patient: Patient) -> Patient:
    """Follow merges to the file that is read and written."""
    for _step in range(LONGEST_CHAIN):
        if patient.merged_into_id is None:
            break
        patient = _of(patient.clinic, pk=patient.merged_into_id)
    return patient


def file_ids(patient: Patient) -> list[int]:
    """Keys of the file and of all merged into it: signed records stay under the key they were signed with.

    One SQL statement, one more for each level of merges.
    """
    return files_of([patient])[patient.pk]


def files_of(patients: Collection[Patient]) -> dict[int, list[int]]:
    """Return the same for each of these files that are kept, by key. As many SQL statements, whatever their number."""
    found = {patient.pk: [patient.pk] for patient in patients}
    kept_in, level = {key: key for key in found}, list(found)
    for _step in range(LONGEST_CHAIN):
        merged = dict(Patient.objects.filter(merged_into__in=level).values_list("pk", "merged_into"))
        if not merged:
            break
        for key, into in merged.items():
            kept_in[key] = kept_in[into]
            found[kept_in[key]].append(key)
        level = list(merged)
    return found


@dataclass(frozen=True)
class Known:
    """What a page asks about files more than once, asked once: the keys of each with those merged into it, its flags of
    every day, and its newest weight. All by the key of the file.
    """

    keys: Mapping[int, list[int]]
    flags: Mapping[int, list[Flag]]
    weights: Mapping[int, Weight]


def known_of(patients: Collection[Patient]) -> Known:
    """Ask it of these files. Three SQL statements for any number, one more for each level of merges."""
    flags: dict[int, list[Flag]] = {patient.pk: [] for patient in patients}
    for flag in Flag.objects.filter(patient__in=patients).select_related("substance"):
        flags[flag.patient_id].append(flag)
    return Known(files_of(patients), flags, newest_weights(patients))


def with_kept(clinic: Clinic, keys: Collection[int]) -> dict[int, tuple[Patient, Patient]]:
    """Return files by key, each with the file it was merged into, else itself: for lists, which knock at no door.

    One SQL statement, one more for each level of merges.
    """
    found, level = {}, set(keys)
    for _step in range(LONGEST_CHAIN):
        found |= Patient.objects.filter(clinic=clinic).in_bulk(level)
        level = {one.merged_into_id for one in found.values() if one.merged_into_id} - found.keys()
        if not level:
            break
    return {key: (found[key], _end_of_chain(found[key], found)) for key in keys if key in found}


def _end_of_chain(patient: Patient, found: dict[int, Patient]) -> Patient:
    for _step in range(LONGEST_CHAIN):
        patient = found.get(patient.merged_into_id, patient)
    return patient


def _of(clinic: Clinic, **which) -> Patient:
    """Return one file with its species and place. It is given the clinic at hand, which need not be read with it."""
    patient = Patient.objects.select_related("species", "place").get(clinic=clinic, **which)
    patient.clinic = clinic
    return patient


@dataclass(frozen=True, slots=True)
class Fact:
    """One identifying fact, as label and value."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class FlagLine:
    text: str
    kind: str
    since: date | None


@dataclass(frozen=True, slots=True)
class Allergies:
    """`state` is not_asked, none_known or listed; `items` what is listed."""

    state: str
    on: date | None
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Banner:
    """What every page of a patient shows on top: who it is, by two facts besides the name, and what to mind.

    `identifiers` begins with the two facts the banner shows.
    """

    public_id: uuid.UUID
    name: str
    registered_name: str
    url: str
    species: str
    species_label: str
    words: dict[str, str]
    identifiers: tuple[Fact, ...]
    age: str
    sex: str
    weight: Decimal | None
    weight_estimated: bool
    weighed_on: date | None
    allergies: Allergies
    flags: tuple[FlagLine, ...]
    ended_on: date | None
    contacts: tuple[Contact, ...]


def banner(patient: Patient, today: date) -> Banner:
    """Return what `components/_patient_banner.html` shows on a day. Four SQL statements."""
    return banners([patient], today)[patient.pk]


def banners(patients: Collection[Patient], today: date, known: Known | None = None) -> dict[int, Banner]:
    """Return the same for each of these patients, by key. Four SQL statements for any number, two for known files."""
    contacts, flags = contacts_of(patients, today), flags_of(patients, today, known)
    weights = known.weights if known is not None else newest_weights(patients)
    numbers: dict[int, list[Identifier]] = {patient.pk: [] for patient in patients}
    for one in Identifier.objects.filter(patient__in=patients, until_on=None):
        numbers[one.patient_id].append(one)
    return {
        one.pk: _banner(one, today, contacts[one.pk], flags[one.pk], weights.get(one.pk), numbers[one.pk])
        for one in patients
    }


def _banner(
    patient: Patient,
    today: date,
    contacts: list[Contact],
    flags: list[Flag],
    weight: Weight | None,
    numbers: list[Identifier],
) -> Banner:
    return Banner(
        public_id=patient.public_id,
        name=patient.name,
        registered_name=patient.registered_name,
        url=page_of(patient),
        species=patient.species.code,
        species_label=str(patient.species),
        words=patient.species.words,
        identifiers=tuple(_facts(patient, contacts, numbers)),
        age=age_words(patient, today),
        sex=sex_words(patient.species, patient.sex),
        weight=Decimal(f"{weight.weight_kg.normalize():f}") if weight else None,
        weight_estimated=bool(weight and weight.is_estimated),
        weighed_on=weight.weighed_on if weight else None,
        allergies=_allergies(patient, flags),
        flags=tuple(_flag_line(flag) for flag in flags if flag.kind not in ALLERGIES),
        ended_on=patient.ended_on,
        contacts=tuple(contacts),
    )


def current_flags(patient: Patient, today: date) -> list[Flag]:
    """Return the flags that hold on a day, allergies first. One SQL statement."""
    return flags_of([patient], today)[patient.pk]


def flags_of(patients: Collection[Patient], today: date, known: Known | None = None) -> dict[int, list[Flag]]:
    """Return the same for each of these patients, by key. One SQL statement for any number, none for known files."""
    found: dict[int, list[Flag]] = {patient.pk: [] for patient in patients}
    for flag in _flags_until(patients, today, known):
        if flag.until_on is None or flag.until_on >= today:
            found[flag.patient_id].append(flag)
    return {key: sorted(flags, key=_place_of_flag) for key, flags in found.items()}


def _place_of_flag(flag: Flag) -> tuple:
    return flag.kind not in ALLERGIES, flag.kind, flag.since_on, flag.pk


def _flags_until(patients: Collection[Patient], day: date, known: Known | None) -> Iterable[Flag]:
    if known is None:
        return Flag.objects.filter(patient__in=patients, since_on__lte=day).select_related("substance").order_by()
    return (flag for patient in patients for flag in known.flags[patient.pk] if flag.since_on <= day)


def newest_weights(patients: Collection[Patient], until: date | None = None) -> dict[int, Weight]:
    """Return the newest weight of each of these patients, by key: not after a day, if one is given. One SQL statement."""
    known = Weight.objects.filter(patient=OuterRef("pk"))
    known = known if until is None else known.filter(weighed_on__lte=until)
    newest = Patient.objects.filter(pk__in=[patient.pk for patient in patients]).order_by()
    newest = newest.annotate(newest=Subquery(known.values("pk")[:1])).values("newest")
    return {weight.patient_id: weight for weight in Weight.objects.filter(pk__in=newest).order_by()}


def age_words(patient: Patient, today: date) -> str:
    """Say the age in years, months of the very young, "about" where the birth date is a guess."""
    born = patient.birth_on
    if born is None or born > today:
        return ""
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    if months < 24:
        words = ngettext("%(count)d month", "%(count)d months", months) % {"count": months}
    else:
        words = ngettext("%(count)d year", "%(count)d years", months // 12) % {"count": months // 12}
    return _("about %(age)s") % {"age": words} if patient.birth_is_estimated else words


def age_years(patient: Patient, today: date) -> Decimal | None:
    born = patient.birth_on
    if born is None or born > today:
        return None
    return Decimal(today.year - born.year - ((today.month, today.day) < (born.month, born.day)))


def sex_words(species: Species, code: str) -> str:
    """The species' own word for a sex: mare, gelding, female."""
    return next((_(label) for known, label in species.traits.get("sexes", []) if known == code), code)


def mix_patients(patients: Collection[Patient], today: date, known: Known | None = None) -> dict[int, MixPatient]:
    """Return what the check of a mix needs to know of each of these patients on a day, by key. Two SQL statements; for
    known files none, one where somebody was weighed after that day.

    The weight is the newest one not after that day.
    """
    flags, weights = flags_of(patients, today, known), _weights_until(patients, today, known)
    return {one.pk: _mix_patient(one, today, flags[one.pk], weights.get(one.pk)) for one in patients}


def _weights_until(patients: Collection[Patient], day: date, known: Known | None) -> Mapping[int, Weight]:
    if known is None or any(weight.weighed_on > day for weight in known.weights.values()):
        return newest_weights(patients, day)
    return known.weights


def _mix_patient(patient: Patient, today: date, flags: list[Flag], weight: Weight | None) -> MixPatient:
    kinds = frozenset(CHECKED_AS.get(flag.kind, flag.kind) for flag in flags if flag.kind not in ALLERGIES)
    listed = [flag for flag in flags if flag.kind in ALLERGIES]
    substances = [flag.substance for flag in listed if flag.substance is not None]
    # Whoever is allergic to one product is so to every other of the same medicine.
    ingredients = {one.traits["ingredient"] for one in substances if (one.traits or {}).get("ingredient")}
    return MixPatient(
        species=patient.species.code,
        weight_kg=weight.weight_kg if weight else None,
        weight_estimated=bool(weight and weight.is_estimated),
        age_years=age_years(patient, today),
        pregnant="pregnancy" in kinds,
        # A list that has run out says nothing: somebody has to ask again.
        allergy_state="none_known" if patient.allergy_status == AllergyStatus.NONE_KNOWN else "not_asked",
        allergies=frozenset({*map(_allergen, listed), *ingredients}),
        akin=frozenset(name for one in substances for name in one.allergy_classes or ()),
        flags=kinds,
        food_chain=FOOD_CHAIN[patient.food_chain],
        competes=True if "competition" in kinds else None,
    )


# Where the file's word for a flag is not the mix check's.
CHECKED_AS: dict[str, str] = {FlagKind.CLOTTING: "clotting_disorder", FlagKind.HEART: "heart_disease"}
FOOD_CHAIN = {
    "not_asked": "passport_not_seen",
    "": "passport_not_seen",
    "food_animal": "in",
    "signed_out": "signed_out",
}


def _allergen(flag: Flag) -> str:
    return flag.substance.code if flag.substance_id else allergen_code(flag.value)


def _allergies(patient: Patient, flags: list[Flag]) -> Allergies:
    items = tuple(_allergy_words(flag) for flag in flags if flag.kind in ALLERGIES)
    state = AllergyStatus.LISTED if items else patient.allergy_status
    if state == AllergyStatus.LISTED and not items:
        state = AllergyStatus.NOT_ASKED  # every listed allergy has run out: somebody has to ask again
    return Allergies(state=str(state), on=patient.allergy_asked_on, items=items)


def _allergy_words(flag: Flag) -> str:
    return _("Allergy: %(what)s") % {"what": flag.substance if flag.substance_id else flag.what}


def _flag_line(flag: Flag) -> FlagLine:
    words = flag.text if flag.kind == "other" and flag.text else str(flag.get_kind_display())
    text = f"{words}: {flag.text}" if flag.text and flag.text != words else words
    kind = "info" if flag.kind in ("competition", "behaviour") else "warning"
    return FlagLine(text=text, kind=kind, since=flag.since_on)


def _facts(patient: Patient, contacts: list[Contact], numbers: list[Identifier]) -> list[Fact]:
    """Two identifying facts first: the birth date of people, or while nobody knows it their phone, the owner of animals;
    then the file number and more.
    """
    facts = []
    owner = next((one for one in contacts if one.role == "owner"), None)
    if patient.species.is_animal and owner:
        facts.append(Fact(_("Owner"), owner.name))
    elif patient.birth_on:
        facts.append(Fact(_("Born"), date_format(patient.birth_on, "j M Y")))
    elif patient.phone:
        facts.append(Fact(_("Phone"), patient.phone))
    facts.append(Fact(_("File"), str(patient.number)))
    facts += [Fact(str(one.get_scheme_display()), one.value) for one in numbers]
    return sorted(facts, key=lambda fact: fact.label == IdentifierScheme.OTHER.label)


def page_of(patient: Patient) -> str:
    try:
        return reverse("sessions:patient", args=[patient.public_id])
    except NoReverseMatch:
        return ""
