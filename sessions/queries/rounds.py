"""What the pages of rounds show: who is due at a place on a day, the times that fit, a round with its visits."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site
from mesoclinic.core.wording import date_format
from patients.models import Patient, Place
from sessions.models import Appointment, PlannedSession, Practitioner, Round
from sessions.models.courses import LEFT_OPEN, OUT_OF_PLAN, CourseStatus, PlannedStatus
from sessions.queries import availability, booking
from sessions.queries.appointments import WITH_NAMES, with_records
from sessions.queries.blocked import blocked_times, reasons_on
from sessions.scheduling.rounds import Stop, back_to_back, best_starts, round_starts
from sessions.scheduling.slots import FREE, Agenda
from sessions.scheduling.walltime import instant_of, minute_of
from sessions.services.appointments.checks import window

TIMES_SHOWN = 6
DAYS_TRIED = 7


@dataclass(frozen=True)
class PlaceWords:
    """What those at a place are called, and what one says of one who could not be treated."""

    one: str
    many: str
    not_seen: str
    not_seen_reason: str


def place_words(place: Place) -> PlaceWords:
    if place.kind == Place.Kind.STABLE:
        return PlaceWords(_("horse"), _("horses"), _("Not caught"), _("Not caught"))
    if place.kind == Place.Kind.CARE_HOME:
        return PlaceWords(_("resident"), _("residents"), _("Not there"), _("Not there, or declined today"))
    return PlaceWords(_("patient"), _("patients"), _("Not there"), _("Not there, or declined today"))


@dataclass(frozen=True)
class Candidate:
    """Somebody at a place who may be visited: for the next session of a course, or for anything else.

    `why` says in words how the session stands; `needs_reason` that it is outside its window on that day, or the day is
    blocked for the patient, who then counts as not due.
    """

    patient: Patient
    minutes: int
    planned: PlannedSession | None
    is_due: bool
    needs_reason: bool
    why: str
    also: str = ""
    blocked: str = ""  # what stands against that day

    @property
    def key(self) -> str:
        return f"s{self.planned.public_id.hex}" if self.planned else f"p{self.patient.public_id.hex}"


def candidates(site: Site, place: Place, on: date, now: datetime) -> list[Candidate]:
    """List everybody at a place, those due on a day first, each part by name. Four SQL statements."""
    return candidates_of(site, list(booking.patients_at(place)), on, now)


def candidates_of(site: Site, patients: Sequence[Patient], on: date, now: datetime) -> list[Candidate]:
    """As `candidates`, for these patients wherever they are. Three SQL statements."""
    sessions: dict[int, list[PlannedSession]] = defaultdict(list)
    for planned in next_sessions(site.clinic, patients):
        sessions[planned.course.patient_id].append(planned)
    booked = _booked_on(site, patients, on)
    blocked = blocked_times(site.clinic_id, [one.pk for one in patients], on, on, site.zone)
    found = []
    for patient in patients:
        also = booked.get(patient.pk, "")
        found += [_of_session(site, patient, planned, on, now, also) for planned in sessions[patient.pk]]
        if not sessions[patient.pk]:
            why = also or _("no session to book")
            found.append(Candidate(patient, site.clinic.session_min, None, False, False, why))
    found = [_if_blocked(one, reasons_on(blocked.get(one.patient.pk, ()), on, site.zone)) for one in found]
    return sorted(found, key=lambda one: not one.is_due)


def _if_blocked(one: Candidate, words: str) -> Candidate:
    if not words:
        return one
    return replace(one, is_due=False, needs_reason=True, why=f"{one.why} · {words}", blocked=words)


def next_sessions(clinic: Clinic, patients: Iterable[Patient]) -> QuerySet[PlannedSession]:
    """List the next session to book of every open course of these patients. One SQL statement."""
    gone = [LEFT_OPEN, OUT_OF_PLAN]
    rows = PlannedSession.objects.filter(status=PlannedStatus.PLANNED).exclude(why__in=gone)
    earlier = rows.filter(course=OuterRef("course"), number__lt=OuterRef("number"))
    names = ("course__patient__species", "course__indication", "course__lead_practitioner", "course__site")
    of_patients = {"course__clinic": clinic, "course__patient__in": [patient.pk for patient in patients]}
    open_ones = rows.filter(~Exists(earlier), **of_patients, course__status__in=["active", "paused"])
    return open_ones.select_related(*names).order_by("due_on", "pk")


def _booked_on(site: Site, patients: Iterable[Patient], on: date) -> dict[int, str]:
    from_at, until_at = availability.day_span(site, on, on)
    rows = Appointment.objects.live().between(from_at, until_at).filter(patient__in=[one.pk for one in patients])
    return {
        patient: _("already has a visit at %(time)s that day") % {"time": f"{at.astimezone(site.zone):%H:%M}"}
        for patient, at in rows.order_by("-starts_at").values_list("patient_id", "starts_at")
    }


def _of_session(site: Site, patient: Patient, planned: PlannedSession, on: date, now: datetime, also: str) -> Candidate:
    minutes = planned.minutes or site.clinic.session_min
    if planned.course.status == CourseStatus.PAUSED:
        why = _("the course is paused: a practitioner must resume it first")
        return Candidate(patient, site.clinic.session_min, None, False, False, why)
    first, last = window(planned, local_day(now, site.zone))
    is_due = first <= on <= last
    said = {"day": _day(planned.due_on), "first": _day(planned.earliest_on), "last": _day(planned.latest_on)}
    words = _("due %(day)s")
    if planned.latest_on < on:
        words = _("late: due %(day)s, not after %(last)s")
    elif not is_due:
        words = _("not due yet: %(day)s, not before %(first)s")
    return Candidate(patient, minutes, planned, is_due, not is_due, words % said, also)


def _day(day: date) -> str:
    return date_format(day, "D j M")


@dataclass(frozen=True)
class RoundTime:
    """A time a round fits: when one leaves, begins, ends and is back."""

    leaves_at: datetime
    starts_at: datetime
    ends_at: datetime
    back_at: datetime


@dataclass(frozen=True)
class RoundTimes:
    """The times that fit on a day; without any, why, and the next day that has one."""

    times: tuple[RoundTime, ...]
    total_min: int
    why_none: str = ""
    other: RoundTime | None = None


def round_times(
    site: Site,
    practitioner: Practitioner,
    on: date,
    stops: Sequence[tuple[Patient, int]],
    *,
    before_min: int,
    after_min: int,
    now: datetime,
    without: Sequence[int] = (),
) -> RoundTimes:
    """Propose beginnings of a round on a local day, or say why there are none. Four SQL statements."""
    total = sum(minutes for _patient, minutes in stops)
    last_on = on + timedelta(days=DAYS_TRIED - 1)
    from_at, until_at = availability.day_span(site, on, last_on)
    known = availability.agendas(
        site,
        from_at=from_at,
        until_at=until_at,
        now=now,
        practitioner_ids=[practitioner.pk],
        patient_ids=[patient.pk for patient, _minutes in stops],
        away=True,
        without=without,
    )
    agenda = known.practitioners[practitioner.pk]
    visits = [Stop(minutes, known.patients.get(patient.pk, FREE)) for patient, minutes in stops]
    found: list[RoundTime] = []
    for day in (on + timedelta(days=n) for n in range(DAYS_TRIED)):
        if practitioner.last_day_on is not None and day > practitioner.last_day_on:
            break
        times = _on_day(site, agenda, visits, day, before_min, after_min, now)
        found = [RoundTime(*(instant_of(minute) for minute in time)) for time in times]
        if found:
            break
    if found and local_day(found[0].starts_at, site.zone) == on:
        return RoundTimes(tuple(found), total)
    why = _why_none(site, practitioner, agenda, known.closed.reason(on), on, total, before_min + after_min, now)
    return RoundTimes((), total, why, found[0] if found else None)


def _on_day(site, agenda, visits, day, before_min, after_min, now) -> list[tuple[int, int, int, int]]:
    between = tuple(minute_of(at) for at in availability.day_span(site, day, day))
    starts = round_starts(agenda, visits, between=between, before_min=before_min, after_min=after_min)
    chosen = best_starts(
        starts,
        agenda,
        step_minutes=max(site.slot_step_min, booking.SHOWN_STEP_MIN),
        before_min=before_min,
        not_before=minute_of(now) + 1,
        count=TIMES_SHOWN,
    )
    lengths = [visit.minutes for visit in visits]
    ends = {start: back_to_back(start, lengths)[-1][1] for start in chosen}
    return [(start - before_min, start, ends[start], ends[start] + after_min) for start in chosen]


def _why_none(site, person, agenda: Agenda, closed_for, on, total, way_min, now) -> str:
    names = {"name": person.name, "minutes": total, "way": way_min}
    if on < local_day(now, site.zone):
        return _("This day has passed. Choose a later one.")
    if closed_for is not None:
        return _("The clinic is closed that day. %(why)s") % {"why": closed_for}
    between = tuple(minute_of(at) for at in availability.day_span(site, on, on))
    if not agenda.open_intervals(between):
        return _("%(name)s does not work that day.") % names
    if not total:
        return _("Tick at least one to visit; the times that fit then stand here.")
    names["longest"] = max((end - start for start, end in agenda.free_intervals(between)), default=0)
    if names["longest"] < total:
        return (
            _(
                "%(name)s has no %(minutes)s minutes in one piece that day; the longest free time is %(longest)s minutes. "
                "Tick fewer, or choose another day or somebody else."
            )
            % names
        )
    return (
        _(
            "%(minutes)s minutes and %(way)s minutes of way fit nowhere into the day of %(name)s. Tick fewer, or choose "
            "another day or somebody else."
        )
        % names
    )


# Rounds that are booked


def round_or_404(clinic: Clinic, public_id: UUID) -> Round:
    """Give a round of this clinic with its names. One SQL statement."""
    try:
        rows = Round.objects.select_related("site", "clinic", "place", "practitioner", "created_by")
        return rows.get(clinic=clinic, public_id=public_id)
    except Round.DoesNotExist as exc:
        raise Http404 from exc


def round_of_form(clinic: Clinic, token: str) -> Round | None:
    """Give the round a form has booked already. One SQL statement, none for what is no token."""
    try:
        return Round.objects.filter(clinic=clinic, booking_token=UUID(token)).first()
    except ValueError:
        return None


def visits_of(one: Round) -> list[Appointment]:
    """List the visits of a round in order, those that fell through too. One SQL statement."""
    rows = Appointment.objects.filter(round=one).exclude(status="entered_in_error")
    return list(with_records(rows.select_related(*WITH_NAMES)).order_by("starts_at", "pk"))


@dataclass(frozen=True)
class RoundLine:
    """One visit of a round as its page shows it. `place` counts the live ones from 1."""

    visit: Appointment
    place: int | None
    may_go_up: bool
    may_go_down: bool
    gap_min: int
    day_has_come: bool


@dataclass(frozen=True)
class RoundPage:
    """A round and its visits; the way is that of those still live."""

    round: Round
    lines: tuple[RoundLine, ...]
    words: PlaceWords

    @property
    def live(self) -> list[RoundLine]:
        return [line for line in self.lines if line.place is not None]

    @property
    def leaves_at(self) -> datetime | None:
        return self.live[0].visit.leaves_at if self.live else None

    @property
    def back_at(self) -> datetime | None:
        return self.live[-1].visit.back_at if self.live else None

    @property
    def has_gaps(self) -> bool:
        return any(line.gap_min > 0 for line in self.live)

    @property
    def treated(self) -> int:
        return sum(line.visit.status == "fulfilled" for line in self.live)

    @property
    def may_move(self) -> bool:
        return bool(self.live) and all(line.visit.status in MOVABLE for line in self.live)

    @property
    def may_cancel(self) -> bool:
        return any(line.visit.status in MOVABLE for line in self.live)


MOVABLE = ("offered", "booked", "arrived")


def round_page(one: Round, now: datetime) -> RoundPage:
    """Give a round with its visits, ready to show. One SQL statement."""
    visits = visits_of(one)
    live = [visit for visit in visits if visit.is_live]
    lines = []
    for visit in visits:
        place = live.index(visit) if visit.is_live else None
        day_has_come = not visit.is_on_a_later_day(now)
        if place is None:
            lines.append(RoundLine(visit, None, False, False, 0, day_has_come))
            continue
        before, after = (live[n] if 0 <= n < len(live) else None for n in (place - 1, place + 1))
        movable = visit.status in MOVABLE
        gap = (visit.starts_at - before.ends_at).total_seconds() / 60 if before else 0
        lines.append(
            RoundLine(
                visit,
                place + 1,
                movable and before is not None and before.status in MOVABLE,
                movable and after is not None and after.status in MOVABLE,
                round_minutes(gap),
                day_has_come,
            )
        )
    return RoundPage(one, tuple(lines), place_words(one.place))


def round_minutes(minutes: float) -> int:
    return max(round(minutes), 0)


def rounds_between(site: Site, from_on: date, until_on: date, practitioner: Practitioner | None = None) -> list[Round]:
    """List the rounds of local days, both included, each with its live `stops`. Two SQL statements."""
    rows = Round.objects.filter(site=site, on__gte=from_on, on__lte=until_on, status=Round.Status.BOOKED)
    if practitioner is not None:
        rows = rows.filter(practitioner=practitioner)
    live = Appointment.objects.live().select_related("patient").order_by("starts_at", "pk")
    shown = rows.select_related("place", "practitioner", "site").prefetch_related(
        Prefetch("visits", live, to_attr="stops")
    )
    return sorted(
        (one for one in shown if one.stops), key=lambda one: (one.stops[0].starts_at, one.practitioner.position)
    )


def places_with_due(site: Site, on: date) -> list[Place]:
    """List the places in use with `due_count`, how many sessions there may be booked for a day. One SQL statement."""
    gone = [LEFT_OPEN, OUT_OF_PLAN]
    rows = PlannedSession.objects.filter(status=PlannedStatus.PLANNED, course__status=CourseStatus.ACTIVE)
    due = rows.exclude(why__in=gone).filter(
        earliest_on__lte=on,
        course__patient__place=OuterRef("pk"),
        course__patient__ended_on__isnull=True,
        course__patient__merged_into__isnull=True,
    )
    counted = due.order_by().values("course__patient__place").annotate(n=Count("course", distinct=True)).values("n")
    return list(booking.places(site.clinic).annotate(due_count=Coalesce(Subquery(counted), 0)))


def people_for(clinic: Clinic, on: date, found: Iterable[Candidate]) -> list[Practitioner]:
    """List who may drive there: who treats a species that is there. Two SQL statements."""
    species = {one.patient.species_id for one in found}
    people = availability.practitioners(clinic, on)
    return [one for one in people if not species or any(availability.treats(one, kind) for kind in species)]
