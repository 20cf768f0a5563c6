"""The whole story of a patient, for the one page that tells it."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, OuterRef, Prefetch, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core.queries.rare import list_rare
from mesoclinic.core.wording import with_colon
from patients.models import Flag, Patient
from patients.queries import consents as consent_queries
from patients.queries import parties as party_queries
from patients.queries import patients as patient_queries
from patients.queries.merging import OtherWay, other_ways
from patients.queries.parties import Contact
from protocols.cadence import OPEN_ENDED
from sessions.models import Appointment, Course, PlannedSession, ReportHandout, SessionRecord
from sessions.models.appointments import OPEN_STATUSES, AppointmentKind, AppointmentStatus
from sessions.models.courses import CourseRevision, PlannedStatus
from sessions.queries.competitions import may_compete
from sessions.queries.corrections import right_lines, right_values
from sessions.queries.given_before import GivenBefore, given_before
from sessions.queries.handouts import handouts_of_patient
from sessions.queries.own_reasons import reason_words
from sessions.queries.scale_words import scale_label, value_words
from sessions.recording import shots_in_all

MOST_VISITS = 30  # of those that were, and
MOST_TO_COME = 6  # of those that are booked, until somebody asks for all
TOLD_OF_A_COURSE = (
    "public_id",
    "side",
    "status",
    "start_on",
    "indication__name",
    "protocol_version__protocol__name",
    "lead_practitioner__name",
)
TOLD_OF_A_VISIT = ("starts_at", "kind", "status", "status_reason", "practitioner__name", "planned_session__number")


@dataclass(frozen=True, slots=True)
class LastRecord:
    """The last session in lines a practitioner reads at a glance."""

    record: SessionRecord
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the story: a day, what happened, and a status for its look."""

    on: date
    icon: str
    text: str
    status: str = ""
    status_label: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PatientStory:
    """All that the page shows. `last_record` is None for those who may not see records.

    `more_to_come` and `more_before` say that visits are left out.
    """

    patient: Patient
    banner: patient_queries.Banner
    courses: list[Course]
    next_appointments: list[Appointment]
    more_to_come: bool
    more_before: bool
    last_record: LastRecord | None
    contacts: list[Contact]
    earlier_contacts: list[Contact]
    identifiers: list
    weights: list
    flags: list[Flag]
    ended_flags: list[Flag]
    consents: list[consent_queries.Standing]
    majority_on: date | None
    events: list[Event]
    given: GivenBefore
    handouts: list[ReportHandout]
    other_ways: list[OtherWay]

    @property
    def may_compete(self) -> bool:
        return may_compete(self.patient)

    @property
    def nobody_to_call(self) -> bool:
        """Whether the file of an animal names nobody, or nobody with a phone or an e-mail address."""
        reachable = any(one.phone or one.email for one in (*self.contacts, *self.other_ways))
        return not (reachable or self.patient.phone or self.patient.email)


def story(
    patient: Patient, *, today: date, now: datetime, zone: ZoneInfo, sees_records: bool, all_visits: bool = False
) -> PatientStory:
    """Gather a patient's page. At most so many SQL statements, however much the file holds; eight more for a horse that
    competes under a body's rules. The latest visits and the next ones, or `all_visits`.
    """
    keys = patient_queries.file_ids(patient)
    banner = patient_queries.banner(patient, today)
    flags = list(patient.flags.select_related("substance"))
    (visits, more_before), (coming, more_to_come) = _visits(keys, now, all_visits), _to_come(keys, now, all_visits)
    courses = list(_courses(keys))
    weights = list(patient.weights.all()[:8])
    standings = consent_queries.standings(patient, today)
    consents = [one.consent for one in standings]
    return PatientStory(
        patient=patient,
        banner=banner,
        courses=courses,
        next_appointments=coming,
        more_to_come=more_to_come,
        more_before=more_before,
        last_record=_last_record(keys) if sees_records else None,
        contacts=list(banner.contacts),
        earlier_contacts=party_queries.earlier_contacts(patient, today),
        identifiers=list(patient.identifiers.all()),
        weights=weights,
        flags=[flag for flag in flags if not _is_over(flag, today)],
        ended_flags=[flag for flag in flags if _is_over(flag, today)],
        consents=standings,
        majority_on=party_queries.majority_on(patient),
        events=_events(patient, courses, visits, flags, consents),
        given=given_before(patient, zone, today),
        handouts=handouts_of_patient(keys),
        other_ways=other_ways([patient]).get(patient.pk, []) if len(keys) > 1 else [],
    )


def _is_over(flag: Flag, today: date) -> bool:
    return flag.until_on is not None and flag.until_on < today


def _courses(keys: list[int]) -> QuerySet[Course]:
    """Courses, open ones first, with how far each has come and whether it `goes_on` without an end; of the rest only
    what the page says of it.
    """
    to_do = PlannedSession.objects.filter(status__in=[PlannedStatus.PLANNED, PlannedStatus.BOOKED]).order_by("number")
    followed = CourseRevision.objects.filter(course=OuterRef("pk")).order_by("-number").values("cadence")[:1]
    return (
        Course.objects.filter(patient__in=keys)
        .select_related("indication", "protocol_version__protocol", "lead_practitioner")
        .annotate(
            done_count=Count("planned_sessions", filter=Q(planned_sessions__status=PlannedStatus.DONE)),
            planned_count=Count("planned_sessions", filter=~Q(planned_sessions__status=PlannedStatus.SKIPPED)),
            followed=Coalesce(Subquery(followed), "cadence"),
            goes_on=Case(When(followed__contains=OPEN_ENDED, then=True), default=False),
        )
        .prefetch_related(Prefetch("planned_sessions", queryset=to_do, to_attr="sessions_to_do"))
        .only(*TOLD_OF_A_COURSE)
        .order_by("status", "-start_on", "-pk")
    )


