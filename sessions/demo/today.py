"""Today as it stands at this moment, the weeks to come, and what waits for somebody's hand."""

from datetime import date, datetime, timedelta

from mesoclinic.core.localtime import local_day
from patients.models import Patient
from sessions.models import Appointment, Course, Practitioner, SessionRecord
from sessions.services import appointments, plans, records

from . import people
from .files import give_consent
from .life import FIRST_VISIT_MIN, STORIES, Life, book, find_time, look_ahead, prescribe
from .recording import write_record
from .story import Story
from .world import World

HALF_A_DAY_MIN = 255  # of 8 hours and a half
SOON = timedelta(minutes=35)
MOSTLY_IN_THE_MORNING = 0.6
BUSY_DAYS_AHEAD, VISITS_A_DAY = 6, 4
# kind, minutes, reason, and where a first visit is treated
CALLS = (
    ("first_visit", 30, "Knee, since the half marathon", "Knee"),
    ("review", 15, "How did it go since the last course?", ""),
    ("first_visit", 30, "Stiff neck, worse at the desk", "Neck"),
    ("first_visit", 45, "Scar after an operation, hard and sore", "Lower back"),
    ("first_visit", 30, "Frozen shoulder, second opinion", "Shoulder"),
    ("other", 15, "Form for the sports club", ""),
    ("first_visit", 30, "Cramps in the calves at night", "Calf"),
    ("first_visit", 30, "Thumb, since knitting all winter", "Hand"),
    ("review", 15, "Three months after the last session", ""),
    ("first_visit", 30, "Hip, when lying on it", "Hip"),
    ("first_visit", 45, "Pain since the car accident in spring", "Neck"),
)
HORSE_CALLS = (
    ("first_visit", 30, "Short steps behind since the weekend", "Pelvis"),
    ("review", 20, "Seen under the saddle again", ""),
    ("first_visit", 45, "Bucks when girthed up", "Back"),
    ("first_visit", 30, "Stiff after the long transport", "Back"),
    ("first_visit", 45, "Refuses the left lead in canter", "Neck"),
    ("other", 20, "Trotting up before the sales", ""),
)
REGIONS = {reason: region for _kind, _minutes, reason, region in (*CALLS, *HORSE_CALLS)}
LUNCH = "13:00"


def play_today(world: World, lives: list[Life]) -> None:
    """Book today half full, and let it have happened as far as the clock has come."""
    _courses_due(world, lives)
    _fill(world, world.today)
    _cancelled(world)
    for visit in _visits(world, world.today):
        _happen(world, visit, lives)
    _sign_at_lunch(world)
    for life in lives:
        if life.story.walks_in:
            _walk_in(world, life)
    _prescribed_just_now(world, lives)


def plan_ahead(world: World, lives: list[Life]) -> None:
    """Book the coming sessions of most, leave some to call, and one that a moved visit has put outside its window."""
    for life in lives:
        if life.course is not None and Course.objects.filter(pk=life.course.pk, status="active").exists():
            for _ahead in range(life.story.ahead):
                _book_next(world, life)
            if life.story.ends == "rebook":
                _make_to_rebook(world, life)
    for days in range(1, BUSY_DAYS_AHEAD + 1):
        _fill(world, world.today + timedelta(days=days), most=VISITS_A_DAY)
    _new_callers(world)
    _told_later(world)


def _courses_due(world: World, lives: list[Life]) -> None:
    for life in lives:
        if not life.is_waiting or life.next_session.due_on > world.today:
            continue
        if not Course.objects.filter(pk=life.course.pk, status="active").exists():
            continue
        if life.story.walks_in:
            continue
        patient, planned = world.patients[life.story.patient], life.next_session
        lead = world.practitioners[life.story.lead]
        minutes = planned.minutes or 20
        before = world.now if world.chance.random() < MOSTLY_IN_THE_MORNING else None
        found = find_time(world, patient, lead, world.today, minutes, before=before)
        found = found or find_time(world, patient, lead, world.today, minutes)
        if found is not None:
            book(world, patient, found, "session", planned=planned)


