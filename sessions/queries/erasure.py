"""What a request for erasure comes to: what no law keeps, and what is kept, each as a row that counts itself.

The page before saving, the deed and the letter all read these rows, so none can say what another does not do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.models import AuditEvent, Site
from patients.models import Consent, Patient
from patients.queries import erasure as own
from patients.queries.patients import file_ids
from patients.queries.telling_apart import pairs_of
from sessions.models import (
    AdverseEvent,
    Appointment,
    BlockedDay,
    BookingPreference,
    CalendarFeed,
    CallAttempt,
    Course,
    Reminder,
    Reply,
    ReportBatch,
    ReportHandout,
    SessionRecord,
    WaitingEntry,
)
from sessions.models.appointments import OPEN_STATUSES
from sessions.models.batches import BatchStatus
from sessions.models.courses import OPEN_COURSES
from sessions.queries.retention import Held, held_now

Words = str | Promise


@dataclass(frozen=True)
class Part:
    """A kind of thing a file holds. `code` is kept with the answer, `why` says what it is kept for."""

    code: str
    words: Words
    count: Callable[[list[int]], int]
    why: Words = ""


@dataclass(frozen=True, slots=True)
class PartLine:
    words: Words
    count: int
    why: Words = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What saving would do now. `problem` is (code, words) where it cannot be saved."""

    deleted: list[PartLine]
    kept: list[PartLine]
    held: Held | None
    problem: tuple[str, Words] | None


def feeds(keys: list[int]):
    return CalendarFeed.objects.filter(Q(patient__in=keys) | Q(party__in=own.own_parties(keys)))


def batches_holding(keys: list[int]):
    """Reports printed together, or about to be."""
    rows = ReportBatch.objects.filter(reports__course__patient__in=keys)
    return rows.exclude(status=BatchStatus.EXPIRED).distinct()


def _reached(keys: list[int]) -> int:
    return own.reached_files(keys).count() + own.reached_parties(keys).count()


def _wishes(keys: list[int]) -> int:
    rows = (BookingPreference.objects.filter(patient__in=keys), BlockedDay.objects.filter(patient__in=keys))
    return sum(found.count() for found in rows)


# What only served visits that will not be, and messages that will not be sent.
DELETED = (
    Part("feeds", _("Calendar addresses"), lambda keys: feeds(keys).count()),
    Part(
        "messages",
        _("Messages sent or waiting"),
        lambda keys: Reminder.objects.filter(appointment__patient__in=keys).count(),
    ),
    Part(
        "replies",
        _("Answers by the link in a message"),
        lambda keys: Reply.objects.filter(appointment__patient__in=keys).count(),
    ),
    Part("calls", _("Notes of telephone calls"), lambda keys: CallAttempt.objects.filter(patient__in=keys).count()),
    Part(
        "waiting", _("Places on the waiting list"), lambda keys: WaitingEntry.objects.filter(patient__in=keys).count()
    ),
    Part("wishes", _("Wishes about times, and days that do not suit"), _wishes),
    Part("copies", _("Copies of reports printed together"), lambda keys: batches_holding(keys).count()),
    Part("imports", _("Lines of imported lists"), lambda keys: own.import_rows(keys).count()),
    Part("apart", _("Notes that another file is not this patient"), lambda keys: pairs_of(keys).count()),
    Part(
        "permissions",
        _("Permission for photographs and for reports to an insurer (taken back)"),
        lambda keys: own.permissions(keys).count(),
    ),
    Part("contacts", _("Contacts who only came along, such as family"), lambda keys: own.idle_links(keys).count()),
    Part("ways", _("Telephone numbers and e-mail addresses"), _reached),
)
KEPT = (
    Part(
        "identity",
        _("Name, birth date, address and numbers"),
        len,
        _("so that the file is told from others, and a recall of a product can still reach the patient"),
    ),
    Part(
        "records",
        _("Records of sessions, with products, doses and lots"),
        lambda keys: SessionRecord.objects.filter(patient__in=keys).count(),
        _("what was given, by whom and when"),
    ),
    Part(
        "courses",
        _("Courses, with their plans and reviews"),
        lambda keys: Course.objects.filter(patient__in=keys).count(),
        _("why it was given"),
    ),
    Part(
        "visits",
        _("Visits"),
        lambda keys: Appointment.objects.filter(patient__in=keys).count(),
        _("when the patient was here"),
    ),
    Part(
        "reactions",
        _("Reactions"),
        lambda keys: AdverseEvent.objects.filter(patient__in=keys).count(),
        _("safety of the products"),
    ),
    Part(
        "consents",
        _("Consents, with signatures and scans"),
        lambda keys: Consent.objects.filter(patient__in=keys).count(),
        _("proof that the treatment was agreed to"),
    ),
    Part(
        "handouts",
        _("Reports handed out"),
        lambda keys: ReportHandout.objects.of_files(keys).count(),
        _("who was told what"),
    ),
    Part(
        "trail",
        _("The log of who opened or changed the file, with what stood there before"),
        lambda keys: AuditEvent.objects.filter(patient_id__in=keys).count(),
        _("proof of who had access"),
    ),
)
PARTS = {part.code: part for part in (*DELETED, *KEPT)}


def counted(parts: tuple[Part, ...], keys: list[int]) -> list[dict[str, Any]]:
    """Say of each part how many there are, those there are none of left out. A statement or two for each part."""
    found = [{"code": part.code, "count": part.count(keys)} for part in parts]
    return [row for row in found if row["count"]]


def lines(rows: list[dict[str, Any]]) -> list[PartLine]:
    """Put what `counted` found into words. No SQL statement."""
    return [PartLine(PARTS[row["code"]].words, row["count"], PARTS[row["code"]].why) for row in rows]


def preview(patient: Patient, site: Site, now: datetime, today: date) -> Preview:
    """Say what saving would do now, or why it cannot be saved. A fixed number of SQL statements."""
    keys = file_ids(patient)
    held = held_now(patient, site, today)
    return Preview(
        deleted=lines(counted(DELETED, keys)),
        kept=lines(counted(KEPT, keys)),
        held=held,
        problem=problem(keys, held, now, today),
    )


def problem(keys: list[int], held: Held | None, now: datetime, today: date) -> tuple[str, Words] | None:
    """Say why a request cannot be answered now. Two SQL statements."""
    course_open = Course.objects.filter(patient__in=keys, status__in=OPEN_COURSES).exists()
    to_come = Appointment.objects.filter(patient__in=keys, status__in=OPEN_STATUSES, ends_at__gte=now).exists()
    if held is None:
        return "no-period", _("Your clinic has entered no period for such files. Enter one first.")
    if held.until_on <= today:
        return "period-over", _("No period keeps this file any more: pseudonymise it instead.")
    if course_open:
        return "course-open", _("A course is still under way. Stop it first.")
    if to_come:
        return "visits-to-come", _("There are visits to come. Cancel them first.")
    return None
