"""The exact text a signature is over, and its reading: formats are numbered and never change once used.

A format names the columns it reads. A later column needs a new format; texts signed in an old one are compared with
the rows by the old format's reader. Patients are named by key only, so that correcting, merging or pseudonymising an
identity breaks no signature.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from sessions.models import (
    Addendum,
    Administration,
    AdverseEvent,
    InjectionSite,
    Override,
    Score,
    SessionRecord,
)

CURRENT_FORMAT = 4

RECORD_1 = (
    *("id", "public_id", "clinic_id", "appointment_id", "course_id", "planned_session_id", "attempt", "patient_id"),
    *("performed_at", "performed_by_id", "is_early", "is_late_entry", "checklist", "findings", "weight_kg"),
    *("weight_is_estimated", "is_dry", "technique_id", "device", "device_number", "needle", "needle_length_mm"),
    *("depth_mm", "shots", "relief_seconds", "effect_duration", "effect_unit", "sedation", "aftercare", "notes"),
    *("created_by_id", "created_at", "done_at", "signed_at", "signed_by_id"),
)
RECORD_2 = (*RECORD_1, "signed_for_reason")
CHILDREN_1: dict[str, tuple[type, tuple[str, ...]]] = {
    "administrations": (
        Administration,
        (
            *("id", "position", "role", "substance_id", "strength", "strength_unit", "syringe", "prepared_ml"),
            *("given_ml", "wasted_ml", "lot_id", "lot_number", "expires_on", "stock_movement_id"),
        ),
    ),
    "injection_sites": (
        InjectionSite,
        (
            *("id", "position", "region", "side", "row", "technique_id", "depth_mm", "points"),
            *("volume_per_point_ml", "syringe", "is_reactive", "map_points"),
        ),
    ),
    "scores": (Score, ("id", "scale", "moment", "value", "rated_by")),
    "overrides": (Override, ("id", "rule", "key", "finding", "reason", "by_id", "at")),
    "reactions": (
        AdverseEvent,
        (
            *("id", "public_id", "patient_id", "kind", "severity", "onset_on", "description", "action"),
            *("reported_by_id", "reported_at"),
        ),
    ),
}
ADDENDUM_1 = ("id", "public_id", "record_id", "kind", "text", "reason", "field", "by_id", "at")
ADDENDUM_2 = (*ADDENDUM_1, "corrects", "line_id", "lot_id", "value")
ADDENDUM_3 = (*ADDENDUM_2, "findings")


def read_records_1(keys: Iterable[int]) -> dict[int, str]:
    """Write the canonical text of records from their rows. Six SQL statements for any number."""
    return _read_records(keys, RECORD_1, 1)


def read_records_2(keys: Iterable[int], form: int = 2) -> dict[int, str]:
    """As format 1, and why somebody else than who gave it signed. Six SQL statements for any number."""
    return _read_records(keys, RECORD_2, form)


def _read_records(keys: Iterable[int], columns: tuple[str, ...], form: int) -> dict[int, str]:
    keys = list(keys)
    children = {name: _rows_of(model, columns, keys) for name, (model, columns) in CHILDREN_1.items()}
    rows = SessionRecord.objects.filter(pk__in=keys).order_by().values(*columns)
    return {
        row["id"]: _text(
            {
                "format": form,
                "kind": "record",
                "record": row,
                **{name: of_record.get(row["id"], []) for name, of_record in children.items()},
            }
        )
        for row in rows
    }


def _rows_of(model: type, columns: tuple[str, ...], keys: list[int]) -> dict[int, list[dict[str, Any]]]:
    rows = model._default_manager.filter(record__in=keys)
    if model is AdverseEvent:
        rows = rows.filter(is_late=False)  # told later: not part of what was signed
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows.order_by("pk").values("record_id", *columns):
        found.setdefault(row.pop("record_id"), []).append(row)
    return found


def read_addenda_1(keys: Iterable[int], form: int = 1) -> dict[int, str]:
    """Write the canonical text of addenda from their rows; one that gives a value anew was never signed in this format.

    One SQL statement for any number.
    """
    return _read_addenda(Addendum.objects.filter(pk__in=list(keys), corrects=""), ADDENDUM_1, form)


def read_addenda_2(keys: Iterable[int], form: int = 3) -> dict[int, str]:
    """As format 1, and the value a correction gives anew. One SQL statement for any number."""
    return _read_addenda(Addendum.objects.filter(pk__in=list(keys)), ADDENDUM_2, form)


def read_addenda_3(keys: Iterable[int], form: int = 4) -> dict[int, str]:
    """As before, and what the mix check found of that value. One SQL statement for any number."""
    return _read_addenda(Addendum.objects.filter(pk__in=list(keys)), ADDENDUM_3, form)


def _read_addenda(rows: QuerySet[Addendum], columns: tuple[str, ...], form: int) -> dict[int, str]:
    return {
        row["id"]: _text({"format": form, "kind": "addendum", "addendum": row})
        for row in rows.order_by().values(*columns)
    }


Reader = Callable[[Iterable[int]], dict[int, str]]
RECORD_READERS: Mapping[int, Reader] = {
    1: read_records_1,
    2: read_records_2,
    3: partial(read_records_2, form=3),
    4: partial(read_records_2, form=4),
}
ADDENDUM_READERS: Mapping[int, Reader] = {
    1: read_addenda_1,
    2: partial(read_addenda_1, form=2),
    3: read_addenda_2,
    4: read_addenda_3,
}


# Where a text names who signed it and when, by its kind.
SIGNER = {"record": ("signed_by_id", "signed_at"), "addendum": ("by_id", "at")}


def names_signer(text: str, *, by_id: int, at: datetime) -> bool:
    """Whether a signed text says that this practitioner signed it at this instant."""
    content = json.loads(text)
    signed_by, signed_at = SIGNER[content["kind"]]
    signed = content[content["kind"]]
    return (signed[signed_by], signed[signed_at]) == (by_id, _plain(at))


def sha256_of(previous_sha256: str, text: str) -> str:
    """Return the hash that ties a text to the signature before it."""
    return hashlib.sha256((previous_sha256 + text).encode()).hexdigest()


def _text(content: dict[str, Any]) -> str:
    return ENCODER.encode(content)


def _plain(value: Any) -> str:
    """Write what JSON has no word for, the same on every engine: no idle zeros, instants in UTC."""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


# One encoder for all: making one for each record took a tenth of the walk along the chain.
ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)
