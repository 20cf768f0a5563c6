"""Which rooms a patient may be given: the one rule for every page and service that picks, proposes or takes a room.

A room names the species it takes; one that names none takes every species. Where no room of a site takes a species,
its visits need none, as at a site without rooms: a horse is seen in the yard.
"""

from collections.abc import Collection, Iterable

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from protocols.models import Species
from sessions.models import Room


def takes(room: Room, species: Species) -> bool:
    """Say whether patients of a species may be seen in a room. No SQL statement."""
    return not room.species or species.code in room.species


def fitting(rooms: Iterable[Room], *species: Species) -> list[Room]:
    """List the rooms that take all of these species: first those that name them, else in the order given. No SQL."""
    will_do = [room for room in rooms if all(takes(room, one) for one in species)]
    return sorted(will_do, key=lambda room: not room.species) if species else will_do


def why_not(room: Room, species: Species, rooms: Collection[Room] = ()) -> str:
    """Say that a room does not take a species, and what to do. `rooms` are all that could be chosen. No SQL."""
    names = {"room": room.name, "species": str(species).lower()}
    others = [one.name for one in fitting(rooms, species) if one.pk != room.pk]
    if others:
        names["others"] = get_text_list(others, _("or"))
        return _("%(room)s does not take this species (%(species)s). Choose %(others)s.") % names
    return _("%(room)s does not take this species (%(species)s). Choose another room, or any free room.") % names
