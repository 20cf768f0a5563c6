"""What a change of the settings would break, before anybody saves it: the list shown while its form is filled in."""

from collections.abc import Iterable, Mapping
from copy import copy
from datetime import date, datetime
from typing import Any

from mesoclinic.core.models import Site
from sessions.models import Absence, Closure, Practitioner, Room, WorkingHours
from sessions.queries.availability import Supposed
from sessions.queries.broken import BrokenList, Cause, would_break


def of_absence(site: Site, absence: Absence, now: datetime) -> BrokenList:
    return would_break(site, Cause("absence", absence), Supposed(absence=absence), now=now)


def of_closure(site: Site, closure: Closure, now: datetime) -> BrokenList:
    return would_break(site, Cause("closure", closure), Supposed(closure=closure), now=now)


def of_removed_closure(site: Site, closure: Closure, now: datetime) -> BrokenList:
    """What is booked on days worked all the same, if they are not; to take closed days away breaks nothing."""
    return would_break(site, Cause("closure", closure), Supposed(removed=closure), now=now)


def of_hours(
    site: Site,
    cause: Cause,
    blocks: Iterable[Mapping[str, Any]],
    now: datetime,
    *,
    practitioner: Practitioner | None = None,
    room: Room | None = None,
) -> BrokenList:
    """What weekly hours (blocks as `set_working_hours` takes them) would break in place of those kept."""
    owner = {"clinic_id": site.clinic_id, "site": site, "practitioner": practitioner, "room": room}
    rows = tuple(WorkingHours(**owner, **block) for block in blocks)
    of = (practitioner.pk if practitioner else None, room.pk if room else None)
    return would_break(site, cause, Supposed(hours=rows, hours_of=of, hours_at=site.pk), now=now)


def of_last_day(site: Site, practitioner: Practitioner, last_day_on: date | None, now: datetime) -> BrokenList:
    leaving = copy(practitioner)
    leaving.last_day_on = last_day_on
    return would_break(site, Cause("practitioner", practitioner), Supposed(changed=leaving), now=now)


def of_room(room: Room, is_active: bool, now: datetime) -> BrokenList:
    shut = copy(room)
    shut.is_active = is_active
    return would_break(room.site, Cause("room", room), Supposed(changed=shut), now=now)
