"""Who received a recalled lot: every session, open record and vial, and the people to tell, then and now.

Everything is read anew each time: a session recorded after the recall began is on the list at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site
from patients.models import Party, Patient
from protocols.models import Lot, Recall, Vial
from protocols.models.recalls import fold_number, folded
from protocols.queries import recalls
from sessions.models import Addendum, Administration, RecallNotice, SessionRecord
from sessions.models.signatures import AddendumKind, Corrected
from sessions.queries.recall_people import Person, Session, people_of

COLUMNS = (
    *("lot_id", "lot_number", "given_ml", "substance__name", "record_id", "record__public_id", "record__status"),
    *("record__performed_at", "record__created_at", "record__patient_id", "record__performed_by__name"),
    *("record__appointment__site_id", "record__course__site_id"),
)


@dataclass(frozen=True)
class Match:
    """The lots, vials and sessions a number means, before or after it is recalled."""

    lots: list[Lot]
    vials: list[Vial]
    sessions: list[Session]

    @property
    def is_empty(self) -> bool:
        return not (self.lots or self.sessions)


@dataclass(frozen=True)
class RecallSheet:
    """All there is to a recall. `people` are sorted: whoever is still to be told comes first."""

    recall: Recall
    lots: list[Lot]
    vials: list[Vial]
    sessions: list[Session]
    people: list[Person]

    @property
    def open_sessions(self) -> list[Session]:
        return [one for one in self.sessions if one.is_open]

    @property
    def withdrawn(self) -> list[Session]:
        """Records of a wrong patient: somebody else received what they name, perhaps on no record at all."""
        return [one for one in self.sessions if one.is_withdrawn]

    @property
    def unfinished(self) -> list[Session]:
        """Records begun that name the lot: it may have been given, though they tell nobody yet."""
        return [one for one in self.sessions if not one.is_given]

    @property
    def patients(self) -> list[Patient]:
        return list({one.patient.pk: one.patient for one in self.sessions if one.patient is not None}.values())

    @property
    def still_to_tell(self) -> int:
        return sum(not person.is_told for person in self.people)


def find(clinic: Clinic, number: str, manufacturer: str = "") -> Match:
    """What a number means, as a recall would find it. A fixed number of statements."""
    lots = list(recalls.lots.with_stock(recalls.matching(clinic, number, manufacturer)).select_related("substance"))
    return Match(lots, _vials(lots), _sessions(clinic, lots, fold_number(number)))


def recall_sheet(recall: Recall, today: date) -> RecallSheet:
    """Give a recall whole. A fixed number of statements, one more for each level of merged files."""
    lots = list(recalls.lots_of(recall))
    sessions = _sessions(recall.clinic, lots, recall.number)
    return RecallSheet(recall, lots, _vials(lots), sessions, people_of(sessions, _last_notices(recall), today))


def person_or_none(recall: Recall, key: str) -> Patient | Party | None:
    """The patient or contact of this clinic a page names as `patient-7` or `party-7`. One statement."""
    kind, _dash, number = key.partition("-")
    model = {"patient": Patient, "party": Party}.get(kind)
    if model is None or not number.isdecimal() or len(number) > 18:
        return None
    found: Patient | Party | None = model.objects.filter(clinic=recall.clinic, pk=int(number)).first()
    return found


def _vials(lots: Iterable[Lot]) -> list[Vial]:
    """The opened vials of these lots that nobody has thrown away. One statement."""
    held = Vial.objects.filter(lot__in=[lot.pk for lot in lots], discarded_at=None)
    return list(held.select_related("lot__substance", "site", "opened_by").order_by("beyond_use_on", "pk"))


def _sessions(clinic: Clinic, lots: Iterable[Lot], number: str) -> list[Session]:
    """The records that hold one of these lots, whose number was typed, or whose correction names it.

    A record whose lot was corrected to another one stays on the list, and is marked: what was signed was said of a pack
    somebody held. Six statements, one a level of merges.
    """
    keys = [lot.pk for lot in lots]
    corrected = _corrected_to(clinic, keys, number)
    rows = Administration.objects.alias(folded_number=folded("lot_number"))
    named = Q(lot__in=keys) | (Q(lot__isnull=True) & recalls.same_number("folded_number", number))
    rows = rows.filter(named | Q(pk__in=corrected), record__clinic=clinic)
    withdrawn = Addendum.objects.filter(record=OuterRef("record_id"), kind=AddendumKind.WITHDRAWAL)
    rows = rows.annotate(
        is_withdrawn=Exists(withdrawn), right_lot=_right(Corrected.LOT), right_given=_right(Corrected.GIVEN)
    )
    rows = rows.order_by("-record__performed_at", "-record_id", "position")
    found = list(rows.values(*COLUMNS, "is_withdrawn", "right_lot", "right_given"))
    sites = {site.pk: site for site in Site.objects.filter(clinic=clinic)}
    sessions = _grouped(found, sites)
    for draft in _typed_drafts(clinic, keys, number):
        sessions.setdefault(draft.pk, _draft_session(draft, sites))
    files = _files([one.patient_id for one in sessions.values()])
    for one in sessions.values():
        one.patient = files.get(one.patient_id)
    return list(sessions.values())


def _right(what: Corrected) -> Subquery:
    """What the last correction of a line of the mix gave; NULL where there is none."""
    made = Addendum.objects.filter(line=OuterRef("pk"), corrects=what).order_by("-at", "-pk")
    return Subquery(made.values("value")[:1])


def _corrected_to(clinic: Clinic, lot_ids: Iterable[int], number: str) -> set[int]:
    """The lines of the mix to which a correction gave one of these lots, or their number. One statement."""
    rows = Addendum.objects.filter(record__clinic=clinic, corrects=Corrected.LOT).alias(folded_value=folded("value"))
    rows = rows.filter(Q(lot__in=lot_ids) | (Q(lot__isnull=True) & recalls.same_number("folded_value", number)))
    return set(rows.values_list("line_id", flat=True))


def _grouped(rows: Iterable[Mapping[str, Any]], sites: Mapping[int, Site]) -> dict[int, Session]:
    sessions: dict[int, Session] = {}
    for row in rows:
        one = sessions.get(row["record_id"])
        if one is None:
            site = sites[row["record__appointment__site_id"] or row["record__course__site_id"]]
            at: datetime = row["record__performed_at"] or row["record__created_at"]
            one = sessions[row["record_id"]] = Session(
                record_id=row["record_id"],
                public_id=row["record__public_id"],
                status=row["record__status"],
                on=local_day(at, site.zone),
                site=site.name,
                performed_by=row["record__performed_by__name"] or "",
                patient_id=row["record__patient_id"],
                is_withdrawn=row["is_withdrawn"],
            )
        one.lines.append(row["substance__name"])
        one.given_ml += row["given_ml"] if row["right_given"] is None else Decimal(row["right_given"])
        if row["right_lot"]:
            one.lots_corrected.append((row["lot_number"], row["right_lot"]))
    return sessions


def _typed_drafts(clinic: Clinic, lot_ids: Iterable[int], number: str) -> list[SessionRecord]:
    """Drafts with words that are no rows yet and name the lot. One statement, over the unsigned records only."""
    keys = {str(pk) for pk in lot_ids}
    drafts = SessionRecord.objects.filter(clinic=clinic, status=SessionRecord.Status.DRAFT).exclude(draft={})
    return [
        draft
        for draft in drafts.select_related("appointment", "course").order_by("-pk")
        if any(_names(line, keys, number) for line in draft.draft.get("lines", []))
    ]


def _names(line: Mapping[str, Any], keys: set[str], number: str) -> bool:
    return str(line.get("lot")) in keys or fold_number(str(line.get("lot_number") or "")) == number


def _draft_session(draft: SessionRecord, sites: Mapping[int, Site]) -> Session:
    site = sites[draft.appointment.site_id if draft.appointment is not None else draft.course.site_id]
    return Session(
        record_id=draft.pk,
        public_id=draft.public_id,
        status=draft.status,
        on=local_day(draft.created_at, site.zone),
        site=site.name,
        performed_by="",
        patient_id=draft.patient_id,
    )


def _files(patient_ids: Iterable[int]) -> dict[int, Patient]:
    """The file each key leads to, through merges. One statement a level."""
    found: dict[int, Patient] = {}
    wanted = set(patient_ids)
    while wanted:
        rows = Patient.objects.filter(pk__in=wanted).select_related("species")
        found |= {row.pk: row for row in rows}
        wanted = {row.merged_into_id for row in found.values() if row.merged_into_id} - found.keys()
    return {key: _kept(key, found) for key in found}


def _kept(key: int, files: Mapping[int, Patient]) -> Patient:
    patient = files[key]
    while patient.merged_into_id is not None:
        patient = files[patient.merged_into_id]
    return patient


def _last_notices(recall: Recall) -> dict[str, list[RecallNotice]]:
    """All notices by whom they went to, the newest first. One statement."""
    found: dict[str, list[RecallNotice]] = defaultdict(list)
    for row in recall.recall_notices.select_related("by").order_by("-at", "-pk"):
        found[f"party-{row.party_id}" if row.party_id else f"patient-{row.patient_id}"].append(row)
    return found
