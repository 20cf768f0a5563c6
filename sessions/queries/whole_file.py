"""Everything the clinic holds of one patient, as plain values: what a request for access is answered with."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django.db.models import ForeignKey, Model, Q, QuerySet

from mesoclinic.core.models import AuditEvent, Site, User
from patients.models import (
    Consent,
    ConsentScan,
    ConsentSignature,
    ConsentText,
    ErasureRequest,
    Flag,
    Identifier,
    Party,
    Patient,
    PatientParty,
    Place,
    Weight,
)
from patients.queries.parties import former_parties
from patients.queries.patients import file_ids
from protocols.models import Indication, Lot, ProtocolVersion, Species, Substance, Technique
from sessions import models as own

FORMAT = 1
# How a row that is only pointed at is named; what has no name here is given by its key.
NAMED: dict[type[Model], str] = {
    **dict.fromkeys(
        (Substance, Technique, Indication, Species, Site, Place, Party, own.Practitioner, own.Room), "name"
    ),
    ProtocolVersion: "protocol__name",
    Lot: "number",
    ConsentText: "title",
    User: "full_name",
}
# Means nothing to anybody: keys of the program, words folded for searching, secrets.
LEFT_OUT = frozenset(
    (
        *(
            "clinic",
            "search_text",
            "phone_search",
            "edit_count",
            "edit_token",
            "booking_token",
            "draft",
            "claim",
            "content",
        ),
        *("secret_hash", "content_hash", "plan_wanted", "plan_made", "plan_wanted_at", "sha256", "file"),
    )
)
# What a contact who is one no more keeps for themselves: a new owner gets the file, not the seller's telephone.
OF_THEIR_OWN = {
    "contacts": ("id", ("phone", "email", "address", "note")),
    "messages": ("party_id", ("sent_to", "text")),
}
RowsOf = Callable[[list[int]], QuerySet[Any]]


def _by(model: type[Model], path: str) -> RowsOf:
    return lambda keys: model._default_manager.filter(**{f"{path}__in": keys})


TABLES: dict[str, RowsOf] = {
    "patient": _by(Patient, "pk"),
    "numbers": _by(Identifier, "patient"),
    "weights": _by(Weight, "patient"),
    "contacts": lambda keys: Party.objects.filter(patient_links__patient__in=keys).distinct(),
    "contact_roles": _by(PatientParty, "patient"),
    "flags": _by(Flag, "patient"),
    "consents": _by(Consent, "patient"),
    "consent_scans": _by(ConsentScan, "consent__patient"),
    "consent_signatures": _by(ConsentSignature, "consent__patient"),
    "erasure_requests": _by(ErasureRequest, "patient"),
    "wishes": _by(own.BookingPreference, "patient"),
    "days_away": _by(own.BlockedDay, "patient"),
    "waiting": _by(own.WaitingEntry, "patient"),
    "courses": _by(own.Course, "patient"),
    "cadences": _by(own.CourseRevision, "course__patient"),
    "planned_sessions": _by(own.PlannedSession, "course__patient"),
    "reviews": _by(own.Review, "course__patient"),
    "appointments": _by(own.Appointment, "patient"),
    "calls": _by(own.CallAttempt, "patient"),
    "messages": _by(own.Reminder, "appointment__patient"),
    "replies": _by(own.Reply, "appointment__patient"),
    "records": _by(own.SessionRecord, "patient"),
    "mix_lines": _by(own.Administration, "record__patient"),
    "places_injected": _by(own.InjectionSite, "record__patient"),
    "scores": _by(own.Score, "record__patient"),
    "overrides": lambda keys: own.Override.objects.filter(Q(course__patient__in=keys) | Q(record__patient__in=keys)),
    "reactions": _by(own.AdverseEvent, "patient"),
    "reaction_news": _by(own.AdverseEventUpdate, "event__patient"),
    "questions_after": _by(own.FollowUp, "record__patient"),
    "addenda": _by(own.Addendum, "record__patient"),
    "signatures": _by(own.Signature, "record__patient"),
    "competitions": _by(own.CompetitionEvent, "patient"),
    "reports_handed_out": lambda keys: own.ReportHandout.objects.of_files(keys),
    "recall_notices": _by(own.RecallNotice, "patient"),
    "who_did_what": _by(AuditEvent, "patient_id"),
}


def whole_file(patient: Patient, today: date) -> dict[str, Any]:
    """Give every row of the file and of those merged into it. A fixed number of SQL statements, whatever it holds.

    Of whoever is no contact any more only the name is given, and what they were from when until when.
    """
    keys = file_ids(patient)
    rows = {name: _rows(rows_of(keys)) for name, rows_of in TABLES.items()}
    _keep_apart(rows, former_parties(keys, today))
    names = _names(rows.values())
    said = {name: [_said(model, row, names) for row in found] for name, (model, found) in rows.items()}
    return {"format": FORMAT, "clinic": patient.clinic.name, **said}


Found = tuple[type[Model], list[dict[str, Any]]]


def _rows(rows: QuerySet[Any]) -> Found:
    columns = [field.attname for field in rows.model._meta.concrete_fields if field.name not in LEFT_OUT]
    return rows.model, list(rows.order_by("pk").values(*columns))


def _keep_apart(rows: dict[str, Found], former: set[int]) -> None:
    for table, (column, own_words) in OF_THEIR_OWN.items():
        for row in rows[table][1]:
            if row[column] in former:
                row.update(dict.fromkeys(own_words, ""))


def _links(model: type[Model]) -> dict[str, type[Model]]:
    """The columns of a model that point at something with a name."""
    fields = [field for field in model._meta.concrete_fields if isinstance(field, ForeignKey)]
    return {field.attname: field.related_model for field in fields if field.related_model in NAMED}


def _names(found: Iterable[Found]) -> dict[tuple[type[Model], int], str]:
    wanted: dict[type[Model], set[int]] = {model: set() for model in NAMED}
    for model, rows in found:
        for column, related in _links(model).items():
            wanted[related] |= {row[column] for row in rows if row.get(column) is not None}
    return {
        (model, key): name
        for model, keys in wanted.items()
        for key, name in model._default_manager.filter(pk__in=keys).values_list("pk", NAMED[model])
    }


def _said(model: type[Model], row: dict[str, Any], names: dict[tuple[type[Model], int], str]) -> dict[str, Any]:
    links = _links(model)
    return {
        column.removesuffix("_id") if column in links else column: names.get((links[column], value), "")
        if column in links and value is not None
        else value
        for column, value in row.items()
    }
