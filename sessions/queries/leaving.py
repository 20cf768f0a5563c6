"""What a last day leaves open: visits after it, courses led, records to sign, calendar addresses, a sign-in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site
from sessions.models import CalendarFeed, Course, Practitioner, SessionRecord
from sessions.models.courses import OPEN_COURSES
from sessions.queries import availability, records
from sessions.queries.broken import Cause, broken_visits

MOST_SHOWN = 100


@dataclass(frozen=True)
class Leaving:
    """One page. Lists are cut at a hundred; the counts are whole."""

    practitioner: Practitioner
    broken: int
    courses: list[Course]
    course_count: int
    unsigned: list[SessionRecord]
    unsigned_count: int
    feeds: list[CalendarFeed]
    colleagues: list[Practitioner]
    is_over: bool

    @property
    def can_sign_in(self) -> bool:
        return self.practitioner.user is not None and self.practitioner.user.is_active

    @property
    def is_settled(self) -> bool:
        return not (self.broken or self.course_count or self.unsigned_count or self.feeds or self.can_sign_in)


def practitioner_or_404(clinic: Clinic, public_id: UUID) -> Practitioner:
    return get_object_or_404(Practitioner.objects.select_related("user"), clinic=clinic, public_id=public_id)


def led_by(practitioner: Practitioner) -> QuerySet[Course]:
    """List the open courses somebody leads. One SQL statement."""
    rows = Course.objects.filter(lead_practitioner=practitioner, status__in=OPEN_COURSES)
    return rows.select_related("patient__species", "indication").order_by("patient__name", "pk")


def leaving(site: Site, practitioner: Practitioner, now: datetime) -> Leaving:
    """Gather what is left open. At most eighteen SQL statements for a practitioner of one site."""
    today = local_day(now, site.zone)
    courses, unsigned = led_by(practitioner), records.unsigned(practitioner.clinic, practitioner)
    staying = [one for one in availability.practitioners(practitioner.clinic, today) if one.pk != practitioner.pk]
    last_day_on = practitioner.last_day_on
    return Leaving(
        practitioner=practitioner,
        broken=broken_visits(site, Cause("practitioner", practitioner), now=now, at_most=1).total,
        courses=list(courses[:MOST_SHOWN]),
        course_count=courses.count(),
        unsigned=list(unsigned[:MOST_SHOWN]),
        unsigned_count=unsigned.count(),
        feeds=list(CalendarFeed.objects.filter(practitioner=practitioner, revoked_at__isnull=True)),
        colleagues=staying,
        is_over=last_day_on is not None and last_day_on < today,
    )


def last_days(clinic: Clinic) -> QuerySet[Practitioner]:
    """List who leaves, or has left, the latest first. One SQL statement."""
    return Practitioner.objects.filter(clinic=clinic, last_day_on__isnull=False).order_by("-last_day_on", "name")[:20]
