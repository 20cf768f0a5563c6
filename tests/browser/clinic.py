"""The clinic of the browser tests: made through the services, open every hour, in a place where it is morning now."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

from mesoclinic.core.models import Clinic
from mesoclinic.core.roles import Role
from mesoclinic.core.services import clinics
from patients.services import places
from protocols.models import Substance
from protocols.services.catalogue import load_catalogue
from tests.factories import (
    make_clinic,
    make_lot,
    make_practitioner,
    make_room,
    make_species,
    make_user,
    site_of,
    work_week,
)

MORNING = 9


def morning_zone(now: datetime | None = None) -> str:
    """Name a time zone in which it is between nine and ten now: no test comes to an end of a day."""
    hours = MORNING - (now or datetime.now(UTC)).hour
    hours += 24 if hours < -11 else 0
    return f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT"


def open_clinic() -> SimpleNamespace:
    """A doctor for people, a vet for horses, a room each, a stable, the catalogue and stock; no public holidays."""
    clinic = make_clinic(name="Mesoclinic Vale", time_zone=morning_zone())
    site = clinics.update_site(actor=None, site=site_of(clinic), holiday_country="")
    species = make_species()
    load_catalogue(clinic=clinic)
    users = {role: make_user(clinic, role) for role in Role}
    vet_user = make_user(clinic, Role.PRACTITIONER)
    hours = work_week("07:00", "21:00", days=range(1, 8))
    common = {"hours": hours, "site": site}
    return SimpleNamespace(
        clinic=clinic,
        site=site,
        zone=site.time_zone,
        users=users,
        desk=users[Role.RECEPTION],
        doctor_user=users[Role.PRACTITIONER],
        manager=users[Role.MANAGER],
        vet_user=vet_user,
        doctor=make_practitioner(
            clinic, name="Dr Ada Moreau", user=users[Role.PRACTITIONER], species=[species["human"]], **common
        ),
        vet=make_practitioner(clinic, name="Vet Bo Lindqvist", user=vet_user, species=[species["horse"]], **common),
        room=make_room(clinic, name="Room 1"),
        other_room=make_room(clinic, name="Room 2"),
        stable=places.create_place(actor=None, clinic=clinic, name="Oakfield stables", travel_min=20),
    )


def stock(clinic: Clinic, *names: str) -> None:
    """Receive one lot of each substance of the catalogue, called after it."""
    for name in names:
        substance = Substance.objects.get(clinic=clinic, name=name)
        expires_on = datetime.now(UTC).date() + timedelta(days=400)
        make_lot(clinic, substance, volume_ml=Decimal(200), number=f"{name[:4].upper()}-26", expires_on=expires_on)
