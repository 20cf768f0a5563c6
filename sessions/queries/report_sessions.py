"""What was recorded in a course, as its report says it: sessions, scores over time, adverse events."""

from collections import defaultdict
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.wording import with_colon
from patients.models.flags import FlagKind
from protocols.advice import advice_in_words
from protocols.citations import shipped_text
from protocols.dosing.quantities import Strength
from protocols.models import Species
from protocols.words import unit_words
from sessions.models import (
    Addendum,
    Administration,
    AdverseEvent,
    Course,
    InjectionSite,
    Override,
    Score,
    SessionRecord,
    Signature,
)
from sessions.models.follow_ups import EventOutcome
from sessions.models.records import Moment, RatedBy, Scale
from sessions.models.signatures import Corrected
from sessions.printing import document
from sessions.printing.numbers import number
from sessions.printing.words import Words
from sessions.queries import corrections
from sessions.queries.kept_findings import told, told_override
from sessions.queries.reactions import with_outcome
from sessions.queries.report_course import body_parts, effect_said, number_of
from sessions.queries.report_words import moment_words, side_words
from sessions.queries.scale_words import value_words
from sessions.queries.seals import SHORT_HASH
from sessions.recording import shots_in_all

NOTHING = "–"
HIGHEST = {Scale.PAIN: Decimal(10), Scale.LAMENESS: Decimal(5), Scale.SATISFACTION: Decimal(10)}


def records_of(course: Course) -> list[SessionRecord]:
    """List the records of a course that are done or signed, in order of session and day. Seven SQL statements."""
    rows = whole(course.records.exclude(status=SessionRecord.Status.DRAFT))
    return sorted(rows, key=lambda record: (number_of(record), record.performed_at, record.pk))


def whole(records: QuerySet[SessionRecord]) -> QuerySet[SessionRecord]:
    """Read with each record all that its report says. Seven SQL statements when they are read."""
    own_signature = Signature.objects.filter(addendum__isnull=True).select_related("signed_by")
    return records.select_related("planned_session", "performed_by", "technique").prefetch_related(
        Prefetch("administrations", Administration.objects.select_related("substance", "lot").order_by("position")),
        Prefetch("injection_sites", InjectionSite.objects.select_related("technique").order_by("position")),
        Prefetch("scores", Score.objects.order_by("scale", "moment")),
        Prefetch("overrides", Override.objects.select_related("by")),
        Prefetch("adverse_events", with_outcome(AdverseEvent.objects.order_by("onset_on", "pk"))),
        Prefetch("addenda", Addendum.objects.select_related("by", "signature__signed_by", "lot").order_by("at", "pk")),
        Prefetch("signatures", own_signature, to_attr="own_signatures"),
    )


def signatures_of(records: list[SessionRecord]) -> list[Signature]:
    """Give every link of the chain under these records, those of addenda too. No SQL statement."""
    addenda = (addendum for record in records for addendum in record.addenda.all())
    own = [link for record in records for link in record.own_signatures]
    return [*own, *(addendum.signature for addendum in addenda if hasattr(addendum, "signature"))]


def session_parts(
    records: list[SessionRecord], zone: ZoneInfo, species: Species, words: Words
) -> tuple[document.SessionPart, ...]:
    """Say each record. No SQL statement."""
    return tuple(_session(record, zone, species, words) for record in records)


def score_series(records: list[SessionRecord], zone: ZoneInfo) -> tuple[document.ScoreSeries, ...]:
    """Give each scale that can be drawn, one series a rater; withdrawn records do not count. No SQL statement."""
    series: dict[tuple[str, str], list[document.ScorePointPart]] = defaultdict(list)
    for record in records:
        if not is_withdrawn(record):
            for (scale, rater), values in _by_scale(record).items():
                series[scale, rater].append(_point(record, zone, rater, values))
    raters = defaultdict(set)
    for scale, rater in series:
        raters[scale].add(rater)
    return tuple(
        document.ScoreSeries(
            scale=_scale_words(scale) + (f" – {RatedBy(rater).label}" if len(raters[scale]) > 1 else ""),
            high=HIGHEST[Scale(scale)],
            less_is_better=scale != Scale.SATISFACTION,
            is_judged=scale == Scale.PAIN,
            points=tuple(points),
        )
        for (scale, rater), points in sorted(series.items(), key=_scale_order)
    )


def adverse_events(records: list[SessionRecord], zone: ZoneInfo) -> tuple[document.AdverseEventPart, ...]:
    """List what was seen at the sessions or told later, by day. No SQL statement."""
    events = [
        document.AdverseEventPart(
            on=event.onset_on or local_day(event.reported_at if event.is_late else record.performed_at, zone),
            what=with_colon(event.kind, event.description),
            session=number_of(record),
            severity=event.get_severity_display(),
            outcome=". ".join(part for part in (event.action, _outcome(event)) if part),
        )
        for record in records
        if not is_withdrawn(record)
        for event in record.adverse_events.all()
    ]
    return tuple(sorted(events, key=lambda event: (event.on, event.session or 0)))


