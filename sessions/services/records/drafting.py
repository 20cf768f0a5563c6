"""Keep a draft while it is typed: what is whole becomes rows, what is not yet is kept word for word."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from sessions.models import SessionRecord
from sessions.recording import RecordContent

from .writing import write_content

LARGEST_DRAFT = 200_000
SAID_EVERY = timedelta(minutes=10)
COUNTED = ("edit_count", "edit_token", "edited_by")  # of every save


@dataclass(frozen=True)
class Given:
    """Who gave the session and when, as far as a draft says so yet; an empty time means the moment of *done*."""

    performed_at: datetime | None = None
    performed_by_id: int | None = None


@dataclass(frozen=True)
class Typed:
    """What a page sent: `content` when all of it can be stored, and always the words themselves (`raw`).

    `given` is None where the page does not ask who gave it and when, or where only the words are kept. `edit_count` and
    `token` say which state of the record the page had seen.
    """

    raw: dict[str, Any]
    content: RecordContent | None = None
    given: Given | None = None
    edit_count: int = 0
    token: str = ""


@transaction.atomic
def save_draft(*, actor: User, record: SessionRecord, typed: Typed, now: datetime | None = None) -> SessionRecord:
    """Keep a draft. A page that saved last may save again, though its answer got lost on the way.

    Raises Refused("edited-meanwhile") when somebody else saved since, with `details["record"]` as it stands; and
    Refused("not-a-draft" | "too-long").
    """
    fresh = _locked(record, SessionRecord.objects.all())
    if fresh.patient_id == record.patient_id:
        fresh.patient = record.patient  # who asks has read it, and the audit needs no more than its name
    if fresh.status != SessionRecord.Status.DRAFT:
        raise Refused("not-a-draft", _("This record is done meanwhile. Load the page again to see it."))
    keep(actor=actor, record=fresh, typed=typed, now=now or timezone.now())
    return fresh


def keep(*, actor: User, record: SessionRecord, typed: Typed, now: datetime) -> None:
    """Store what a page sent on a locked draft, inside the caller's transaction. Raises as `save_draft`."""
    if typed.edit_count != record.edit_count and (not typed.token or typed.token != record.edit_token):
        raise Refused(
            "edited-meanwhile",
            _("This record was changed on another screen meanwhile. Choose which version to keep."),
            record=record,
        )
    _say_once(actor, record, now)
    record.edit_count += 1
    record.edit_token, record.edited_by = typed.token[:36], actor
    if typed.content is not None:
        _refuse_foreign_overrides(actor, typed.content)
        also = (*COUNTED, *_note_given(record, typed.given))
        write_content(actor=actor, record=record, content=typed.content, now=now, also=also)
    else:
        record.draft = _bounded(typed.raw)
        record.save(update_fields=["draft", *COUNTED, "updated_at"])


def _note_given(record: SessionRecord, given: Given | None) -> tuple[str, ...]:
    """Set who gave it and when on the draft; return the fields to save. Both are checked when it is done."""
    if given is None:
        return ()
    record.performed_at, record.performed_by_id = given.performed_at, given.performed_by_id
    return ("performed_at", "performed_by")


def locked(record: SessionRecord) -> SessionRecord:
    """Lock a record and read it anew, with all that being done, signed or added to asks for."""
    rows = SessionRecord.objects.select_related(
        *("clinic", "patient__species", "patient__clinic", "technique", "planned_session", "edited_by"),
        *("course__site", "course__clinic", "course__indication", "course__protocol_version", "appointment__site"),
    )
    return _locked(record, rows)


def _locked(record: SessionRecord, rows: QuerySet[SessionRecord]) -> SessionRecord:
    rows = rows.select_for_update(of=("self",), no_key=True)
    try:
        return rows.get(pk=record.pk, clinic_id=record.clinic_id)
    except SessionRecord.DoesNotExist as exc:
        raise Refused("gone", _("This draft was thrown away meanwhile.")) from exc


def _refuse_foreign_overrides(actor: User, content: RecordContent) -> None:
    if content.overrides and not actor.has_perm("sessions.sign_record"):
        raise Refused("not-a-practitioner", _("Only a practitioner may go past a finding."), field="overrides")


def _bounded(raw: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(raw, ensure_ascii=False)) > LARGEST_DRAFT:
        raise Refused("too-long", _("This is more text than a record can hold. Shorten it."))
    return _without_nul(raw)


def _without_nul(value: Any) -> Any:
    """Take out the one character PostgreSQL keeps in no text."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(one) for key, one in value.items()}
    return [_without_nul(one) for one in value] if isinstance(value, list) else value


def _say_once(actor: User, record: SessionRecord, now: datetime) -> None:
    """A draft that saves itself every few seconds is one event a person and a while, not hundreds."""
    same = record.edit_count > 0 and record.edited_by_id == actor.pk
    if not same or now - record.updated_at > SAID_EVERY:
        audit.record(actor=actor, verb="record.edited", subject=record, patient_id=record.patient_id)


def touch(record: SessionRecord) -> None:
    """Count a change no page has seen: pages open elsewhere are told before they overwrite it."""
    SessionRecord.objects.filter(pk=record.pk).update(edit_count=F("edit_count") + 1, edit_token="")
    record.edit_count += 1
    record.edit_token = ""