def _fill(world: World, day: date, most: int = 99) -> None:
    """Book visits outside any course until each practitioner's day is half full, or holds `most` more."""
    for practitioner in world.practitioners.values():
        minutes = sum(_minutes(one) for one in _visits(world, day) if one.practitioner_id == practitioner.pk)
        booked = 0
        while minutes < HALF_A_DAY_MIN and booked < most:
            patient = _next_without_course(world, practitioner)
            if patient is None:
                break
            calls = HORSE_CALLS if patient.species.is_animal else CALLS
            kind, length, reason, region = calls[patient.number * 5 % len(calls)]
            # What is not a treatment leaves no record, so those who come for it come later today.
            found = find_time(world, patient, practitioner, day, length, after=None if region else world.now)
            if found is None or found.practitioner.pk != practitioner.pk:
                break
            book(world, patient, found, kind, reason=reason)
            minutes, booked = minutes + length, booked + 1


def _next_without_course(world: World, practitioner: Practitioner) -> Patient | None:
    treats_animals = practitioner.pk == world.practitioners["kilbride"].pk
    rows = Patient.objects.filter(clinic=world.clinic, appointments=None)
    rows = rows.exclude(name__in=[story.patient for story in STORIES]).exclude(flags__kind="pregnancy")
    rows = rows.exclude(species__code="human") if treats_animals else rows.filter(species__code="human")
    return rows.select_related("species").order_by("number").first()


def _visits(world: World, day: date) -> list[Appointment]:
    first, last = world.at(day, "00:00"), world.at(day + timedelta(days=1), "00:00")
    rows = Appointment.objects.live().filter(site=world.site, starts_at__gte=first, starts_at__lt=last)
    return list(rows.select_related("patient__species", "practitioner", "planned_session").order_by("starts_at", "pk"))


def _minutes(visit: Appointment) -> int:
    return round((visit.ends_at - visit.starts_at).total_seconds() / 60)


def _cancelled(world: World) -> None:
    """The last visit of the day outside a course was called off by telephone."""
    later = [one for one in _visits(world, world.today) if one.planned_session_id is None]
    if later:
        reason = "Child ill; will ring again"
        appointments.cancel(
            actor=world.desk,
            appointment=later[-1],
            cancelled_by="patient",
            reason=reason,
            now=min(world.now, later[-1].starts_at) - timedelta(minutes=50),
        )


def _happen(world: World, visit: Appointment, lives: list[Life]) -> None:
    """Let a visit of today be where the clock says: done and unsigned, under way, waiting, or still to come."""
    now, desk = world.now, world.desk
    if visit.starts_at - SOON > now:
        return
    life = next((one for one in lives if one.next_session and one.next_session.pk == visit.planned_session_id), None)
    is_over = visit.ends_at <= now
    if is_over and life is None and _none_yet(world, "no_show"):
        appointments.mark_no_show(actor=desk, appointment=visit, now=visit.ends_at)
        return
    arrived_at = min(visit.starts_at - timedelta(minutes=5), now - timedelta(minutes=2))
    visit = appointments.check_in(actor=desk, appointment=visit, now=arrived_at)
    if visit.starts_at > now:
        return
    if life is None:
        give_consent(world, visit.patient, world.today)
        write_record(world, visit, _first_visit(visit), 1, done_at=_done_at(visit) if is_over else None)
    elif is_over and life.given > 1 and _none_yet(world, "not_treated"):
        appointments.mark_not_treated(
            actor=desk, appointment=visit, reason="Fever since this morning", now=visit.starts_at
        )
        plans.plan_sessions(life.course.pk, now=now)
    else:
        life.given += 1
        write_record(world, visit, life.story, life.given, done_at=_done_at(visit) if is_over else None)
        look_ahead(life)


def _done_at(visit: Appointment) -> datetime:
    return visit.ends_at - timedelta(minutes=2)


def _first_visit(visit: Appointment) -> Story:
    """What is written down of a first visit: a few points where it hurts, to see whether it helps."""
    return Story(visit.patient.name, "", "", "", 0, (5, 4), REGIONS.get(visit.reason) or "Back", "both")


def _sign_at_lunch(world: World) -> None:
    """Whoever worked through the morning has signed it by now; the afternoon waits for the evening."""
    lunch = world.at(world.today, LUNCH)
    if world.now < lunch:
        return
    for key, practitioner in world.practitioners.items():
        rows = SessionRecord.objects.filter(clinic=world.clinic, performed_by=practitioner, status="done")
        rows = list(rows.filter(performed_at__lt=lunch).order_by("performed_at"))
        if rows[1:]:
            records.sign_records(actor=world.users[key], records=rows[:-1], now=lunch)


