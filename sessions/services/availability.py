"""Say who and what can be booked, and when: practitioners, rooms, hours, absences, closures."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.constraints import violated
from mesoclinic.core.models import Clinic, Site, User
from mesoclinic.core.refused import Refused
from protocols.models import Species
from sessions.models import Absence, Closure, Practitioner, Room, WorkingHours
from sessions.models.availability import HoursKind
from sessions.services import plans

COLOURS = 8
LONGEST_ABSENCE = timedelta(days=3 * 366)  # nothing is booked later


@dataclass(frozen=True)
class HoursBlock:
    """One weekly block in wall time of the site. `weekday` is ISO (Monday is 1); valid from/until are inclusive."""

    weekday: int
    start_time: time
    end_time: time
    kind: str = HoursKind.OPEN
    from_on: date = date(2000, 1, 3)  # a Monday: the week from which every n-th one is counted
    until_on: date | None = None
    every_weeks: int = 1


@transaction.atomic
def create_practitioner(
    *,
    actor: User | None,
    clinic: Clinic,
    name: str,
    species: Iterable[Species] = (),
    user: User | None = None,
    **fields: Any,
) -> Practitioner:
    """Make somebody who treats. Without species ticked the practitioner treats every one.

    `fields`: profession, may_inject, licence_number, licence_from_on, licence_until_on, colour, position, last_day_on.
    Raises Refused("name-taken" | "user-elsewhere" | "user-taken" | "no-licence-number" | "bad-value").
    """
    last = Practitioner.objects.filter(clinic=clinic).aggregate(last=Max("position"))["last"] or 0
    fields.setdefault("position", last + 1)
    fields.setdefault("colour", last % COLOURS + 1)
    practitioner = Practitioner(clinic=clinic, name=name.strip(), user=user, **fields)
    _check_user(practitioner)
    _save(practitioner)
    practitioner.species.set(species)
    audit.record(actor=actor, verb="practitioner.created", subject=practitioner)
    return practitioner


@transaction.atomic
def update_practitioner(
    *, actor: User | None, practitioner: Practitioner, species: Iterable[Species] | None = None, **fields: Any
) -> Practitioner:
    """Change a practitioner; fields as in `create_practitioner`, also `name` and `user`. Raises Refused likewise."""
    practitioner = Practitioner.objects.select_for_update().get(pk=practitioner.pk)
    before = {field: getattr(practitioner, field) for field in fields}
    for field, value in fields.items():
        setattr(practitioner, field, value)
    _check_user(practitioner)
    _save(practitioner, update_fields=list(fields))
    changes = audit.changed(practitioner, before)
    if species is not None:
        old = sorted(practitioner.species.values_list("code", flat=True))
        practitioner.species.set(species)
        new = sorted(practitioner.species.values_list("code", flat=True))
        if old != new:
            changes.append(_row(practitioner, "species", ", ".join(old), ", ".join(new)))
    audit.record(actor=actor, verb="practitioner.changed", subject=practitioner, changes=changes)
    return practitioner


@transaction.atomic
def create_room(
    *, actor: User | None, site: Site, name: str, position: int | None = None, species: Iterable[Species] = ()
) -> Room:
    """Make a room; without hours of its own it is open whenever its site is, without species it takes every one.

    Raises Refused("name-taken").
    """
    if position is None:
        position = (Room.objects.filter(site=site).aggregate(last=Max("position"))["last"] or 0) + 1
    room = Room(clinic_id=site.clinic_id, site=site, name=name.strip(), position=position, species=_codes(species))
    _save(room)
    audit.record(actor=actor, verb="room.created", subject=room)
    return room


@transaction.atomic
def update_room(*, actor: User | None, room: Room, species: Iterable[Species] | None = None, **fields: Any) -> Room:
    """Change `name`, `position`, `is_active` or the species it takes; visits booked in it stay.

    Raises Refused("name-taken" | "bad-value").
    """
    room = Room.objects.select_for_update().get(pk=room.pk)
    if species is not None:
        fields["species"] = _codes(species)
    before = {field: getattr(room, field) for field in fields}
    for field, value in fields.items():
        setattr(room, field, value)
    _save(room, update_fields=list(fields))
    changes = audit.changed(room, before)
    for change in changes:
        if change["field"] == "species":
            change |= {"old": ", ".join(before["species"]), "new": ", ".join(room.species)}
    audit.record(actor=actor, verb="room.changed", subject=room, changes=changes)
    return room


def _codes(species: Iterable[Species]) -> list[str]:
    return sorted(one.code for one in species)


@transaction.atomic
def set_working_hours(
    *,
    actor: User | None,
    site: Site,
    blocks: Iterable[HoursBlock | dict[str, Any]],
    practitioner: Practitioner | None = None,
    room: Room | None = None,
) -> list[WorkingHours]:
    """Replace the weekly hours of a practitioner or a room at the site, or (neither) of the site itself.

    Appointments that now lie outside stay where they are. Raises Refused("bad-hours" | "elsewhere").
    """
    owner = practitioner or room or site
    if owner.clinic_id != site.clinic_id or (room is not None and room.site_id != site.pk):
        raise Refused("elsewhere", _("This belongs to another site."))
    old = WorkingHours.objects.filter(site=site, practitioner=practitioner, room=room)
    said_before = "; ".join(str(row) for row in old)
    old.delete()
    rows = [
        WorkingHours(clinic_id=site.clinic_id, site=site, practitioner=practitioner, room=room, **values)
        for values in (asdict(block) if isinstance(block, HoursBlock) else block for block in blocks)
    ]
    for row in rows:
        _check(row, "bad-hours")
    WorkingHours.objects.bulk_create(rows)
    change = _row(owner, "working_hours", said_before, "; ".join(str(row) for row in rows))
    audit.record(actor=actor, verb="working_hours.set", subject=owner, changes=[change])
    if room is None and (owner is site or not _has_own_hours(site)):  # the days on which the site works have changed
        plans.want_plans_of(site)
    return rows


def _has_own_hours(site: Site) -> bool:
    return WorkingHours.objects.filter(site=site, practitioner__isnull=True, room__isnull=True).exists()


@transaction.atomic
def add_absence(
    *,
    actor: User | None,
    starts_at: datetime,
    ends_at: datetime | None = None,
    practitioner: Practitioner | None = None,
    room: Room | None = None,
    reason: str = "",
) -> Absence:
    """Take a practitioner or a room out between two instants; without an end until further notice.

    Appointments it meets stay: a person moves them. Raises Refused("bad-absence" | "too-long" | "away-already").
    """
    owner = practitioner or room
    asked = {"starts_at": starts_at, "ends_at": ends_at, "reason": reason, "created_by": actor}
    absence = Absence(practitioner=practitioner, room=room, **asked)
    check_absence(absence)
    type(owner).objects.select_for_update(no_key=True).get(pk=owner.pk)  # two who enter the same absence at once
    _check_no_other(absence)
    absence.save()
    audit.record(actor=actor, verb="absence.added", subject=absence, reason=reason)
    return absence


def check_absence(absence: Absence) -> None:
    """Say no to an absence that could not be saved, before anybody is asked about it. Raises as `add_absence`."""
    owner = absence.practitioner or absence.room
    if owner is None:
        raise Refused("bad-absence", _("Choose a practitioner or a room."))
    absence.clinic_id = owner.clinic_id
    _check(absence, "bad-absence")
    _check_length(absence)
    _check_no_other(absence)


def _check_length(absence: Absence) -> None:
    if absence.ends_at is not None and absence.ends_at - absence.starts_at > LONGEST_ABSENCE:
        words = _("This is longer than three years. Leave the end empty, or set the last day of somebody who leaves.")
        raise Refused("too-long", words, field="until_on")


def _check_no_other(absence: Absence) -> None:
    """Raise Refused("away-already") when an absence of the same one meets this one."""
    rows = Absence.objects.filter(practitioner=absence.practitioner, room=absence.room)
    rows = rows.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=absence.starts_at))
    if absence.ends_at is not None:
        rows = rows.filter(starts_at__lt=absence.ends_at)
    if (other := rows.order_by("starts_at").first()) is None:
        return
    words = _(
        "%(name)s is away already, from %(first)s until %(last)s. Take that absence away first, or leave out its days."
    )
    names = {"name": absence.practitioner or absence.room, "first": other.first_words, "last": other.last_words}
    raise Refused("away-already", words % names, field="from_on", absence=other)


@transaction.atomic
def remove_absence(*, actor: User | None, absence: Absence) -> None:
    audit.record(actor=actor, verb="absence.removed", subject=absence, reason=absence.reason)
    absence.delete()


@transaction.atomic
def add_closure(
    *, actor: User | None, site: Site, from_on: date, until_on: date, reason: str = "", is_open: bool = False
) -> Closure:
    """Shut a site on whole local days, both included; with `is_open` it works on them in spite of a public holiday.

    Raises Refused("bad-closure").
    """
    closure = Closure(
        clinic_id=site.clinic_id, site=site, from_on=from_on, until_on=until_on, reason=reason, is_open=is_open
    )
    _check(closure, "bad-closure")
    closure.save()
    audit.record(actor=actor, verb="closure.added", subject=closure, reason=reason)
    plans.want_plans_of(site)
    return closure


@transaction.atomic
def remove_closure(*, actor: User | None, closure: Closure) -> None:
    audit.record(actor=actor, verb="closure.removed", subject=closure, reason=closure.reason)
    closure.delete()
    plans.want_plans_of(closure.site)


def _row(subject: models.Model, field: str, old: str, new: str) -> dict[str, Any]:
    return {"model": subject._meta.label_lower, "id": subject.pk, "field": field, "old": old, "new": new}


def _check_user(practitioner: Practitioner) -> None:
    if practitioner.user is not None and practitioner.user.clinic_id != practitioner.clinic_id:
        raise Refused("user-elsewhere", _("Choose a user of this clinic."), field="user")


def _check(row: models.Model, code: str) -> None:
    """Ask the fields and the constraints, in words, before the database is asked. Raises Refused(code)."""
    try:
        row.full_clean(exclude={"created_by"}, validate_unique=False)
    except ValidationError as exc:
        field, messages = next(iter(exc.message_dict.items()))
        raise Refused(code, messages[0], field=None if field == "__all__" else field) from exc


def _save(row: Practitioner | Room, *, update_fields: list[str] | None = None) -> None:
    if not row.name:
        raise Refused("bad-value", _("Type a name."), field="name")
    try:
        with transaction.atomic():
            row.save(update_fields=update_fields)
    except IntegrityError as exc:
        raise _refusal(violated(exc) or "") from exc


def _refusal(constraint: str) -> Refused:
    if constraint in ("practitioner_name_unique", "room_name_unique"):
        return Refused("name-taken", _("This name is taken. Choose another."), field="name")
    if constraint == "practitioner_licence_numbered":
        message = _("Type the licence number of someone who may inject.")
        return Refused("no-licence-number", message, field="licence_number")
    if constraint == "practitioner_licence_in_order":
        return Refused("bad-value", _("The licence ends before it begins."), field="licence_until_on")
    if constraint == "practitioner_colour_known":
        return Refused("bad-value", _("Choose one of the eight colours."), field="colour")
    return Refused("user-taken", _("This user already belongs to another practitioner."), field="user")
