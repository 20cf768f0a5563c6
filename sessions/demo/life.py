"""The past, day by day: courses begin, sessions take place, some do not come, records are signed in the evening."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mesoclinic.core.localtime import local_day
from patients.models import Patient
from patients.services import parties, patients
from protocols.models import Indication, Protocol, ProtocolVersion
from sessions.models import Appointment, Course, PlannedSession, Practitioner, SessionRecord
from sessions.queries import availability
from sessions.queries.appointments import FreeTime, free_times
from sessions.services import appointments, courses, plans, records

from . import horses
from .files import give_consent
from .horse_stories import HORSE_STORIES
from .recording import write_record
from .stories import PEOPLE_STORIES
from .story import Story
from .world import World

STORIES = (*PEOPLE_STORIES, *HORSE_STORIES)
STEP_MIN = 15
SIGNED_WITHIN_DAYS = 4
FIRST_VISIT_MIN, SESSION_MIN = 30, 20


@dataclass
class Life:
    """A story as far as it has been told: its course, and the next session of it to be given."""

    story: Story
    course: Course | None = None
    given: int = 0
    next_session: PlannedSession | None = None
    missed: int = 0

    @property
    def is_waiting(self) -> bool:
        """Whether a session may still take place in the past."""
        return self.course is not None and self.next_session is not None and self.given < self.story.most


def play_the_past(world: World) -> list[Life]:
    """Play every day up to yesterday; returns every story as far as it went, those not begun too."""
    lives, waiting = [Life(story) for story in STORIES], {}
    day = world.today - timedelta(days=max(story.began for story in STORIES))
    while day < world.today:
        done = [record for life in lives for record in _day_of(world, life, day)]
        if done:
            _evening(world, day, done, waiting)
        _events_of(world, lives, day)
        day += timedelta(days=1)
    return lives


def _day_of(world: World, life: Life, day: date) -> list[SessionRecord]:
    story = life.story
    if life.course is None:
        begins_on = world.today - timedelta(days=story.began)
        return _begin(world, life, day) if begins_on <= day and story.began > 0 else []
    if not life.is_waiting or life.next_session.due_on > day:
        return []
    return _session(world, life, day)


def _begin(world: World, life: Life, day: date) -> list[SessionRecord]:
    """The first visit: the course is prescribed on the spot, and session 1 is now."""
    story, patient = life.story, world.patients[life.story.patient]
    lead = world.practitioners[story.lead]
    found = find_time(world, patient, lead, day, FIRST_VISIT_MIN, before=world.now)
    if found is None or found.practitioner.pk != lead.pk:
        return []
    visit = book(world, patient, found, "first_visit", reason=story.complaint)
    arrived_at = found.starts_at - timedelta(minutes=4)
    visit = appointments.check_in(actor=world.desk, appointment=visit, now=arrived_at)
    give_consent(world, patient, day)
    weigh(world, patient, day)
    life.course = prescribe(world, story, found.starts_at, visit if story.most else None)
    if story.most == 0:
        plans.plan_sessions(life.course.pk, now=found.starts_at)
        appointments.fulfil(actor=world.user_of(lead), appointment=visit, now=found.ends_at)
        return []
    visit.refresh_from_db()
    return [_give(world, life, visit)]


def weigh(world: World, patient: Patient, day: date) -> None:
    weight = patient.weights.first()
    if weight is not None:
        changed_kg = world.chance.randint(-2, 3)
        patients.record_weight(
            actor=world.desk,
            patient=patient,
            weight_kg=weight.weight_kg + changed_kg,
            weighed_on=day,
            today=world.today,
        )


def prescribe(world: World, story: Story, now: datetime, visit: Appointment | None = None, start_on=None) -> Course:
    protocol = Protocol.objects.get(clinic=world.clinic, code=story.protocol)
    version = ProtocolVersion.objects.filter(protocol=protocol, status="published").latest("number")
    lead = world.practitioners[story.lead]
    return courses.prescribe_course(
        actor=world.user_of(lead),
        clinic=world.clinic,
        patient=world.patients[story.patient],
        protocol_version=version,
        indication=Indication.objects.get(clinic=world.clinic, code=story.indication),
        lead_practitioner=lead,
        site=world.site,
        start_on=start_on or local_day(now, world.site.zone),
        cadence=version.cadence,
        side=story.side,
        complaint=story.complaint,
        tried_before=story.tried_before,
        combined_with=story.combined_with,
        appointment=visit,
        now=now,
    )


def _session(world: World, life: Life, day: date) -> list[SessionRecord]:
    planned = life.next_session
    patient, lead = world.patients[life.story.patient], world.practitioners[life.story.lead]
    found = find_time(world, patient, lead, day, planned.minutes or SESSION_MIN, before=world.now)
    if found is None:
        return []
    visit = book(world, patient, found, "session", planned=planned)
    if planned.number in life.story.missed and not life.missed:
        life.missed += 1
        evening = world.at(day, "18:30")
        appointments.mark_no_show(actor=world.desk, appointment=visit, now=evening)
        plans.plan_sessions(life.course.pk, now=evening + timedelta(hours=12))
        look_ahead(life)
        return []
    visit = appointments.check_in(actor=world.desk, appointment=visit, now=found.starts_at - timedelta(minutes=6))
    return [_give(world, life, visit)]


def _give(world: World, life: Life, visit: Appointment) -> SessionRecord:
    life.given += 1
    done_at = visit.ends_at - timedelta(minutes=3)
    record = write_record(world, visit, life.story, life.given, done_at=done_at)
    _review(world, life, done_at)
    look_ahead(life)
    return record


def _review(world: World, life: Life, now: datetime) -> None:
    decision = life.story.reviews.get(life.given)
    if decision:
        note = "Half the pain, twice the distance. Space it out." if decision == "continue" else ""
        lead = world.users[life.story.lead]
        courses.record_review(
            actor=lead, course=life.course, after_number=life.given, decision=decision, note=note, now=now
        )


def look_ahead(life: Life) -> None:
    life.next_session = (
        PlannedSession.objects.filter(course=life.course, status="planned", is_held=False).order_by("number").first()
    )


def _evening(world: World, day: date, done: list[SessionRecord], waiting: dict[str, SessionRecord]) -> None:
    """Everybody signs what they gave; of the last days, the latest record of each waits for another evening."""
    for key, practitioner in world.practitioners.items():
        own = sorted((one for one in done if one.performed_by_id == practitioner.pk), key=lambda one: one.performed_at)
        if own and key in waiting:
            own.insert(0, waiting.pop(key))
        if own and day >= world.today - timedelta(days=SIGNED_WITHIN_DAYS):
            waiting[key] = own.pop()
        if own:
            records.sign_records(actor=world.users[key], records=own, now=world.at(day, "18:40"))


def _events_of(world: World, lives: list[Life], day: date) -> None:
    """What else happens in the evening: corrections, a horse sold, courses paused and stopped."""
    evening = world.at(day, "19:00")
    for life in lives:
        story = life.story
        if story.corrected and life.given == story.corrected + 1 and life.next_session and life.missed != -1:
            life.missed = -1  # once
            _correct(world, life, evening)
        if life.course is None or life.given < story.most:
            continue
        if story.ends in ("paused", "stopped"):
            end = courses.pause_course if story.ends == "paused" else courses.stop_course
            if Course.objects.filter(pk=life.course.pk, status="active").exists():
                end(actor=world.users[story.lead], course=life.course, reason=story.why, now=evening)
    name, owner, phone = horses.SOLD
    if day == world.today - timedelta(days=10):
        parties.transfer_ownership(
            actor=world.desk,
            patient=world.patients[name],
            on=day,
            name=owner,
            phone=phone,
            keep_others=True,
            today=day,
        )
        give_consent(world, world.patients[name], day)  # the former owner's counts no longer


def _correct(world: World, life: Life, now: datetime) -> None:
    record = SessionRecord.objects.filter(course=life.course, planned_session__number=life.story.corrected).get()
    records.add_addendum(
        actor=world.users[life.story.lead],
        record=record,
        kind="correction",
        field="relief",
        text="Relief came after about two minutes, not at once.",
        reason="Told on the telephone the day after.",
        now=now,
    )


def find_time(
    world: World,
    patient,
    lead: Practitioner,
    day: date,
    minutes: int,
    *,
    before: datetime | None = None,
    after: datetime | None = None,
) -> FreeTime | None:
    """Choose a free time on a day: with the lead if there is one, else with whoever treats the patient."""
    away = patient.place_id is not None
    treating = availability.practitioners(world.clinic, day, patient.species)
    for people in ([lead], [one for one in treating if one.pk != lead.pk]):
        free = free_times(
            world.site,
            people,
            day,
            day,
            minutes,
            patient=patient,
            rooms=[] if away else world.rooms[:2] if not patient.species.is_animal else world.rooms[2:],
            away=away,
            now=after or world.at(day, "00:00"),
            step_min=STEP_MIN,
        ).told()
        free = [time for time in free if before is None or time.ends_at < before]
        if away:  # the vet drives to one stable in the morning and to the other in the afternoon
            noon, is_first = world.at(day, "13:00"), patient.place_id == world.places[0].pk
            free = [time for time in free if (time.starts_at < noon) == is_first] or free
        if free:
            return world.chance.choice(free)
    return None


def book(
    world: World, patient, found: FreeTime, kind: str, *, planned: PlannedSession | None = None, **fields
) -> Appointment:
    """Book a time found; a past one on its eve. One after the session's window says why: weekends, a full clinic."""
    eve = found.starts_at - timedelta(days=1)
    is_late = planned is not None and local_day(found.starts_at, world.site.zone) > planned.latest_on
    return appointments.book_appointment(
        actor=world.desk,
        clinic=world.clinic,
        site=world.site,
        kind=kind,
        patient=patient,
        practitioner=found.practitioner,
        room=found.room,
        place=patient.place,
        starts_at=found.starts_at,
        minutes=found.minutes,
        planned_session=planned,
        now=min(eve, world.now),
        outside_window_reason="No time was free before." if is_late else "",
        **fields,
    )
