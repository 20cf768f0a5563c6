"""What an import brought and whether it can be taken back: only files nobody has done anything with since."""

from dataclasses import dataclass

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.queries import access_log
from mesoclinic.core.wording import date_format
from patients.models import (
    Flag,
    Identifier,
    ImportRow,
    Patient,
    PatientImport,
    PatientParty,
    SearchWord,
    ToldApart,
    Weight,
)
from patients.models.imports import RowState

SHOWN = 50
# What an import itself writes beside a file; that more of it was added since, the trail of what was done tells.
BROUGHT = (Flag, Identifier, ImportRow, PatientParty, SearchWord, ToldApart, Weight)
# Said of a row of another import, or of which file this one is not: nothing of it is in the file.
SAID = Q(verb__startswith="import.") | Q(verb__startswith="patient.told-apart")


@dataclass(frozen=True, slots=True)
class StayingFile:
    """A file that cannot be taken back, and why."""

    patient: Patient
    reason: str


@dataclass(frozen=True, slots=True)
class Fate:
    """What taking back an import would come to; of the files that stay only the first are named."""

    going_count: int
    staying_count: int
    staying: list[StayingFile]

    @property
    def more_count(self) -> int:
        return self.staying_count - len(self.staying)


def with_fate(rows: QuerySet[ImportRow]) -> QuerySet[ImportRow]:
    """Say of each imported row whether its file `stays`, and the first event since that is no mere look (`since_id`)."""
    later = AuditEvent.objects.filter(patient_id=OuterRef("patient_id"), pk__gt=OuterRef("audited_to"))
    later = later.exclude(Q(verb__endswith=".opened") | SAID)
    since = later.order_by("pk").values("pk")[:1]
    stays = Q(audited_to=None) | Q(patient__merged_into__isnull=False) | Q(since_id__isnull=False) | _has_more()
    said = Case(When(stays, then=Value(True)), default=Value(False), output_field=BooleanField())
    return rows.filter(state=RowState.IMPORTED).annotate(since_id=Subquery(since)).annotate(stays=said)


def _has_more() -> Q:
    """Whether any table has rows of the patient that no import writes."""
    found = Q()
    for one in Patient._meta.get_fields(include_hidden=True):
        leads_here = (
            one.auto_created and not one.concrete and one.field.db_constraint
        )  # no history: that only keeps keys
        if leads_here and one.related_model not in BROUGHT:
            rows = one.related_model._base_manager.filter(**{one.field.attname: OuterRef("patient_id")})
            found |= Q(Exists(rows))
    return found


def fate_of(one: PatientImport) -> Fate:
    """Look what taking it back would come to. Three SQL statements."""
    rows = with_fate(one.rows.all())
    staying = rows.filter(stays=True)
    shown = list(staying.select_related("patient").order_by("position")[:SHOWN])
    events = AuditEvent.objects.in_bulk([row.since_id for row in shown if row.since_id])
    counts = list(rows.values_list("stays", flat=True))
    named = [StayingFile(row.patient, _reason(row, events.get(row.since_id))) for row in shown]
    return Fate(counts.count(False), counts.count(True), named)


def _reason(row: ImportRow, event: AuditEvent | None) -> str:
    if event is not None:
        said = {
            "what": access_log.words(event),
            "day": date_format(localtime(event.at), "j M Y"),
            "who": event.actor_name,
        }
        return _("%(what)s, %(day)s, %(who)s") % said if event.actor_name else _("%(what)s, %(day)s") % said
    if row.audited_to is None:
        return _("Imported before it was kept what an import wrote.")
    return _("Something was entered in this file since.")
