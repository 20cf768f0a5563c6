"""Whom to ask how the injected places look: everybody given a lot in the last twelve weeks, by their last session."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Case, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, When

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic
from patients.models import Patient
from sessions.models import Administration, AdverseEvent, FollowUp, SessionRecord
from sessions.models.follow_ups import FollowUpAnswer
from sessions.queries import corrections
from sessions.queries import records as reads
from sessions.queries.contacts import Contact, contacts_of
from sessions.queries.retention import DEEPEST_MERGE

# Late mycobacterial lesions appeared 1 to 12 weeks after the session. Source: DOMAIN section 1.3 (S44).
FIRST_WEEK, LAST_WEEK = 1, 12
# No source says how often to ask; a session in between starts the weeks anew.
ASK_AGAIN = timedelta(weeks=4)
ANSWERED = (FollowUpAnswer.NOTHING, FollowUpAnswer.REACTION)


@dataclass(frozen=True)
class FollowUpLine:
    """A patient to ask, by the last session with a lot. `until_on` is the last day a late lesion is looked for.

    `is_untold` where something was seen and no reaction has been entered since.
    """

    record: SessionRecord
    patient: Patient
    contact: Contact
    lots: list[str]
    on: date
    weeks: int
    until_on: date
    asked: list[FollowUp]
    is_untold: bool = False


def due(clinic: Clinic, now: datetime, *, show: str = "") -> QuerySet[SessionRecord]:
    """The last session with a lot of everybody treated 1 to 12 weeks ago, the window that closes first on top.

    A merged file counts as the one it was merged into: that one may be closed, or have had a later session.
    Whoever said that something was seen stays until the reaction is entered (`is_untold`), or they say otherwise.
    `show`: "" whom to ask now, "asked" who answered within four weeks, "all". One statement, cut by its page.
    """
    from_at, until_at = now - timedelta(weeks=LAST_WEEK), now - timedelta(weeks=FIRST_WEEK)
    finished = SessionRecord.objects.finished().filter(clinic=clinic)
    rows = finished.filter(_is_open(), performed_at__gte=from_at, performed_at__lte=until_at)
    later = finished.filter(_has_lot("pk"), performed_at__gt=OuterRef("performed_at"))
    rows = rows.filter(_has_lot("pk")).exclude(Exists(later.filter(patient=OuterRef("patient"))))
    rows = rows.exclude(Exists(later.filter(patient=OuterRef("patient__merged_into"))))
    rows = rows.exclude(Exists(later.filter(patient__merged_into=OuterRef("patient"))))
    rows = _with_answer(rows)
    lately = now - ASK_AGAIN
    if show == "asked":
        rows = rows.filter(answered_at__gt=lately, is_untold=False)
    elif show != "all":
        rows = rows.filter(Q(answered_at=None) | Q(answered_at__lte=lately) | Q(is_untold=True))
    return rows.order_by("performed_at", "pk")


def untold_note(record: SessionRecord) -> str:
    """What was noted with the answer that something was seen, while no reaction tells it (`is_untold`). One statement."""
    notes = _answers().values("note")[:1]
    untold = _with_answer(SessionRecord.objects.filter(pk=record.pk)).filter(is_untold=True)
    return untold.annotate(answer_note=Subquery(notes)).values_list("answer_note", flat=True).first() or ""


def _with_answer(rows: QuerySet[SessionRecord]) -> QuerySet[SessionRecord]:
    """Add the last answer, when it was given, and whether something was seen and not told since. No statement of its own."""
    answers = _answers()
    rows = rows.annotate(answered_at=Subquery(answers.values("at")[:1]), answer=Subquery(answers.values("answer")[:1]))
    return rows.annotate(is_untold=Case(When(~_is_told(), answer=FollowUpAnswer.REACTION, then=True), default=False))


def _answers() -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(record=OuterRef("pk"), answer__in=ANSWERED).order_by("-at", "-pk")


def _is_told() -> Exists:
    """Whether a reaction of the record was entered, or went on, since the last answer."""
    since = OuterRef("answered_at")
    events = AdverseEvent.objects.filter(record=OuterRef("pk"))
    return Exists(events.filter(Q(reported_at__gte=since) | Q(updates__at__gte=since)))


def _is_open() -> Q:
    """Whether the file is open that is read for the patient, however often it was merged."""
    found, way = Q(), "patient"
    for step in range(DEEPEST_MERGE + 1):
        is_last = {} if step == DEEPEST_MERGE else {f"{way}__merged_into": None}
        found |= Q(**{f"{way}__isnull": False, f"{way}__ended_on": None}, **is_last)
        way += "__merged_into"
    return found


def _has_lot(record: str) -> Exists:
    held = Administration.objects.filter(record=OuterRef(record))
    return Exists(held.filter(Q(lot__isnull=False) | ~Q(lot_number="") | Q(corrections__isnull=False)))


def lines(rows: Iterable[SessionRecord], today: date) -> list[FollowUpLine]:
    """Give the lines of rows of `due`. Six statements whatever their number, more for merged files."""
    untold = {row.pk: row.is_untold for row in rows}
    keys = list(untold)
    administrations = Administration.objects.select_related("substance", "lot").order_by("position")
    administrations = administrations.prefetch_related("corrections")
    asked = FollowUp.objects.select_related("by").order_by("-at", "-pk")
    page = reads.with_names(SessionRecord.objects.filter(pk__in=keys))
    page = page.prefetch_related(Prefetch("administrations", administrations), Prefetch("follow_ups", asked))
    found = {row.pk: row for row in page}
    files = {key: reads.patient_of(row) for key, row in found.items()}
    contacts = contacts_of(files.values(), today)
    shown = [_line(found[key], files[key], contacts, today) for key in keys if key in found]
    return [replace(line, is_untold=untold[line.record.pk]) for line in shown]


def _line(record: SessionRecord, patient: Patient, contacts: dict[int, Contact], today: date) -> FollowUpLine:
    zone = reads.site_of(record).zone
    on = local_day(record.performed_at, zone)
    return FollowUpLine(
        record=record,
        patient=patient,
        contact=contacts[patient.pk],
        lots=[words for row in record.administrations.all() if (words := _lot_words(row))],
        on=on,
        weeks=(today - on).days // 7,
        until_on=on + timedelta(weeks=LAST_WEEK),
        asked=list(record.follow_ups.all()),
    )


def _lot_words(row: Administration) -> str:
    """Name the substance and its lot, the one a correction names; nothing where none was noted."""
    number = corrections.lot(row, corrections.standing(row.corrections.all()))
    return f"{row.substance} {number}" if number else ""
