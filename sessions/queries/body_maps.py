"""What the body map of a record shows: its points, those of last time, and where it has stung before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import F, Window
from django.db.models.functions import DenseRank
from django.utils.translation import gettext

from patients.queries import patients
from sessions.body_map import View, Zone, views_of, with_stings
from sessions.models import InjectionSite, SessionRecord

STUNG_SESSIONS = 24  # of that many with a place that stung, the latest, the places are added up

MapPoints = Iterable[list[Any]]


class Dot(NamedTuple):  # a page draws thousands
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
    """Give the views to tap into. Three SQL statements, none for a species that is not drawn."""
    return blank_maps({record: last})[record.pk]


def blank_maps(
    shown: Mapping[SessionRecord, SessionRecord | None], known: patients.Known | None = None
) -> dict[int, list[Drawing]]:
    """Give the views of each record, by key, from it and that of last time. Two SQL statements once the sites are at hand,
    one for known files.
    """
    views = {record: views_of(record.patient.species.code) for record in shown}
    stung = _stung([record for record in shown if views[record]], known)
    return {
        record.pk: _drawings(found, (), _sites(shown[record]), stung.get(record.patient_id, ()))
        if (found := views[record])
        else []
        for record in shown
    }


def _sites(last: SessionRecord | None) -> Iterable[InjectionSite]:
    return last.injection_sites.all() if last is not None else ()


def _stung(records: list[SessionRecord], known: patients.Known | None) -> dict[int, list[InjectionSite]]:
    """The places each patient of these records was stung in at the latest sessions, by the patient's key.

    Sessions of a file that was merged into the patient's are among them. Two SQL statements, one more a level of merges.
    """
    files = known.keys if known is not None else {}
    if not all(record.patient_id in files for record in records):  # a draft under the key of a file merged since
        files = patients.files_of([record.patient for record in records])
    kept_in = {key: patient for patient, keys in files.items() for key in keys}
    newest = Window(
        DenseRank(),
        partition_by=F("record__patient"),
        order_by=(F("record__performed_at").desc(), F("record__pk").desc()),
    )
    sites = InjectionSite.objects.filter(record__in=SessionRecord.objects.finished(), is_reactive=True)
    sites = sites.filter(record__patient__in=kept_in).exclude(record__in=records)
    sites = sites.annotate(patient_id=F("record__patient"), newest=newest).filter(newest__lte=STUNG_SESSIONS)
    found: dict[int, dict[int, list[InjectionSite]]] = defaultdict(dict)
    for site in sites.order_by("-record__performed_at", "-record", "-pk"):
        sessions = found[kept_in[site.patient_id]]
        if site.record_id in sessions or len(sessions) < STUNG_SESSIONS:
            sessions.setdefault(site.record_id, []).append(site)
    return {patient: [site for own in sessions.values() for site in own] for patient, sessions in found.items()}


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
    views = tuple(views)
    dots, ghosts, heat = _dots(sites, marked=True), _dots(last), _heat(stung, views)
    return [Drawing(view, tuple(dots[view.code]), tuple(ghosts[view.code]), tuple(heat[view.code])) for view in views]


def _dots(sites: Iterable[InjectionSite], *, marked: bool = False) -> dict[str, list[Dot]]:
    found: dict[str, list[Dot]] = defaultdict(list)
    for site in sites:
        for view, x, y, stings in with_stings(site.map_points, is_reactive=site.is_reactive):
            found[view].append(Dot(x, y, marked and stings))
    return found


def _heat(sites: Iterable[InjectionSite], views: tuple[View, ...]) -> dict[str, list[Dot]]:
    """Where it stung; a place that says so without a point on the map counts in the middle of its zone."""
    found: dict[str, list[Dot]] = defaultdict(list)
    for site in sites:
        stung = with_stings(site.map_points, is_reactive=site.is_reactive) or _middles(site, views)
        for view, x, y, stings in stung:
            if stings:
                found[view].append(Dot(x, y))
    return found


def _middles(site: InjectionSite, views: tuple[View, ...]) -> list[tuple[str, float, float, bool]]:
    """The middle of the first zone that is called as this place is; nothing for a place that is not drawn."""
    zones = ((view, zone) for view in views for zone in view.zones)
    called = ((view, *zone.middle) for view, zone in zones if zone.side == site.side and is_called(zone, site.region))
    return [(view.code, x, y, site.is_reactive) for view, x, y in called][:1]


def is_called(zone: Zone, region: str) -> bool:
    """Say whether a region is this zone, in the language it is kept in or the reader's."""
    return region in (zone.name, gettext(zone.name))
