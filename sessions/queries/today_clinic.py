"""What a practitioner and a manager need today, and what is still open at the end of a day."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext

from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.models import Clinic, Site, User
from mesoclinic.core.queries import backups, readiness
from mesoclinic.core.queries.rare import list_rare
from mesoclinic.core.wording import with_colon
from patients.models import Patient, PatientImport
from patients.queries import imports, patients
from patients.queries.patients import Banner
from protocols.models import Lot, StockNotice
from protocols.queries import lots
from sessions.models import Appointment, Practitioner, ReportBatch, SessionRecord
from sessions.models.appointments import OPEN_STATUSES, AppointmentStatus
from sessions.models.records import Scale
from sessions.printing.numbers import number
from sessions.queries import appointments, batches, courses, follow_ups, records
from sessions.queries.corrections import right_lines, right_values
from sessions.queries.plans import CoursePlan
from sessions.queries.reactions import suspected_lots
from sessions.queries.scale_words import value_said
from sessions.queries.unmade_plans import UnmadePlan, site_time, unmade_plans
from sessions.recording import shots_in_all

MOST_LINES = 40
FORCED_DAYS = 14
BACKUP_LATE = timedelta(hours=26)
UNSIGNED_LATE = timedelta(days=1)
PROBLEMS_KEPT_SECONDS = 60


@dataclass(frozen=True)
class NextPatient:
    """Who comes next, what to mind, and last time in three lines."""

    visit: Appointment
    banner: Banner
    last: SessionRecord | None
    last_lines: list[str]


@dataclass(frozen=True)
class Review:
    plan: CoursePlan
    after_number: int


@dataclass(frozen=True)
class PractitionerDay:
    """A practitioner's block of Today."""

    practitioner: Practitioner
    next_patient: NextPatient | None
    visits: list[Appointment]
    unsigned: list[SessionRecord]
    drafts: list[SessionRecord]
    reviews: list[Review]
    unmade: list[UnmadePlan]


@dataclass(frozen=True)
class ManagerDay:
    """A manager's block of Today; `today` is the site's."""

    today: date
    figures: list[tuple[int, str]]
    expiring: list[Lot]
    low: list[Lot]
    suspected: list[Lot]  # reactions of the last twelve weeks are blamed on them
    forced: list[StockNotice]  # lots given though expired, recalled or used up
    failed_batches: list[ReportBatch]
    refused_imports: list[PatientImport]
    problems: list[str]
    unmade: list[UnmadePlan]
    backup_at: datetime | None
    backup_is_late: bool
    unsigned: list[dict[str, Any]]

    @property
    def is_calm(self) -> bool:
        return not (
            self.expiring
            or self.low
            or self.suspected
            or self.forced
            or self.failed_batches
            or self.refused_imports
            or self.problems
            or self.unmade
            or self.unsigned
        )


@dataclass(frozen=True)
class OpenEnds:
    """All that is not final at the end of a day; `still_to_come` are the visits of today whose time has not come."""

    visits: list[Appointment]
    still_to_come: list[Appointment]
    drafts: list[SessionRecord] = field(default_factory=list)
    unsigned: list[SessionRecord] = field(default_factory=list)

    @property
    def is_closed(self) -> bool:
        return not (self.visits or self.still_to_come or self.drafts or self.unsigned)


def practitioner_of(user: User) -> Practitioner | None:
    """Return the practitioner this user is. One SQL statement."""
    return Practitioner.objects.filter(user=user, clinic_id=user.clinic_id).first()


def practitioner_day(practitioner: Practitioner, user: User, site: Site, now: datetime) -> PractitionerDay:
    """Gather a practitioner's day. A fixed number of SQL statements, some more when somebody comes next."""
    clinic, today = site.clinic, local_day(now, site.zone)
    visits = list(appointments.day(site, today, practitioner).exclude(status__in=GONE))
    mine = Q(appointment__practitioner=practitioner) | Q(created_by=user)
    return PractitionerDay(
        practitioner=practitioner,
        next_patient=_next_patient(visits, site, now),
        visits=visits,
        unsigned=list(records.unsigned(clinic, practitioner)[:MOST_LINES]),
        drafts=list(records.drafts(clinic).filter(mine)[:MOST_LINES]),
        reviews=[Review(plan, plan.gate_number(plan.due_gate)) for plan in courses.open_reviews(clinic, practitioner)][
            :MOST_LINES
        ],
        unmade=unmade_plans(clinic, site, now, lead=practitioner),
    )


