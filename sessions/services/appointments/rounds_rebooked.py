"""What a round that is given another time needs beyond its visits: that all of it goes, and the way held with it."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mesoclinic.core.refused import Refused
from sessions.models import Appointment

from .placing import NewTime


def check_whole_rounds(moves: Sequence[NewTime]) -> None:
    """Raise Refused("moved-meanwhile") when a round asked to move as one has a visit nobody was shown. Rounds are locked."""
    asked: dict[int, set[int]] = defaultdict(set)
    for one in moves:
        if one.with_round and one.appointment.round_id is not None:
            asked[one.appointment.round_id].add(one.appointment.pk)
    if not asked:
        return
    rows = Appointment.objects.live().filter(round__in=asked).values_list("round_id", "pk")
    if set(rows) != {(key, visit) for key, visits in asked.items() for visit in visits}:
        words = _("Somebody has changed this round meanwhile. Look again, then move it.")
        raise Refused("moved-meanwhile", words)


def hold_the_way(held: Collection[tuple[Appointment, Appointment]]) -> None:
    """Hold the way to and from a round beside the times held for its visits. Raises Refused("no-time-for-the-way")."""
    by_round: dict[int, list[tuple[Appointment, Appointment]]] = defaultdict(list)
    for visit, time in held:
        if visit.round_id is not None:
            by_round[visit.round_id].append((visit, time))
    for pairs in by_round.values():
        ordered = sorted(pairs, key=lambda pair: pair[1].starts_at)
        of_round, rows = ordered[0][0].round, Appointment.objects
        until = min(time.offered_until for _visit, time in ordered)
        rows.filter(pk__in=[time.pk for _visit, time in ordered]).update(offered_until=until)
        try:
            with transaction.atomic():
                rows.filter(pk=ordered[0][1].pk).update(travel_before_min=of_round.travel_before_min)
                rows.filter(pk=ordered[-1][1].pk).update(travel_after_min=of_round.travel_after_min)
        except IntegrityError as exc:
            words = _("There is not enough time for the way to %(place)s. Choose another time.")
            raise Refused("no-time-for-the-way", words % {"place": of_round.place.name}) from exc
