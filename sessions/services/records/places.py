"""Places a record began with and nobody used: they are not told as treated."""

from dataclasses import replace

from sessions.models import SessionRecord
from sessions.queries import records as reads
from sessions.recording import RecordContent, SiteTreated

from .starting import how_it_begins


def without_unused_places(record: SessionRecord, content: RecordContent) -> RecordContent:
    """Leave out the places that stand as they were filled in and have no points, where others have some.

    Whatever somebody typed stays. No SQL statement where every place has points, or none has.
    """
    used = [_has_points(site) for site in content.sites]
    if all(used) or not any(used):
        return content
    begun_with = how_it_begins(reads.patient_of(record), record.course, before=record).sites
    kept = tuple(site for site in content.sites if _has_points(site) or site not in begun_with)
    return replace(content, sites=kept)


def _has_points(site: SiteTreated) -> bool:
    return bool(site.points or site.map_points)
