"""What a mix is made of: base, add-ins, syringes, and slips of the decimal point."""

from collections.abc import Iterator
from decimal import Decimal

from protocols.dosing.findings import Finding, Level, Value
from protocols.dosing.mix import Mix, exact_sum
from protocols.dosing.quantities import EXACT, ZERO, Strength, gettext_noop
from protocols.dosing.sources import cite
from protocols.dosing.substances import VASODILATOR, MixLine, Role


def something_to_inject(mix: Mix) -> Iterator[Finding]:
    """Warn about a session without a mix that is not "dry", a dry one with a mix, and a line of 0 mL."""
    is_dry = mix.context.technique == "dry"
    if not mix.lines and not is_dry:
        yield Finding(
            Level.WARN,
            "mix.empty",
            gettext_noop("The mix is empty. If only needles are used, choose the technique “dry”."),
            source=cite("DESIGN"),
        )
    if mix.lines and is_dry:
        yield Finding(
            Level.WARN,
            "mix.dry_with_lines",
            gettext_noop("The technique is “dry”, but the mix has %(count)s lines."),
            {"count": len(mix.lines)},
            cite("DESIGN"),
            tuple(range(len(mix.lines))),
        )
    for index, line in enumerate(mix.lines):
        if line.volume_ml == 0:
            yield Finding(
                Level.WARN,
                "mix.no_volume",
                gettext_noop("No volume is set for %(substance)s."),
                {"substance": line.substance.name},
                cite("DESIGN"),
                (index,),
            )


def base_expected(mix: Mix) -> Iterator[Finding]:
    """Tell when a mix has no local anaesthetic or, for people, no vasodilator; "saline only" is a mix of its own.

    Source: SEED-H, SEED-E; the base is expected, not compulsory (DOMAIN.md 3.1).
    """
    if all(line.role is Role.VEHICLE for line in mix.lines):
        return
    if not any(line.substance.is_anaesthetic for line in mix.lines):
        yield Finding(
            Level.INFO,
            "base.no_anaesthetic",
            gettext_noop("The mix has no local anaesthetic as its base."),
            source=cite("SEED-H", "SEED-E"),
        )
    if mix.is_human and not any(VASODILATOR in line.substance.categories for line in mix.lines):
        yield Finding(
            Level.INFO,
            "base.no_vasodilator",
            gettext_noop("The mix has no vasodilator in its base."),
            source=cite("SEED-H"),
        )


def one_anaesthetic(mix: Mix) -> Iterator[Finding]:
    """Warn about more than one local anaesthetic. DOMAIN.md 3.2 (S127)."""
    lines = tuple(index for index, line in enumerate(mix.lines) if line.substance.is_anaesthetic)
    if len({mix.lines[index].substance.ingredient for index in lines}) > 1:
        yield Finding(
            Level.WARN,
            "base.several_anaesthetics",
            gettext_noop("Use only one local anaesthetic; the mix has %(substances)s."),
            {"substances": mix.names(lines)},
            cite("S127"),
            lines,
        )


def no_vasoconstrictor(mix: Mix) -> Iterator[Finding]:
    """Warn about epinephrine and its like. DOMAIN.md 3.2 (S128)."""
    lines = mix.with_key(frozenset({"vasoconstrictor"}))
    if lines:
        yield Finding(
            Level.WARN,
            "mix.vasoconstrictor",
            gettext_noop("No vasoconstrictor belongs in a mesotherapy mix: %(substances)s."),
            {"substances": mix.names(lines)},
            cite("S128"),
            lines,
        )


def few_add_ins(mix: Mix) -> Iterator[Finding]:
    """Warn about more than three add-ins in one syringe. DOMAIN.md 3.2 (S6, S10)."""
    for syringe, indices in mix.syringes.items():
        lines = tuple(index for index in indices if mix.lines[index].role is Role.ADD_IN)
        count = len({mix.lines[index].substance.ingredient for index in lines})
        if count > mix.context.limits.max_add_ins:
            yield Finding(
                Level.WARN,
                "mix.many_add_ins",
                gettext_noop("Syringe %(syringe)s has %(count)s add-ins; more than %(max_add_ins)s is unusual."),
                {"syringe": syringe, "count": count, "max_add_ins": mix.context.limits.max_add_ins},
                cite("S6", "S10"),
                lines,
            )


def syringe_capacity(mix: Mix) -> Iterator[Finding]:
    """Warn when a syringe would hold more than it can. Silent until a capacity is given."""
    capacity_ml = mix.context.limits.syringe_capacity_ml
    for syringe, indices in mix.syringes.items():
        volume_ml = exact_sum([mix.lines[index].drawn_ml for index in indices])
        if capacity_ml is not None and volume_ml > capacity_ml:
            yield Finding(
                Level.WARN,
                "mix.syringe_full",
                gettext_noop("Syringe %(syringe)s would hold %(volume_ml)s mL; it takes %(capacity_ml)s mL."),
                {"syringe": syringe, "volume_ml": volume_ml, "capacity_ml": capacity_ml},
                cite("DESIGN"),
                tuple(indices),
            )


