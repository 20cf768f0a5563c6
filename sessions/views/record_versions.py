"""Two versions of one record, field by field: what this screen sent, and what another one kept."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms as django_forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core.wording import date_format
from sessions.forms.records import RecordForms
from sessions.models import SessionRecord
from sessions.queries import records as reads
from sessions.recording import raw_of, text_of

from .record_forms import Sent

# A lot is told by its number and, typed by hand, by its day; the points of the map by how many there are.
TOLD_OTHERWISE = ("DELETE", "lot", "lot_number", "expires_on", "map_points")
WHO_AND_WHEN = ("performed_at", "performed_by")


@dataclass(frozen=True)
class Value:
    """One field of one version: what is compared, and how a person reads it."""

    compared: str = ""
    shown: str = ""


def differences(theirs: SessionRecord, sent: Sent) -> list[dict[str, str]]:
    """List every field that differs between this page and the version kept by another: {what, mine, theirs}."""
    content = sent.typed().content
    mine = _version(sent, raw_of(content) if content is not None else sent.forms.raw())
    other = _version(sent, theirs.draft or raw_of(reads.content(theirs)))
    mine |= _who_and_when(sent.forms, _time(theirs, sent), sent.performed_by)
    other |= _who_and_when(sent.forms, theirs.performed_at, theirs.performed_by_id)
    names = dict.fromkeys([*mine, *other])
    pairs = [(name, mine.get(name, Value()), other.get(name, Value())) for name in names]
    return [
        {"what": name, "mine": one.shown, "theirs": two.shown}
        for name, one, two in pairs
        if one.compared != two.compared
    ]


def says_the_same(theirs: SessionRecord, sent: Sent) -> bool:
    """Whether nothing this page sent would be missing from the version kept: the second tap of two."""
    return not differences(theirs, sent)


def _version(sent: Sent, raw: Mapping[str, Any]) -> dict[str, Value]:
    """Write a version as labelled values; what is empty is left out."""
    forms = sent.forms
    found = dict(_own_fields(forms, raw.get("fields", {})))
    groups = {"lines": _("Mix line %(n)s"), "sites": _("Place %(n)s"), "reactions": _("Reaction %(n)s")}
    for prefix, words in groups.items():
        fields = getattr(forms, prefix).empty_form.fields
        for number, row in enumerate(raw.get(prefix, []), start=1):
            found |= {f"{words % {'n': number}}: {label}": value for label, value in _row(forms, fields, row)}
    findings = {line["key"]: line["text"] for line in sent.check.lines}
    for key, reason in raw.get("overrides", {}).items():
        if reason:
            found[_("Given all the same: %(finding)s") % {"finding": findings.get(key, key)}] = Value(reason, reason)
    return found


def _time(theirs: SessionRecord, sent: Sent) -> datetime | str | None:
    """When this page says it was given; left empty on a record done meanwhile, it says nothing else than that does."""
    typed, words = sent.forms.form.cleaned_data.get("performed_at"), text_of(sent.forms.form["performed_at"].value())
    is_done = theirs.status != SessionRecord.Status.DRAFT
    return typed or words or (theirs.performed_at if is_done else None)


def _own_fields(forms: RecordForms, raw: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """Give the filled fields that stand there once; who rated says something only where something was rated."""
    scales = {f"{scale.code}_rated_by": scale for scale in forms.options.scales}
    for name, field in forms.form.fields.items():
        scale, label = scales.get(name), str(field.label)
        if name in WHO_AND_WHEN or not raw.get(name):
            continue
        if scale is not None:
            if not any(raw.get(f"{scale.code}_{moment}") for moment in scale.rated_when):
                continue
            label = f"{_(scale.name)}: {label}"
        yield label, _value(field, raw[name])


def _row(forms: RecordForms, fields: Mapping[str, django_forms.Field], row: Mapping[str, Any]):
    """Give the filled fields of a row with their labels."""
    for name, field in fields.items():
        if name not in TOLD_OTHERWISE and row.get(name):
            yield str(field.label), _value(field, row[name])
    if number := _lot_number(forms, row):
        yield _("Lot"), Value(number, number)
    if not str(row.get("lot") or "").isdecimal() and row.get("expires_on"):
        yield str(fields["expires_on"].label), Value(row["expires_on"], row["expires_on"])
    if points := row.get("map_points"):
        points = json.loads(points) if isinstance(points, str) and points.startswith("[[") else points
        words = ngettext("%(n)d point", "%(n)d points", len(points)) % {"n": len(points)}
        yield _("On the body map"), Value(json.dumps(points), words)


def _lot_number(forms: RecordForms, row: Mapping[str, Any]) -> str:
    """The number of a line's lot: as chosen, else as typed."""
    key = str(row.get("lot") or "")
    chosen = forms.options.lot_by_id.get(int(key)) if key.isdecimal() else None
    return chosen.number if chosen is not None else str(row.get("lot_number", ""))


def _who_and_when(forms: RecordForms, at: datetime | str | None, by: int | None) -> dict[str, Value]:
    fields = forms.form.fields
    told = date_format(timezone.localtime(at), "j M Y H:i") if isinstance(at, datetime) else str(at or "")
    return {
        str(fields["performed_at"].label): Value(told, told),
        str(fields["performed_by"].label): _value(fields["performed_by"], text_of(by)),
    }


def _value(field: django_forms.Field, raw: Any) -> Value:
    """Write a field's raw words in those of its choices; a tick is a yes."""
    parts = raw if isinstance(raw, list) else [str(raw)]
    if raw == "on":
        return Value("on", _("yes"))
    named = {str(key): str(label) for key, label in _choices(getattr(field, "choices", ()) or ())}
    return Value(", ".join(parts), ", ".join(named.get(part, part) for part in parts))


def _choices(choices: Any) -> Iterator[tuple[Any, Any]]:
    for key, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield key, label
