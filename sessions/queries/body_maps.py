"""What the body map of a record shows: its points, those of last time, and where it has stung before."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sessions.body_map import View, views_of
from sessions.models import InjectionSite, SessionRecord

STUNG_SESSIONS = 24  # that many places stung in are added up, the latest first

MapPoints = Iterable[list[Any]]


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    stings: bool = False


@dataclass(frozen=True)
class Drawing:
    """One view with what is drawn into it: points of this record, of last time, and of all that have stung."""

    view: View
    dots: tuple[Dot, ...]
    last: tuple[Dot, ...]
    stung: tuple[Dot, ...]


def blank_map(record: SessionRecord, last: SessionRecord | None) -> list[Drawing]:
    """Give the views to tap into. Two SQL statements, none for a species that is not drawn."""
    views = views_of(record.patient.species.code)
    if not views:
        return []
    ghosts = last.injection_sites.all() if last is not None else ()
    stung = (
        InjectionSite.objects.filter(record__in=SessionRecord.objects.finished(), record__patient=record.patient_id)
        .filter(is_reactive=True)
        .exclude(record=record.pk)
        .order_by("-record__performed_at", "-pk")
    )
    return _drawings(views, (), ghosts, stung[:STUNG_SESSIONS])


def drawn_map(record: SessionRecord) -> list[Drawing]:
    """Give the views into which something was tapped. One SQL statement unless the sites are at hand."""
    drawn = _drawings(views_of(record.patient.species.code), record.injection_sites.all(), (), ())
    return [one for one in drawn if one.dots]


def _drawings(
    views: Iterable[View],
    sites: Iterable[InjectionSite],
    last: Iterable[InjectionSite],
    stung: Iterable[InjectionSite],
) -> list[Drawing]:
    dots, ghosts, heat = _dots(sites, marked=True), _dots(last), _dots(stung)
    return [Drawing(view, tuple(dots[view.code]), tuple(ghosts[view.code]), tuple(heat[view.code])) for view in views]


def _dots(sites: Iterable[InjectionSite], *, marked: bool = False) -> dict[str, list[Dot]]:
    found: dict[str, list[Dot]] = defaultdict(list)
    for site in sites:
        for view, x, y in site.map_points:
            found[view].append(Dot(x, y, marked and site.is_reactive))
    return found
