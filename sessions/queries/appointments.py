"""Read appointments and free times."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.localtime import day_bounds, local_day
from mesoclinic.core.models import AuditEvent, Clinic, Site
from mesoclinic.core.wording import date_format
from patients.models import Patient, Place
from patients.restricted import knock
from sessions.models import Appointment, Practitioner, Room, SessionRecord
from sessions.models.appointments import OPEN_STATUSES
from sessions.queries import availability, replies, room_choice
from sessions.queries.licences import is_here_on, may_give
from sessions.scheduling.slots import Slot, Wanted, free_slots
from sessions.scheduling.walltime import instant_of, minute_of

WITH_NAMES = (
    "patient__species",
    "practitioner",
    "room",
    "place",
    "round",
    "site",
    "planned_session__course__indication",
)
ALTERNATIVES = 3
OTHER_PRACTITIONER_COSTS_MIN = 24 * 60  # another person today counts like the same person tomorrow


@dataclass(frozen=True)
class FreeTime:
    """A time somebody may be booked at. `rooms` are the free ones, the best first; none when none is needed."""

    starts_at: datetime
    ends_at: datetime
    practitioner: Practitioner
    rooms: tuple[Room, ...] = ()

    @property
    def room(self) -> Room | None:
        return self.rooms[0] if self.rooms else None

    @property
    def minutes(self) -> int:
        return round((self.ends_at - self.starts_at).total_seconds() / 60)


def with_records(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Tell of each visit whether it `has_record` that counts, and whether one was ever begun (`was_recorded`)."""
    of_visit = SessionRecord.objects.filter(appointment=OuterRef("pk"))
    return rows.annotate(has_record=Exists(of_visit.standing()), was_recorded=Exists(of_visit))


def get_or_404(clinic: Clinic, public_id: UUID) -> Appointment:
    """Give an appointment of this clinic with the names it is shown with. One SQL statement."""
    try:
        rows = with_records(Appointment.objects.select_related(*WITH_NAMES, "created_by")).annotate(
            reply=replies.mark()
        )
        visit = rows.get(clinic=clinic, public_id=public_id)
    except Appointment.DoesNotExist as exc:
        raise Http404 from exc
    knock(visit.patient)
    return visit


def day(site: Site, on: date, practitioner: Practitioner | None = None) -> QuerySet[Appointment]:
    """List every appointment of a local day in order of time, cancelled ones too. One SQL statement."""
    rows = between(site, *day_bounds(on, site.zone))
    return rows.filter(practitioner=practitioner) if practitioner else rows


def not_final(site: Site, *, before: datetime) -> QuerySet[Appointment]:
    """List the visits that begin before an instant and that nobody closed, the oldest first. One SQL statement.

    A time held for another visit is none: it ends by itself, or takes the place of that one.
    """
    rows = Appointment.objects.filter(
        site=site, status__in=OPEN_STATUSES, starts_at__lt=before, in_place_of__isnull=True
    )
    return with_records(rows.select_related(*WITH_NAMES)).order_by("starts_at", "pk")


def week(site: Site, monday: date) -> QuerySet[Appointment]:
    """List every appointment of the seven local days from `monday`. One SQL statement."""
    return between(site, *availability.day_span(site, monday, monday + timedelta(days=6)))


def between(site: Site, from_at: datetime, until_at: datetime) -> QuerySet[Appointment]:
    """List the appointments that touch the half-open span of instants, with the names they are shown with."""
    earliest = from_at - timedelta(minutes=availability.LONGEST_MIN + 1)
    rows = Appointment.objects.filter(site=site, starts_at__gt=earliest, starts_at__lt=until_at, ends_at__gt=from_at)
    rows = with_records(rows.select_related(*WITH_NAMES)).annotate(reply=replies.mark())
    return rows.order_by("starts_at", "practitioner__position", "pk")


@dataclass(frozen=True)
class HistoryLine:
    """One thing that happened to an appointment, in words."""

    at: datetime
    who: str
    words: str
    changes: tuple[str, ...]
    reason: str


DEEDS = {
    "appointment.booked": _("Booked"),
    "appointment.offered": _("Offered"),
    "appointment.offer-expired": _("The offer ran out"),
    "appointment.offer-accepted": _("The offer was taken"),
    "appointment.offer-queued": _("Offer sent"),
    "appointment.change-queued": _("New time sent"),
    "appointment.confirmed-by-link": _("Confirmed by the link in a message"),
    "appointment.other-time-asked": _("Asked for another time by the link in a message"),
    "appointment.reply-settled": _("Wish for another time dealt with"),
    "appointment.offer-agreed": _("The patient agreed to another time"),
    "appointment.offer-declined": _("The patient declined another time"),
    "appointment.offer-withdrawn": _("The offer was taken back"),
    "appointment.offer-held-again": _("The offer is held again"),
    "appointment.time-held": _("Another time held until the patient agrees"),
    "appointment.moved": _("Moved"),
    "appointment.move-undone": _("Moved back"),
    "appointment.checked-in": _("Arrived"),
    "appointment.check-in-undone": _("Arrival taken back"),
    "appointment.started": _("Treatment begun"),
    "appointment.start-undone": _("Begin taken back"),
    "appointment.fulfilled": _("Done"),
    "appointment.kind-changed": _("For something else"),
    "appointment.fulfil-undone": _("Done: taken back"),
    "appointment.not-treated": _("Not treated"),
    "appointment.not-treated-undone": _("Not treated: taken back"),
    "appointment.no-show": _("Did not come"),
    "appointment.no-show-undone": _("Came after all"),
    "appointment.cancelled": _("Cancelled"),
    "appointment.cancel-undone": _("Booked again"),
    "appointment.entered-in-error": _("Marked as a mistake"),
}
MOVES = ("appointment.moved", "appointment.move-undone")
TOLD_WHOLE = (*MOVES, "appointment.kind-changed")
SHOWN_CHANGES = ("starts_at", "practitioner_id", "room_id", "place_id", "kind")


