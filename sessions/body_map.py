"""The body map: views of a body, each cut into zones with the names the field uses. Pure, in units of the drawing.

A point is kept as (view, x, y) in the units of its view (`width` × `height`, the origin above on the left), rounded to whole
units, with a fourth, 1, where it stung; so a drawing must not change its measures once records point into it: a new drawing is a new view with a new code.
A zone may be cut in two, as a point knows its place and not its zone.
Of a body's two sides one is written down here and the other is its mirror image.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

Corner = tuple[int, int]
LEFT, RIGHT, NONE = "left", "right", ""
OTHER = {LEFT: RIGHT, RIGHT: LEFT, NONE: NONE}


def with_stings(points: Iterable[Sequence[Any]], *, is_reactive: bool) -> list[tuple[str, float, float, bool]]:
    """Give the points of a place as (view, x, y, whether it stung): those marked, or all of a place that says so whole."""
    kept = [tuple(point) for point in points]
    marked = any(len(point) > 3 for point in kept)
    return [(point[0], point[1], point[2], len(point) > 3 if marked else is_reactive) for point in kept]


def gettext_noop(message: str) -> str:
    """Mark a name for translation; the page translates it (this module knows no Django)."""
    return message


@dataclass(frozen=True)
class Zone:
    """A part of a view: its name, the side of the body, and its corners in order."""

    name: str
    side: str
    corners: tuple[Corner, ...]

    @property
    def outline(self) -> str:
        """Give the corners as SVG writes them."""
        return " ".join(f"{x},{y}" for x, y in self.corners)

    @property
    def middle(self) -> Corner:
        """Give a point inside, for whoever has no pointer: the centre of area."""
        pairs = list(zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True))
        crosses = [x * v - u * y for (x, y), (u, v) in pairs]
        area = sum(crosses) * 3
        x_sum = sum((x + u) * cross for ((x, _y), (u, _v)), cross in zip(pairs, crosses, strict=True))
        y_sum = sum((y + v) * cross for ((_x, y), (_u, v)), cross in zip(pairs, crosses, strict=True))
        return round(x_sum / area), round(y_sum / area)

    def holds(self, x: float, y: float) -> bool:
        """Say whether a point lies inside: a ray to the right meets the outline an odd number of times."""
        inside = False
        for (a, b), (c, d) in zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True):
            if (b > y) != (d > y) and x < (c - a) * (y - b) / (d - b) + a:
                inside = not inside
        return inside


@dataclass(frozen=True)
class View:
    """One drawing of a body."""

    code: str
    name: str
    width: int
    height: int
    zones: tuple[Zone, ...]

    def zone_at(self, x: float, y: float) -> Zone | None:
        return next((zone for zone in self.zones if zone.holds(x, y)), None)


def views_of(species: str) -> tuple[View, ...]:
    """Give the drawings there are of a species, by its code; none for those nobody has drawn."""
    return VIEWS.get(species, ())


def _zone(name: str, side: str, *corners: Corner) -> Zone:
    return Zone(name, side, corners)


def _across(zones: tuple[Zone, ...], width: int) -> tuple[Zone, ...]:
    """Give the zones and their mirror images on the other side of an upright middle."""
    mirrored = (
        replace(zone, side=OTHER[zone.side], corners=tuple((width - x, y) for x, y in reversed(zone.corners)))
        for zone in zones
    )
    return (*zones, *mirrored)


def _along(zones: tuple[Zone, ...], height: int) -> tuple[Zone, ...]:
    """The same across a level middle, for a body seen from above."""
    mirrored = (
        replace(zone, side=OTHER[zone.side], corners=tuple((x, height - y) for x, y in reversed(zone.corners)))
        for zone in zones
    )
    return (*zones, *mirrored)


_FACE, _NECK, _SHOULDER = gettext_noop("Face"), gettext_noop("Neck"), gettext_noop("Shoulder")
_CHEST, _BACK, _LOWER_BACK = gettext_noop("Chest and upper back"), gettext_noop("Back"), gettext_noop("Lower back")
_PELVIS, _HIP, _ABDOMEN = gettext_noop("Pelvis and sacroiliac joints"), gettext_noop("Hip"), gettext_noop("Abdomen")
_ARM, _HAND, _THIGH = gettext_noop("Arm"), gettext_noop("Hand and wrist"), gettext_noop("Thigh and buttock")
_KNEE, _LOWER_LEG = gettext_noop("Knee"), gettext_noop("Lower leg")
_ELBOW, _FOREARM = gettext_noop("Elbow"), gettext_noop("Forearm")
_ANKLE, _FOOT, _SCALP = gettext_noop("Ankle and heel"), gettext_noop("Foot"), gettext_noop("Scalp")


def _limbs(side: str) -> tuple[Zone, ...]:
    """The arm and the leg on the left of the drawing, alike from the front and from behind."""
    return (
        _zone(_SHOULDER, side, (132, 108), (104, 114), (88, 128), (80, 152), (104, 158), (112, 134)),
        _zone(_ARM, side, (80, 152), (104, 158), (101, 206), (74, 204)),
        _zone(_ELBOW, side, (74, 204), (101, 206), (95, 232), (94, 240), (66, 240)),
        _zone(_FOREARM, side, (66, 240), (94, 240), (86, 284), (62, 280)),
        _zone(_HAND, side, (62, 280), (86, 284), (86, 306), (76, 332), (62, 338), (52, 320), (54, 298)),
        _zone(_KNEE, side, (106, 436), (142, 436), (141, 474), (109, 474)),
        _zone(_LOWER_LEG, side, (109, 474), (141, 474), (143, 508), (134, 572), (116, 572), (106, 512)),
        _zone(_ANKLE, side, (116, 572), (134, 572), (137, 596), (114, 596)),
        _zone(_FOOT, side, (114, 596), (137, 596), (141, 616), (130, 626), (106, 624), (103, 612)),
    )


def _front() -> View:
    right = (
        *_limbs(RIGHT),
        _zone(_CHEST, RIGHT, (150, 112), (132, 108), (112, 134), (104, 158), (108, 198), (150, 202)),
        _zone(_ABDOMEN, RIGHT, (150, 202), (108, 198), (110, 236), (106, 264), (150, 276)),
        _zone(_HIP, RIGHT, (150, 276), (106, 264), (101, 294), (102, 320), (128, 326), (150, 336)),
        _zone(_THIGH, RIGHT, (102, 320), (128, 326), (149, 336), (148, 384), (142, 436), (106, 436), (99, 380)),
    )
    middle = (
        _zone(
            _FACE,
            NONE,
            (136, 14),
            (164, 14),
            (178, 32),
            (178, 58),
            (168, 80),
            (150, 88),
            (132, 80),
            (122, 58),
            (122, 32),
        ),
        _zone(_NECK, NONE, (134, 82), (150, 88), (166, 82), (168, 108), (150, 112), (132, 108)),
    )
    return View("front", gettext_noop("Front"), 300, 640, (*middle, *_across(right, 300)))


def _behind() -> View:
    left = (
        *_limbs(LEFT),
        _zone(_CHEST, LEFT, (150, 108), (132, 108), (112, 134), (104, 158), (106, 176), (150, 178)),
        _zone(_BACK, LEFT, (150, 178), (106, 176), (110, 222), (150, 224)),
        _zone(_LOWER_BACK, LEFT, (150, 224), (110, 222), (110, 236), (107, 262), (150, 264)),
        _zone(_PELVIS, LEFT, (150, 264), (124, 263), (128, 292), (150, 306)),
        _zone(_HIP, LEFT, (124, 263), (107, 262), (100, 292), (100, 314), (112, 316), (128, 292)),
        _zone(
            _THIGH,
            LEFT,
            *(
                (150, 306),
                (128, 292),
                (112, 316),
                (100, 314),
                (99, 380),
                (106, 436),
                (142, 436),
                (148, 384),
                (149, 340),
            ),
        ),
    )
    middle = (
        _zone(_SCALP, NONE, (136, 14), (164, 14), (178, 32), (178, 56), (168, 74), (132, 74), (122, 56), (122, 32)),
        _zone(_NECK, NONE, (132, 74), (168, 74), (166, 92), (168, 108), (132, 108), (134, 92)),
    )
    return View("back", gettext_noop("Back view"), 300, 640, (*middle, *_across(left, 300)))


def _face() -> View:
    right = (
        _zone(gettext_noop("Forehead"), RIGHT, (150, 30), (110, 36), (80, 60), (68, 100), (104, 112), (150, 114)),
        _zone(gettext_noop("Temple"), RIGHT, (68, 100), (62, 150), (82, 152), (96, 132), (104, 112)),
        _zone(
            gettext_noop("Around the eye"), RIGHT, (104, 112), (134, 113), (132, 152), (110, 160), (82, 152), (96, 132)
        ),
        _zone(
            gettext_noop("Cheek"),
            RIGHT,
            (82, 152),
            (110, 160),
            (132, 152),
            (120, 200),
            (108, 232),
            (80, 238),
            (66, 196),
            (88, 186),
        ),
        _zone(gettext_noop("Jaw joint"), RIGHT, (62, 150), (82, 152), (88, 186), (66, 196)),
        _zone(
            gettext_noop("Chin and jaw"), RIGHT, (80, 238), (108, 232), (112, 258), (150, 262), (150, 312), (112, 296)
        ),
    )
    middle = (
        _zone(
            gettext_noop("Nose"),
            NONE,
            (134, 113),
            (166, 113),
            (168, 152),
            (180, 200),
            (150, 208),
            (120, 200),
            (132, 152),
        ),
        _zone(
            gettext_noop("Around the mouth"),
            NONE,
            (120, 200),
            (150, 208),
            (180, 200),
            (192, 232),
            (188, 258),
            (150, 262),
            (112, 258),
            (108, 232),
        ),
        _zone(_NECK, NONE, (112, 296), (150, 312), (188, 296), (196, 350), (104, 350)),
    )
    return View("face", _FACE, 300, 360, (*middle, *_across(right, 300)))


_CROUP, _LOINS, _WITHERS = gettext_noop("Croup"), gettext_noop("Loins"), gettext_noop("Withers")
_HINDQUARTERS, _HEAD, _POLL = gettext_noop("Hindquarters"), gettext_noop("Head"), gettext_noop("Poll")


def _horse_left() -> View:
    zones = (
        _zone(_HEAD, LEFT, (92, 66), (112, 92), (102, 122), (76, 158), (52, 176), (34, 168), (34, 148), (58, 88)),
        _zone(_POLL, LEFT, (92, 66), (104, 46), (112, 58), (126, 66), (112, 92)),
        _zone(_NECK, LEFT, (126, 66), (176, 86), (226, 122), (216, 166), (182, 200), (148, 160), (102, 122), (112, 92)),
        _zone(_WITHERS, LEFT, (226, 122), (252, 112), (280, 122), (282, 156), (219, 156)),
        _zone(_SHOULDER, LEFT, (219, 156), (252, 156), (248, 212), (228, 262), (194, 246), (182, 200), (216, 166)),
        _zone(gettext_noop("Chest"), LEFT, (182, 200), (194, 246), (176, 240), (166, 214)),
        _zone(_BACK, LEFT, (280, 122), (330, 132), (384, 130), (384, 182), (282, 180), (282, 156)),
        _zone(_LOINS, LEFT, (384, 130), (442, 120), (442, 184), (384, 182)),
        _zone(_PELVIS, LEFT, (442, 120), (488, 114), (484, 146), (442, 150)),
        _zone(_CROUP, LEFT, (488, 114), (532, 130), (498, 184), (442, 184), (442, 150), (484, 146)),
        _zone(_HIP, LEFT, (442, 184), (498, 184), (510, 214), (454, 212)),
        _zone(
            _HINDQUARTERS,
            LEFT,
            (532, 130),
            (556, 162),
            (556, 214),
            (524, 264),
            (472, 256),
            (454, 212),
            (510, 214),
            (498, 184),
        ),
        _zone(
            gettext_noop("Ribs"),
            LEFT,
            (252, 156),
            (282, 156),
            (282, 180),
            (442, 184),
            (454, 212),
            (446, 250),
            (300, 268),
            (234, 264),
            (248, 212),
        ),
        _zone(
            gettext_noop("Belly"),
            LEFT,
            (234, 264),
            (300, 268),
            (446, 250),
            (460, 264),
            (410, 286),
            (310, 294),
            (240, 284),
        ),
        _zone(gettext_noop("Flank"), LEFT, (454, 212), (472, 256), (460, 264), (446, 250)),
        _zone(_FOREARM, LEFT, (194, 246), (228, 262), (224, 314), (204, 314)),
        _zone(_KNEE, LEFT, (204, 314), (224, 314), (223, 338), (204, 338)),
        _zone(
            gettext_noop("Lower foreleg"), LEFT, (204, 338), (223, 338), (221, 382), (232, 408), (200, 408), (206, 382)
        ),
        _zone(gettext_noop("Stifle"), LEFT, (472, 256), (502, 261), (492, 294), (464, 280)),
        _zone(gettext_noop("Gaskin"), LEFT, (502, 261), (524, 264), (534, 296), (534, 318), (508, 320), (492, 294)),
        _zone(gettext_noop("Hock"), LEFT, (508, 320), (534, 318), (538, 344), (516, 348)),
        _zone(
            gettext_noop("Lower hind leg"), LEFT, (516, 348), (538, 344), (532, 384), (542, 408), (510, 408), (516, 384)
        ),
    )
    return View("left", gettext_noop("Left side"), 600, 430, zones)


def _horse_right() -> View:
    left = _horse_left()
    return View(
        "right", gettext_noop("Right side"), left.width, left.height, _across(left.zones, left.width)[len(left.zones) :]
    )


def _horse_above() -> View:
    """The head is on the left, so the horse's left side lies below the middle."""
    right = (
        _zone(_HEAD, RIGHT, (30, 110), (34, 96), (78, 84), (104, 90), (104, 110)),
        _zone(_POLL, RIGHT, (104, 90), (126, 92), (126, 110), (104, 110)),
        _zone(_NECK, RIGHT, (126, 92), (176, 82), (212, 72), (212, 110), (126, 110)),
        _zone(_WITHERS, RIGHT, (212, 72), (272, 76), (272, 110), (212, 110)),
        _zone(_SHOULDER, RIGHT, (176, 82), (190, 58), (226, 48), (272, 48), (272, 76), (212, 72)),
        _zone(_BACK, RIGHT, (272, 76), (376, 76), (376, 110), (272, 110)),
        _zone(gettext_noop("Ribs"), RIGHT, (272, 48), (330, 38), (396, 42), (436, 52), (436, 76), (272, 76)),
        _zone(_LOINS, RIGHT, (376, 76), (436, 76), (436, 110), (376, 110)),
        _zone(_PELVIS, RIGHT, (436, 76), (478, 78), (478, 110), (436, 110)),
        _zone(_CROUP, RIGHT, (478, 78), (520, 80), (548, 110), (478, 110)),
        _zone(
            _HINDQUARTERS,
            RIGHT,
            (436, 76),
            (436, 52),
            (482, 46),
            (528, 58),
            (552, 84),
            (556, 110),
            (548, 110),
            (520, 80),
            (478, 78),
        ),
    )
    return View("above", gettext_noop("From above"), 600, 220, _along(right, 220))


VIEWS: dict[str, tuple[View, ...]] = {
    "human": (_front(), _behind(), _face()),
    "horse": (_horse_left(), _horse_right(), _horse_above()),
}
