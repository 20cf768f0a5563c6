"""What the parts of the demo share: the clinic as far as it stands, its clock, and one seeded source of chance."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from random import Random

from mesoclinic.core.localtime import instant, local_day
from mesoclinic.core.models import Clinic, Site, User
from patients.models import Patient, Place
from protocols.models import Lot
from sessions.models import Practitioner, Room

SEED = 1952  # the year mesotherapy began


@dataclass
class World:
    """`now` is the moment the demo is made: everything before has happened, everything after is to come."""

    clinic: Clinic
    site: Site
    now: datetime
    users: dict[str, User] = field(default_factory=dict)
    practitioners: dict[str, Practitioner] = field(default_factory=dict)
    rooms: list[Room] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    patients: dict[str, Patient] = field(default_factory=dict)
    lots: dict[str, list[Lot]] = field(default_factory=dict)  # by substance code, first to expire first
    chance: Random = field(default_factory=lambda: Random(SEED))  # noqa: S311 - a story, not a secret

    @property
    def today(self) -> date:
        return local_day(self.now, self.site.zone)

    @property
    def desk(self) -> User:
        return self.users["reception"]

    def at(self, day: date, clock: str) -> datetime:
        return instant(day, time.fromisoformat(clock), self.site.zone)

    def user_of(self, practitioner: Practitioner) -> User:
        return next(self.users[key] for key, one in self.practitioners.items() if one.pk == practitioner.pk)


def day_of(today: date, age: int, month: int, day: int) -> date:
    """The birthday that makes somebody this old today."""
    had_it = (month, day) <= (today.month, today.day)
    return date(today.year - age - (0 if had_it else 1), month, day)