def history(appointment: Appointment) -> list[HistoryLine]:
    """List who did what to an appointment, the latest first. Four SQL statements."""
    events = AuditEvent.objects.filter(
        clinic_id=appointment.clinic_id, subject_type=Appointment._meta.label_lower, subject_id=appointment.pk
    ).order_by("-at", "-pk")
    names = _names_of_changes(events)
    zone = appointment.site.zone
    return [
        HistoryLine(
            at=event.at,
            who=event.actor_name or gettext("the system"),
            words=str(DEEDS.get(event.verb, event.verb)),
            changes=tuple(_change_words(event.changes, names, zone)) if event.verb in TOLD_WHOLE else (),
            reason=event.reason,
        )
        for event in events
    ]


def _names_of_changes(events: Iterable[AuditEvent]) -> dict[tuple[str, int], str]:
    """Name the practitioners, rooms and places the changes speak of. Three SQL statements."""
    wanted: dict[str, set[int]] = {"practitioner_id": set(), "room_id": set(), "place_id": set()}
    for event in events:
        for change in event.changes:
            if change["field"] in wanted:
                wanted[change["field"]] |= {key for key in (change.get("old"), change.get("new")) if key}
    models = {"practitioner_id": Practitioner, "room_id": Room, "place_id": Place}
    return {
        (field, pk): name
        for field, keys in wanted.items()
        for pk, name in models[field].objects.filter(pk__in=keys).values_list("pk", "name")
    }


def _change_words(changes: Iterable[dict], names: dict[tuple[str, int], str], zone: ZoneInfo) -> Iterable[str]:
    for change in changes:
        if change["field"] not in SHOWN_CHANGES:
            continue
        sides = []
        for value in (change.get("old"), change.get("new")):
            if value and change["field"] == "starts_at":
                sides.append(date_format(datetime.fromisoformat(value).astimezone(zone), "D j M H:i"))
            elif value and change["field"] == "kind":
                sides.append(str(Appointment.Kind(value).label))
            else:
                sides.append(names.get((change["field"], value), "–"))
        yield " → ".join(sides)


@dataclass(frozen=True)
class FreeTimes:
    """Free times as the engine gives them, earliest first: thousands may be counted and few shown.

    `known` is what they were found in: closed days, and the days that do not suit the patient.
    """

    slots: list[Slot]
    people: dict[int, Practitioner]
    rooms: dict[int, Room]
    known: availability.Agendas

    def on(self, day: date, site: Site) -> list[Slot]:
        """Give those that begin on a local day."""
        first, last = (bisect_left(self.slots, (minute_of(at),)) for at in day_bounds(day, site.zone))
        return self.slots[first:last]

    def told(self, slots: Iterable[Slot] | None = None) -> list[FreeTime]:
        """Say these, or all, as a page takes them."""
        return [_free_time(slot, self.people, self.rooms) for slot in (self.slots if slots is None else slots)]


def free_times(
    site: Site,
    practitioners: Iterable[Practitioner],
    from_on: date,
    until_on: date,
    minutes: int,
    *,
    patient: Patient | None = None,
    rooms: Sequence[Room] | None = None,
    away: bool = False,
    now: datetime | None = None,
    step_min: int | None = None,
    without: Collection[int] = (),
    limit: int | None = None,
) -> FreeTimes:
    """Find times free for practitioner, room and patient on local days from/until (both included).

    `rooms` of None means any room in use at the site that takes the patient (no room when there is none, or when the
    visit is `away`). Nothing before `now`. At most `limit`. Five SQL statements, whatever the range; four when rooms are given or `away`.
    """
    people = {one.pk: one for one in practitioners}
    if rooms is None:
        rooms = [] if away else _rooms_for(patient, site)
    known, found = _slots(
        site,
        people=list(people),
        rooms=rooms,
        span=availability.day_span(site, from_on, until_on),
        minutes=minutes,
        patient=patient,
        away=away,
        now=now or timezone.now(),
        step_min=step_min or site.slot_step_min,
        without=without,
        limit=limit,
    )
    there = [slot for slot in found if _still_there(slot, people[slot.practitioner], site)]
    return FreeTimes(there, people, {room.pk: room for room in rooms}, known)