def _walk_in(world: World, life: Life) -> None:
    """Somebody stands at the desk now, without a time; the treatment has just begun."""
    visit = appointments.walk_in(
        actor=world.desk,
        clinic=world.clinic,
        site=world.site,
        patient=world.patients[life.story.patient],
        practitioner=world.practitioners[life.story.lead],
        minutes=life.next_session.minutes or 20,
        planned_session=life.next_session,
        now=world.now,
    )
    life.given += 1
    write_record(world, visit, life.story, life.given, done_at=None)
    look_ahead(life)


def _none_yet(world: World, status: str) -> bool:
    """Whether today has no visit of this status: one is enough to show how it looks."""
    since = world.at(world.today, "00:00")
    return not Appointment.objects.filter(site=world.site, status=status, starts_at__gte=since).exists()


def _prescribed_just_now(world: World, lives: list[Life]) -> None:
    for life in lives:
        if life.course is None:
            start_on = world.today - timedelta(days=life.story.began)
            give_consent(world, world.patients[life.story.patient], world.today)
            life.course = prescribe(world, life.story, world.now, start_on=start_on)
            plans.plan_sessions(life.course.pk, now=world.now)


def _book_next(world: World, life: Life) -> Appointment | None:
    rows = life.course.planned_sessions.filter(status="planned", due_on__gt=world.today).order_by("number")
    planned = rows.first()
    if planned is None:
        return None
    patient, lead = world.patients[life.story.patient], world.practitioners[life.story.lead]
    day = planned.due_on
    while day <= planned.latest_on:
        found = find_time(world, patient, lead, day, planned.minutes or 20)
        if found is not None:
            return book(world, patient, found, "session", planned=planned)
        day += timedelta(days=1)
    return None


def _make_to_rebook(world: World, life: Life) -> None:
    """Move the next visit late in its window: the one booked after it then lies too near."""
    following = _book_next(world, life)
    rows = Appointment.objects.filter(planned_session__course=life.course, status="booked").order_by("starts_at")
    first = rows.select_related("planned_session", "practitioner", "patient__species", "site").first()
    if following is None or first is None:
        return
    day = first.planned_session.latest_on
    while day > local_day(first.starts_at, world.site.zone):
        found = find_time(world, first.patient, first.practitioner, day, _minutes(first))
        if found is not None:
            appointments.move(
                actor=world.desk,
                appointment=first,
                starts_at=found.starts_at,
                practitioner=found.practitioner,
                any_room=True,
                now=world.now,
            )
            plans.plan_sessions(life.course.pk, now=world.now)
            return
        day -= timedelta(days=1)


def _new_callers(world: World) -> None:
    """Four people ring up for the first time and get the next free times."""
    names = people.PEOPLE[-people.NEW_CALLERS :]
    for index, (facts, reason) in enumerate(zip(names, people.CALLER_REASONS, strict=True)):
        lead = world.practitioners[("sandoval", "achterberg")[index % 2]]
        anyone = next(iter(world.patients.values()))
        day = world.today + timedelta(days=1 + index)
        while (found := find_time(world, anyone, lead, day, FIRST_VISIT_MIN)) is None:
            day += timedelta(days=1)
        visit = appointments.book_new_caller(
            actor=world.desk,
            clinic=world.clinic,
            site=world.site,
            species=anyone.species,
            name=facts[0],
            phone=f"+33 6 39 98 90 {index + 11}",
            reason=reason,
            practitioner=found.practitioner,
            starts_at=found.starts_at,
            minutes=FIRST_VISIT_MIN,
            room=found.room,
            now=world.now,
        )
        world.patients[facts[0]] = visit.patient


def _told_later(world: World) -> None:
    """A lump that came weeks after a signed session: told on the telephone, added to that session."""
    record = SessionRecord.objects.filter(status="signed", patient__species__code="human").order_by("-pk")[20]
    records.report_reaction(
        actor=world.users["achterberg"],
        record=record,
        kind="Lump under the skin",
        severity="mild",
        onset_on=world.today - timedelta(days=2),
        description="Pea-sized, not red, at one of the points.",
        action="To be looked at next time; to ring if it grows or reddens.",
        now=world.now,
    )
