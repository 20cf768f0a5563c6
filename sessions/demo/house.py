"""The house: clinic, site, rooms, stables, everybody who works there and when."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from mesoclinic.core.models import Site
from mesoclinic.core.roles import Role
from mesoclinic.core.services import clinics, users
from patients.services import places
from patients.services.shipped_texts import load_consent_texts
from protocols.models import Species
from protocols.services.catalogue import load_catalogue
from sessions.queries.availability import public_holidays
from sessions.services import availability
from sessions.services.availability import HoursBlock

from .world import World

PASSWORD = "verbena-demo-2026"  # noqa: S105 - of a clinic that does not exist
# The clinic stands where it is the middle of the day, so that whoever looks finds patients waiting.
PLACES = (("FR", "Europe/Paris"), ("US", "America/Denver"), ("JP", "Asia/Tokyo"))
MIDDLE_MIN = 13 * 60 + 15

# user name, full name, role
STAFF = (
    ("reception", "Salomé Quintard", Role.RECEPTION),
    ("sandoval", "Dr Mirela Sandoval", Role.PRACTITIONER),
    ("achterberg", "Dr Tomasz Achterberg", Role.PRACTITIONER),
    ("kilbride", "Dr Oona Kilbride", Role.PRACTITIONER),
    ("manager", "Bastien Okonjo", Role.MANAGER),
    ("admin", "Yuki Lindqvist", Role.ADMIN),
)
# user name, profession, species, licence number, days after today on whose weekday they are off
PRACTITIONERS = (
    ("sandoval", "Sports physician", ["human"], "10 09 876 541", 2),
    ("achterberg", "General practitioner", ["human"], "10 09 876 558", 4),
    ("kilbride", "Equine veterinarian", ["horse", "dog"], "V-29 417", 3),
)
ROOMS = (("Room 1", ["human"]), ("Room 2", ["human"]), ("Horse box", ["horse", "dog"]))  # name, species
STABLES = (
    ("Linden Yard", 20, "4 chemin des Tilleuls", "01 99 00 41 10", "Ring at the green gate; dogs are loose."),
    ("Écurie du Vieux Lavoir", 35, "12 route du Lavoir", "01 99 00 41 27", "Hot water in the tack room."),
)
MORNING, AFTERNOON = (time(8, 30), time(12, 30)), (time(13, 30), time(18, 0))


def build_house(now: datetime, password: str) -> World:
    country, time_zone = min(PLACES, key=lambda place: _minutes_from_middle(now, place[1]))
    clinic = clinics.found_clinic(
        name="Verbena Clinic",
        country=country,
        time_zone=time_zone,
        site_name="Mill Street",
        site_address="7 rue du Moulin",
    )
    load_catalogue(clinic=clinic)
    load_consent_texts(clinic=clinic)
    world = World(clinic=clinic, site=Site.objects.get(clinic=clinic), now=now)
    for username, full_name, role in STAFF:
        world.users[username] = users.create_user(
            actor=None,
            clinic=clinic,
            username=username,
            full_name=full_name,
            email=f"{username}@verbena.example",
            roles=[role],
            password=password,
        )
    _rooms_and_places(world)
    _practitioners(world)
    _days_off(world)
    return world


def _minutes_from_middle(now: datetime, time_zone: str) -> int:
    there = now.astimezone(ZoneInfo(time_zone))
    return abs(there.hour * 60 + there.minute - MIDDLE_MIN)


def closed_weekday(world: World) -> int:
    """Sunday; but the demo is made to be looked at, so when that is today, Monday."""
    return 7 if world.today.isoweekday() != 7 else 1


def _rooms_and_places(world: World) -> None:
    admin = world.users["admin"]
    world.rooms = [
        availability.create_room(
            actor=admin, site=world.site, name=name, species=Species.objects.filter(code__in=species)
        )
        for name, species in ROOMS
    ]
    for name, travel_min, address, phone, note in STABLES:
        facts = {"kind": "stable", "travel_min": travel_min, "address": address, "phone": phone, "note": note}
        world.places.append(places.create_place(actor=admin, clinic=world.clinic, name=name, **facts))


def _practitioners(world: World) -> None:
    admin, full_names = world.users["admin"], {username: name for username, name, _ in STAFF}
    species = {row.code: row for row in Species.objects.all()}
    for username, profession, treats, licence_number, off_in_days in PRACTITIONERS:
        practitioner = availability.create_practitioner(
            actor=admin,
            clinic=world.clinic,
            name=full_names[username],
            user=world.users[username],
            profession=profession,
            species=[species[code] for code in treats if code in species],
            may_inject=True,
            licence_number=licence_number,
        )
        off = {closed_weekday(world), (world.today + timedelta(days=off_in_days)).isoweekday()}
        blocks = [
            HoursBlock(weekday, start, end)
            for weekday in range(1, 8)
            if weekday not in off
            for start, end in (MORNING, AFTERNOON)
        ]
        availability.set_working_hours(actor=admin, site=world.site, practitioner=practitioner, blocks=blocks)
        world.practitioners[username] = practitioner


def _days_off(world: World) -> None:
    admin, today = world.users["admin"], world.today
    if today in public_holidays(world.clinic.country, "", today.year):
        availability.add_closure(
            actor=admin, site=world.site, from_on=today, until_on=today, is_open=True, reason="Open for you"
        )
    training_on = today + timedelta(days=26)
    availability.add_closure(
        actor=admin, site=world.site, from_on=training_on, until_on=training_on, reason="Team training day"
    )
    first, last = today + timedelta(days=15), today + timedelta(days=18)
    availability.add_absence(
        actor=admin,
        practitioner=world.practitioners["achterberg"],
        starts_at=world.at(first, "00:00"),
        ends_at=world.at(last, "00:00"),
        reason="Congress",
    )
