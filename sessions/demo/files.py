"""Register everybody: people with guardians, flags and consents; horses with owners, trainers and numbers."""

from datetime import date, timedelta
from decimal import Decimal

from patients.models import ConsentText, Party, Patient
from patients.models.patients import AllergyStatus
from patients.queries.consents import texts_in_use
from patients.queries.parties import language_of
from patients.services import consents, flags, parties, patients

from . import horses, people
from .world import World, day_of

FIRST_CHIP, FIRST_UELN = 250_259_806_112_031, 250_001_117_204_415
KNOWN_SINCE_DAYS = 420


def register_everybody(world: World) -> None:
    """Register all but the new callers, who come by telephone."""
    since = world.today - timedelta(days=KNOWN_SINCE_DAYS)
    for index, facts in enumerate(people.PEOPLE[: -people.NEW_CALLERS]):
        world.patients[facts[0]] = _person(world, since + timedelta(days=index % 30), index, *facts)
    owners = [_party(world, *one, email=f"owner{n}@stables.example") for n, one in enumerate(horses.OWNERS, 1)]
    trainers = [_party(world, name, phone) for name, phone in horses.TRAINERS]
    for index, facts in enumerate(horses.HORSES):
        world.patients[facts[0]] = _horse(world, since + timedelta(days=index), index, facts, owners, trainers)
    for name, kind, facts in (*people.FLAGS, *horses.FLAGS):
        flags.add_flag(
            actor=world.desk, patient=world.patients[name], kind=kind, since_on=since, today=world.today, **facts
        )


def _person(
    world: World, on: date, index: int, name: str, sex: str, age: int, birthday: tuple[int, int], language: str
) -> Patient:
    contact = {"phone": f"06 39 98 {index + 1:02} {(index * 37) % 100:02}", "language": language}
    if index % 3 == 0:
        contact["email"] = f"person{index + 1}@people.example"
    guardian = people.GUARDIANS.get(name)
    known = [{"role": "guardian", "name": guardian[0], "phone": guardian[1]}] if guardian else []
    grown_kg = {"female": 63, "male": 81, "other": 70}[sex] if age >= 18 else 54
    patient = patients.register_patient(
        actor=world.desk,
        clinic=world.clinic,
        species="human",
        name=name,
        sex=sex,
        birth_on=day_of(world.today, age, *birthday),
        weight_kg=Decimal(grown_kg + world.chance.randint(-9, 14)),
        registered_on=on,
        now=min(world.at(on, "09:00"), world.now),
        parties=known,
        **contact,
    )
    return _asked(world, patient, on, index)


def _horse(world: World, on: date, index: int, facts: tuple, owners: list[Party], trainers: list[Party]) -> Patient:
    name, passport_name, sex, breed, colour, age, weight_kg, stable, owner, trainer = facts
    known = [{"role": "owner", "party": owners[owner]}]
    if trainer is not None:
        known.append({"role": "trainer", "party": trainers[trainer], "gets_reports": True})
    signed_out = index < horses.SIGNED_OUT
    patient = patients.register_patient(
        actor=world.desk,
        clinic=world.clinic,
        species="horse",
        name=name,
        registered_name=passport_name,
        sex=sex,
        breed=breed,
        colour=colour,
        birth_on=day_of(world.today, age, 4, 1 + index),
        birth_is_estimated=index % 7 == 3,
        weight_kg=Decimal(weight_kg),
        weight_is_estimated=index % 2 == 0,
        place=world.places[stable],
        stall_note=f"Box {index + 1}",
        food_chain="signed_out" if signed_out else "",
        food_chain_seen_on=on if signed_out else None,
        registered_on=on,
        now=min(world.at(on, "09:00"), world.now),
        parties=known,
        identifiers=_numbers(index),
    )
    return _asked(world, patient, on, index)


def _numbers(index: int) -> list[tuple[str, str]]:
    numbers = [("microchip", str(FIRST_CHIP + index * 7919))]
    if index % 4 != 2:
        numbers.append(("ueln", str(FIRST_UELN + index * 104729)))
    return numbers


def _asked(world: World, patient: Patient, on: date, index: int) -> Patient:
    """Nearly everybody was asked about allergies; every seventh is still to be asked."""
    if index % 7 != 5:
        patient = patients.set_allergies(
            actor=world.desk, patient=patient, status=AllergyStatus.NONE_KNOWN, asked_on=on, today=world.today
        )
    return patient


def _party(world: World, name: str, phone: str, email: str = "") -> Party:
    return parties.create_party(
        actor=world.desk, clinic=world.clinic, name=name, phone=phone, email=email, is_organisation="SARL" in name
    )


def give_consent(world: World, patient: Patient, on: date) -> None:
    """Note the consent to treatment: the person's own, a child's guardian's, a horse's owner's, to sedation too."""
    kinds = ["general", "sedation"] if patient.species.is_animal else ["general"]
    texts = texts_in_use(world.clinic, language_of(patient, on))
    offered: dict[str, ConsentText] = {}
    for text in texts.filter(kind__in=kinds):
        offered.setdefault(text.kind, text)
    for text in offered.values():
        _give(world, patient, text, on)


def _give(world: World, patient: Patient, text: ConsentText, on: date) -> None:
    giver = patient.party_links.filter(gives_consent=True, until_on=None).select_related("party").first()
    given = {"given_as": giver.role, "given_by_party": giver.party} if giver else {"given_as": "patient"}
    consents.give_consent(
        actor=world.desk,
        patient=patient,
        text=text,
        given_by_name="" if giver else patient.name,
        given_on=on,
        today=world.today,
        method="screen" if world.chance.random() < 0.3 else "paper",
        **given,
    )
