"""The way to a round and back: carried by its first and last live visit, whichever they are now. Source: docs/adr/0060.

Whoever changes the times or the status of a visit that belongs to a round lifts the way first and settles it after.
The lock of the round comes before every other.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from sessions.models import Appointment, Practitioner, Round

NEVER_WAS = (Appointment.Status.CANCELLED, Appointment.Status.ENTERED_IN_ERROR)


def lock_rounds_of(visits: Iterable[Appointment]) -> list[int]:
    """Lock the rounds these visits belong to, and who drives there. No statement for visits of no round."""
    round_ids = sorted({visit.round_id for visit in visits if visit.round_id is not None})
    if round_ids:
        rounds = Round.objects.select_for_update(no_key=True).filter(pk__in=round_ids).order_by("pk")
        people = sorted({one.practitioner_id for one in rounds})
        list(Practitioner.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk"))
    return round_ids


def lift_travel(round_ids: Collection[int]) -> None:
    """Take the way off every visit of these rounds, locked before."""
    if round_ids:
        carrying = Appointment.objects.filter(round__in=round_ids).exclude(travel_before_min=0, travel_after_min=0)
        carrying.update(travel_before_min=0, travel_after_min=0)


def settle_travel(round_ids: Collection[int], *, actor: User | None, now: datetime) -> None:
    """Let rounds follow their visits, and give the way to the first and last of them.

    When all live visits have gone to another day or practitioner the round goes along; one that went alone leaves it.
    Once a round has begun nobody needs the way there. Raises Refused("no-time-for-the-way").
    """
    for one in Round.objects.filter(pk__in=round_ids).select_related("site", "place").order_by("pk"):
        visits = list(Appointment.objects.filter(round=one).select_related("site").order_by("starts_at", "pk"))
        staying = _staying(one, [visit for visit in visits if visit.is_live], actor)
        if not staying:
            continue
        has_begun = min(visit.starts_at for visit in visits if visit.status not in NEVER_WAS) <= now
        before_min = 0 if has_begun else one.travel_before_min
        try:
            with transaction.atomic():
                rows = Appointment.objects
                rows.filter(pk=staying[0].pk).update(travel_before_min=before_min)
                rows.filter(pk=staying[-1].pk).update(travel_after_min=one.travel_after_min)
        except IntegrityError as exc:
            words = _(
                "There is not enough time for the way: %(before)s min to %(place)s before and %(after)s min back after."
            )
            names = {"place": one.place.name, "before": one.travel_before_min, "after": one.travel_after_min}
            raise Refused("no-time-for-the-way", words % names, field="starts_at") from exc


def rejoin_rounds(round_of: Mapping[int, int]) -> None:
    """Put visits ({key: round}) back into the rounds they left, locked before; none for those that are of a round."""
    for visit_id, round_id in round_of.items():
        Appointment.objects.filter(pk=visit_id, round__isnull=True).update(round=round_id)


def note_leaving(visits: Iterable[Appointment], changes: Mapping[int, list[audit.Change]]) -> None:
    """Add to the changes of a visit that it left its round, so that taking the move back puts it there again."""
    of_round = {visit.pk: visit for visit in visits if visit.round_id is not None}
    if of_round:
        left = Appointment.objects.filter(pk__in=of_round, round__isnull=True).values_list("pk", flat=True)
        for visit in (of_round[key] for key in left):
            before = {"round_id": visit.round_id}
            visit.round = None
            changes[visit.pk].extend(audit.changed(visit, before))


def settle_travel_gladly(round_ids: Collection[int], *, actor: User | None, now: datetime) -> None:
    """As `settle_travel`, for what must not fail because of it: where the way does not fit, it is not kept."""
    try:
        with transaction.atomic():
            settle_travel(round_ids, actor=actor, now=now)
    except Refused:
        lift_travel(round_ids)


def _staying(one: Round, live: list[Appointment], actor: User | None) -> list[Appointment]:
    """Give the live visits that belong to the round, which goes along when they have all gone the same way."""
    where = {visit.pk: (visit.practitioner_id, local_day(visit.starts_at, visit.site.zone)) for visit in live}
    ways = set(where.values())
    if len(ways) == 1 and ways != {(one.practitioner_id, one.on)}:
        before = {"practitioner_id": one.practitioner_id, "on": one.on}
        one.practitioner_id, one.on = ways.pop()
        one.save(update_fields=["practitioner", "on"])
        audit.record(actor=actor, verb="round.moved", subject=one, changes=audit.changed(one, before))
    here = (one.practitioner_id, one.on)
    leaving = [visit.pk for visit in live if where[visit.pk] != here or visit.place_id != one.place_id]
    if leaving:
        Appointment.objects.filter(pk__in=leaving).update(round=None)
    staying = [visit for visit in live if visit.pk not in leaving]
    if staying and one.is_cancelled:
        one.status, one.status_reason = Round.Status.BOOKED, ""
        one.save(update_fields=["status", "status_reason"])
        audit.record(actor=actor, verb="round.booked-again", subject=one)
    return staying
