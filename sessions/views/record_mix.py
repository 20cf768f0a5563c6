"""What the buttons of the mix answer: scaled, swapped, saline only; as last time, or from the protocol."""

from dataclasses import dataclass

from django.http import QueryDict

from mesoclinic.core.models import Clinic
from protocols.forms.composing import composed, with_rows
from sessions.models import SessionRecord
from sessions.queries.mix_sources import MixOrigin, MixSources, origin_of, sources_of, with_lot
from sessions.recording import RecordContent, raw_of
from sessions.views.record_forms import Sent, read_page

MIX_VOLUMES = ("given_ml", "prepared_ml", "wasted_ml")


@dataclass(frozen=True)
class Composed:
    """The page as a button left it: whether one was pressed, and which source it asks about before lines go (`asks`)."""

    sent: Sent
    is_asked: bool
    asks: str = ""


def composed_page(clinic: Clinic, record: SessionRecord, data: QueryDict, *, composing: bool = False) -> Composed:
    """Read what was posted, with the mix changed as the button asks. Raises Refused as `composed`."""
    verb, _dash, sure = data.get("compose", "").partition(" ")
    if verb == "keep":
        return Composed(read_page(record, data), is_asked=True)
    if verb in ("last", "protocol"):
        return _from_source(record, data, verb, is_sure=sure == "sure")
    changed = composed(clinic, data, "lines", MIX_VOLUMES)
    is_asked = changed is not None
    return Composed(read_page(record, changed or data, composing=composing or is_asked), is_asked)


def _from_source(record: SessionRecord, data: QueryDict, kind: str, *, is_sure: bool) -> Composed:
    """Bring the lines of a source, with the lots that expire first; ask before when what stands there is of neither."""
    sent = read_page(record, data)
    sources = sources_of(record, sent.known)
    if kind not in sources:
        return Composed(sent, is_asked=True)
    if not is_sure and _is_typed(sent, sources):
        return Composed(sent, is_asked=True, asks=kind)
    lines = tuple(with_lot(line, sent.forms.options.lots) for line in sources[kind].lines)
    changed = with_rows(data, "lines", raw_of(RecordContent(lines=lines))["lines"])
    changed["mix_from"] = kind
    return Composed(read_page(record, changed, composing=True), is_asked=True)


def _is_typed(sent: Sent, sources: MixSources) -> bool:
    """Whether something stands in the mix that neither source would bring back."""
    origin = origin_of(sent.content.lines, sources)
    rows = [one for one in sent.forms.raw()["lines"] if one.get("role") != "sedation"]
    rows = [one for one in rows if one.get("substance") or one.get("prepared_ml") or one.get("given_ml")]
    if origin is None or not rows:
        return False
    return len(origin.others) == len(sources) or len(rows) != len(sent.content.mix)


def mix_origin(sent: Sent, sources: MixSources) -> MixOrigin | None:
    """Say where the mix of a page comes from, as the page shows it."""
    return origin_of(sent.content.lines, sources, "" if sent.data is None else sent.data.get("mix_from", ""))
