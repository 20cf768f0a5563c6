"""What the desk has arranged: rounds to a stable and a home, a couple seen together, who waits, who was written to."""

from datetime import date, time, timedelta

from mesoclinic.core.localtime import local_day
from patients.models import Patient, Place
from patients.services import patients as files
from patients.services import places
from sessions.links import VisitLink
from sessions.models import Appointment, Practitioner, Round
from sessions.queries import rounds as round_reads
from sessions.queries import together as together_reads
from sessions.queries.recipients import recipients, settings_of
from sessions.services import appointments, competitions, reminders, replies, rounds, waiting
from sessions.services.appointments.together import book_together
from sessions.services.rounds import Stop

from . import horses
from .life import STORIES, find_time
from .world import World

DAYS_TRIED = 6  # nobody works on Sunday, and everybody has a day off
HOME = {"kind": Place.Kind.CARE_HOME, "travel_min": 15, "address": "3 allée des Glycines", "phone": "01 99 00 41 33"}
HOME_NAME, HOME_REASON = "Résidence des Glycines", "Shoulder and hip, as every month"
RESIDENTS, STOPS_AT_STABLE, STOPS_AT_HOME = 4, 5, 3
STABLE_REASON = "Seen under the saddle again"
COUPLE_REASON = "Back, since the new mattress"
TWO_DAYS_MIN, ONE_DAY_MIN = 2 * 24 * 60, 24 * 60


def arrange_rounds(world: World) -> None:
    """Book the rounds and the couple while the days to come are still free."""
    stable = world.places[0]
    _book_round(world, stable, world.practitioners["kilbride"], _at(world, stable), STOPS_AT_STABLE, STABLE_REASON)
    home = places.create_place(actor=world.users["admin"], clinic=world.clinic, name=HOME_NAME, **HOME)
    world.places.append(home)
    residents = [_moved_in(world, one, home, n) for n, one in enumerate(_without_course(world)[-RESIDENTS:], 1)]
    _book_round(world, home, world.practitioners["sandoval"], residents, STOPS_AT_HOME, HOME_REASON)
    _book_couple(world, _without_course(world)[:2])


def arrange_messages(world: World) -> None:
    """Let some wait for an earlier time; switch the reminders on, write to two, and let two have answered."""
    coming = _coming(world)
    _let_wait(world, coming)
    reminders.change_reminder_settings(
        actor=world.users["admin"],
        clinic=world.clinic,
        is_on=True,
        leads=[TWO_DAYS_MIN, ONE_DAY_MIN],
        night_from_time=time(20),
        night_until_time=time(8),
        first_channel="email",
    )
    written = [one for one in coming if _keys(world, one)]
    _answer(world, written[:2])
    for visit in written[2:4]:
        _move_and_tell(world, visit)


def arrange_competitions(world: World) -> None:
    """Enter what some horses compete in: what is booked on those days already stays, and the desk sees it."""
    for name, competition, body, days, length, note in horses.COMPETITIONS:
        first = world.today + timedelta(days=days)
        competitions.enter_competition(
            actor=world.desk,
            patient=world.patients[name],
            today=world.today,
            name=competition,
            body=body,
            from_on=first,
            until_on=first + timedelta(days=length - 1),
            note=note,
        )


def _at(world: World, place: Place) -> list[Patient]:
    rows = Patient.objects.filter(clinic=world.clinic, place=place, ended_on=None)
    return list(rows.select_related("species").order_by("number"))


def _without_course(world: World) -> list[Patient]:
    """The grown-ups nobody has seen yet, and who have no story of their own."""
    rows = Patient.objects.filter(clinic=world.clinic, appointments=None, species__code="human", place=None)
    rows = rows.exclude(name__in=[story.patient for story in STORIES]).exclude(flags__kind="pregnancy")
    grown = rows.filter(birth_on__lt=world.today - timedelta(days=18 * 366))
    return list(grown.select_related("species").order_by("number"))


def _moved_in(world: World, patient: Patient, home: Place, number: int) -> Patient:
    where = {"place": home, "stall_note": f"Room {number}"}
    return files.update_patient(actor=world.desk, patient=patient, today=world.today, **where)


