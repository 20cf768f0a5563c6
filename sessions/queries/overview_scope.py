"""What the overview is asked about: a clinic's sites, local days from and until, and the filters. No number without it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

from django.db.models import Case, ExpressionWrapper, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay, ExtractMinute

from mesoclinic.core.localtime import day_bounds
from mesoclinic.core.models import Clinic, Site
from protocols.models import Indication, Lot, Protocol, Species
from sessions.models import Appointment, Course, Practitioner, Room
from sessions.models.appointments import LIVE_STATUSES, NEVER_STOOD, CancelledBy
from sessions.models.appointments import AppointmentStatus as Status
from sessions.models.courses import CourseStatus

FIGURES: dict[str, tuple[str, ...]] = {
    "done": (Status.FULFILLED,),
    "open": (Status.BOOKED, Status.ARRIVED, Status.IN_PROGRESS),
    "not-treated": (Status.NOT_TREATED,),
    "no-show": (Status.NO_SHOW,),
    "cancelled": (Status.CANCELLED,),
    "taking-time": LIVE_STATUSES,
}


@dataclass(frozen=True)
class Scope:
    """Local days from/until, both included, of the sites; `room`, `indication`, `lot`, `scale` and `at` narrow the lists behind numbers.

    `at` is (ISO weekday, hour) of the wall clock, `number` that of a session. `today` is the day it is asked on.
    """

    clinic: Clinic
    sites: tuple[Site, ...]
    from_on: date
    until_on: date
    today: date
    site: Site | None = None
    practitioner: Practitioner | None = None
    species: Species | None = None
    protocol: Protocol | None = None
    room: Room | None = None
    indication: Indication | None = None
    at: tuple[int, int] | None = None
    in_no_room: bool = False
    number: int | None = None
    lot: Lot | None = None
    scale: str = ""

    @property
    def days(self) -> list[date]:
        return [self.from_on + timedelta(days=n) for n in range((self.until_on - self.from_on).days + 1)]

    def zones(self) -> dict[ZoneInfo, list[int]]:
        """Give the keys of the sites by their time zone."""
        found: dict[ZoneInfo, list[int]] = {}
        for site in self.sites:
            found.setdefault(site.zone, []).append(site.pk)
        return found

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        return day_bounds(self.from_on, zone)[0], day_bounds(self.until_on, zone)[1]

    def during(self, site: str, instant: str) -> Q:
        """Say that an instant lies on the days, each site in its own zone; `site` and `instant` are names of columns."""
        parts = []
        for zone, keys in self.zones().items():
            from_at, until_at = self.span(zone)
            parts.append(Q(**{f"{site}__in": keys, f"{instant}__gte": from_at, f"{instant}__lt": until_at}))
        return reduce(or_, parts, Q(pk__in=[]))


def visits(scope: Scope) -> QuerySet[Appointment]:
    """Give every visit that was ever booked on the days: no offers, no times held, nothing entered in error."""
    rows = Appointment.objects.filter(scope.during("site", "starts_at"), in_place_of=None, offered_until=None)
    rows = rows.exclude(status__in=NEVER_STOOD).order_by()
    if scope.practitioner is not None:
        rows = rows.filter(practitioner=scope.practitioner)
    if scope.room is not None:
        rows = rows.filter(room=scope.room)
    if scope.in_no_room:
        rows = rows.filter(room=None)
    if scope.species is not None:
        rows = rows.filter(patient__species=scope.species)
    if scope.protocol is not None:
        rows = rows.filter(planned_session__course__protocol_version__protocol=scope.protocol)
    if scope.indication is not None:
        rows = rows.filter(planned_session__course__indication=scope.indication)
    return _at_the_hour(rows, scope)


def is_late(clinic: Clinic) -> Q:
    """Say which cancellations are late: by the patient or owner, less than the clinic's hours before the visit."""
    told = timedelta(hours=clinic.late_cancellation_hours)
    return Q(status=Status.CANCELLED, cancelled_by=CancelledBy.PATIENT, status_at__gt=F("starts_at") - told)


def visit_figures(clinic: Clinic) -> dict[str, Q]:
    """Give what the overview counts among visits; the lists behind the numbers filter by the very same."""
    by_status = {name: Q(status__in=statuses) for name, statuses in FIGURES.items()}
    return {"booked": Q(), **by_status, "late": is_late(clinic)}


def figures_of(status: str, *, late: bool) -> list[str]:
    """Say in which of these figures a visit counts."""
    by_status = [name for name, statuses in FIGURES.items() if status in statuses]
    return ["booked", *by_status, *(["late"] if late else [])]


def with_wall_clock(rows: QuerySet[Appointment], scope: Scope) -> QuerySet[Appointment]:
    """Add `weekday` (ISO) and the minutes of the day a visit begins and ends at, by the clock on the wall of its site.

    One that ends at or before the minute it begins at ends on the next day: no visit lasts a day.
    """
    zones = scope.zones()

    def each(part: type, column: str):
        if len(zones) == 1:
            return part(column, tzinfo=next(iter(zones)))
        cases = [When(site__in=keys, then=part(column, tzinfo=zone)) for zone, keys in zones.items()]
        return Case(*cases, default=Value(0), output_field=IntegerField())

    def minute(column: str):
        return ExpressionWrapper(
            each(ExtractHour, column) * 60 + each(ExtractMinute, column), output_field=IntegerField()
        )

    return rows.annotate(
        weekday=each(ExtractIsoWeekDay, "starts_at"), minute=minute("starts_at"), end_minute=minute("ends_at")
    )


def _at_the_hour(rows: QuerySet[Appointment], scope: Scope) -> QuerySet[Appointment]:
    """Leave the visits that touch an hour of a weekday, those that began before it too."""
    if scope.at is None:
        return rows
    weekday, hour = scope.at
    begins, ends = hour * 60, (hour + 1) * 60
    is_over_night = Q(end_minute__lte=F("minute"))
    that_day = Q(weekday=weekday, minute__lt=ends) & (Q(end_minute__gt=begins) | is_over_night)
    day_before = Q(weekday=(weekday - 2) % 7 + 1, end_minute__gt=begins) & is_over_night
    return with_wall_clock(rows, scope).filter(that_day | day_before)


def courses(scope: Scope) -> QuerySet[Course]:
    """Give the prescribed courses the filters leave, of any day; the practitioner is who leads them."""
    rows = Course.objects.filter(site__in=[site.pk for site in scope.sites]).exclude(status=CourseStatus.DRAFT)
    return rows.filter(course_filter(scope)).order_by()


def course_filter(scope: Scope, prefix: str = "") -> Q:
    """Say which courses the filters leave; `prefix` leads to the course (`course__`)."""
    asked = {
        "lead_practitioner": scope.practitioner,
        "patient__species": scope.species,
        "protocol_version__protocol": scope.protocol,
        "indication": scope.indication,
    }
    return Q(**{f"{prefix}{name}": value for name, value in asked.items() if value is not None})