def alternatives(
    site: Site,
    *,
    practitioner: Practitioner,
    starts_at: datetime,
    minutes: int,
    patient: Patient | None = None,
    rooms: Sequence[Room] | None = None,
    away: bool = False,
    now: datetime | None = None,
    without: Collection[int] = (),
    window: tuple[date, date] | None = None,
    is_treatment: bool = False,
    count: int = ALTERNATIVES,
) -> list[FreeTime]:
    """Give the free times nearest to one that is not, none overlapping another, in order of time.

    First of the same practitioner from the day before to two days after; when these are too few, of everybody who
    treats the patient, and of a treatment may give it, to nine days after. Only inside `window` when one is given. At
    most twelve SQL statements.
    """
    now = now or timezone.now()
    rooms = rooms if rooms is not None else [] if away else _rooms_for(patient, site)
    species = patient.species if patient else None
    wanted = minute_of(starts_at)
    wanted_on = local_day(starts_at, site.zone)
    chosen: list[Slot] = []
    for days_after in (2, 9):
        from_on, until_on = _search_range(wanted_on, days_after, local_day(now, site.zone), window)
        found = availability.practitioners(site.clinic, from_on, species)
        people = {one.pk: one for one in found if may_give(one, is_treatment=is_treatment, own={practitioner.pk})}
        if days_after == 2:
            people = {key: one for key, one in people.items() if key == practitioner.pk}
        _known, slots = _slots(
            site,
            people=list(people),
            rooms=rooms,
            span=availability.day_span(site, from_on, until_on),
            minutes=minutes,
            patient=patient,
            away=away,
            now=now,
            step_min=site.slot_step_min,
            without=without,
        )
        there = [
            slot
            for slot in slots
            if slot.start != wanted and _still_there(slot, people[slot.practitioner], site, is_treatment=is_treatment)
        ]
        chosen = _nearest(there, wanted, practitioner.pk, count)
        if len(chosen) == count:
            break
    by_id = {room.pk: room for room in rooms}
    return [_free_time(slot, people, by_id) for slot in sorted(chosen)]


def _rooms_for(patient: Patient | None, site: Site) -> list[Room]:
    return room_choice.fitting(availability.rooms(site), *([patient.species] if patient else []))


def _search_range(wanted_on: date, days_after: int, today: date, window: tuple[date, date] | None) -> tuple[date, date]:
    from_on, until_on = wanted_on - timedelta(days=1), wanted_on + timedelta(days=days_after)
    if window is not None:
        from_on, until_on = max(from_on, window[0]), min(until_on, window[1])
    from_on = max(from_on, today)
    if until_on < from_on:  # nothing of the window is left: look from the day itself, or from today
        from_on = max(wanted_on, today)
        until_on = from_on + timedelta(days=days_after)
    return from_on, until_on


def _nearest(slots: Iterable[Slot], wanted: int, practitioner_id: int, count: int) -> list[Slot]:
    def cost(slot: Slot) -> tuple[int, int]:
        elsewhere = 0 if slot.practitioner == practitioner_id else OTHER_PRACTITIONER_COSTS_MIN
        return abs(slot.start - wanted) + elsewhere, slot.start

    chosen: list[Slot] = []
    for slot in sorted(slots, key=cost):
        if not any(slot.start < other.end and other.start < slot.end for other in chosen):
            chosen.append(slot)
        if len(chosen) == count:
            break
    return chosen


def _slots(
    site, *, people, rooms, span, minutes, patient, away, now, step_min, without=(), limit=None
) -> tuple[availability.Agendas, list[Slot]]:
    known = availability.agendas(
        site,
        from_at=span[0],
        until_at=span[1],
        now=now,
        practitioner_ids=people,
        room_ids=[room.pk for room in rooms],
        patient_id=patient.pk if patient else None,
        away=away,
        without=without,
    )
    wanted = Wanted(minutes, known.between, patient=known.patient, rooms=known.rooms if rooms else None)
    not_before = minute_of(now) + 1
    found = free_slots(known.practitioners, wanted, step_minutes=step_min, not_before=not_before, limit=limit)
    return known, found


def _still_there(slot: Slot, practitioner: Practitioner, site: Site, *, is_treatment: bool = False) -> bool:
    return is_here_on(practitioner, local_day(instant_of(slot.start), site.zone), is_treatment=is_treatment)


def _free_time(slot: Slot, people: dict[int, Practitioner], rooms: dict[int, Room]) -> FreeTime:
    free = tuple(rooms[room] for room in slot.rooms)
    return FreeTime(instant_of(slot.start), instant_of(slot.end), people[slot.practitioner], free)


def overdue(site: Site, on: date, now: datetime) -> QuerySet[Appointment]:
    """List those of a local day whose time has passed and who have not arrived. One SQL statement."""
    return day(site, on).filter(Q(status="booked") | Q(status="offered"), ends_at__lt=now)
