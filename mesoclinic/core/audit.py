"""The audit trail: one event a service call, written in the same transaction, never changed."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import translation

from mesoclinic.core.models import AuditEvent, Clinic, User

Change = Mapping[str, Any]
_noted: ContextVar[set[int] | None] = ContextVar("patients_noted", default=None)


@contextmanager
def noting() -> Iterator[set[int]]:
    """Gather the keys of the patients of whom an event is made inside."""
    token = _noted.set(noted := set())
    try:
        yield noted
    finally:
        _noted.reset(token)


def record(
    *,
    actor: User | None,
    verb: str,
    subject: models.Model,
    clinic: Clinic | None = None,
    patient_id: int | None = None,
    changes: Iterable[Change] = (),
    reason: str = "",
    batch: UUID | None = None,
) -> AuditEvent:
    """Write one event. `verb` is `noun.past-participle` (`appointment.booked`); no actor means the system itself.

    `changes` come from `changed()`; values of medical fields stay out of it. Events of one `batch` are one step.
    """
    written = event(
        actor=actor,
        verb=verb,
        subject=subject,
        clinic=clinic,
        patient_id=patient_id,
        changes=changes,
        reason=reason,
        batch=batch,
    )
    written.save(force_insert=True)
    return written


def record_once(
    *, actor: User, verb: str, subject: models.Model, since: datetime, patient_id: int | None = None
) -> AuditEvent | None:
    """Write one event unless the same person did the same to the same subject since then: for pages that refresh."""
    same = {"actor": actor, "verb": verb, "subject_type": subject._meta.label_lower, "subject_id": subject.pk}
    if AuditEvent.objects.filter(**same, at__gte=since).exists():
        return None
    return record(actor=actor, verb=verb, subject=subject, patient_id=patient_id)


def record_all(events: Iterable[AuditEvent]) -> None:
    """Write many events made by `event` at once."""
    AuditEvent.objects.bulk_create(events)


def event(
    *,
    actor: User | None,
    verb: str,
    subject: models.Model,
    clinic: Clinic | None = None,
    patient_id: int | None = None,
    changes: Iterable[Change] = (),
    reason: str = "",
    batch: UUID | None = None,
) -> AuditEvent:
    """Make one event, as `record` does, without writing it."""
    owner_id = clinic.pk if clinic else _owner_id(subject)
    if owner_id is None:
        raise ValueError(f"audit of {verb} needs a clinic")
    if patient_id is not None and (noted := _noted.get()) is not None:
        noted.add(patient_id)
    return AuditEvent(
        clinic_id=owner_id,
        actor=actor,
        actor_name=str(actor) if actor else "",
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        subject_text=_in_english(subject)[:200],
        patient_id=patient_id,
        changes=list(changes),
        reason=reason,
        batch=batch,
    )


def _in_english(subject: models.Model) -> str:
    """Name a row in the program's own language, whoever did it: `access_log.about` says it in the reader's."""
    with translation.override(settings.LANGUAGE_CODE):
        return str(subject)


def _owner_id(subject: models.Model) -> int | None:
    """The clinic's key is enough: most subjects were read without their clinic, and nothing else of it is needed."""
    if isinstance(subject, Clinic):
        return subject.pk
    owner_id = getattr(subject, "clinic_id", None)
    return owner_id if owner_id is not None else getattr(getattr(subject, "clinic", None), "pk", None)


def changed(instance: models.Model, before: Mapping[str, Any], *, hidden: Iterable[str] = ()) -> list[Change]:
    """List `{model, id, field, old, new}` for each field that differs from `before` ({field: old value}).

    Fields in `hidden` (medical content) are named without their values.
    """
    rows: list[Change] = []
    for field, old in before.items():
        new = getattr(instance, field)
        if old != new:
            row = {"model": instance._meta.label_lower, "id": instance.pk, "field": field}
            rows.append(row if field in hidden else {**row, "old": _plain(old), "new": _plain(new)})
    return rows


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else str(value)
