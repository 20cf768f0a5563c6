"""Recall a maker's lot number over all sites at once, and take a recall back."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from protocols.models import Lot, Recall
from protocols.models.recalls import fold_number
from protocols.queries import recalls as queries
from protocols.services.lots import lock_deliveries, note_used_up, require_reason

HELD = ("status", "recall", "recalled_at", "recall_reason")


@transaction.atomic
def recall_lots(
    *,
    actor: User | None,
    clinic: Clinic,
    number: str,
    reason: str,
    manufacturer: str = "",
    message: str = "",
    now: datetime | None = None,
) -> Recall:
    """Lock every lot of a number, at all sites, in one step; from then on none is offered and no more comes in.

    Twice does no harm: lots that came up since join the recall that stands. Raises Refused("number" |
    "reason-missing").
    """
    number, manufacturer = fold_number(number), " ".join(manufacturer.split())
    if not number or len(number) > Lot._meta.get_field("number").max_length:
        raise Refused("number", _("Type the lot number, as printed on the pack."), field="number")
    require_reason(reason)
    lock_deliveries(clinic)
    said = {"reason": reason.strip(), "message": message.strip(), "at": now or timezone.now(), "by": actor}
    recall, is_new = Recall.objects.get_or_create(
        clinic=clinic, number=number, manufacturer=manufacturer, ended_at=None, defaults=said
    )
    locked = list(queries.matching(clinic, number, manufacturer).select_for_update(of=("self",)).order_by("pk"))
    held = [lot for lot in locked if lot.status != Lot.Status.RECALLED]
    for lot in held:
        _hold(lot, recall)
    Lot.objects.bulk_update(held, HELD)
    if is_new:
        audit.record(actor=actor, verb="recall.begun", subject=recall, reason=reason)
    audit.record_all(audit.event(actor=actor, verb="lot.recalled", subject=lot, reason=reason) for lot in held)
    return recall


def recall_lot(*, actor: User | None, lot: Lot, reason: str) -> Lot:
    """Recall a lot with all others of its maker and number. Raises as `recall_lots`."""
    said = {"number": lot.number, "manufacturer": lot.manufacturer, "reason": reason}
    recall_lots(actor=actor, clinic=lot.clinic, **said)
    return Lot.objects.select_related("substance", "clinic", "recall").get(pk=lot.pk)


@transaction.atomic
def take_back(*, actor: User | None, recall: Recall, reason: str, now: datetime | None = None) -> Recall:
    """End a recall that was a mistake: its lots are in use again, but those another recall that stands means too.

    Twice does no harm. Raises Refused("reason-missing").
    """
    require_reason(reason)
    lock_deliveries(recall.clinic)
    recall = Recall.objects.select_for_update(of=("self",)).get(pk=recall.pk)
    if recall.ended_at is not None:
        return recall
    recall.ended_at, recall.ended_by, recall.end_reason = now or timezone.now(), actor, reason.strip()[:300]
    recall.save(update_fields=["ended_at", "ended_by", "end_reason"])
    for lot in recall.lots.select_for_update(of=("self",)).select_related("clinic").order_by("pk"):
        if (other := queries.open_recall(recall.clinic, lot.number, lot.manufacturer)) is not None:
            _hold(lot, other)
            lot.save(update_fields=HELD)
            audit.record(actor=actor, verb="lot.recalled", subject=lot, reason=other.reason)
        else:
            _release(actor, lot, reason)
    audit.record(actor=actor, verb="recall.taken-back", subject=recall, reason=reason)
    return recall


def undo_recall(*, actor: User | None, lot: Lot, reason: str) -> Lot:
    """Put a lot recalled by mistake back into use, with all others of its recall. Raises Refused("reason-missing")."""
    require_reason(reason)
    if lot.recall is not None:
        take_back(actor=actor, recall=lot.recall, reason=reason)
    lot.refresh_from_db()
    return lot


def _hold(lot: Lot, recall: Recall) -> None:
    lot.status, lot.recall = Lot.Status.RECALLED, recall
    lot.recalled_at, lot.recall_reason = recall.at, recall.reason


def _release(actor: User | None, lot: Lot, reason: str) -> None:
    if lot.status != Lot.Status.RECALLED:
        return
    lot.status, lot.recalled_at, lot.recall_reason = Lot.Status.ACTIVE, None, ""
    lot.save(update_fields=["status", "recalled_at", "recall_reason"])
    note_used_up(lot)
    audit.record(actor=actor, verb="lot.recall-undone", subject=lot, reason=reason)
