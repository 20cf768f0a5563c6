"""Whom to call: sessions due and unbooked, visits nobody came to and lapsed courses, the most urgent first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site
from mesoclinic.core.queries.rare import list_rare
from patients.models import Patient
from sessions.models import Appointment, CallAttempt, Course, PlannedSession
from sessions.models.appointments import OPEN_STATUSES, AppointmentStatus
from sessions.models.courses import LEFT_OPEN, OUT_OF_PLAN, CourseStatus, PlannedStatus
from sessions.queries.appointments import FreeTime
from sessions.queries.contacts import UNKNOWN, Contact
from sessions.queries.day_words import short
from sessions.queries.fitting import Line, line_of_lapsed, line_of_missed, line_of_planned

COMING = timedelta(days=5)  # sessions due in these days are worth a call today
NO_SHOW_DAYS = 30
Key = tuple[str, int]  # what a line is about ("due", "missed", "lapsed"), and the key of that


@dataclass(frozen=True)
class Call:
    """Somebody to call, why, what happened last, what came of the last call, and times that would suit."""

    patient: Patient
    reason: str
    status: str
    line: Line
    contact: Contact = UNKNOWN
    last: str = ""
    planned: PlannedSession | None = None
    course: Course | None = None
    for_practitioner: bool = False
    outcome: CallAttempt | None = None
    times: tuple[FreeTime, ...] = ()


def to_call(site: Site, now: datetime, at_most: int) -> tuple[list[Call], bool]:
    """List who should be called, the most urgent first, `at_most` of them, and whether there are more. At most five SQL statements.

    How they are reached and what was last is not said yet.
    """
    today, more = local_day(now, site.zone), at_most + 1
    due = list(due_unbooked(site, today + COMING)[:more])
    missed = list_rare(_missed(site, now), more)
    lapsed = list_rare(lapsed_courses(site), more)
    keys = _in_order(
        [(one.pk, one.latest_on, one.course.patient_id) for one in due],
        [(one.pk, one.patient_id) for one in missed],
        [(one.pk, one.patient_id) for one in lapsed],
        today,
    )
    rows = {"due": due, "missed": missed, "lapsed": lapsed}
    found = {(what, one.pk): one for what, some in rows.items() for one in some}
    return _calls(site, keys[:at_most], found, today), len(keys) > at_most


def keys_to_call(site: Site, now: datetime) -> list[Key]:
    """Name the lines to call, the most urgent first, none left out, for `calls_of`. Three SQL statements."""
    today = local_day(now, site.zone)
    due = due_unbooked(site, today + COMING).values_list("pk", "latest_on", "course__patient_id")
    missed, lapsed = (rows.values_list("pk", "patient_id") for rows in (_missed(site, now), lapsed_courses(site)))
    return _in_order(due, missed, lapsed, today)


def calls_of(site: Site, keys: Iterable[Key], now: datetime) -> list[Call]:
    """Give the lines of these keys, those that are still to be called. One SQL statement for each thing they are about."""
    today = local_day(now, site.zone)
    rows = {"due": due_unbooked(site, today + COMING), "missed": _missed(site, now), "lapsed": lapsed_courses(site)}
    keys = list(keys)
    wanted = {what: [pk for one, pk in keys if one == what] for what in rows}
    found = {(what, pk): row for what, some in wanted.items() if some for pk, row in rows[what].in_bulk(some).items()}
    return _calls(site, [key for key in keys if key in found], found, today)


def _in_order(
    due: Iterable[tuple[int, date, int]],
    missed: Iterable[tuple[int, int]],
    lapsed: Iterable[tuple[int, int]],
    today: date,
) -> list[Key]:
    """Put what is to be called about in order: late sessions, visits nobody came to, lapsed courses, other sessions.

    Each is a key with its patient, before which a session has its last day. Of a patient the last missed visit counts,
    and none where something is planned.
    """
    due, lapsed = list(due), list(lapsed)
    planned = {patient for _pk, _latest_on, patient in due} | {patient for _pk, patient in lapsed}
    last_missed = {patient: pk for pk, patient in reversed(list(missed)) if patient not in planned}
    return [
        *(("due", pk) for pk, latest_on, _patient in due if latest_on < today),
        *(("missed", pk) for pk in last_missed.values()),
        *(("lapsed", pk) for pk, _patient in lapsed),
        *(("due", pk) for pk, latest_on, _patient in due if latest_on >= today),
    ]


def _calls(site: Site, keys: Iterable[Key], found: Mapping[Key, Any], today: date) -> list[Call]:
    def of_due(one: PlannedSession) -> Call:
        told = (_due_words(one, today), _due_status(one, today), line_of_planned(one, today))
        return Call(one.course.patient, *told, planned=one, course=one.course)

    def of_missed(one: Appointment) -> Call:
        return Call(one.patient, _missed_words(one, site), "no_show", line_of_missed(one, today))

    def of_lapsed(one: Course) -> Call:
        told = (_lapsed_words(one), "paused", line_of_lapsed(one, today))
        return Call(one.patient, *told, course=one, for_practitioner=True)

    for (what, _pk), one in found.items():
        row = one.course if what == "due" else one
        row.site, row.clinic = site, site.clinic  # cheaper than to join them to each
    make = {"due": of_due, "missed": of_missed, "lapsed": of_lapsed}
    return [make[what](found[what, pk]) for what, pk in keys]


def due_unbooked(site: Site, until: date) -> QuerySet[PlannedSession]:
    """List the next sessions to book of active courses: due until a day, or their window opens. One SQL statement.

    One a course: the first that is neither done nor booked, when nothing before it is still to come.
    """
    earlier = PlannedSession.objects.filter(
        course=OuterRef("course"), number__lt=OuterRef("number"), status__in=["planned", "booked"]
    ).exclude(why__in=[LEFT_OPEN, OUT_OF_PLAN])
    rows = PlannedSession.objects.filter(
        ~Exists(earlier),
        Q(due_on__lte=until) | Q(earliest_on__lte=until),
        course__site=site,
        course__status=CourseStatus.ACTIVE,
        status=PlannedStatus.PLANNED,
        is_held=False,
    )
    names = ("course__patient__species", "course__patient__place", "course__indication")
    return rows.exclude(why__in=[LEFT_OPEN, OUT_OF_PLAN]).select_related(*names).order_by("due_on", "pk")


def lapsed_courses(site: Site) -> QuerySet[Course]:
    """List the courses that lapsed and wait for a practitioner. One SQL statement."""
    rows = Course.objects.filter(site=site, status=CourseStatus.PAUSED, lapsed_on__isnull=False)
    return rows.select_related("patient__species", "patient__place", "indication").order_by("lapsed_on", "pk")


def _missed(site: Site, now: datetime) -> QuerySet[Appointment]:
    """Visits nobody came to, after which the patient neither came nor has a time: the latest first."""
    later = Appointment.objects.filter(
        patient=OuterRef("patient"), starts_at__gt=OuterRef("starts_at"), status__in=(*OPEN_STATUSES, "fulfilled")
    )
    rows = Appointment.objects.filter(
        ~Exists(later),
        site=site,
        status=AppointmentStatus.NO_SHOW,
        starts_at__gte=now - timedelta(days=NO_SHOW_DAYS),
        patient__ended_on__isnull=True,
        patient__merged_into__isnull=True,
    )
    names = ("patient__species", "place", "planned_session__course")
    return rows.select_related(*names).order_by("-starts_at", "-pk")


def _due_status(planned: PlannedSession, today: date) -> str:
    if planned.latest_on < today:
        return "overdue"
    return "due" if planned.due_on <= today else "planned"


def _due_words(planned: PlannedSession, today: date) -> str:
    words = {"number": planned.number, "day": short(planned.due_on)}
    if planned.latest_on < today:
        days = (today - planned.latest_on).days
        said = ngettext("session %(number)s is %(days)d day late", "session %(number)s is %(days)d days late", days)
        return said % {**words, "days": days}
    if planned.due_on == today:
        return _("session %(number)s is due today") % words
    if planned.due_on < today:
        return _("session %(number)s is due since %(day)s") % words
    return _("session %(number)s is due on %(day)s") % words


def _missed_words(visit: Appointment, site: Site) -> str:
    return _("did not come on %(day)s") % {"day": short(local_day(visit.starts_at, site.zone))}


def _lapsed_words(course: Course) -> str:
    return _("course lapsed on %(day)s: a practitioner decides how to go on") % {"day": short(course.lapsed_on)}
