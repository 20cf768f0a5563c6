"""What a record's page sends and shows again: forms, check and the state of the record it had seen."""

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site, User
from mesoclinic.core.refused import Refused
from patients.queries.patients import Known, known_of
from protocols.forms.packs import number_in
from protocols.models import Lot
from sessions.forms.records import RecordForms
from sessions.forms.settling import settled
from sessions.models import SessionRecord
from sessions.queries import record_checks
from sessions.queries import records as reads
from sessions.queries.record_checks import RecordCheck
from sessions.queries.record_facts import AtHand
from sessions.queries.record_options import LONGEST_KEY, RecordOptions, Wanted, options_of, record_options
from sessions.recording import RecordContent, raw_of, text_of
from sessions.services.records import Given, Typed

LARGEST_COUNT = 2_147_483_647
LONGEST_WAIT = 6  # digits of seconds: eleven days
UID = re.compile(r"[a-z0-9-]{1,12}")
NOT_SENT_ON = ("csrfmiddlewaretoken", "edit_count", "edit_token", "rows", "uid", "waited_seconds")


@dataclass
class Sent:
    """A page's forms with the check of their content; `edit_count` and `token` name the state it had seen."""

    record: SessionRecord
    forms: RecordForms
    content: RecordContent  # what can be understood of it
    check: RecordCheck
    known: Known
    is_valid: bool
    at: datetime
    edit_count: int
    token: str
    data: QueryDict | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def performed_by(self) -> int | None:
        return self.forms.form.cleaned_data.get("performed_by")

    def names_who_gave_it(self) -> bool:
        """Say whether somebody is chosen; puts the question beside the field when not."""
        if self.performed_by is None:
            self.forms.form.add_error("performed_by", _("Choose who gave it."))
        return self.performed_by is not None

    def typed(self) -> Typed:
        """Return what the service keeps: values when all is valid, the words themselves else."""
        seen = {"edit_count": self.edit_count, "token": self.token}
        if not self.is_valid:
            return Typed(raw=self.forms.raw(), **seen)
        given = Given(self.forms.form.cleaned_data.get("performed_at"), self.performed_by)
        overrides = record_checks.given_overrides(self.check, self.forms.reasons)
        content = replace(self.forms.content(), overrides=overrides)
        return Typed(raw=self.forms.raw(), content=content, given=given, **seen)

    def refuse(self, refused: Refused) -> None:
        """Show why a service said no: beside its field, else on top."""
        if refused.field in self.forms.form.fields:
            self.forms.form.refuse(refused)
        else:
            self.problems.append(refused.message)

    def pairs(self, theirs: SessionRecord) -> list[tuple[str, str]]:
        """Return what this page sent, to be sent again over the other version once somebody chose so."""
        sent = [] if self.data is None else [(key, value) for key, found in self.data.lists() for value in found]
        kept = [(key, value) for key, value in sent if key not in NOT_SENT_ON]
        return [*kept, ("edit_count", str(theirs.edit_count)), ("edit_token", self.token)]


def blank_page(record: SessionRecord, user: User) -> Sent:
    """Return the forms of a draft as it was kept."""
    return blank_pages({"": record}, user)[""]


def blank_pages(shown: Mapping[str, SessionRecord], user: User) -> dict[str, Sent]:
    """Return the forms of drafts as they were kept, each by what its ids begin with.

    As many SQL statements for any number of drafts of one day and site.
    """
    rows, at = list(shown.values()), timezone.now()
    kept = reads.contents(record for record in rows if not record.draft)
    raws = {record: _raw(record, kept.get(record.pk), user) for record in rows}
    options = options_of({record: _wanted(record, _as_posted(raw)) for record, raw in raws.items()})
    at_hand = _at_hand(options, rows)
    contents = {
        record: kept[record.pk] if record.pk in kept else _of_draft(options[record.pk], raw)
        for record, raw in raws.items()
    }
    givers = {record.pk: options[record.pk].practitioner(raw["fields"]["performed_by"]) for record, raw in raws.items()}
    checks = record_checks.check_records(contents, at, givers, at_hand)
    return {
        uid: Sent(
            record=record,
            forms=RecordForms(options[record.pk], raw=raws[record], uid=uid),
            content=contents[record],
            check=checks[record.pk],
            known=at_hand.files,
            is_valid=True,
            at=at,
            edit_count=record.edit_count,
            token=str(uuid.uuid4()),
        )
        for uid, record in shown.items()
    }


