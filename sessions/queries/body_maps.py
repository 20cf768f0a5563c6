"""What the body map of a record shows: its points, those of last time, and where it has stung before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber

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
    return blank_maps({record: last})[record.pk]


def blank_maps(shown: Mapping[SessionRecord, SessionRecord | None]) -> dict[int, list[Drawing]]:
    """Give the views of each record, by key, from it and that of last time. One SQL statement once the sites are at hand."""
    views = {record: views_of(record.patient.species.code) for record in shown}
    stung = _stung([record for record in shown if views[record]])
    return {
        record.pk: _drawings(found, (), _sites(shown[record]), stung[record.patient_id])
        if (found := views[record])
        else []
        for record in shown
    }


def _sites(last: SessionRecord | None) -> Iterable[InjectionSite]:
    return last.injection_sites.all() if last is not None else ()


def _stung(records: list[SessionRecord]) -> dict[int, list[InjectionSite]]:
    """The latest places each patient of these records was stung in before, by the patient's key. One SQL statement."""
    newest = Window(
        RowNumber(), partition_by=F("record__patient"), order_by=(F("record__performed_at").desc(), F("pk").desc())
    )
    sites = InjectionSite.objects.filter(record__in=SessionRecord.objects.finished(), is_reactive=True)
    sites = sites.filter(record__patient__in={record.patient_id for record in records})
    sites = sites.exclude(record__in=records).annotate(patient_id=F("record__patient"), newest=newest)
    found: dict[int, list[InjectionSite]] = defaultdict(list)
    for site in sites.filter(newest__lte=STUNG_SESSIONS).order_by("newest"):
        found[site.patient_id].append(site)
    return found


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
