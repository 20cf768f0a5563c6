"""A lot that was given to people and horses, for the tests of its recall."""

from datetime import date

from patients.models import Party, PatientParty
from tests.sessions.record_world import done, lot_of, record_world, sign

TODAY = date(2026, 6, 1)


def lot_world(*, species: str = "human", **lot):
    """The first session of a course was given with a lot (`world.lot`) and signed."""
    world = record_world(species=species)
    world.lot = lot_of(world, **{"number": "AB 12", "manufacturer": "Arvensis", **lot})
    world.record = given(world, 1, lot=world.lot)
    sign(world, world.record)
    world.record.refresh_from_db()
    return world


def given(world, number: int, *, lot=None, typed: str = ""):
    """The record of a session, done; its first line holds a lot, or a lot number that was typed."""
    draft = done(world, number)
    line = draft.administrations.get(position=1)
    line.lot, line.lot_number = lot, lot.number if lot is not None else typed
    line.save(update_fields=["lot", "lot_number"])
    return draft


def owner(world, name: str, *, from_on: date, until_on: date | None = None, role: str = "owner") -> Party:
    party = Party.objects.create(clinic=world.clinic, name=name, phone="0123")
    PatientParty.objects.create(patient=world.patient, party=party, role=role, from_on=from_on, until_on=until_on)
    return party
