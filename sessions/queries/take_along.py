"""What the papers say that a patient or owner takes along, in the language of the moment."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mesoclinic.core.wording import date_format
from patients.models import Patient
from patients.queries import patients
from sessions.models import Appointment, Course, PlannedSession
from sessions.models.courses import LEFT_OPEN, OUT_OF_PLAN, CourseStatus, PlannedStatus
from sessions.printing.card import CARD_WORDS, AppointmentCard, CardSession, CardSize, CardVisit
from sessions.printing.words import Words
from sessions.queries.paper import letterhead, paper_of, paper_size

TO_COME = ("offered", "booked")
MOST_TO_BOOK = 12  # a course without an end has more


def visits_on_card(patient: Patient, course: Course | None, now: datetime) -> list[Appointment]:
    """List the visits to come, of a course or all of them, the next first. Two SQL statements, one more a merge."""
    rows = Appointment.objects.filter(patient__in=patients.file_ids(patient), status__in=TO_COME)
    rows = rows.filter(starts_at__gte=now, in_place_of__isnull=True)
    if course is not None:
        rows = rows.filter(planned_session__course=course)
    named = rows.select_related("practitioner", "room", "place", "site", "planned_session")
    return list(named.order_by("starts_at", "pk"))


def sessions_on_card(patient: Patient, course: Course | None) -> list[PlannedSession]:
    """List the sessions of the plan that have no time yet, the next first; none of a course that is paused, none left open.

    One SQL statement, one more a merge.
    """
    rows = PlannedSession.objects.filter(status=PlannedStatus.PLANNED, course__status=CourseStatus.ACTIVE)
    rows = rows.filter(course__patient__in=patients.file_ids(patient)) if course is None else rows.filter(course=course)
    return list(rows.exclude(why__in=[LEFT_OPEN, OUT_OF_PLAN]).order_by("due_on", "pk")[:MOST_TO_BOOK])


def appointment_card(
    patient: Patient,
    visits: Iterable[Appointment],
    to_book: Iterable[PlannedSession] = (),
    *,
    size: CardSize,
    today: date,
) -> AppointmentCard:
    """Say the visits and what is still to be booked on the card of a patient, in the language of the moment. One SQL
    statement.
    """
    visits = list(visits)
    sites = {one.site_id: one.site for one in visits}
    site = next(iter(sites.values())) if len(sites) == 1 else None
    paper = paper_of(patient.clinic)
    return AppointmentCard(
        clinic=letterhead(patient.clinic, site, paper),
        patient=patient.name,
        printed_on=today,
        visits=tuple(_visit(one, several_sites=len(sites) > 1) for one in visits),
        to_book=tuple(_to_book(one, today) for one in to_book),
        size=size,
        language=(get_language() or "en").split("-")[0],
        paper=paper_size(patient.clinic, paper),
    )


def card_words() -> Words:
    return {key: _(text) for key, text in CARD_WORDS.items()}


def _visit(visit: Appointment, *, several_sites: bool) -> CardVisit:
    zone: ZoneInfo = visit.site.zone
    starts, ends = visit.starts_at.astimezone(zone), visit.ends_at.astimezone(zone)
    session = visit.planned_session
    return CardVisit(
        day=date_format(starts, "l j F Y"),
        clock=f"{starts:%H:%M}",
        minutes=int((ends - starts).total_seconds() // 60),
        who=visit.practitioner.name,
        where=tuple(_where(visit, several_sites=several_sites)),
        is_offered=visit.status == Appointment.Status.OFFERED,
        is_held=session is not None and session.is_held,
    )


def _to_book(session: PlannedSession, today: date) -> CardSession:
    """A day that is past is promised to nobody."""
    day = date_format(session.due_on, "j F Y") if session.due_on >= today else ""
    return CardSession(day=day, is_held=session.is_held)


def _where(visit: Appointment, *, several_sites: bool) -> Iterable[str]:
    """Say the room, with the site's address where the head names none; away from the clinic the place's address."""
    if visit.place is not None:
        yield visit.place.name
        yield from _lines(visit.place.address)
        return
    if visit.room is not None:
        yield visit.room.name
    if several_sites:
        yield visit.site.name
        yield from _lines(visit.site.address)
        yield from _lines(visit.site.phone)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
