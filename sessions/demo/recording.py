"""What is written down of a session: the mix, the needle, the places treated, and how it felt before and after."""

from dataclasses import replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from protocols.models import Lot, Substance, Technique
from sessions.models import Appointment, SessionRecord
from sessions.queries import records as reads
from sessions.recording import LineGiven, ReactionSeen, RecordContent, ScoreGiven, SiteTreated
from sessions.services import records
from sessions.services.records import Typed

from .story import EQUINE, SALINE, Story
from .tapping import tapped
from .world import World

BASE, VASODILATOR, ADD_IN = "base", "vasodilator", "add_in"
HUMAN_MIX = ((BASE, "lidocaine", "2"), (VASODILATOR, "pentoxifylline", "2"))
# protocol: role, substance, mL
MIXES = {
    "chronic-spinal-pain-5": ((BASE, "lidocaine", "2"), (ADD_IN, "sodium-chloride", "2")),
    "chronic-spinal-pain-saline": ((ADD_IN, "sodium-chloride", "5"),),
    "achilles-weekly-4": (*HUMAN_MIX, (ADD_IN, "traumeel", "2")),
    "french-acute-3": (*HUMAN_MIX, (ADD_IN, "thiocolchicoside", "1")),
    "fibromyalgia-weekly-fortnightly": ((BASE, "lidocaine", "2"), (VASODILATOR, "pentoxifylline", "2")),
    EQUINE: ((BASE, "lidocaine", "4"), (ADD_IN, "vitamin-b12", "4")),
    SALINE: ((ADD_IN, "sodium-chloride", "40"),),
}
NEEDLES = {"human": "27G", "horse": "30G"}
STINGS_UNTIL = 4  # the session after which it no longer does
POINTS = {"human": 40, "horse": 80}
NOTES = (
    "",
    "Slept through the night for the first time.",
    "",
    "Less tender on pressing; two trigger points left.",
    "",
    "Works full days again.",
)
HORSE_NOTES = ("", "Stood quietly, no twitch.", "Licks and chews after two minutes.", "", "Softer through the back.")


def write_record(
    world: World, appointment: Appointment, story: Story | None, number: int, *, done_at: datetime | None
) -> SessionRecord:
    """Begin the record of a visit and fill it in; with `done_at` it is done, else it stays a draft."""
    practitioner = appointment.practitioner
    actor = world.user_of(practitioner)
    record = records.start_record(actor=actor, appointment=appointment, now=appointment.starts_at)
    content = _content(world, record, appointment, story, number)
    if done_at is not None:
        content = _from_big_lots(world, content, appointment)
    typed = Typed(raw={}, content=content, edit_count=record.edit_count)
    if done_at is None:
        return records.save_draft(actor=actor, record=record, typed=typed, now=appointment.starts_at)
    given = {"performed_at": done_at, "performed_by": practitioner}
    return records.mark_done(actor=actor, record=record, typed=typed, now=done_at, **given)


def _content(
    world: World, record: SessionRecord, appointment: Appointment, story: Story | None, number: int
) -> RecordContent:
    content = reads.content(record)
    species = record.patient.species.code
    on = appointment.starts_at.astimezone(world.site.zone).date()
    protocol = story.protocol if story else ""
    lines = (
        content.lines
        if number > 1 and content.lines
        else _mix(world, MIXES.get(protocol, HUMAN_MIX if species == "human" else MIXES[EQUINE]))
    )
    total_ml = sum((line.given_ml or Decimal(0) for line in lines), Decimal(0))
    points = POINTS[species] + 5 * (number % 3)
    per_point_ml = (total_ml / points).quantize(Decimal("0.01"), ROUND_HALF_UP)
    technique = Technique.objects.filter(clinic=world.clinic, code="point_by_point").first()
    content = replace(
        content,
        checklist={"clear": True, "yes": [], "note": "", "asked": []},
        technique_id=content.technique_id or (technique and technique.pk),
        device=content.device or "needle",
        needle=NEEDLES[species],
        needle_length_mm=Decimal(4),
        depth_mm=Decimal(4),
        shots=points,
        relief_seconds=world.chance.choice((30, 35, 40, 45, 60)),
        lines=lines,
        sites=_sites(record, story, points, per_point_ml, number),
        notes=(NOTES if species == "human" else HORSE_NOTES)[number % 5],
    )
    if number > 1:
        lasted = min(2 + 2 * number, 30) + world.chance.randint(-1, 1)
        content = replace(content, effect_duration=Decimal(lasted), effect_unit="days")
    if story is None:
        return content
    reactions = (_bruise(on),) if number == story.reacted_after else ()
    return replace(content, scores=_scores(world, story, species, number), reactions=reactions)


