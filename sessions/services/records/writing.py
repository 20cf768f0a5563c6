"""Store what was typed: the record's own columns, and only those of its rows that changed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import models
from django.db.models import QuerySet

from mesoclinic.core.models import User
from sessions.models import (
    Administration,
    AdverseEvent,
    AdverseEventUpdate,
    InjectionSite,
    Override,
    Score,
    SessionRecord,
)
from sessions.queries import records as reads
from sessions.recording import OWN_FIELDS, OverrideGiven, ReactionSeen, RecordContent


def write_content(
    *, actor: User | None, record: SessionRecord, content: RecordContent, now: datetime, also: Sequence[str] = ()
) -> None:
    """Make a locked record hold this content; its fields in `also` are saved along.

    One UPDATE, five SELECTs, and two statements for each kind of row that changed.
    """
    own = [name for name in OWN_FIELDS if getattr(record, name) != getattr(content, name)]
    for name in own:
        setattr(record, name, getattr(content, name))
    record.draft = {}
    record.save(update_fields=[*(name.removesuffix("_id") for name in own), "draft", *also, "updated_at"])
    _replace(record, Administration, reads.line_of, content.lines, _numbered)
    _replace(record, InjectionSite, reads.site_treated, content.sites, _numbered)
    _replace(record, Score, reads.score_of, content.scores, _plain)
    _write_reactions(actor, record, content.reactions, now)
    _write_overrides(actor, record, content.overrides, now)


def _numbered(index: int, row: Any) -> dict[str, Any]:
    values = {**vars(row), "position": index}
    if "map_points" in values:
        values["map_points"] = [list(point) for point in values["map_points"]]
    return values


def _plain(_index: int, row: Any) -> dict[str, Any]:
    return vars(row)


def _replace(
    record: SessionRecord,
    model: type[models.Model],
    read: Callable[[Any], Any],
    wanted: Sequence[Any],
    values: Callable[[int, Any], dict[str, Any]],
) -> None:
    rows = model._default_manager.filter(record=record)
    if [read(row) for row in _by_key(rows)] == list(wanted):
        return
    rows.delete()
    made = (model(record=record, **values(index, row)) for index, row in enumerate(wanted, start=1))
    model._default_manager.bulk_create(made)


def _by_key(rows: QuerySet) -> list[Any]:
    """Give the few rows of a record in the order they were written; the ORM is slower to ask for it than to sort."""
    return sorted(rows.order_by(), key=attrgetter("pk"))


def _write_reactions(actor: User | None, record: SessionRecord, wanted: Sequence[ReactionSeen], now: datetime) -> None:
    """Keep what was seen; what is known of it already is its first update, and what comes later follows that."""
    rows = AdverseEvent.objects.filter(record=record, is_late=False)
    present = _by_key(rows.prefetch_related("updates"))
    if [reads.reaction_of(row) for row in present] == list(wanted):
        return
    AdverseEventUpdate.objects.filter(event__in=present).delete()
    rows.delete()
    told = {"record": record, "patient_id": record.patient_id, "reported_by": actor, "reported_at": now}
    for seen in wanted:
        facts = vars(seen).copy()
        known = {"outcome": facts.pop("outcome"), "suspected_lot_id": facts.pop("suspected_lot_id")}
        event = AdverseEvent.objects.create(**facts, **told)
        if any(known.values()):
            AdverseEventUpdate.objects.create(event=event, by=actor, at=now, **known)


def _write_overrides(actor: User | None, record: SessionRecord, wanted: Sequence[OverrideGiven], now: datetime) -> None:
    """Keep those that stand with who gave them and when; take away what was withdrawn, add what is new."""
    present = {reads.override_of(row): row.pk for row in _by_key(record.overrides.all())}
    gone = [pk for given, pk in present.items() if given not in wanted]
    if gone:
        Override.objects.filter(pk__in=gone).delete()
    new = [given for given in wanted if given not in present]
    Override.objects.bulk_create(Override(record=record, by=actor, at=now, **vars(given)) for given in new)