def _to_come(keys: list[int], now: datetime, all_of_them: bool) -> tuple[list[Appointment], bool]:
    """Visits still to come, and one that runs late: who is here stays on the page past the time that was booked."""
    to_come = Q(status__in=OPEN_STATUSES, ends_at__gte=now) | Q(status__in=["arrived", "in_progress"])
    rows = Appointment.objects.filter(to_come, patient__in=keys, in_place_of__isnull=True)
    rows = rows.select_related("practitioner", "room", "place").order_by("starts_at")
    return _first(rows, None if all_of_them else MOST_TO_COME)


def _visits(keys: list[int], now: datetime, all_of_them: bool) -> tuple[list[Appointment], bool]:
    """The latest visits that have begun, with no more of each than the line that tells of it says."""
    rows = Appointment.objects.filter(patient__in=keys, starts_at__lte=now, in_place_of__isnull=True)
    rows = rows.exclude(status="moving").select_related("practitioner", "planned_session").only(*TOLD_OF_A_VISIT)
    return _first(rows.order_by("-starts_at"), None if all_of_them else MOST_VISITS)


def _first(rows: QuerySet[Appointment], most: int | None) -> tuple[list[Appointment], bool]:
    """The first of them, and whether there are more. One SQL statement."""
    found = list(rows if most is None else rows[: most + 1])
    return found[:most], most is not None and len(found) > most


def _last_record(keys: list[int]) -> LastRecord | None:
    rows = (
        SessionRecord.objects.finished()
        .filter(patient__in=keys)
        .select_related("performed_by", "technique", "appointment", "course__indication", "patient__species")
        .prefetch_related("administrations__substance", "injection_sites", "scores", "adverse_events", "addenda")
        .order_by("-performed_at", "-pk")
    )
    last = list_rare(rows, 1)
    return LastRecord(last[0], tuple(line for line in _lines(last[0]) if line)) if last else None


def _lines(record: SessionRecord) -> list[str]:
    """Mix, places, and how it went: the three lines DESIGN section 9 asks for, and reactions when there were any."""
    mix = " + ".join(f"{one.substance} {one.given_ml.normalize():f} mL" for one in right_lines(record))
    sites = ", ".join(str(site) for site in record.injection_sites.all())
    told = right_values(record).shots
    count = shots_in_all(told, (site.points for site in record.injection_sites.all()))
    shots = ngettext("%(count)d shot", "%(count)d shots", count) % {"count": count} if count else ""
    relief = _("relief after %(seconds)d s") % {"seconds": record.relief_seconds} if record.relief_seconds else ""
    reactions = ", ".join(event.kind for event in record.adverse_events.all())
    return [
        mix or (_("Dry: needle without a mix") if record.is_dry else ""),
        " · ".join(part for part in (sites, shots) if part),
        " · ".join(part for part in (*_score_words(record), relief) if part),
        _("Reaction: %(what)s") % {"what": reactions} if reactions else "",
    ]


def _score_words(record: SessionRecord) -> list[str]:
    scores: dict[str, dict[str, str]] = {}
    species = record.patient.species
    for score in record.scores.all():
        scores.setdefault(scale_label(score, species), {})[score.moment] = value_words(score, species)
    return [
        with_colon(scale, " → ".join(v for v in (s.get("before"), s.get("after")) if v)) for scale, s in scores.items()
    ]


def _events(patient, courses, visits, flags, consents) -> list[Event]:
    zone = timezone.get_current_timezone()
    registered = patient.created_at.astimezone(zone).date()
    events = [Event(registered, "person-plus", _("Registered"))]
    events += _visit_events(visits, zone)
    events += [
        Event(
            course.start_on,
            "journal-medical",
            _("Course: %(what)s") % {"what": course.indication},
            course.status,
            str(course.get_status_display()),
        )
        for course in courses
    ]
    events += [Event(flag.since_on, "flag-fill", _("Flag: %(what)s") % {"what": flag}) for flag in flags]
    for consent in consents:
        words = {"what": consent.text.title, "who": consent.given_by_name}
        events.append(Event(consent.given_on, "file-earmark-text", _("Consent: %(what)s, given by %(who)s") % words))
        if consent.withdrawn_on:
            events.append(Event(consent.withdrawn_on, "x-circle-fill", _("Consent withdrawn: %(what)s") % words))
    if patient.ended_on:
        events.append(
            Event(patient.ended_on, "lock-fill", _("File closed"), detail=str(patient.get_end_reason_display()))
        )
    return sorted(events, key=lambda event: event.on, reverse=True)


def _visit_events(visits: list[Appointment], zone: ZoneInfo) -> list[Event]:
    """Say what each visit was. The words for kinds and statuses are looked up once, not in every row."""
    kinds, statuses = dict(AppointmentKind.choices), dict(AppointmentStatus.choices)
    events = []
    for visit in visits:
        number = visit.planned_session.number if visit.planned_session else None
        words = _("Session %(number)d") % {"number": number} if number else kinds[visit.kind]
        on = visit.starts_at.astimezone(zone).date()
        told = f"{words} · {visit.practitioner}"
        why = reason_words(visit.status_reason)
        events.append(Event(on, "calendar-event", told, visit.status, str(statuses[visit.status]), why))
    return events
