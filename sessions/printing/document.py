"""What a course report holds: a frozen tree of plain values, filled by a query, printed as a page and as a PDF.

Everything a clinic writes is text in its own words and language; days are clinic-local; amounts are `Decimal`. An
empty text, None or empty tuple means "nothing to say": the section or column is left out.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from sessions.recording import shots_in_all


class Timing(StrEnum):
    """How a planned session stands; the values are keys of `words.py`."""

    ON_TIME = "on_time"
    EARLY = "early"
    LATE = "late"
    MISSED = "missed"
    SKIPPED = "skipped"
    OPEN = "open"
    BOOKED = "booked"
    HELD = "held"


class Variant(StrEnum):
    """Who a report is for; what each is given is in `variants.py`."""

    FULL = "full"
    PATIENT = "patient"
    REFERRAL = "referral"
    INSURER = "insurer"
    SHEET = "sheet"


@dataclass(frozen=True, kw_only=True)
class ClinicPart:
    """The letterhead; `logo` is a drawing."""

    name: str
    address: tuple[str, ...] = ()
    phone: str = ""
    email: str = ""
    logo: str = ""


@dataclass(frozen=True, kw_only=True)
class Identifier:
    """One identifier with its scheme: `MRN`, `Microchip`, `UELN` …"""

    scheme: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Party:
    """An owner, trainer, guardian or payer, in the word the clinic uses for the role."""

    role: str
    name: str


@dataclass(frozen=True, kw_only=True)
class PatientPart:
    """The patient: name and the identifiers that make two with the birth day; a horse's passport name beside it."""

    name: str
    species: str
    other_name: str = ""
    born_on: date | None = None
    sex: str = ""
    identifiers: tuple[Identifier, ...] = ()
    weight_kg: Decimal | None = None
    weight_estimated: bool = False
    weighed_on: date | None = None
    parties: tuple[Party, ...] = ()
    stable: str = ""
    allergies: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ProtocolPart:
    """The protocol version prescribed, its rhythm in words or notation, and where it comes from."""

    name: str
    version: str = ""
    cadence: str = ""
    technique: str = ""
    citation: str = ""


@dataclass(frozen=True, kw_only=True)
class PlannedDay:
    """One planned session against what happened. `days_off` is days after the due day, negative when early."""

    number: int
    due_on: date
    earliest_on: date
    latest_on: date
    timing: Timing
    phase: int | None = None
    done_on: date | None = None
    days_off: int = 0
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class MixLine:
    """One administration; `dose` carries its unit (`20 mg`). What a correction gave stands with what was signed."""

    substance: str
    strength: str = ""
    syringe: str = ""
    prepared_ml: Decimal | None = None
    given_ml: Decimal | None = None
    given_signed_ml: Decimal | None = None
    wasted_ml: Decimal | None = None
    dose: str = ""
    lot: str = ""
    lot_signed: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class SiteLine:
    """One injection site."""

    region: str
    side: str = ""
    row: str = ""
    technique: str = ""
    depth_mm: str = ""
    shots: int | None = None
    volume_per_point_ml: Decimal | None = None
    syringe: str = ""
    reactive: bool = False


@dataclass(frozen=True, kw_only=True)
class Score:
    """One scale, before and after, in one session."""

    scale: str
    before: Decimal | None = None
    after: Decimal | None = None
    rated_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Override:
    """A warning or block a practitioner overrode, in the words it was shown with, and the reason given."""

    rule: str
    reason: str
    by: str = ""
    on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Amended:
    """A value a correction gave anew: the key of its word in `words.py`, and what was signed, ready to read."""

    what: str
    signed: str


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who signed, when (clinic-local, ready to read) and the start of the SHA-256 of what was signed."""

    by: str
    at: str
    short_hash: str = ""


@dataclass(frozen=True, kw_only=True)
class Addendum:
    """A dated, reasoned addition to a signed record, in the clinic's word for its kind.

    `findings` are what the mix check found with a right value and not before.
    """

    kind: str
    text: str
    by: str
    on: date
    reason: str = ""
    findings: tuple[str, ...] = ()
    signature: Signature | None = None


@dataclass(frozen=True, kw_only=True)
class BodyPoint:
    """One point of the body map, in the units of its view."""

    x: float
    y: float
    stings: bool = False


@dataclass(frozen=True, kw_only=True)
class BodyPart:
    """One view of the body map with its points: `body` and `view` are codes of `body_map.py`, `name` is to be read."""

    body: str
    view: str
    name: str
    points: tuple[BodyPoint, ...]


@dataclass(frozen=True, kw_only=True)
class Seal:
    """The address that says whether the signatures under the report hold, and how many there are.

    `unseen` are those of sessions this reader is not given: number, kind of addendum, signature.
    """

    address: str
    count: int
    unseen: tuple[tuple[int, str, Signature], ...] = ()


@dataclass(frozen=True, kw_only=True)
class SessionPart:
    """One recorded session. A withdrawn one (wrong patient) stays in sight and counts for nothing.

    Its values are the right ones: `amended` says which of them a correction gave, and what was signed.
    """

    number: int
    performed_on: date
    performed_by: str = ""
    checks: str = ""
    technique: str = ""
    device: str = ""
    needle: str = ""
    depth: str = ""
    weight_kg: Decimal | None = None
    weight_estimated: bool = False
    mix: tuple[MixLine, ...] = ()
    sites: tuple[SiteLine, ...] = ()
    body: tuple[BodyPart, ...] = ()
    scores: tuple[Score, ...] = ()
    behaviour: str = ""
    relief_seconds: int | None = None
    effect: str = ""
    sedation: str = ""
    sedation_lines: tuple[MixLine, ...] = ()  # what sedated with its lot, beside the mix
    aftercare: str = ""
    notes: str = ""
    shots_told: int | None = None
    overrides: tuple[Override, ...] = ()
    addenda: tuple[Addendum, ...] = ()
    amended: tuple[Amended, ...] = ()
    signature: Signature | None = None
    late_entry: bool = False
    withdrawn: bool = False

    @property
    def shots(self) -> int:
        """All shots of the session."""
        return shots_in_all(self.shots_told, (site.shots for site in self.sites))


@dataclass(frozen=True, kw_only=True)
class ScorePointPart:
    """One session's point in a series of scores."""

    number: int
    on: date
    before: Decimal | None = None
    after: Decimal | None = None
    rated_by: str = ""


