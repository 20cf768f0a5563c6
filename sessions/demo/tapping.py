"""Where the points of a session lie on the body map: lines of needles around the sore spot, as somebody would tap them."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from sessions.body_map import LEFT, NONE, RIGHT, View, Zone, views_of
from sessions.recording import SiteTreated

BOTH_SIDES = (LEFT, RIGHT)
MARGIN = 2  # nobody taps on the very edge of a zone
STUNG = 3  # points of the place that stings
SPACING = {"human": 8.0, "horse": 12.0}  # between needles, in units of the drawing: two to five centimetres
ALONG = {"human": 1.0, "horse": 0.5}  # the lines of a horse run along its spine
TOWARDS_THE_SPINE = 0.4
SPINE = {"Lower back", "Back", "Chest and upper back"}
# region of a story: the views and zones it is tapped in; without a view that of the side
PLACES: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "human": {
        "Ankle": (("front", "Ankle and heel"), ("front", "Foot")),
        "Back": (("back", "Back"),),
        "Calf": (("back", "Lower leg"),),
        "Chest": (("back", "Chest and upper back"),),
        "Elbow": (("back", "Elbow"), ("back", "Forearm")),
        "Foot": (("back", "Foot"), ("back", "Ankle and heel"), ("back", "Lower leg")),
        "Forearm": (("back", "Forearm"), ("back", "Elbow")),
        "Hand": (("back", "Hand and wrist"),),
        "Hands": (("back", "Hand and wrist"),),
        "Heel": (("back", "Ankle and heel"), ("back", "Lower leg")),
        "Hip": (("back", "Hip"),),
        "Knee": (("front", "Knee"),),
        "Lower back": (("back", "Lower back"),),
        "Neck": (("back", "Neck"), ("back", "Shoulder")),
        "Shin": (("front", "Lower leg"),),
        "Shoulder": (("back", "Shoulder"),),
        "Whole body": (("back", "Shoulder"), ("back", "Lower back"), ("back", "Hip"), ("front", "Knee")),
    },
    "horse": {
        "Back": (("", "Back"), ("", "Loins")),
        "Hip": (("", "Hip"), ("", "Hindquarters")),
        "Neck": (("", "Neck"),),
        "Pelvis": (("", "Pelvis and sacroiliac joints"), ("", "Loins"), ("", "Croup")),
    },
}


def tapped(
    species: str, region: str, side: str, points: int, per_point_ml: Decimal, *, seed: str, stings: bool
) -> tuple[SiteTreated, ...]:
    """Give the places of a session with their points on the map, `points` in all; the same seed gives the same points.

    Where it `stings`, some points of the first place do.
    """
    chance = Random(seed)  # noqa: S311 - a story, not a secret
    sides = (side,) if side in BOTH_SIDES else BOTH_SIDES
    spots = [(view, name, one) for view, name in PLACES[species][region] for one in sides]
    sites = []
    for index, (code, name, one) in enumerate(spots):
        share = points // len(spots) + (index < points % len(spots))
        view, zone = _zone(species, code or one, name, one)
        taken = [(view.code, x, y) for x, y in _spread(species, view, zone, one, share, chance)]
        is_reactive = stings and not sites
        marked = [(*at, 1) for at in taken[:STUNG]] if is_reactive else taken[:STUNG]
        sites.append(
            SiteTreated(
                name,
                one,
                points=share,
                volume_per_point_ml=per_point_ml,
                is_reactive=is_reactive,
                map_points=(*marked, *taken[STUNG:]),
            )
        )
    return tuple(sites)


def _zone(species: str, code: str, name: str, side: str) -> tuple[View, Zone]:
    view = next(view for view in views_of(species) if view.code == code)
    return view, next(zone for zone in view.zones if zone.name == name and zone.side in (side, NONE))


def _spread(species: str, view: View, zone: Zone, side: str, count: int, chance: Random) -> list[tuple[int, int]]:
    """Choose the points nearest the sore spot from lines of needles, closer together in a small zone."""
    x, y = _sore_spot(view, zone, chance)
    along, step = ALONG[species], SPACING[species]
    while len(found := _lines(view, zone, side, step)) < count:
        step *= 0.94
    return sorted(found, key=lambda at: (((at[0] - x) * along) ** 2 + (at[1] - y) ** 2, at))[:count]


def _sore_spot(view: View, zone: Zone, chance: Random) -> tuple[float, float]:
    x, y = zone.middle
    inwards = TOWARDS_THE_SPINE if view.code == "back" and zone.name in SPINE else 0
    return x + (view.width / 2 - x) * inwards + chance.uniform(-3, 3), y + chance.uniform(-3, 3)


def _lines(view: View, zone: Zone, side: str, step: float) -> list[tuple[int, int]]:
    """The whole-numbered points of a zone in lines, every other line half a step further."""
    found = (at for at in _lattice(view, step) if _is_inside(zone, *at))
    return list(dict.fromkeys(at for at in found if zone.side or _side_at(view, at[0]) == side))


def _lattice(view: View, step: float) -> Iterator[tuple[int, int]]:
    for line in range(int(view.height / step)):
        for needle in range(int(view.width / step)):
            yield round((needle + line % 2 / 2) * step), round(line * step)


def _is_inside(zone: Zone, x: int, y: int) -> bool:
    return all(zone.holds(x + dx, y + dy) for dx, dy in ((-MARGIN, 0), (MARGIN, 0), (0, -MARGIN), (0, MARGIN)))


def _side_at(view: View, x: int) -> str:
    """The side of the body in a zone across its middle, none on the middle; seen from behind, left is on the left."""
    off = x - view.width / 2
    if abs(off) < MARGIN:
        return NONE
    return LEFT if (off < 0) == (view.code == "back") else RIGHT