def _outcome(event: AdverseEvent) -> str:
    return str(EventOutcome(event.last_outcome).label) if event.last_outcome else ""


def is_withdrawn(record: SessionRecord) -> bool:
    """Whether the record was withdrawn as written for the wrong patient; its addenda are at hand."""
    return any(addendum.kind == Addendum.Kind.WITHDRAWAL for addendum in record.addenda.all())


def _session(record: SessionRecord, zone: ZoneInfo, species: Species, words: Words) -> document.SessionPart:
    lines, sites = list(record.administrations.all()), list(record.injection_sites.all())
    beside = [line for line in lines if line.is_sedation]
    lines = [line for line in lines if not line.is_sedation]
    several = {line.syringe for line in lines} | {site.syringe for site in sites} not in ({"A"}, set())
    right = corrections.standing(record.addenda.all())
    shown = corrections.amended(record, right)
    return document.SessionPart(
        number=number_of(record),
        performed_on=local_day(record.performed_at, zone),
        performed_by=record.performed_by.name,
        checks=_checks(record.checklist),
        technique=_joined(str(record.technique) if record.technique else "", _("dry") if record.is_dry else ""),
        device=_joined(record.get_device_display() if record.device else "", shown.device_number),
        needle=_joined(shipped_text(shown.needle), _mm(record.needle_length_mm, words)),
        depth=_mm(shown.depth_mm, words),
        weight_kg=shown.weight_kg,
        weight_estimated=record.weight_is_estimated,
        mix=tuple(_mix_line(line, several, words, right) for line in lines),
        sites=tuple(_site(site, species, several, words) for site in sites),
        body=body_parts(sites, species),
        scores=tuple(_score(scale, rater, values) for (scale, rater), values in _by_scale(record).items()),
        behaviour=_behaviour(record, species),
        relief_seconds=record.relief_seconds,
        effect=effect_said(record, words),
        sedation=shown.sedation,
        sedation_lines=tuple(_mix_line(line, False, words, right) for line in beside),
        aftercare=advice_in_words(record.aftercare),
        notes=record.notes,
        shots_told=shown.shots,
        overrides=tuple(_override(override, record, zone) for override in record.overrides.all()),
        addenda=tuple(_addendum(addendum, zone, words) for addendum in record.addenda.all()),
        amended=_amended(record, right, words),
        signature=_signature(record, zone, words),
        late_entry=record.is_late_entry,
        withdrawn=is_withdrawn(record),
    )


def _checks(checklist: dict) -> str:
    """Say what the questions before the session gave: nothing new, or what has changed."""
    known = dict(FlagKind.choices)
    found = [str(known.get(code, code)) for code in checklist.get("yes", [])]
    note = str(checklist.get("note", ""))
    if not found and checklist.get("clear"):
        return " · ".join(part for part in (_("asked, nothing has changed"), note) if part)
    return " · ".join(part for part in (", ".join(found), note) if part)


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _mm(length: Decimal | None, words: Words) -> str:
    return "" if length is None else f"{number(length, words)} mm"


# The word of the report for each value a correction can give anew; a lot has its own place in the mix.
AMENDED = {
    Corrected.WEIGHT: "weight_used",
    Corrected.DEPTH: "depth",
    Corrected.SHOTS: "shots",
    Corrected.NEEDLE: "needle",
    Corrected.DEVICE: "device",
    Corrected.SEDATION: "sedation",
}


def _amended(record: SessionRecord, right: corrections.Corrections, words: Words) -> tuple[document.Amended, ...]:
    """Say what was signed where a correction gave another value."""
    counted = shots_in_all(record.shots, (site.points for site in record.injection_sites.all()))
    signed = {
        Corrected.WEIGHT: f"{number(record.weight_kg, words)} kg" if record.weight_kg is not None else "",
        Corrected.DEPTH: _mm(record.depth_mm, words),
        Corrected.SHOTS: str(counted or ""),
        Corrected.NEEDLE: shipped_text(record.needle),
        Corrected.DEVICE: record.device_number,
        Corrected.SEDATION: record.sedation,
    }
    return tuple(
        document.Amended(what=word, signed=signed[what] or NOTHING)
        for what, word in AMENDED.items()
        if (what, None) in right
    )


