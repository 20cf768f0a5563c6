"""Read the audit trail: who opened, printed or changed what."""

import re
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import CharField, Field, Model, Q, QuerySet, Value
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic.core.audit import Change
from mesoclinic.core.models import AuditEvent, Clinic, Site
from mesoclinic.core.roles import Role
from mesoclinic.core.wording import date_format

# A day, or an instant with its distance from UTC, as JSON keeps them.
MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?")
DAY = re.compile(r"(?<!\S)\d{4}-\d\d-\d\d(?!\S)")
WEEKDAY = re.compile(r"[A-Z][a-z]+day")
# What of the name of a row is the program's own word: of a course what it is for, else what stands before a number, a
# day or a word of the clinic's.
FIRST = re.compile(r"(?P<said>.+?)(: .*| \([^()]*\)| \d{4}-\d\d-\d\d.*)?")
WORDED = {
    "treatment_sessions.course": re.compile(r".* · (?P<said>.+)"),
    "patients.patientparty": re.compile(r".* \((?P<said>[^()]+)\)"),
    "patients.identifier": re.compile(r"(?P<said>.+) \S+"),
    **dict.fromkeys(
        (
            *("patients.flag", "protocols.indication", "protocols.protocol", "protocols.protocolversion"),
            *("protocols.substance", "protocols.technique", "treatment_sessions.addendum"),
            *("treatment_sessions.callattempt", "treatment_sessions.reporthandout", "treatment_sessions.recallnotice"),
        ),
        FIRST,
    ),
}
# What changed and is no field of a model.
FIELDS = {
    "filters": gettext_lazy("filters"),
    "roles": gettext_lazy("roles"),
    "rows": gettext_lazy("rows"),
    "working_hours": gettext_lazy("weekly hours"),
}
CODE = re.compile(r"[a-z]+(_[a-z]+)+")  # the name of a state, "in_progress"
# Links whose rows are told by name: of a visit's practitioner, room or place everybody may know.
NAMED = ("lead_practitioner", "place", "practitioner", "room", "site")
Names = dict[tuple[type[Model] | None, Any], str]
NOBODY = 0  # no row has this key
LOOKED = ("opened", "printed", "exported")
KINDS = [
    ("", gettext_lazy("Everything")),
    ("looked", gettext_lazy("Opened, printed or exported")),
    ("changed", gettext_lazy("Changed")),
]
NOUNS = {
    "absence": gettext_lazy("absence"),
    "access-log": gettext_lazy("access log"),
    "appointment": gettext_lazy("appointment"),
    "appointment-card": gettext_lazy("appointment card"),
    "batch": gettext_lazy("reports printed together"),
    "blocked-day": gettext_lazy("day that does not suit"),
    "calendar-feed": gettext_lazy("calendar address"),
    "call": gettext_lazy("call"),
    "catalogue": gettext_lazy("catalogue"),
    "clinic": gettext_lazy("clinic"),
    "closure": gettext_lazy("closed day"),
    "competition-event": gettext_lazy("competition"),
    "competition-rule": gettext_lazy("competition rule"),
    "consent": gettext_lazy("consent"),
    "consent-form": gettext_lazy("consent form"),
    "consent-text": gettext_lazy("consent text"),
    "course": gettext_lazy("course"),
    "day-list": gettext_lazy("day list"),
    "erasure": gettext_lazy("request for erasure"),
    "flag": gettext_lazy("flag"),
    "follow-up": gettext_lazy("question weeks after"),
    "identifier": gettext_lazy("number"),
    "import": gettext_lazy("import of patients"),
    "leaflet": gettext_lazy("leaflet"),
    "lot": gettext_lazy("lot"),
    "mix-limit": gettext_lazy("limit of the mix check"),
    "mix-rule": gettext_lazy("rule of the mix check"),
    "overview": gettext_lazy("list of the overview"),
    "pair": gettext_lazy("pair in one syringe"),
    "party": gettext_lazy("contact"),
    "patient": gettext_lazy("patient's file"),
    "place": gettext_lazy("place"),
    "practitioner": gettext_lazy("practitioner"),
    "preference": gettext_lazy("wish about times"),
    "protocol": gettext_lazy("protocol"),
    "reaction": gettext_lazy("reaction"),
    "rebooking": gettext_lazy("visits that lost their time"),
    "recall": gettext_lazy("recall"),
    "record": gettext_lazy("record"),
    "reminder": gettext_lazy("message"),
    "report": gettext_lazy("report"),
    "restricted-file": gettext_lazy("restricted file"),
    "retention": gettext_lazy("how long files are kept"),
    "room": gettext_lazy("room"),
    "round": gettext_lazy("round"),
    "site": gettext_lazy("site"),
    "substance": gettext_lazy("substance"),
    "technique": gettext_lazy("technique"),
    "user": gettext_lazy("user"),
    "vial": gettext_lazy("vial"),
    "waiting": gettext_lazy("waiting list"),
    "working_hours": gettext_lazy("weekly hours"),
}