GONE = (AppointmentStatus.CANCELLED, AppointmentStatus.ENTERED_IN_ERROR, AppointmentStatus.MOVING)
COMING = (AppointmentStatus.IN_PROGRESS, AppointmentStatus.ARRIVED, AppointmentStatus.BOOKED)


def _next_patient(visits: list[Appointment], site: Site, now: datetime) -> NextPatient | None:
    """Choose the one in treatment, else who has waited longest, else who is still in treatment, else who is booked next."""
    coming = [visit for visit in visits if visit.status in COMING]
    coming = [visit for visit in coming if visit.status != AppointmentStatus.BOOKED or visit.ends_at > now]
    if not coming:
        return None
    visit = min(coming, key=lambda one: (_rank(one, now), one.arrived_at or one.starts_at, one.pk))
    patient = patients.kept(visit.patient)
    course = visit.planned_session.course if visit.planned_session else None
    last = records.last_record(patient=patient, course=course)
    return NextPatient(
        visit=visit,
        banner=patients.banner(patient, local_day(now, site.zone)),
        last=last,
        last_lines=last_lines(last) if last else [],
    )


def _rank(visit: Appointment, now: datetime) -> int:
    """A visit begun whose hour is over may only wait for its record: nobody is kept from sight by it."""
    if visit.status == AppointmentStatus.IN_PROGRESS:
        return 0 if visit.ends_at > now else 2
    return 1 if visit.status == AppointmentStatus.ARRIVED else 3


def last_lines(record: SessionRecord) -> list[str]:
    """Say a session in three lines: the mix, where and how many, how it went. Four SQL statements."""
    right = right_values(record)
    mix = " + ".join(
        f"{line.substance} {number(line.given_ml)} mL"
        for line in right_lines(record, record.administrations.select_related("substance"))
        if not line.is_sedation
    )
    sites = list(record.injection_sites.all())
    shots = shots_in_all(right.shots, (site.points for site in sites))
    places = ", ".join(dict.fromkeys(str(site) for site in sites))
    shot_words = ngettext("%(count)d shot", "%(count)d shots", shots) % {"count": shots} if shots else ""
    depth = f"{number(right.depth_mm)} mm" if right.depth_mm is not None else ""
    effect = _("held %(time)s") % {"time": _effect(record)} if record.effect_duration is not None else ""
    lines = [
        mix or (_("Dry: needle without a mix") if record.is_dry else ""),
        " · ".join(part for part in (places, shot_words, depth) if part),
        " · ".join(part for part in (*_scores(record), effect) if part),
    ]
    return [line for line in lines if line]


def _effect(record: SessionRecord) -> str:
    return f"{number(record.effect_duration)} {record.get_effect_unit_display()}"


def _scores(record: SessionRecord) -> list[str]:
    said: dict[str, dict[str, str]] = {}
    for score in record.scores.all():
        if score.scale != Scale.BEHAVIOUR:
            said.setdefault(str(score.get_scale_display()), {})[score.moment] = value_said(score.value)
    return [
        with_colon(scale, " → ".join(values[moment] for moment in ("before", "after") if moment in values))
        for scale, values in said.items()
    ]


def manager_day(clinic: Clinic, site: Site, now: datetime) -> ManagerDay:
    """Gather what a manager looks at in the morning. A fixed number of SQL statements."""
    today = local_day(now, site.zone)
    latest = backups.latest_backup()
    return ManagerDay(
        today=today,
        figures=_figures(clinic, site, now),
        expiring=list_rare(lots.expiring_lots(clinic, today), MOST_LINES),
        low=list_rare(lots.low_stock(clinic), MOST_LINES),
        suspected=suspected_lots(clinic, since=now - timedelta(weeks=follow_ups.LAST_WEEK), at_most=MOST_LINES),
        forced=list_rare(
            lots.notices(clinic, since=now - timedelta(FORCED_DAYS), kind=StockNotice.Kind.FORCED), MOST_LINES
        ),
        failed_batches=list_rare(batches.with_failures(clinic), MOST_LINES),
        refused_imports=list(imports.refused(clinic)[:MOST_LINES]),
        problems=_problems(site),
        unmade=unmade_plans(clinic, site, now),
        backup_at=latest.made_at if latest else None,
        backup_is_late=latest is None or now - latest.made_at > BACKUP_LATE,
        unsigned=_long_unsigned(clinic, now),
    )