def _book_round(
    world: World, place: Place, practitioner: Practitioner, there: list[Patient], most: int, reason: str
) -> Round | None:
    """Visit, on the first day that has the time, who is due there and some of the others."""
    for on in _days(world):
        found = round_reads.candidates_of(world.site, there, on, world.now)
        stops = [
            Stop(one.patient, one.minutes, one.planned if one.is_due else None, "" if one.is_due else reason)
            for one in found
            if one.is_due or one.planned is None
        ][:most]
        way = {"before_min": place.travel_min, "after_min": place.travel_min}
        asked = [(stop.patient, stop.minutes) for stop in stops]
        fits = round_reads.round_times(world.site, practitioner, on, asked, now=world.now, **way)
        if fits.times:
            return rounds.book_round(
                actor=world.desk,
                clinic=world.clinic,
                site=world.site,
                place=place,
                practitioner=practitioner,
                starts_at=fits.times[0].starts_at,
                stops=stops,
                now=world.now,
            )
    return None


def _book_couple(world: World, couple: list[Patient]) -> list[Appointment]:
    """Side by side, each with a doctor and in a room of their own."""
    doctors = tuple(world.practitioners[key] for key in ("sandoval", "achterberg"))
    for on in _days(world):
        wanted = together_reads.Wanted(
            site=world.site,
            stops=tuple(Stop(one, 30, None, COUPLE_REASON) for one in couple),
            way=together_reads.Way.AT_ONCE,
            people=doctors,
            rooms=tuple(world.rooms[:2]),
            on=on,
            now=world.now,
        )
        if choices := together_reads.Table(wanted).choices():
            where = {"clinic": world.clinic, "site": world.site, "now": world.now}
            return book_together(actor=world.desk, sittings=[choices[len(choices) // 2]], **where)
    return []


def _days(world: World) -> list[date]:
    return [world.today + timedelta(days=n) for n in range(1, DAYS_TRIED + 1)]


def _coming(world: World) -> list[Appointment]:
    """The booked visits from tomorrow on that belong to no round."""
    rows = Appointment.objects.filter(site=world.site, status="booked", round=None, in_place_of=None)
    rows = rows.filter(starts_at__gte=world.at(world.today + timedelta(days=1), "00:00"))
    names = ("patient__species", "practitioner", "site", "planned_session")
    return list(rows.select_related(*names).order_by("starts_at", "pk"))


def _let_wait(world: World, coming: list[Appointment]) -> None:
    """Three would rather come earlier than they are booked: mornings, with their own doctor, or whenever it is."""
    later = [one for one in coming if local_day(one.starts_at, world.site.zone) > world.today + timedelta(days=2)]
    people = [one for one in later if not one.patient.species.is_animal]
    wishes = (
        {"weekdays": range(1, 6), "until_time": time(12), "note": "Mornings only: works shifts"},
        {"practitioner": people[1].practitioner, "note": "In pain; can be here within the hour"},
        {},
    )
    for visit, wish in zip(people, wishes, strict=False):
        waiting.wait_for_earlier_time(actor=world.desk, appointment=visit, now=world.now, **wish)


def _keys(world: World, visit: Appointment) -> list[tuple[str, int]]:
    """Who can be written to about a visit."""
    rules = settings_of(world.clinic)
    told = recipients(world.clinic, rules, [visit.patient], world.today).get(visit.patient_id, [])
    return [one.key for one in told]


def _answer(world: World, visits: list[Appointment]) -> None:
    """One comes for certain, one asks for another time."""
    links = [
        VisitLink(*_keys(world, one)[0], world.site.pk, local_day(one.starts_at, world.site.zone)) for one in visits
    ]
    replies.confirm_visits(link=links[0], now=world.now)
    replies.ask_for_another_time(link=links[1], words="Could it be after five o'clock?", now=world.now)


def _move_and_tell(world: World, visit: Appointment) -> None:
    """Give a visit another time of its day, and put the message about it into the outbox."""
    minutes = round((visit.ends_at - visit.starts_at).total_seconds() / 60)
    day = local_day(visit.starts_at, world.site.zone)
    found = find_time(world, visit.patient, visit.practitioner, day, minutes)
    if found is None or found.practitioner.pk != visit.practitioner_id:
        return
    moved = appointments.move(
        actor=world.desk, appointment=visit, starts_at=found.starts_at, any_room=True, now=world.now
    )
    reminders.queue_message(actor=world.desk, appointment=moved, kind="change", now=world.now)