def volume_plausible(mix: Mix) -> Iterator[Finding]:
    """Warn above the largest volume the sources' points and volumes per point can make (300 x 0.3 mL)."""
    limits = mix.context.limits
    largest_ml = EXACT.multiply(limits.shots.high, limits.volume_per_point_ml.high)
    volume_ml = exact_sum([line.volume_ml for line in mix.lines])
    if volume_ml > largest_ml:
        yield Finding(
            Level.WARN,
            "mix.large_volume",
            gettext_noop("%(volume_ml)s mL in one session is more than %(shots)s points of %(per_point_ml)s mL."),
            {"volume_ml": volume_ml, "shots": limits.shots.high, "per_point_ml": limits.volume_per_point_ml.high},
            cite("SEED-H", "S15"),
            tuple(range(len(mix.lines))),
        )


def strength_plausible(mix: Mix) -> Iterator[Finding]:
    """Block a strength that is ten times a usual one, up or down; warn about any other unknown one. DOMAIN.md 3.3."""
    for index, line in enumerate(mix.lines):
        usual = line.substance.usual_strengths
        if line.strength is None or not usual or any(_same(line.strength, known) for known in usual):
            continue
        slipped = any(_slipped(line.strength, known, mix.context.limits.slip_factor) for known in usual)
        message = (
            gettext_noop("%(substance)s: %(strength)s looks like a slip; usual is %(usual)s.")
            if slipped
            else gettext_noop("%(substance)s: %(strength)s is unusual; usual is %(usual)s.")
        )
        yield Finding(
            Level.BLOCK if slipped else Level.WARN,
            "dose.strength_slip" if slipped else "dose.strength_unusual",
            message,
            {
                "substance": line.substance.name,
                "strength": str(line.strength),
                "usual": ", ".join(str(known) for known in usual),
            },
            line.substance.source or cite("INFER"),
            (index,),
        )


def _amounts(left: Strength, right: Strength) -> tuple[Decimal, Decimal] | None:
    """Return both strengths in one unit, None where they have none in common."""
    if left.mg_per_ml is not None and right.mg_per_ml is not None:
        return left.mg_per_ml, right.mg_per_ml
    return (left.value, right.value) if left.unit is right.unit else None


def _same(left: Strength, right: Strength) -> bool:
    amounts = _amounts(left, right)
    return amounts is not None and amounts[0] == amounts[1]


def _slipped(left: Strength, right: Strength, factor: Decimal) -> bool:
    """Whether the decimal point moved (x10, x100 …) or the unit changed kind (mg for IU)."""
    amounts = _amounts(left, right)
    if amounts is None:
        return True
    low, high = min(amounts), max(amounts)
    return EXACT.multiply(low, factor) <= high


def volume_slip(mix: Mix) -> Iterator[Finding]:
    """Block a volume that is really the milligrams; warn about one ten times the planned one. DOMAIN.md 3.3."""
    for index, line in enumerate(mix.lines):
        planned_ml = line.planned_ml
        if planned_ml is None or planned_ml == 0 or line.volume_ml == planned_ml:
            continue
        numbers: dict[str, Value] = {
            "substance": line.substance.name,
            "volume_ml": line.volume_ml,
            "planned_ml": planned_ml,
        }
        if line.volume_ml != 0 and line.volume_ml == _planned_mg(line):
            yield Finding(
                Level.BLOCK,
                "dose.mg_for_ml",
                gettext_noop(
                    "%(substance)s: %(volume_ml)s mL is the number of milligrams in the planned %(planned_ml)s mL."
                ),
                numbers,
                cite("INFER"),
                (index,),
            )
        elif _far_apart(line.volume_ml, planned_ml, mix.context.limits.slip_factor):
            yield Finding(
                Level.WARN,
                "dose.volume_slip",
                gettext_noop("%(substance)s: %(volume_ml)s mL, but %(planned_ml)s mL was planned."),
                numbers,
                cite("INFER"),
                (index,),
            )


def _planned_mg(line: MixLine) -> Decimal | None:
    if line.planned_ml is None or line.strength is None or line.strength.mg_per_ml is None:
        return None
    return EXACT.multiply(line.planned_ml, line.strength.mg_per_ml)


def _far_apart(volume_ml: Decimal, planned_ml: Decimal, factor: Decimal) -> bool:
    low, high = min(volume_ml, planned_ml), max(volume_ml, planned_ml)
    return low > ZERO and EXACT.multiply(low, factor) <= high


def ph_note(mix: Mix) -> Iterator[Finding]:
    """Tell when a product's pH reaches outside what a finished mix should have (5 to 8). DOMAIN.md 3.2."""
    wanted = mix.context.limits.ph
    for index, line in enumerate(mix.lines):
        ph = line.substance.ph
        if ph is not None and (ph.low < wanted.low or ph.high > wanted.high):
            yield Finding(
                Level.INFO,
                "mix.ph",
                gettext_noop(
                    "%(substance)s has a pH of %(low)s to %(high)s; a finished mix should have %(wanted_low)s to "
                    "%(wanted_high)s."
                ),
                {
                    "substance": line.substance.name,
                    "low": ph.low,
                    "high": ph.high,
                    "wanted_low": wanted.low,
                    "wanted_high": wanted.high,
                },
                cite("S20", "S128", "S110"),
                (index,),
            )


RULES = (
    something_to_inject,
    base_expected,
    one_anaesthetic,
    no_vasoconstrictor,
    few_add_ins,
    syringe_capacity,
    volume_plausible,
    ph_note,
)
OF_ANY_LINE = (strength_plausible, volume_slip)
