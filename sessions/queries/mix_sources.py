"""Where the lines of a mix can come from: last time and the protocol; and which of them they are as."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.wording import date_format
from patients.queries.patients import Known
from protocols.models import Lot, ProtocolLine, ProtocolVersion
from protocols.queries import lots
from sessions.models import SessionRecord
from sessions.queries import records as reads
from sessions.queries.records import After
from sessions.recording import SEDATION, LineGiven, RecordContent, as_last_time

LAST, PROTOCOL = "last", "protocol"


@dataclass(frozen=True)
class MixSource:
    """Lines a mix can be filled with, and how they are named: "last time (2 March 2026)"."""

    name: str
    lines: tuple[LineGiven, ...]


MixSources = Mapping[str, MixSource]  # by LAST and PROTOCOL; one without lines is none


@dataclass(frozen=True)
class MixOrigin:
    """Which source the lines are as, or began as; and the others one may change to."""

    kind: str
    words: str
    others: tuple[str, ...]


def sources_of(record: SessionRecord, known: Known | None = None) -> MixSources:
    """Give the sources of one record. At most five SQL statements."""
    last = reads.last_records([After(reads.patient_of(record), record.course, record)], known)[0]
    return sources_of_all({record: last})[record.pk]


def sources_of_all(shown: Mapping[SessionRecord, SessionRecord | None]) -> dict[int, MixSources]:
    """Give the same for records and those before them, by key. One SQL statement once the lines of last time are at hand."""
    versions = {record.course.protocol_version_id for record in shown if record.course is not None}
    rows: dict[int, list[ProtocolLine]] = {key: [] for key in versions}
    for row in ProtocolLine.objects.filter(version__in=versions).select_related("substance").order_by("position"):
        rows[row.version_id].append(row)
    return {record.pk: _sources(record, last, rows) for record, last in shown.items()}


def _sources(
    record: SessionRecord, last: SessionRecord | None, rows: Mapping[int, list[ProtocolLine]]
) -> dict[str, MixSource]:
    found: dict[str, MixSource] = {}
    if last is not None and last.performed_at is not None:
        day = date_format(local_day(last.performed_at, reads.site_of(record).zone))
        given = sorted(last.administrations.all(), key=lambda row: row.position)
        lines = as_last_time(RecordContent(lines=tuple(reads.line_of(row) for row in given))).lines
        found[LAST] = MixSource(_("last time (%(day)s)") % {"day": day}, lines)
    if record.course is not None:
        version = record.course.protocol_version
        words = {"name": version.protocol, "number": version.number}
        lines = tuple(protocol_line(row) for row in rows[version.pk])
        found[PROTOCOL] = MixSource(_("in the protocol (%(name)s, version %(number)s)") % words, lines)
    return {kind: source for kind, source in found.items() if source.lines}


def protocol_lines(version: ProtocolVersion) -> tuple[LineGiven, ...]:
    """Give the lines a protocol describes. One SQL statement."""
    return tuple(protocol_line(row) for row in version.lines.select_related("substance").order_by("position"))


def protocol_line(row: ProtocolLine) -> LineGiven:
    """Give a line as the protocol describes it, all of it given. No SQL statement once its substance is at hand."""
    stated = row if row.strength is not None else row.substance
    return LineGiven(
        substance_id=row.substance_id,
        role=row.role,
        prepared_ml=row.volume_ml,
        given_ml=row.volume_ml,
        wasted_ml=Decimal(0),
        strength=stated.strength,
        strength_unit=stated.strength_unit,
        syringe=row.syringe,
    )


def with_lot(line: LineGiven, pickable: Mapping[int, list[Lot]]) -> LineGiven:
    """Propose the lot that expires first of those that can be picked, if there is one as strong; it brings its strength."""
    found = pickable.get(line.substance_id, [])
    as_strong = [lot for lot in found if (lot.strength, lot.strength_unit) == (line.strength, line.strength_unit)]
    lot = lots.first_to_expire(as_strong or found, line.prepared_ml)
    if lot is None:
        return line
    line = replace(line, lot_id=lot.pk, lot_number=lot.number, expires_on=lot.expires_on)
    if lot.strength is None:
        return line
    return replace(line, strength=lot.strength, strength_unit=lot.strength_unit)


def is_as(lines: Sequence[LineGiven], source: MixSource) -> bool:
    """Say whether these lines are those of a source, whichever lots they have. What sedates beside the mix is not asked."""
    return _bare(lines) == _bare(source.lines)


def origin_of(lines: Sequence[LineGiven], sources: MixSources, began: str = "") -> MixOrigin | None:
    """Say where lines come from: the source they are as, else the one they began as (`began`, where the page knows it),
    else the nearer one, which is last time where both are as near. None where there is no source.
    """
    if not sources:
        return None
    alike = [kind for kind, source in sources.items() if is_as(lines, source)]
    kind = alike[0] if alike else began if began in sources else _nearest(lines, sources)
    words = {"source": sources[kind].name}
    if len(alike) > 1:
        said = _("As %(source)s, and as %(other)s.") % {**words, "other": sources[alike[1]].name}
    elif alike:
        said = _("As %(source)s.") % words
    else:
        said = _("As %(source)s, changed since.") % words
    return MixOrigin(kind, said, tuple(one for one in sources if one not in alike))


def _nearest(lines: Sequence[LineGiven], sources: MixSources) -> str:
    held = Counter(_bare(lines))
    return max(sources, key=lambda kind: (held & Counter(_bare(sources[kind].lines))).total())


def _bare(lines: Sequence[LineGiven]) -> list[tuple[Any, ...]]:
    mixed = (line for line in lines if line.role != SEDATION)
    return [
        (line.substance_id, line.role, line.prepared_ml, line.given_ml, line.wasted_ml, line.syringe) for line in mixed
    ]
