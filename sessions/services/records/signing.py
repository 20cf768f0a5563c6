"""Sign records and addenda into the clinic's chain. From then on triggers refuse every change."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from protocols.models import Lot
from protocols.queries import lots as stock
from protocols.services import lots
from sessions import canonical
from sessions.models import Addendum, Administration, Practitioner, SessionRecord, Signature, SignatureHead
from sessions.queries import records as reads

Status = SessionRecord.Status
STOCK_RULES = ("lot.",)


@transaction.atomic
def sign_records(
    *, actor: User, records: Iterable[SessionRecord], reason: str = "", now: datetime | None = None
) -> list[Signature]:
    """Sign records that are done, all or none: draw their lots from the stock, freeze them, chain their texts.

    `reason` says why somebody else signs than who gave the session: a colleague who has left. Those already signed are
    left as they are. The caller has asked again who it is. Raises
    Refused("not-a-practitioner" | "not-licensed" | "not-done" | "foreign" | "needs-reason").
    """
    now = now or timezone.now()
    wanted = sorted({record.pk for record in records})
    if not wanted:
        raise Refused("nothing", _("Choose at least one record to sign."), field="record")
    head = lock_head(actor.clinic)
    rows = list(reads.records(actor.clinic).select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk"))
    if len(rows) != len(wanted):
        words = _("One of these records is not here any more. Load the page again.")
        raise Refused("foreign", words, field="record")
    rows = [row for row in rows if row.status != Status.SIGNED]
    _require_done(rows)
    signer = require_signer(actor, now)
    foreign = _require_reason(rows, signer, reason.strip())
    keys = [record.pk for record in rows]
    lots.lock(Administration.objects.filter(record__in=keys, lot__isnull=False).values_list("lot_id", flat=True))
    for record in rows:
        _draw(actor, record)
    _freeze(keys, foreign, signed_at=now, signed_by=signer, signed_for_reason=reason.strip())
    texts = canonical.RECORD_READERS[canonical.CURRENT_FORMAT](keys)
    signatures = append(head, signer, now, [(record, None, texts[record.pk]) for record in _by_time(rows)])
    for record in rows:
        why = reason.strip() if record.pk in foreign else ""
        audit.record(actor=actor, verb="record.signed", subject=record, patient_id=record.patient_id, reason=why)
    return signatures


def require_signer(actor: User, now: datetime) -> Practitioner:
    """Return the practitioner this user is, licensed today. Raises Refused("not-a-practitioner" | "not-licensed")."""
    signer = Practitioner.objects.filter(user=actor, clinic=actor.clinic_id).first()
    if signer is None or not actor.has_perm("sessions.sign_record"):
        raise Refused("not-a-practitioner", _("Only a practitioner signs records. Ask one to sign this."))
    if not signer.is_licensed_on(local_day(now, timezone.get_current_timezone())):
        raise Refused("not-licensed", _("Your licence to inject does not cover today. Ask a manager to look at it."))
    return signer


def lock_head(clinic: Clinic) -> SignatureHead:
    """Take the end of the clinic's chain: two tablets that sign at once wait for each other here."""
    SignatureHead.objects.get_or_create(clinic=clinic)
    return SignatureHead.objects.select_for_update().get(clinic=clinic)


def append(
    head: SignatureHead,
    signer: Practitioner,
    now: datetime,
    texts: Sequence[tuple[SessionRecord, Addendum | None, str]],
) -> list[Signature]:
    """Add links to the end of a locked chain, in the order given."""
    links = []
    for record, addendum, text in texts:
        previous = head.sha256
        head.sequence += 1
        head.sha256 = canonical.sha256_of(previous, text)
        links.append(
            Signature(
                clinic_id=head.clinic_id,
                sequence=head.sequence,
                record=record,
                addendum=addendum,
                format=canonical.CURRENT_FORMAT,
                canonical_text=text,
                previous_sha256=previous,
                sha256=head.sha256,
                signed_by=signer,
                signed_at=now,
            )
        )
    made = Signature.objects.bulk_create(links)
    head.save(update_fields=["sequence", "sha256"])
    return made


def _require_reason(rows: Sequence[SessionRecord], signer: Practitioner, reason: str) -> set[int]:
    """Return the keys of those somebody else gave."""
    foreign = [row for row in rows if row.performed_by_id != signer.pk]
    if foreign and not reason:
        names = ", ".join(sorted({str(row.performed_by) for row in foreign}))
        words = _("%(names)s gave this. Say why you sign instead.") % {"names": names}
        raise Refused("needs-reason", words, field="reason")
    return {row.pk for row in foreign}


def _freeze(keys: Sequence[int], foreign: set[int], *, signed_for_reason: str, **signed: object) -> None:
    rows = SessionRecord.objects
    rows.filter(pk__in=[key for key in keys if key not in foreign]).update(status=Status.SIGNED, **signed)
    if foreign:
        rows.filter(pk__in=foreign).update(status=Status.SIGNED, signed_for_reason=signed_for_reason, **signed)


def _by_time(rows: list[SessionRecord]) -> list[SessionRecord]:
    return sorted(rows, key=lambda record: (record.performed_at, record.pk))


def _require_done(rows: Sequence[SessionRecord]) -> None:
    drafts = [row for row in rows if row.status != Status.DONE]
    if drafts:
        message = ngettext(
            "The record of %(names)s is not done yet. Nothing was signed.",
            "These records are not done yet: %(names)s. Nothing was signed.",
            len(drafts),
        )
        names = ", ".join(str(row.patient) for row in drafts)
        raise Refused("not-done", message % {"names": names}, field="record")


def _draw(actor: User, record: SessionRecord) -> None:
    """Take what was drawn up out of its lots. What was really injected is entered, whatever the lot's state."""
    site = reads.site_of(record)
    lines = list(record.administrations.filter(lot__isnull=False, stock_movement__isnull=True).select_related("lot"))
    if not lines:
        return
    reasons = [row.reason for row in record.overrides.all() if row.rule.startswith(STOCK_RULES)]
    words = "; ".join(dict.fromkeys(reasons)) or _("Given all the same, as the record says.")
    for line in lines:
        line.stock_movement = _movement(actor, line, record, site, words[:300])
    Administration.objects.bulk_update(lines, ["stock_movement"])


def _movement(actor: User, line: Administration, record: SessionRecord, site, words: str):
    lot, on = Lot(pk=line.lot_id), local_day(record.performed_at, site.zone)
    drawn = {"lot": lot, "site": site, "volume_ml": line.prepared_ml, "at": record.performed_at}
    drawn["vial"] = stock.vial_to_draw_from(lot, site, on)
    try:
        with transaction.atomic():
            return lots.draw(actor=actor, **drawn)
    except Refused as refusal:
        if not refusal.code.startswith(("lot-", "vial-")):
            raise
        return lots.draw(actor=actor, **drawn, force_reason=words)
