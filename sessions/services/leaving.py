"""What a last day asks for: courses handed over to a colleague, and a sign-in that ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site, User
from mesoclinic.core.refused import Refused
from mesoclinic.core.services import users
from sessions.models import CalendarFeed, Course, Practitioner
from sessions.models.courses import OPEN_COURSES
from sessions.queries import availability
from sessions.services import feeds


@dataclass(frozen=True)
class HandedOver:
    """Courses with their new lead, and how many stay because the colleague does not treat the species."""

    courses: tuple[Course, ...]
    left: int


@transaction.atomic
def hand_over_courses(
    *, actor: User | None, practitioner: Practitioner, to: Practitioner, now: datetime | None = None
) -> HandedOver:
    """Give every open course a practitioner leads to a colleague who treats the species; visits stay as booked.

    Raises Refused("same-practitioner" | "elsewhere" | "practitioner-gone" | "wrong-species" | "nothing-led").
    """
    now = now or timezone.now()
    _check(practitioner, to, now)
    rows = Course.objects.select_for_update(of=("self",), no_key=True).select_related("patient__species")
    led = list(rows.filter(lead_practitioner=practitioner, status__in=OPEN_COURSES).order_by("pk"))
    if not led:
        raise Refused("nothing-led", _("%(name)s leads no open course.") % {"name": practitioner})
    taken = [course for course in led if availability.treats(to, course.patient.species_id)]
    if not taken:
        raise Refused(
            "wrong-species",
            _("%(name)s treats none of these patients. Choose somebody else.") % {"name": to},
            field="to",
        )
    for course in taken:
        before = {"lead_practitioner_id": course.lead_practitioner_id}
        course.lead_practitioner = to
        course.save(update_fields=["lead_practitioner"])
        changes = audit.changed(course, before)
        told = {"patient_id": course.patient_id, "changes": changes, "reason": f"{practitioner} → {to}"}
        audit.record(actor=actor, verb="course.handed-over", subject=course, **told)
    return HandedOver(tuple(taken), len(led) - len(taken))


def _check(practitioner: Practitioner, to: Practitioner, now: datetime) -> None:
    if to.pk == practitioner.pk:
        raise Refused("same-practitioner", _("Choose a colleague."), field="to")
    if to.clinic_id != practitioner.clinic_id:
        raise Refused("elsewhere", _("Choose a practitioner of this clinic."), field="to")
    if to.last_day_on is not None and to.last_day_on < _today(to, now):
        raise Refused(
            "practitioner-gone", _("%(name)s works here no longer. Choose somebody else.") % {"name": to}, field="to"
        )


@transaction.atomic
def end_sign_in(*, actor: User, practitioner: Practitioner, now: datetime | None = None) -> bool:
    """Let the sign-in of a practitioner end with the last day: at once when it is over. Says whether it was at once.

    The address of the practitioner's calendar ends with it.
    Raises Refused("no-last-day" | "no-sign-in" | "last-admin").
    """
    now = now or timezone.now()
    fresh = (
        Practitioner.objects.select_for_update(of=("self",), no_key=True).select_related("user").get(pk=practitioner.pk)
    )
    if fresh.last_day_on is None:
        raise Refused("no-last-day", _("Set the last day first."))
    if fresh.user is None or not fresh.user.is_active:
        raise Refused("no-sign-in", _("%(name)s cannot sign in.") % {"name": fresh})
    if fresh.last_day_on < _today(fresh, now):
        _shut_out(actor, fresh, now)
        return True
    if not fresh.sign_in_ends:
        fresh.sign_in_ends = True
        fresh.save(update_fields=["sign_in_ends"])
        changes = audit.changed(fresh, {"sign_in_ends": False})
        audit.record(actor=actor, verb="practitioner.changed", subject=fresh, changes=changes)
    return False


def end_sign_ins(*, now: datetime | None = None) -> int:
    """Deactivate those whose last day is over and whose sign-in was to end with it; returns how many. Safe twice."""
    now = now or timezone.now()
    latest = (now + timedelta(days=1)).date()  # no zone is further ahead
    rows = Practitioner.objects.filter(sign_in_ends=True, user__is_active=True, last_day_on__lt=latest)
    over = [one for one in rows.select_related("user").order_by("pk") if one.last_day_on < _today(one, now)]
    return sum(_end(one, now) for one in over)


@transaction.atomic
def _shut_out(actor: User | None, practitioner: Practitioner, now: datetime) -> None:
    """Deactivate the user, and take back the address under which a calendar reads the visits."""
    users.deactivate_user(actor=actor, user=practitioner.user)
    for feed in CalendarFeed.objects.filter(practitioner=practitioner, revoked_at__isnull=True):
        feeds.revoke_feed(actor=actor, feed=feed, now=now)


def _end(practitioner: Practitioner, now: datetime) -> int:
    try:
        _shut_out(None, practitioner, now)
    except Refused:  # the only admin left: stays, and the page of the last day says so
        return 0
    return 1


def _today(practitioner: Practitioner, now: datetime):
    """Give the local day of the clinic; a practitioner of two sites leaves by the first one's calendar."""
    site = Site.objects.filter(clinic_id=practitioner.clinic_id).order_by("-is_active", "pk").first()
    return local_day(now, site.zone) if site else now.date()