def _at_hand(options: Mapping[int, RecordOptions], records: Iterable[SessionRecord]) -> AtHand:
    """Gather what the choices of these records have read, and ask about their patients once for all."""
    files = {patient.pk: patient for patient in map(reads.patient_of, records)}
    lots: dict[Site, dict[int, Lot]] = {}
    for one in options.values():
        lots.setdefault(one.site, {}).update(one.lot_by_id)
    return AtHand(
        files=known_of(list(files.values())),
        substances={key: row for one in options.values() for key, row in one.substances.items()},
        techniques={row.pk: row for one in options.values() for row in one.techniques},
        lots=lots,
    )


def _raw(record: SessionRecord, content: RecordContent | None, user: User) -> dict[str, Any]:
    """Return what the form is filled with: the words kept or the content, with who and when proposed."""
    raw = record.draft if content is None else raw_of(content)
    return {**raw, "fields": {**_who_and_when(record, user), **_given(raw.get("fields", {}))}}


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in ("", None)}


def _who_and_when(record: SessionRecord, user: User) -> dict[str, Any]:
    """Propose who is booked, or who is typing; and the time of the visit for one of an earlier day."""
    visit, site = record.appointment, reads.site_of(record)
    by = record.performed_by_id or (visit.practitioner_id if visit is not None else None)
    if by is None and (own := getattr(user, "practitioner", None)) is not None:
        by = own.pk
    at = record.performed_at
    if (
        at is None
        and visit is not None
        and local_day(visit.starts_at, site.zone) < local_day(timezone.now(), site.zone)
    ):
        at = visit.starts_at
    return {"performed_by": by or "", "performed_at": at}


def read_page(record: SessionRecord, data: QueryDict, *, composing: bool = False) -> Sent:
    """Bind what a page sent, and check as much of it as can be understood; while composing, rows settle by themselves."""
    options = record_options(record, _wanted(record, data))
    data = settled(data, options) if composing else data
    uid = data.get("uid", "")
    forms = RecordForms(options, data=data, uid=uid if UID.fullmatch(uid) else "")
    is_valid = forms.is_valid()
    at = forms.form.cleaned_data.get("performed_at") or _tapped_at(data)
    giver = options.practitioner(forms.form.cleaned_data.get("performed_by"))
    at_hand = _at_hand({record.pk: options}, [record])
    content = forms.partial_content()
    check = record_checks.check_record(record, content, at, giver, at_hand)
    count = data.get("edit_count", "")
    seen = int(count) if count.isdecimal() and len(count) < 11 else 0
    token = data.get("edit_token", "").replace("\x00", "")[:36]
    return Sent(record, forms, content, check, at_hand.files, is_valid, at, min(seen, LARGEST_COUNT), token, data)


def _tapped_at(data: QueryDict) -> datetime:
    """Say when *done* was tapped: now, or as long ago as the page waited for the network. Its own clock counts nothing."""
    waited = data.get("waited_seconds", "")
    seconds = int(waited) if waited.isdecimal() and len(waited) <= LONGEST_WAIT else 0
    return timezone.now() - timedelta(seconds=seconds)


def _day(record: SessionRecord):
    site = reads.site_of(record)
    return local_day(record.performed_at or timezone.now(), site.zone)


def _wanted(record: SessionRecord, data: QueryDict) -> Wanted:
    """What it names: lots chosen by their key, others by a number typed or scanned, and techniques."""
    lots = {key: data[key] for key in data if key.endswith("-lot")}
    typed = (data.get(f"{key}_number", "") for key, lot in lots.items() if not lot.isdecimal())
    techniques = [data[key] for key in data if key == "technique" or key.endswith("-technique")]
    numbers = {number_in(text) for text in typed if text}
    return Wanted(_day(record), _keys(lots.values()), numbers, _keys(techniques))


def _keys(texts: Iterable[str]) -> list[int]:
    """Return those texts that can be the key of a row."""
    return [int(text) for text in texts if text.isdecimal() and len(text) <= LONGEST_KEY]


def _of_draft(options: RecordOptions, raw: Mapping[str, Any]):
    """Understand as much of a draft's words as a page would."""
    return RecordForms(options, data=_as_posted(raw)).partial_content()


def _as_posted(raw: Mapping[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in raw.get("fields", {}).items():
        data.setlist(name, value if isinstance(value, list) else [text_of(value)])
    for prefix in ("lines", "sites", "reactions"):
        rows = raw.get(prefix, [])
        data[f"{prefix}-TOTAL_FORMS"], data[f"{prefix}-INITIAL_FORMS"] = str(len(rows)), "0"
        for index, row in enumerate(rows):
            for name, value in row.items():
                data[f"{prefix}-{index}-{name}"] = value if isinstance(value, str) else ""
    return data
