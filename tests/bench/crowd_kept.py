"""What is looked at now and then, as many as wanted of each: papers, imports, recalls, rules of sports bodies, old files."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count as numbers
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from patients.models import ErasureRequest, ImportRow, PatientImport
from patients.services.retention import set_retention
from protocols.services import recalls
from sessions.models import Administration, BatchReport, Course, FollowUp, ReportBatch, SessionRecord
from tests.bench import raw
from tests.factories import make_competition_rule, make_horse, make_lot, make_substance

NUMBERS = numbers(9_000_000)  # of files, far from those the clinic counts
LONG_AGO = datetime(2001, 3, 1, 9, tzinfo=UTC)
RULE = {"keep_years": 10, "source": "Decree, article 5"}


def crowd_what_is_kept(
    world: SimpleNamespace, patients: Sequence[int], courses: Mapping[int, Sequence[int]], today: date
) -> None:
    """Give every list that is not of the day as many rows as there are patients."""
    count, substance = len(patients), make_substance(world.clinic)
    job: dict[str, Any] = {"clinic": world.clinic, "asked_by": world.user, "language": "en"}
    batch = ReportBatch(**job, printed_on=today, status="cancelled")
    _of_each(BatchReport(course_id=courses[0][0], position=1, status="failed"), "batch_id", batch, count)
    one = PatientImport(**job, species=world.patient.species, file_name="patients.csv", status="cancelled")
    _of_each(ImportRow(position=1, state="faulty", fingerprint="x"), "of_id", one, count)
    recall = recalls.recall_lots(actor=None, clinic=world.clinic, number="NO 4711", reason="Maker's letter")
    raw.clones(recall, count, lambda n: {"number": f"NO4711{n}"})
    rule = make_competition_rule(world.clinic, applies_to="substances", keys=[substance.code])
    raw.clones(rule, count, lambda n: {"name": f"Rule No {n:04}", "code": f"rule-no-{n}"})
    _given_weeks_ago(world, substance, patients, courses[0])
    _old_files(world, count, today)


def _of_each(part: Any, link: str, whole: Any, count: int) -> None:
    keys = raw.clones(whole, count, lambda n: {})
    raw.clones(part, count, lambda n: {link: keys[n]})


def _given_weeks_ago(world: SimpleNamespace, substance: Any, patients: Sequence[int], courses: Sequence[int]) -> None:
    """A session with a lot three weeks ago for everybody, who was called in vain about it."""
    lot, at = make_lot(world.clinic, substance, site=world.site), timezone.now() - timedelta(weeks=3)
    record = SessionRecord.objects.create(
        clinic=world.clinic,
        patient=world.patient,
        course=Course.objects.get(pk=courses[0]),
        performed_by=world.people[0],
        performed_at=at,
        status="done",
    )
    records = raw.clones(record, len(patients), lambda n: {"patient_id": patients[n], "course_id": courses[n]})
    ml = {"prepared_ml": Decimal(2), "given_ml": Decimal(2)}
    line = Administration(substance=substance, lot=lot, lot_number=lot.number, role="base", position=1, **ml)
    raw.clones(line, len(records), lambda n: {"record_id": records[n]})
    asked = FollowUp(by=world.user, answer="not_reached", at=timezone.now())
    raw.clones(asked, len(records), lambda n: {"record_id": records[n]})


def _old_files(world: SimpleNamespace, count: int, today: date) -> None:
    """Files past their period, every second of them restricted until then."""
    for kind in ("people", "animals"):
        set_retention(actor=None, clinic=world.clinic, applies_to=kind, since_on=date(2020, 1, 1), **RULE)
    horse = make_horse(world.clinic)
    closed = {"created_at": LONG_AGO, "ended_on": LONG_AGO.date(), "end_reason": "sold"}
    closed |= dict.fromkeys(("may_email", "may_text", "may_call"), False)
    files = raw.clones(
        horse,
        count,
        lambda n: {
            "number": next(NUMBERS),
            "name": f"Old No {n:04}",
            "restricted_at": LONG_AGO if n % 2 else None,
            **closed,
        },
    )
    request = ErasureRequest(
        clinic=world.clinic,
        asked_on=today - timedelta(days=30),
        asked_as="owner",
        asked_by_name="Ada Roux",
        known_by="known",
        language="en",
        source="Decree, article 5",
        last_entry_on=today - timedelta(days=60),
        kept_until_on=today + timedelta(days=400),
        at=timezone.now(),
    )
    restricted = files[1::2]
    raw.clones(request, len(restricted), lambda n: {"patient_id": restricted[n]})
