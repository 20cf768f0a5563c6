"""Read the audit trail: who opened, printed or changed what."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic.core.models import AuditEvent, Clinic

LOOKED = ("opened", "printed", "exported")
KINDS = [
    ("", gettext_lazy("Everything")),
    ("looked", gettext_lazy("Opened, printed or exported")),
    ("changed", gettext_lazy("Changed")),
]
NOUNS = {
    "absence": gettext_lazy("absence"),
    "appointment": gettext_lazy("appointment"),
    "catalogue": gettext_lazy("catalogue"),
    "clinic": gettext_lazy("clinic"),
    "closure": gettext_lazy("closed day"),
    "consent": gettext_lazy("consent"),
    "course": gettext_lazy("course"),
    "flag": gettext_lazy("flag"),
    "identifier": gettext_lazy("number"),
    "lot": gettext_lazy("lot"),
    "party": gettext_lazy("contact"),
    "patient": gettext_lazy("patient's file"),
    "place": gettext_lazy("place"),
    "practitioner": gettext_lazy("practitioner"),
    "protocol": gettext_lazy("protocol"),
    "record": gettext_lazy("record"),
    "report": gettext_lazy("report"),
    "room": gettext_lazy("room"),
    "site": gettext_lazy("site"),
    "substance": gettext_lazy("substance"),
    "user": gettext_lazy("user"),
    "vial": gettext_lazy("vial"),
    "working_hours": gettext_lazy("weekly hours"),
}

DONE = {
    "added": gettext_lazy("added"),
    "booked": gettext_lazy("booked"),
    "cancelled": gettext_lazy("cancelled"),
    "changed": gettext_lazy("changed"),
    "checked-in": gettext_lazy("checked in"),
    "completed": gettext_lazy("completed"),
    "corrected": gettext_lazy("corrected"),
    "counted": gettext_lazy("counted"),
    "created": gettext_lazy("created"),
    "deactivated": gettext_lazy("deactivated"),
    "discarded": gettext_lazy("discarded"),
    "done": gettext_lazy("done"),
    "drawn": gettext_lazy("drawn"),
    "ended": gettext_lazy("ended"),
    "expired": gettext_lazy("expired"),
    "exported": gettext_lazy("exported"),
    "fulfilled": gettext_lazy("fulfilled"),
    "given": gettext_lazy("given"),
    "loaded": gettext_lazy("loaded"),
    "merged": gettext_lazy("merged"),
    "moved": gettext_lazy("moved"),
    "no-show": gettext_lazy("no show"),
    "opened": gettext_lazy("opened"),
    "paused": gettext_lazy("paused"),
    "planned": gettext_lazy("planned"),
    "password-reset": gettext_lazy("password reset"),
    "prescribed": gettext_lazy("prescribed"),
    "printed": gettext_lazy("printed"),
    "published": gettext_lazy("published"),
    "reactivated": gettext_lazy("reactivated"),
    "received": gettext_lazy("received"),
    "recorded": gettext_lazy("recorded"),
    "registered": gettext_lazy("registered"),
    "removed": gettext_lazy("removed"),
    "resumed": gettext_lazy("resumed"),
    "reviewed": gettext_lazy("reviewed"),
    "saved": gettext_lazy("saved"),
    "signed": gettext_lazy("signed"),
    "skipped": gettext_lazy("skipped"),
    "started": gettext_lazy("started"),
    "stopped": gettext_lazy("stopped"),
    "updated": gettext_lazy("updated"),
    "wasted": gettext_lazy("wasted"),
    "weighed": gettext_lazy("weighed"),
    "withdrawn": gettext_lazy("withdrawn"),
    "set": gettext_lazy("set"),
}


def events(
    clinic: Clinic,
    *,
    patient_ids: Collection[int] | None = None,
    actor_id: int | None = None,
    kind: str = "",
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> QuerySet[AuditEvent]:
    """List the events of a clinic, the latest first; `until_at` is not included. One SQL statement."""
    rows = AuditEvent.objects.filter(clinic=clinic).order_by("-at", "-pk")
    if patient_ids is not None:
        rows = rows.filter(patient_id__in=patient_ids)
    if actor_id is not None:
        rows = rows.filter(actor_id=actor_id)
    if from_at is not None:
        rows = rows.filter(at__gte=from_at)
    if until_at is not None:
        rows = rows.filter(at__lt=until_at)
    looked = Q()
    for word in LOOKED:
        looked |= Q(verb__endswith=f".{word}", patient_id__isnull=False)
    return {"looked": rows.filter(looked), "changed": rows.exclude(looked)}.get(kind, rows)


def words(event: AuditEvent) -> str:
    """Say what happened, as “Patient's file: opened”."""
    noun, _dot, done = event.verb.partition(".")
    text = _("%(noun)s: %(done)s") % {"noun": NOUNS.get(noun, noun), "done": DONE.get(done, done.replace("-", " "))}
    return capfirst(text)


def lines(event: AuditEvent) -> list[tuple[str, str, str]]:
    """List what changed: field, old and new value; medical fields come without values."""
    return [
        (change["field"].replace("_", " "), _plain(change.get("old")), _plain(change.get("new")))
        for change in event.changes
    ]


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    return "" if value is None else str(value)
