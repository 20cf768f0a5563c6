"""The stock ledger: what comes in, is opened, drawn, wasted, counted. Its lines are only ever added."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic.core import audit
from mesoclinic.core.checking import check
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site, User
from mesoclinic.core.refused import Refused
from mesoclinic.core.wording import date_format
from protocols.dosing.quantities import Strength, StrengthUnit
from protocols.models import Lot, StockMovement, StockNotice, Substance, Vial
from protocols.models.lots import MovementKind, NoticeKind
from protocols.queries import lots as queries
from protocols.queries import recalls
from protocols.queries.lot_draws import not_entered_ml

MOST_ML = Decimal(1_000_000)
DOUBLE_CLICK = timedelta(seconds=10)
RECALLED_DELIVERY = gettext_lazy("This lot was recalled. Put the delivery aside; do not use it.")
DESCRIBING = ("expires_on", "strength", "strength_unit", "low_stock_ml", "beyond_use_days")


@transaction.atomic
def receive(
    *,
    actor: User | None,
    clinic: Clinic,
    site: Site,
    substance: Substance,
    number: str,
    expires_on: date,
    volume_ml: Decimal,
    manufacturer: str = "",
    strength: Decimal | None = None,
    strength_unit: str = "",
    low_stock_ml: Decimal | None = None,
    beyond_use_days: int | None = None,
    reason: str = "",
    at: datetime | None = None,
) -> Lot:
    """Take a delivery in: a new lot, or more of one already known.

    Without a strength the pack says what the substance's usual one is.
    Raises Refused("not-valid" | "volume" | "other-expiry" | "other-strength" | "lot-recalled" | "other-clinic").
    """
    _same_clinic(clinic, site, substance)
    _volume(volume_ml)
    number, manufacturer = " ".join(number.split()), " ".join(manufacturer.split())
    lock_deliveries(clinic)
    if recalls.open_recall(clinic, number, manufacturer) is not None:
        raise Refused("lot-recalled", RECALLED_DELIVERY)
    lot = (
        Lot.objects.select_for_update()
        .filter(clinic=clinic, substance=substance, manufacturer=manufacturer, number=number)
        .first()
    )
    if lot is None:
        lot = Lot(clinic=clinic, substance=substance, manufacturer=manufacturer, number=number)
        lot.expires_on, lot.low_stock_ml, lot.beyond_use_days = expires_on, low_stock_ml, beyond_use_days
        if strength is None:
            strength, strength_unit = substance.strength, substance.strength_unit
        lot.strength, lot.strength_unit = strength, strength_unit
        check(lot)
        lot.save()
    else:
        _receive_more(lot, expires_on, strength, strength_unit)
    _move(actor, lot, site, MovementKind.RECEIVED, volume_ml, reason, at)
    audit.record(actor=actor, verb="lot.received", subject=lot, reason=reason)
    return lot


def _receive_more(lot: Lot, expires_on: date, strength: Decimal | None, strength_unit: str) -> None:
    if lot.expires_on != expires_on:
        message = _("This lot is known with another expiry day: %(day)s. Look at the pack again.")
        raise Refused("other-expiry", message % {"day": date_format(lot.expires_on)}, field="expires_on")
    _same_strength(lot, strength, strength_unit)
    if lot.status == Lot.Status.RECALLED:
        raise Refused("lot-recalled", RECALLED_DELIVERY)
    if lot.status == Lot.Status.USED_UP:
        lot.status = Lot.Status.ACTIVE
        lot.save(update_fields=["status"])


def _same_strength(lot: Lot, strength: Decimal | None, unit: str) -> None:
    if strength is None:
        return
    if lot.strength is None:
        lot.strength, lot.strength_unit = strength, unit
        check(lot)
        lot.save(update_fields=["strength", "strength_unit"])
    known = Strength(lot.strength.normalize() + 0, StrengthUnit(lot.strength_unit))
    if not known.is_as_strong_as(Strength(strength, StrengthUnit(unit))):
        message = _("This lot is known with another strength: %(known)s. Look at the pack again.")
        raise Refused("other-strength", message % {"known": known}, field="strength")


@transaction.atomic
def open_vial(
    *, actor: User, lot: Lot, site: Site, beyond_use_on: date | None = None, at: datetime | None = None
) -> Vial:
    """Open a multi-dose container: usable until the day given, else for the lot's days of use, never past expiry.

    Raises Refused as `draw`, ("beyond-use") for a day before it was opened, or ("beyond-use-unknown") without a day of a
    lot whose days of use nobody entered: the expiry day is that of a closed container.
    """
    at = at or timezone.now()
    lot = _locked(lot, site)
    opened_on = local_day(at, site.zone)
    _refuse_unusable(lot, opened_on, queries.stock_of(lot, site))
    if beyond_use_on is None:
        if lot.beyond_use_days is None:
            message = _("Say until when it may be used once opened: nobody entered the days of use of this lot.")
            raise Refused("beyond-use-unknown", message, field="beyond_use_on")
        beyond_use_on = opened_on + timedelta(days=lot.beyond_use_days)
    if beyond_use_on < opened_on:
        raise Refused("beyond-use", _("Choose a day on or after the day it is opened."), field="beyond_use_on")
    vial = Vial.objects.create(
        clinic=lot.clinic,
        lot=lot,
        site=site,
        opened_at=at,
        opened_by=actor,
        beyond_use_on=min(beyond_use_on, lot.expires_on),
    )
    audit.record(actor=actor, verb="vial.opened", subject=vial)
    return vial


@transaction.atomic
def discard_vial(*, actor: User | None, vial: Vial, at: datetime | None = None) -> Vial:
    """Throw an opened container away; what was left in it is entered with `waste`. Twice does no harm."""
    vial = Vial.objects.select_for_update().get(pk=vial.pk)
    if vial.discarded_at is None:
        vial.discarded_at = at or timezone.now()
        vial.save(update_fields=["discarded_at"])
        audit.record(actor=actor, verb="vial.discarded", subject=vial)
    return vial


@transaction.atomic
def draw(
    *,
    actor: User | None,
    lot: Lot,
    site: Site,
    volume_ml: Decimal,
    vial: Vial | None = None,
    at: datetime | None = None,
    reason: str = "",
    force_reason: str = "",
) -> StockMovement:
    """Take what a session needed out of a lot. Days are the site's, at the moment of drawing (`at`), not of typing.

    Raises Refused("lot-recalled" | "lot-expired" | "vial-past-use" | "lot-used-up"), each with `details["lot"]`; with
    a `force_reason` the draw is entered all the same and says why: what was really injected can always be recorded. The
    manager is told, and where the ledger held less than was drawn a line says how much more was there.
    """
    _volume(volume_ml)
    at = at or timezone.now()
    lot = _locked(lot, site)
    left_ml = queries.stock_of(lot, site)
    try:
        _refuse_unusable(lot, local_day(at, site.zone), left_ml, volume_ml, vial)
    except Refused as refusal:
        if not force_reason.strip():
            raise
        tell_forced(lot, local_day(at, site.zone), f"{refusal.message} {force_reason.strip()}")
    if volume_ml > left_ml:  # what was given was there: the ledger never ends below nothing
        _move(actor, lot, site, MovementKind.SURPLUS, volume_ml - left_ml, force_reason, at)
    movement = _move(actor, lot, site, MovementKind.DRAWN, -volume_ml, force_reason or reason, at, vial)
    note_used_up(lot)
    audit.record(actor=actor, verb="lot.drawn", subject=lot, reason=force_reason or reason)
    return movement


@transaction.atomic
def put_back(*, actor: User | None, drawn: Iterable[StockMovement], reason: str, at: datetime | None = None) -> None:
    """Take back what was drawn for a record that is withdrawn: the right record draws what was really given, once.

    Every line stays, with one against it. Twice would count twice: the caller holds what was withdrawn.
    """
    for movement in sorted(drawn, key=lambda one: one.lot_id):
        lot = _locked(movement.lot, movement.site)
        _move(actor, lot, movement.site, MovementKind.PUT_BACK, -movement.volume_ml, reason, at, movement.vial)
        note_used_up(lot)
        audit.record(actor=actor, verb="lot.put-back", subject=lot, reason=reason)


def tell_forced(lot: Lot, on: date, words: str) -> None:
    """Tell the manager, once a lot and day, that what should not have been given was."""
    told = {"clinic": lot.clinic, "words": words[:300]}
    StockNotice.objects.get_or_create(lot=lot, kind=NoticeKind.FORCED, keyed_on=on, defaults=told)


@transaction.atomic
def waste(
    *, actor: User | None, lot: Lot, site: Site, volume_ml: Decimal, reason: str, vial: Vial | None = None
) -> StockMovement:
    """Enter what was thrown away; a double click enters it once. Raises Refused("volume" | "reason-missing" | …)."""
    _volume(volume_ml)
    require_reason(reason)
    lot = _locked(lot, site)
    words = {"site": site, "kind": MovementKind.WASTED, "volume_ml": -volume_ml, "reason": reason.strip(), "vial": vial}
    clicked_since = timezone.now() - DOUBLE_CLICK
    if (same := lot.movements.filter(**words, by=actor, at__gte=clicked_since).first()) is not None:
        return same
    _refuse_too_much(lot, volume_ml, queries.stock_of(lot, site))
    movement = _move(actor, lot, site, MovementKind.WASTED, -volume_ml, reason, None, vial)
    note_used_up(lot)
    audit.record(actor=actor, verb="lot.wasted", subject=lot, reason=reason)
    return movement


@transaction.atomic
def count(*, actor: User | None, lot: Lot, site: Site, counted_ml: Decimal, reason: str = "") -> StockMovement | None:
    """Enter what is really on the shelf; the ledger gets the difference, or nothing when it was right.

    What was drawn up for records that nobody has signed yet has left the shelf, not the ledger: signing takes it from there,
    once. Raises Refused("volume").
    """
    if not 0 <= counted_ml <= MOST_ML:
        raise Refused("volume", _("Enter what is left in mL: 0 or more."), field="counted_ml")
    lot = _locked(lot, site)
    difference_ml = counted_ml + not_entered_ml(lot, site) - queries.stock_of(lot, site)
    movement = None
    if difference_ml:
        movement = _move(actor, lot, site, MovementKind.COUNTED, difference_ml, reason, None)
    note_used_up(lot, gone_ml=not_entered_ml(lot))
    audit.record(actor=actor, verb="lot.counted", subject=lot, reason=reason)
    return movement


@transaction.atomic
def note_stock(*, now: datetime) -> int:
    """Tell once what has expired, expires soon or runs low, in all clinics; return how many notices are new.

    A lot has expired once its last day is over at every site of its clinic. A notice is keyed by the day it is about
    (the expiry day; the last delivery of a lot that runs low), so running this twice, or two of it at once, tells
    nothing twice. Six SQL statements whatever the number of lots.
    """
    today = _days_of_clinics(now)
    lots = queries.with_stock(Lot.objects.filter(status=Lot.Status.ACTIVE)).filter(stock_ml__gt=0)
    ending = lots.filter(expires_on__lte=queries.expiring_until(max(today.values(), default=now.date())))
    low = lots.filter(low_stock_ml__isnull=False, stock_ml__lte=F("low_stock_ml"))
    delivered = Max("movements__at", filter=Q(movements__kind=MovementKind.RECEIVED))
    wanted = [
        StockNotice(clinic_id=lot.clinic_id, lot=lot, kind=_ending_kind(lot, on), keyed_on=lot.expires_on)
        for lot in ending
        if lot.expires_on <= queries.expiring_until(on := today.get(lot.clinic_id, now.date()))
    ] + [
        StockNotice(clinic_id=lot.clinic_id, lot=lot, kind=NoticeKind.LOW, keyed_on=lot.delivered_at.date())
        for lot in low.annotate(delivered_at=delivered)
        if lot.delivered_at is not None
    ]
    before = StockNotice.objects.count()
    StockNotice.objects.bulk_create(wanted, ignore_conflicts=True)
    return StockNotice.objects.count() - before


def _days_of_clinics(now: datetime) -> dict[int, date]:
    """The local day of each clinic: of its sites in use, the one where the day is over last. One statement."""
    days: dict[int, date] = {}
    for site in Site.objects.filter(is_active=True):
        day = local_day(now, site.zone)
        days[site.clinic_id] = min(day, days.get(site.clinic_id, day))
    return days


def _ending_kind(lot: Lot, on: date) -> NoticeKind:
    return NoticeKind.EXPIRED if lot.expires_on < on else NoticeKind.EXPIRING


@transaction.atomic
def update_lot(*, actor: User | None, lot: Lot, **fields: object) -> Lot:
    """Correct what describes a lot (expiry, strength, low mark, days of use). Raises Refused("not-valid")."""
    unknown = fields.keys() - set(DESCRIBING)
    if unknown:
        raise TypeError(f"not to be changed here: {', '.join(sorted(unknown))}")
    lot = _locked(lot)
    before = {name: getattr(lot, name) for name in fields}
    for name, value in fields.items():
        setattr(lot, name, value)
    check(lot)
    lot.save(update_fields=list(fields))
    audit.record(actor=actor, verb="lot.updated", subject=lot, changes=audit.changed(lot, before))
    return lot


def lock_deliveries(clinic: Clinic) -> None:
    """Let deliveries and recalls of a clinic wait for each other: a lot that comes in meanwhile escapes no recall."""
    Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)


def lock(lot_ids: Iterable[int]) -> None:
    """Lock several lots in the order in which a recall locks them, before drawing from one after the other."""
    rows = Lot.objects.select_for_update(of=("self",)).filter(pk__in=set(lot_ids)).order_by("pk")
    list(rows.values_list("pk", flat=True))


def _locked(lot: Lot, site: Site | None = None) -> Lot:
    lot = Lot.objects.select_for_update(of=("self",)).select_related("clinic", "substance").get(pk=lot.pk)
    if site is not None:
        _same_clinic(lot.clinic, site)
    return lot


def _same_clinic(clinic: Clinic, *rows: Site | Substance) -> None:
    if any(row.clinic_id != clinic.pk for row in rows):
        raise Refused("other-clinic", _("This belongs to another clinic."))


def _volume(volume_ml: Decimal) -> None:
    if not 0 < volume_ml <= MOST_ML:
        raise Refused("volume", _("Enter a volume above 0 mL."), field="volume_ml")


def require_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused("reason-missing", _("Say why, in a few words."), field="reason")


def _refuse_unusable(
    lot: Lot, on: date, left_ml: Decimal, volume_ml: Decimal = Decimal(0), vial: Vial | None = None
) -> None:
    words = {"lot": lot.number, "substance": str(lot.substance)}
    if lot.status == Lot.Status.RECALLED:
        raise Refused("lot-recalled", _("%(substance)s, lot %(lot)s was recalled.") % words, lot=lot)
    if lot.expires_on < on:
        words["day"] = date_format(lot.expires_on)
        raise Refused("lot-expired", _("%(substance)s, lot %(lot)s expired on %(day)s.") % words, lot=lot)
    if vial is not None and (vial.lot_id != lot.pk or vial.discarded_at or vial.beyond_use_on < on):
        raise Refused("vial-past-use", _("This opened vial of %(substance)s is past its use.") % words, lot=lot)
    _refuse_too_much(lot, volume_ml, left_ml)


def _refuse_too_much(lot: Lot, volume_ml: Decimal, left_ml: Decimal) -> None:
    if left_ml <= 0 or volume_ml > left_ml:
        message = _("%(substance)s, lot %(lot)s has %(left)s mL left here.")
        words = {"substance": str(lot.substance), "lot": lot.number, "left": _plain(left_ml)}
        raise Refused("lot-used-up", message % words, field="volume_ml", lot=lot, left_ml=left_ml)


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}" if amount else "0"


def _move(
    actor: User | None,
    lot: Lot,
    site: Site,
    kind: MovementKind,
    volume_ml: Decimal,
    reason: str,
    at: datetime | None,
    vial: Vial | None = None,
) -> StockMovement:
    movement = StockMovement(
        clinic=lot.clinic,
        lot=lot,
        site=site,
        vial=vial,
        kind=kind,
        volume_ml=volume_ml,
        at=at or timezone.now(),
        by=actor,
        reason=reason.strip(),
    )
    check(movement, but=["by"])
    movement.save()
    return movement


def note_used_up(lot: Lot, *, gone_ml: Decimal = Decimal(0)) -> None:
    """Keep "used up" true to the ledger over all sites, of which so much is gone; a recalled lot stays recalled."""
    if lot.status == Lot.Status.RECALLED:
        return
    has_stock = queries.with_stock(Lot.objects.filter(pk=lot.pk)).filter(stock_ml__gt=gone_ml).exists()
    status = Lot.Status.ACTIVE if has_stock else Lot.Status.USED_UP
    if lot.status != status:
        lot.status = status
        lot.save(update_fields=["status"])