@dataclass(frozen=True, kw_only=True)
class ScoreSeries:
    """One scale over the course; `is_judged` draws the band of important change, known for pain from 0 to 10 only."""

    scale: str
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(10)
    less_is_better: bool = True
    is_judged: bool = True
    points: tuple[ScorePointPart, ...] = ()


@dataclass(frozen=True, kw_only=True)
class EffectPart:
    """How long the effect of a session lasted, as told at the next one; `said` is ready to read."""

    number: int
    days: Decimal
    said: str


@dataclass(frozen=True, kw_only=True)
class AdverseEventPart:
    """One adverse event."""

    on: date
    what: str
    session: int | None = None
    severity: str = ""
    outcome: str = ""


@dataclass(frozen=True, kw_only=True)
class CompetitionNote:
    """What a competition rule said of a session, in the words its practitioner saw; never "clear to compete"."""

    session: int
    on: date
    said: str


@dataclass(frozen=True, kw_only=True)
class CompetitionDate:
    """The earliest possible start by one rule, counted from one session; `because` names what the rule is about."""

    rule: str
    earliest: str
    counted_from: str
    because: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class CompetitionDay:
    """A competition in the calendar; `too_early` names the rules that allow only a later start."""

    name: str
    from_on: date
    until_on: date
    body: str = ""
    too_early: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NextSession:
    """A session to come; `appointment` is its day, time and place ready to read, empty when not booked.

    Days are None where none can be promised: past, or the course is paused.
    """

    number: int
    due_on: date | None = None
    earliest_on: date | None = None
    latest_on: date | None = None
    appointment: str = ""
    held: bool = False
    paused: bool = False


@dataclass(frozen=True, kw_only=True)
class CourseReport:
    """A whole course, as printed. `planned_sessions` is None for an open-ended course.

    `overrides` are those of the prescription; each session has its own. Scores before `restarted_from` are another start;
    `body` has the points of all sessions.
    """

    clinic: ClinicPart
    patient: PatientPart
    course_number: str
    printed_on: date
    indication: str
    protocol: ProtocolPart
    printed_by: str = ""
    side: str = ""
    indication_note: str = ""
    tried_before: str = ""
    combined_with: str = ""
    lead: str = ""
    started_on: date | None = None
    state: str = ""
    state_reason: str = ""
    planned_sessions: int | None = None
    overrides: tuple[Override, ...] = ()
    plan: tuple[PlannedDay, ...] = ()
    sessions: tuple[SessionPart, ...] = ()
    scores: tuple[ScoreSeries, ...] = ()
    restarted_from: int = 0
    effects: tuple[EffectPart, ...] = ()
    body: tuple[BodyPart, ...] = ()
    adverse_events: tuple[AdverseEventPart, ...] = ()
    aftercare: str = ""
    competition: tuple[CompetitionNote, ...] = ()
    competition_dates: tuple[CompetitionDate, ...] = ()
    competition_days: tuple[CompetitionDay, ...] = ()
    may_compete: bool = False
    next_sessions: tuple[NextSession, ...] = ()
    seal: Seal | None = None
    variant: Variant = Variant.FULL
    to: str = ""
    language: str = "en"
    paper: str = field(default="a4")

    def __post_init__(self) -> None:
        if self.paper not in ("a4", "us-letter"):
            raise ValueError("paper is a4 or us-letter")