def _figures(clinic: Clinic, site: Site, now: datetime) -> list[tuple[int, str]]:
    starts_at, ends_at = day_bounds(local_day(now, site.zone), site.zone)
    today = Appointment.objects.filter(
        site=site, starts_at__gte=starts_at, starts_at__lt=ends_at, in_place_of__isnull=True
    )
    counts = dict(today.values_list("status").annotate(count=Count("pk")).order_by())
    new = Patient.objects.filter(clinic=clinic, created_at__gte=starts_at, created_at__lt=ends_at).count()
    planned = sum(counts.get(status, 0) for status in (*OPEN_STATUSES, "fulfilled", "no_show", "not_treated"))
    here = counts.get("arrived", 0) + counts.get("in_progress", 0)
    done, away, cancelled = (counts.get(status, 0) for status in ("fulfilled", "no_show", "cancelled"))
    return [
        (planned, ngettext("visit today", "visits today", planned)),
        (here, npgettext("visits of today", "here now", "here now", here)),
        (done, npgettext("visits of today", "done", "done", done)),
        (away, npgettext("visits of today", "did not come", "did not come", away)),
        (cancelled, npgettext("visits of today", "cancelled", "cancelled", cancelled)),
        (new, ngettext("new patient", "new patients", new)),
    ]


def _long_unsigned(clinic: Clinic, now: datetime) -> list[dict[str, Any]]:
    late = SessionRecord.objects.filter(
        clinic=clinic, status=SessionRecord.Status.DONE, performed_at__lt=now - UNSIGNED_LATE
    )
    rows = late.values("performed_by__name").annotate(count=Count("pk"), oldest=Min("performed_at"))
    return list(rows.order_by("oldest"))


def _problems(site: Site) -> list[str]:
    """Say what is not ready; asked of the system once a minute, however many look."""
    unready = cache.get("today-unready")
    if unready is None:
        unready = [check for check in readiness.checks() if not check.is_ok]
        cache.set("today-unready", unready, PROBLEMS_KEPT_SECONDS)
    words = {
        "broker": _("The queue of background work does not answer."),
        "beat": _("The clock of background work stands still."),
        "work": _("Background work waits for longer than it should."),
        "migrations": _("The database is older than the program."),
        "triggers": _("A guard of signed records is missing."),
        "zones": _("A site has a time zone that this machine does not know."),
        "database": _("The database does not answer."),
    }
    return [f"{words.get(check.name, check.name)} ({_details(check, site)})" for check in unready]


def _details(check: readiness.Check, site: Site) -> str:
    """Say since when as the site's clock shows it; what only a probe has words for stays in those."""
    if check.delay is None:
        return _(check.text)
    when = site_time(check.delay.since, site)
    if not check.delay.what:
        return _("last seen %(when)s") % {"when": when}
    return _("%(what)s since %(when)s") % {"what": _(check.delay.what), "when": when}


def open_ends(site: Site, now: datetime, *, sees_records: bool) -> OpenEnds:
    """List what of today and of earlier days is not final. Three SQL statements, one without a right to records."""
    _starts_at, ends_at = day_bounds(local_day(now, site.zone), site.zone)
    visits: list[Appointment] = []
    still_to_come: list[Appointment] = []
    for visit in appointments.not_final(site, before=ends_at):
        has_begun = visit.starts_at <= now or visit.status in ("arrived", "in_progress")
        (visits if has_begun else still_to_come).append(visit)
    if not sees_records:
        return OpenEnds(visits, still_to_come)
    return OpenEnds(
        visits,
        still_to_come,
        drafts=list(records.drafts(site.clinic)),
        unsigned=list(records.unsigned(site.clinic)),
    )