def _mix(world: World, mix: tuple[tuple[str, str, str], ...]) -> tuple[LineGiven, ...]:
    known = {row.code: row for row in Substance.objects.filter(clinic=world.clinic, code__in=[m[1] for m in mix])}
    return tuple(
        LineGiven(
            substance_id=known[code].pk,
            role=role,
            prepared_ml=Decimal(ml),
            given_ml=Decimal(ml),
            strength=known[code].strength,
            strength_unit=known[code].strength_unit,
        )
        for role, code, ml in mix
    )


def _from_big_lots(world: World, content: RecordContent, appointment: Appointment) -> RecordContent:
    on = appointment.starts_at.astimezone(world.site.zone).date()
    return replace(content, lines=tuple(_with_lot(world, line, on) for line in content.lines))


def _with_lot(world: World, line: LineGiven, on: date) -> LineGiven:
    lot = next((lot for lot in _lots_of(world, line.substance_id) if lot.expires_on >= on), None)
    if lot is None:
        return line
    return replace(line, lot_id=lot.pk, lot_number=lot.number, expires_on=lot.expires_on)


def _lots_of(world: World, substance_id: int) -> list[Lot]:
    """The big lots: what is about to expire stays on the shelf, so that somebody finds it there."""
    found = [lot for lots in world.lots.values() for lot in lots if lot.substance_id == substance_id]
    return sorted(found, key=lambda lot: lot.expires_on, reverse=True)


def _sites(
    record: SessionRecord, story: Story | None, points: int, per_point_ml: Decimal, number: int
) -> tuple[SiteTreated, ...]:
    """The places treated, each with its points on the body map; at first the left one of two sides stings."""
    region, side = (story.region, story.side) if story else ("Neck", "both")
    return tapped(
        record.patient.species.code,
        region,
        side,
        points,
        per_point_ml,
        seed=f"{record.patient.name} {number}",
        stings=story is not None and side == "both" and number <= STINGS_UNTIL,
    )


def _scores(world: World, story: Story, species: str, number: int) -> tuple[ScoreGiven, ...]:
    """A score that falls from the first towards the latest, with the ups and downs of real weeks."""
    first, latest = story.pain
    wobble = world.chance.choice((-0.5, 0, 0, 0.5)) if number > 1 else 0
    before = max(latest + (first - latest) * 0.62 ** (number - 1) + wobble, 0)
    scale, step, rater = ("pain", 0.5, "patient") if species == "human" else ("lameness", 0.5, "clinician")
    after = before * (0.55 if species == "human" else 0.7)
    scores = [
        ScoreGiven(scale, "before", _rounded(before, step), rater),
        ScoreGiven(scale, "after", _rounded(after, step), rater),
    ]
    if species != "human":
        scores.append(ScoreGiven("behaviour", "after", Decimal(world.chance.choice((1, 2, 2, 3))), "owner"))
    return tuple(scores)


def _rounded(value: float, step: float) -> Decimal:
    return Decimal(str(round(value / step) * step)).quantize(Decimal("0.1"))


def _bruise(on: date) -> ReactionSeen:
    return ReactionSeen(
        kind="Bruise",
        severity="mild",
        onset_on=on,
        description="Blue patch of 3 cm at one of the points, not painful.",
        action="Cool pack; fewer points there next time.",
    )