def _mix_line(
    line: Administration, several: bool, words: Words, corrected: corrections.Corrections
) -> document.MixLine:
    lot, signed = line.lot, corrections.signed_lot(line)
    right, given = corrections.right_lot(line, corrected), corrections.right_line(line, corrected)
    expires_on = line.expires_on or (lot.expires_on if lot else None)
    if right is not None:  # the date on the pack was that of the lot signed
        expires_on = right.lot.expires_on if right.lot is not None else None
    return document.MixLine(
        substance=str(line.substance),
        strength=f"{number(line.strength, words)} {unit_words(line.strength_unit)}"
        if line.strength is not None
        else "",
        syringe=line.syringe if several else "",
        prepared_ml=line.prepared_ml,
        given_ml=given.given_ml,
        given_signed_ml=None if given is line else line.given_ml,
        wasted_ml=line.wasted_ml or None,
        dose=_dose(given, words),
        lot=signed if right is None else right.value,
        lot_signed="" if right is None else signed or NOTHING,
        expires_on=expires_on,
    )


def _dose(line: Administration, words: Words) -> str:
    """Give mg or IU of the mL given; nothing where the strength is not known or has no such unit."""
    if line.strength is None or not line.strength_unit or line.given_ml is None:
        return ""
    strength = Strength(line.strength, line.strength_unit)
    for amount, unit in ((strength.mg_per_ml, "mg"), (strength.iu_per_ml, unit_words("IU"))):
        if amount is not None:
            return f"{number(round(amount * line.given_ml, 4), words)} {unit}"
    return ""


def _site(site: InjectionSite, species: Species, several: bool, words: Words) -> document.SiteLine:
    return document.SiteLine(
        region=_(site.region) if site.region else "",
        side=side_words(species, site.side),
        row=_("row %(number)s") % {"number": site.row} if site.row is not None else "",
        technique=str(site.technique) if site.technique else "",
        depth_mm=number(site.depth_mm, words),
        shots=site.points,
        volume_per_point_ml=site.volume_per_point_ml,
        syringe=site.syringe if several else "",
        reactive=site.is_reactive,
    )


Values = dict[str, Decimal]


def _by_scale(record: SessionRecord) -> dict[tuple[str, str], Values]:
    """Give {(scale, rater): {moment: value}} of the scales that are numbers; behaviour is words."""
    found: dict[tuple[str, str], Values] = defaultdict(dict)
    for score in record.scores.all():
        if score.scale != Scale.BEHAVIOUR:
            found[score.scale, score.rated_by][score.moment] = score.value
    return dict(sorted(found.items(), key=_scale_order))


def _scale_order(entry: tuple) -> tuple[int, str]:
    (scale, rater), _values = entry
    return Scale.values.index(scale), rater


def _scale_words(scale: str) -> str:
    return str(Scale(scale).label)


def _score(scale: str, rater: str, values: Values) -> document.Score:
    return document.Score(
        scale=_scale_words(scale),
        before=values.get(Moment.BEFORE),
        after=values.get(Moment.AFTER),
        rated_by=str(RatedBy(rater).label),
    )


def _point(record: SessionRecord, zone: ZoneInfo, rater: str, values: Values) -> document.ScorePointPart:
    return document.ScorePointPart(
        number=number_of(record),
        on=local_day(record.performed_at, zone),
        before=values.get(Moment.BEFORE),
        after=values.get(Moment.AFTER),
        rated_by=str(RatedBy(rater).label),
    )


def _behaviour(record: SessionRecord, species: Species) -> str:
    """Say how the patient was right after, in words."""
    values = [score for score in record.scores.all() if score.scale == Scale.BEHAVIOUR]
    return ", ".join(f"{value_words(score, species)} ({RatedBy(score.rated_by).label})" for score in values)


def _override(override: Override, record: SessionRecord, zone: ZoneInfo) -> document.Override:
    said = told_override(override, record.findings)
    return document.Override(rule=said, reason=override.reason, by=str(override.by), on=local_day(override.at, zone))


def _addendum(addendum: Addendum, zone: ZoneInfo, words: Words) -> document.Addendum:
    kind = addendum.get_kind_display()
    return document.Addendum(
        kind=f"{kind} ({addendum.field})" if addendum.field else kind,
        text=addendum.text,
        findings=tuple(told(row) for row in addendum.findings or ()),
        reason=addendum.reason,
        by=addendum.by.name,
        on=local_day(addendum.at, zone),
        signature=_link(addendum.signature, zone, words) if hasattr(addendum, "signature") else None,
    )


def _signature(record: SessionRecord, zone: ZoneInfo, words: Words) -> document.Signature | None:
    if not record.is_signed:
        return None
    if link := next(iter(record.own_signatures), None):
        return _link(link, zone, words)
    return document.Signature(by=record.signed_by.name, at=moment_words(record.signed_at, zone, words))


def _link(link: Signature, zone: ZoneInfo, words: Words) -> document.Signature:
    return document.Signature(
        by=link.signed_by.name, at=moment_words(link.signed_at, zone, words), short_hash=link.sha256[:SHORT_HASH]
    )