DONE = {
    "active": gettext_lazy("active again"),
    "added": gettext_lazy("added"),
    "addendum-added": gettext_lazy("addendum added"),
    "allergies-asked": gettext_lazy("allergies asked"),
    "archived": gettext_lazy("taken off the list"),
    "asked": gettext_lazy("asked for"),
    "as-shipped": gettext_lazy("back as shipped"),
    "begun": gettext_lazy("begun"),
    "booked": gettext_lazy("booked"),
    "booked-again": gettext_lazy("booked again"),
    "cancel-undone": gettext_lazy("cancelling taken back"),
    "cancelled": gettext_lazy("cancelled"),
    "cancelled-queued": gettext_lazy("news of a cancellation sent"),
    "change-queued": gettext_lazy("news of a change sent"),
    "changed": gettext_lazy("changed"),
    "check-in-undone": gettext_lazy("arrival taken back"),
    "checked-in": gettext_lazy("checked in"),
    "completed": gettext_lazy("completed"),
    "confirmed-by-link": gettext_lazy("confirmed by the patient"),
    "corrected": gettext_lazy("corrected"),
    "correction-added": gettext_lazy("correction added"),
    "counted": gettext_lazy("counted"),
    "created": gettext_lazy("created"),
    "deactivated": gettext_lazy("deactivated"),
    "discarded": gettext_lazy("discarded"),
    "done": gettext_lazy("done"),
    "done-undone": gettext_lazy("not done yet again"),
    "draft": gettext_lazy("draft"),
    "draft-discarded": gettext_lazy("draft thrown away"),
    "draft-saved": gettext_lazy("draft saved"),
    "drawn": gettext_lazy("drawn"),
    "edited": gettext_lazy("edited"),
    "ended": gettext_lazy("ended"),
    "entered": gettext_lazy("entered"),
    "entered-in-error": gettext_lazy("entered in error"),
    "expired": gettext_lazy("expired"),
    "exported": gettext_lazy("exported"),
    "extended": gettext_lazy("extended"),
    "faults-exported": gettext_lazy("faulty rows exported"),
    "founded": gettext_lazy("founded"),
    "fulfil-undone": gettext_lazy("end of visit taken back"),
    "fulfilled": gettext_lazy("fulfilled"),
    "given": gettext_lazy("given"),
    "handed-out": gettext_lazy("handed out"),
    "handed-over": gettext_lazy("handed over"),
    "kind-changed": gettext_lazy("said to be for something else"),
    "label-printed": gettext_lazy("syringe label printed"),
    "late-entry-added": gettext_lazy("late entry added"),
    "leaflet-text-set": gettext_lazy("own words of the leaflet set"),
    "letters-printed": gettext_lazy("letters printed"),
    "lifted": gettext_lazy("lifted"),
    "linked": gettext_lazy("linked"),
    "list-exported": gettext_lazy("list exported"),
    "loaded": gettext_lazy("loaded"),
    "made": gettext_lazy("made"),
    "merge-undone": gettext_lazy("merging taken back"),
    "merged": gettext_lazy("merged"),
    "message-text-set": gettext_lazy("text of messages set"),
    "move-undone": gettext_lazy("move taken back"),
    "moved": gettext_lazy("moved"),
    "no-show": gettext_lazy("no show"),
    "no-show-undone": gettext_lazy("no-show taken back"),
    "not-treated": gettext_lazy("not treated"),
    "not-treated-undone": gettext_lazy("not treated taken back"),
    "noted": gettext_lazy("noted"),
    "notice-noted": gettext_lazy("notice noted"),
    "offer-accepted": gettext_lazy("offer taken"),
    "offer-agreed": gettext_lazy("offer agreed to"),
    "offer-declined": gettext_lazy("offer declined"),
    "offer-expired": gettext_lazy("offer ran out"),
    "offer-held-again": gettext_lazy("offer held again"),
    "offer-queued": gettext_lazy("offer sent"),
    "offer-withdrawn": gettext_lazy("offer taken back"),
    "offered": gettext_lazy("offered"),
    "opened": gettext_lazy("opened"),
    "other-time-asked": gettext_lazy("another time asked for by the patient"),
    "password-reset": gettext_lazy("password reset"),
    "paper-set": gettext_lazy("paper set"),
    "paused": gettext_lazy("paused"),
    "placed": gettext_lazy("given an earlier time"),
    "placed-undone": gettext_lazy("earlier time taken back"),
    "planned": gettext_lazy("planned"),
    "prescribed": gettext_lazy("prescribed"),
    "printed": gettext_lazy("printed"),
    "pseudonymised": gettext_lazy("pseudonymised"),
    "published": gettext_lazy("published"),
    "put-back": gettext_lazy("put back"),
    "reactivated": gettext_lazy("reactivated"),
    "recall-undone": gettext_lazy("recall taken back"),
    "recalled": gettext_lazy("recalled"),
    "received": gettext_lazy("received"),
    "recorded": gettext_lazy("recorded"),
    "registered": gettext_lazy("registered"),
    "reminders-set": gettext_lazy("reminders set"),
    "removed": gettext_lazy("removed"),
    "reopened": gettext_lazy("opened again"),
    "reply-settled": gettext_lazy("patient's wish dealt with"),
    "reported": gettext_lazy("reported"),
    "restarted": gettext_lazy("restarted"),
    "restored": gettext_lazy("put back on the list"),
    "resumed": gettext_lazy("resumed"),
    "retried": gettext_lazy("tried again"),
    "reviewed": gettext_lazy("reviewed"),
    "revoked": gettext_lazy("taken back"),
    "rows-exported": gettext_lazy("rows exported"),
    "saved": gettext_lazy("saved"),
    "scan-added": gettext_lazy("scan added"),
    "scan-read": gettext_lazy("scan read"),
    "sent": gettext_lazy("sent"),
    "session-skipped": gettext_lazy("session left out"),
    "session-unskipped": gettext_lazy("session put back"),
    "set": gettext_lazy("set"),
    "signed": gettext_lazy("signed"),
    "skipped": gettext_lazy("skipped"),
    "sold": gettext_lazy("sold"),
    "start-undone": gettext_lazy("start taken back"),
    "started": gettext_lazy("started"),
    "stepped-back": gettext_lazy("one phase back"),
    "stopped": gettext_lazy("stopped"),
    "taken-back": gettext_lazy("taken back"),
    "time-held": gettext_lazy("another time held"),
    "told-apart": gettext_lazy("said to be another patient"),
    "told-apart-undone": gettext_lazy("another patient taken back"),
    "tolerances-set": gettext_lazy("days early and late set"),
    "undo-started": gettext_lazy("taking back asked for"),
    "updated": gettext_lazy("updated"),
    "uploaded": gettext_lazy("uploaded"),
    "version-started": gettext_lazy("next version started"),
    "wasted": gettext_lazy("wasted"),
    "weighed": gettext_lazy("weighed"),
    "withdrawal-added": gettext_lazy("withdrawn for a wrong patient"),
    "withdrawn": gettext_lazy("withdrawn"),
    "written": gettext_lazy("written"),
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


def about(event: AuditEvent) -> str:
    """Say what an event is about: names as they are, days and the program's own words in the reader's language."""
    text = event.subject_text
    if event.subject_type in WORDED and (found := WORDED[event.subject_type].fullmatch(text)):
        start, end = found.span("said")
        text = text[:start] + _(found["said"]) + text[end:]
    return DAY.sub(lambda day: _day(day[0]), text)


def _day(text: str) -> str:
    try:
        return date_format(date.fromisoformat(text), "j M Y")
    except ValueError:  # a number that looks like a day
        return text


def words(event: AuditEvent) -> str:
    """Say what happened, as “Patient's file: opened”."""
    noun, _dot, done = event.verb.partition(".")
    text = _("%(noun)s: %(done)s") % {"noun": NOUNS.get(noun, noun), "done": DONE.get(done, done.replace("-", " "))}
    return capfirst(text)


def names(rows: Iterable[AuditEvent]) -> Names:
    """Name who, which room and which place the changes speak of. One SQL statement."""
    keys: dict[type[Model], set[int]] = {Site: {NOBODY}}  # asked for in any case, so that every page asks as often
    for change in (change for row in rows for change in row.changes):
        if linked := _linked(change):
            there = {key for key in (change.get("old"), change.get("new")) if key is not None}
            keys.setdefault(linked, set()).update(there)
    kinds = {linked._meta.label_lower: linked for linked in keys}
    first, *others = (
        linked._default_manager.filter(pk__in=sorted(those))
        .order_by()
        .values_list(Value(linked._meta.label_lower, CharField()), "pk", "name")
        for linked, those in keys.items()
    )
    return {(kinds[kind], pk): name for kind, pk, name in first.union(*others, all=True)}


def _linked(change: Change) -> type[Model] | None:
    """Say of what kind the row is that a change leads to and away from, where its name may be told."""
    name, found = change["field"].removesuffix("_id"), change.get("model", "")
    if name not in NAMED or name == change["field"] or not found:
        return None
    return apps.get_model(found)._meta.get_field(name).related_model


def lines(event: AuditEvent, known: Names | None = None) -> list[tuple[str, str, str]]:
    """List what changed: field, old and new value, times local; `known` are the names of `names`.

    Medical fields come without values, and so do links to other rows: their keys tell nobody anything.
    """
    return [_line(change, known or {}) for change in event.changes]


def _line(change: Change, known: Names) -> tuple[str, str, str]:
    name, old, new = change["field"], change.get("old"), change.get("new")
    field = _field(change)
    said = str(field.verbose_name) if field else str(FIELDS.get(name, _bare(name)))
    if name.endswith("_id"):
        linked = _linked(change)
        before, after = (known.get((linked, key), "") for key in (old, new))
        return said, before, after
    return said, _value(field, name, old), _value(field, name, new)


def _field(change: Change) -> Field | None:
    """Return the field of a model that was changed; None for what is none, or has no name of its own to read."""
    try:
        found = apps.get_model(change.get("model", ""))._meta.get_field(change["field"])
    except (LookupError, ValueError, FieldDoesNotExist):
        return None
    return found if isinstance(found, Field) and found.verbose_name != found.name.replace("_", " ") else None


def _bare(name: str) -> str:
    return name.removesuffix("_id").removesuffix("_at").removesuffix("_on").replace("_", " ")


def _value(field: Field | None, name: str, value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if field is not None and field.flatchoices:
        return str(dict(field.flatchoices).get(value, _plain(value)))
    if name == "roles" and isinstance(value, list):
        return ", ".join(str(dict(Role.choices).get(one, one)) for one in value)
    if name == "working_hours" and isinstance(value, str):
        return WEEKDAY.sub(lambda day: _(day[0]), value)
    return _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    if isinstance(value, str) and MOMENT.fullmatch(value):
        moment = datetime.fromisoformat(value)
        return date_format(timezone.localtime(moment), "j M Y, H:i") if moment.tzinfo else date_format(moment, "j M Y")
    words = "" if value is None else str(value)
    return words.replace("_", " ") if CODE.fullmatch(words) else words
