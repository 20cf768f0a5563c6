"""Ceilings: by weight, per session, over 24 hours, over the course, and local anaesthetics together."""

from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction

from protocols.dosing.context import EarlierDose, LaterDose
from protocols.dosing.findings import Finding, Level, Value
from protocols.dosing.mix import Dose, Mix
from protocols.dosing.quantities import EXACT, gettext_noop
from protocols.dosing.sources import cite

# Of each pair the second is said of a late entry, where a dose given after it was entered before it.
TOO_MUCH_BEFORE = gettext_noop(
    "%(substance)s: %(total_mg)s mg in 24 hours (%(earlier_mg)s mg before) is above the ceiling of %(ceiling_mg)s mg."
)
TOO_MUCH_AROUND = gettext_noop(
    "%(substance)s: %(total_mg)s mg in 24 hours (%(earlier_mg)s mg at other sessions) is above the ceiling of "
    "%(ceiling_mg)s mg."
)
ADDS_UP_BEFORE = gettext_noop(
    "With the doses of the last 24 hours, %(substances)s: %(percent)s %% of one session's ceiling."
)
ADDS_UP_AROUND = gettext_noop(
    "With the doses of other sessions within 24 hours, %(substances)s: %(percent)s %% of one session's ceiling."
)
SOON_AFTER = gettext_noop("%(substance)s: %(minutes)s minutes after the last dose; the label asks for %(repeat_min)s.")
SOON_BEFORE = gettext_noop(
    "%(substance)s: %(minutes)s minutes before the next dose; the label asks for %(repeat_min)s."
)


def percent(fraction: Fraction) -> Decimal:
    """Return a fraction as percent, rounded up to one decimal (100.1, never a comforting 100)."""
    exact = EXACT.divide(Decimal(fraction.numerator * 100), Decimal(fraction.denominator))
    return exact.quantize(Decimal("0.1"), rounding=ROUND_CEILING, context=EXACT)


def session_ceiling(mix: Mix) -> Iterator[Finding]:
    """Block a dose above the smaller of mg/kg x weight and mg per session, over all syringes. DOMAIN.md 3.3."""
    for dose in mix.doses:
        if dose.limit is None or dose.today_mg <= dose.limit.ceiling_mg:
            continue
        numbers: dict[str, Value] = {
            "substance": dose.name,
            "dose_mg": dose.today_mg,
            "ceiling_mg": dose.limit.ceiling_mg,
        }
        if dose.limit.mg_per_kg is not None and mix.patient.weight_kg is not None:
            yield Finding(
                Level.BLOCK,
                "dose.over_weight_ceiling",
                gettext_noop(
                    "%(substance)s: %(dose_mg)s mg is above the ceiling of %(ceiling_mg)s mg "
                    "(%(mg_per_kg)s mg/kg at %(weight_kg)s kg)."
                ),
                numbers | {"mg_per_kg": dose.limit.mg_per_kg, "weight_kg": mix.patient.weight_kg},
                dose.limit.source,
                dose.lines,
            )
        else:
            yield Finding(
                Level.BLOCK,
                "dose.over_session_ceiling",
                gettext_noop("%(substance)s: %(dose_mg)s mg is above the ceiling of %(ceiling_mg)s mg per session."),
                numbers,
                dose.limit.source,
                dose.lines,
            )


def weight_known(mix: Mix) -> Iterator[Finding]:
    """Warn when a ceiling by weight cannot be checked; say so when the weight is an estimate. DOMAIN.md 2.4, 3.3."""
    for dose in mix.doses:
        ceiling = next((ceiling for ceiling in dose.ceilings if ceiling.mg_per_kg is not None), None)
        if ceiling is None or ceiling.mg_per_kg is None or not dose.lines:
            continue
        numbers: dict[str, Value] = {"substance": dose.name, "mg_per_kg": ceiling.mg_per_kg}
        if mix.patient.weight_kg is None:
            yield Finding(
                Level.WARN,
                "dose.weight_missing",
                gettext_noop("No weight: the ceiling of %(mg_per_kg)s mg/kg for %(substance)s cannot be checked."),
                numbers,
                ceiling.source,
                dose.lines,
            )
        elif mix.patient.weight_estimated:
            yield Finding(
                Level.INFO,
                "dose.weight_estimated",
                gettext_noop("The ceiling for %(substance)s uses an estimated weight of %(weight_kg)s kg."),
                numbers | {"weight_kg": mix.patient.weight_kg},
                cite("S108"),
                dose.lines,
            )


def anaesthetics_together(mix: Mix) -> Iterator[Finding]:
    """Block local anaesthetics whose shares of their ceilings add up to more than one. DOMAIN.md 3.2, 3.3."""
    doses = [dose for dose in mix.doses if dose.is_anaesthetic and dose.lines]
    together = sum((dose.fraction(dose.today_mg) for dose in doses), Fraction(0))
    if len(doses) > 1 and together > 1:
        yield Finding(
            Level.BLOCK,
            "dose.anaesthetics_together",
            gettext_noop("The local anaesthetics together are %(percent)s %% of their ceilings: their effects add."),
            {"percent": percent(together)},
            cite("S127"),
            tuple(sorted(index for dose in doses for index in dose.lines)),
        )


def day_ceiling(mix: Mix) -> Iterator[Finding]:
    """Block a dose that, with what else was given within 24 hours, is above the ceiling for them. DOMAIN.md 3.3."""
    for dose in mix.doses:
        for ceiling in dose.ceilings:
            total_mg = EXACT.add(dose.today_mg, dose.around_24h_mg)
            if ceiling.mg_per_24h is not None and dose.lines and total_mg > ceiling.mg_per_24h:
                yield Finding(
                    Level.BLOCK,
                    "dose.over_day_ceiling",
                    TOO_MUCH_AROUND if dose.has_later else TOO_MUCH_BEFORE,
                    {
                        "substance": dose.name,
                        "total_mg": total_mg,
                        "earlier_mg": dose.around_24h_mg,
                        "ceiling_mg": ceiling.mg_per_24h,
                    },
                    ceiling.source,
                    dose.lines,
                )


def day_adds_up(mix: Mix) -> Iterator[Finding]:
    """Warn when only the other doses within 24 hours lift today's above the session's ceiling.

    No source gives most substances a ceiling for 24 hours; without this a dose split over two records would pass.
    """
    anaesthetics = [dose for dose in mix.doses if dose.is_anaesthetic]
    for family in [anaesthetics, *([dose] for dose in mix.doses if not dose.is_anaesthetic)]:
        yield from _family_adds_up(mix, {dose.ingredient: dose for dose in family})


def _family_adds_up(mix: Mix, by_ingredient: Mapping[str, Dose]) -> Iterator[Finding]:
    family = by_ingredient.values()
    lines = tuple(sorted(index for dose in family for index in dose.lines))
    today = sum((dose.fraction(dose.today_mg) for dose in family), Fraction(0))
    others, is_all_before = max(
        (
            sum((by_ingredient[one.substance.ingredient].fraction(one.dose_mg) for one in day), Fraction(0)),
            not any(one.is_later for one in day),
        )
        for day in mix.days_around(by_ingredient)
    )
    if lines and today <= 1 and today + others > 1:
        yield Finding(
            Level.WARN,
            "dose.adds_up_in_24_hours",
            ADDS_UP_BEFORE if is_all_before else ADDS_UP_AROUND,
            {"substances": ", ".join(dose.name for dose in family), "percent": percent(today + others)},
            cite("S127", "DESIGN"),
            lines,
        )


def course_ceiling(mix: Mix) -> Iterator[Finding]:
    """Block a dose that, with all else given in the course, is above the ceiling for a course."""
    for dose in mix.doses:
        for ceiling in dose.ceilings:
            total_mg = EXACT.add(dose.today_mg, dose.other_course_mg)
            if ceiling.mg_per_course is not None and dose.lines and total_mg > ceiling.mg_per_course:
                yield Finding(
                    Level.BLOCK,
                    "dose.over_course_ceiling",
                    gettext_noop(
                        "%(substance)s: %(total_mg)s mg in this course is above the ceiling of %(ceiling_mg)s mg."
                    ),
                    {"substance": dose.name, "total_mg": total_mg, "ceiling_mg": ceiling.mg_per_course},
                    ceiling.source,
                    dose.lines,
                )


def course_days(mix: Mix) -> Iterator[Finding]:
    """Warn above the number of treatment days a label allows (thiocolchicoside: five). DOMAIN.md 3.3."""
    others: tuple[EarlierDose | LaterDose, ...] = (*mix.context.earlier, *mix.context.later)
    for dose in mix.doses:
        given_on = {
            other.given_on for other in others if other.same_course and other.substance.ingredient == dose.ingredient
        }
        days = len(given_on | {mix.context.performed_on})
        for ceiling in dose.ceilings:
            if ceiling.days_per_course is not None and dose.lines and days > ceiling.days_per_course:
                yield Finding(
                    Level.WARN,
                    "dose.over_course_days",
                    gettext_noop("%(substance)s: day %(days)s of treatment; the label allows %(days_allowed)s."),
                    {"substance": dose.name, "days": days, "days_allowed": ceiling.days_per_course},
                    ceiling.source,
                    dose.lines,
                )


def repeated_too_soon(mix: Mix) -> Iterator[Finding]:
    """Warn when a substance comes again sooner than its label allows (mepivacaine: 90 minutes). DOMAIN.md 3.3."""
    for dose in mix.doses:
        hours = [other.hours for other in mix.others if other.substance.ingredient == dose.ingredient]
        for ceiling in dose.ceilings:
            if ceiling.repeat_min is None or not hours or not dose.lines:
                continue
            nearest = min(hours, key=lambda one: (one.copy_abs(), one))
            minutes = EXACT.multiply(nearest.copy_abs(), Decimal(60))
            if minutes < ceiling.repeat_min:
                yield Finding(
                    Level.WARN,
                    "dose.repeated_too_soon",
                    SOON_BEFORE if nearest > 0 else SOON_AFTER,
                    {
                        "substance": dose.name,
                        "minutes": minutes.quantize(Decimal(1), rounding=ROUND_FLOOR),
                        "repeat_min": ceiling.repeat_min,
                    },
                    ceiling.source,
                    dose.lines,
                )


def long_term(mix: Mix) -> Iterator[Finding]:
    """Warn when a chronic course holds a substance whose label forbids long use. DOMAIN.md 3.1, 3.3."""
    lines = tuple(index for index, line in enumerate(mix.lines) if line.substance.short_term_only)
    if mix.context.chronic and lines:
        yield Finding(
            Level.WARN,
            "dose.long_term",
            gettext_noop(
                "%(substances)s: the label forbids long-term use, and this course is for a chronic condition."
            ),
            {"substances": mix.names(lines)},
            cite("S54", "S117"),
            lines,
        )


def dose_known(mix: Mix) -> Iterator[Finding]:
    """Warn when a ceiling exists but the milligrams are not known; tell when a medicine has no strength at all."""
    for dose in mix.doses:
        if dose.unknown_lines and dose.ceilings:
            yield Finding(
                Level.WARN,
                "dose.not_computable",
                gettext_noop(
                    "%(substance)s has a ceiling, but its strength in mg/mL is unknown: check the dose by hand."
                ),
                {"substance": dose.name},
                dose.ceilings[0].source,
                dose.unknown_lines,
            )
    lines = tuple(
        index
        for index, line in enumerate(mix.lines)
        if line.strength is None and line.substance.kind == "pharmaceutical" and line.role != "vehicle"
    )
    if lines:
        yield Finding(
            Level.INFO,
            "dose.strength_missing",
            gettext_noop("No strength is entered for %(substances)s: no dose can be shown."),
            {"substances": mix.names(lines)},
            cite("INFER"),
            lines,
        )


def ceiling_known(mix: Mix) -> Iterator[Finding]:
    """Warn when no ceiling of a local anaesthetic is known for the species: the vet must set it. DOMAIN.md 3.3."""
    for dose in mix.doses:
        has_limit = any(c.mg_per_kg is not None or c.mg_per_session is not None for c in dose.ceilings)
        if dose.is_anaesthetic and dose.lines and not has_limit:
            yield Finding(
                Level.WARN,
                "dose.ceiling_unknown",
                gettext_noop("No ceiling for %(substance)s is known for this species (%(species)s): set it yourself."),
                {"substance": dose.name, "species": mix.patient.species},
                cite("S107", "INFER"),
                dose.lines,
            )


def lower_dose_groups(mix: Mix) -> Iterator[Finding]:
    """Tell when the adult ceilings of a local anaesthetic must be lowered. DOMAIN.md 3.3 (S135)."""
    lines = tuple(index for index, line in enumerate(mix.lines) if line.substance.is_anaesthetic)
    limits, age_years = mix.context.limits, mix.patient.age_years
    is_child = limits.child_under_years is not None and age_years is not None and age_years < limits.child_under_years
    is_old = limits.elderly_from_years is not None and age_years is not None and age_years >= limits.elderly_from_years
    frail = mix.patient.all_flags & {"liver_disease", "heart_disease", "debilitated", "elderly"}
    if lines and mix.is_human and (is_child or is_old or frail):
        yield Finding(
            Level.WARN,
            "dose.lower_it",
            gettext_noop(
                "The ceiling for %(substances)s is an adult's: give less to children, the elderly, the debilitated, "
                "and in liver or heart disease."
            ),
            {"substances": mix.names(lines)},
            cite("S135"),
            lines,
        )


RULES = (
    session_ceiling,
    weight_known,
    anaesthetics_together,
    day_ceiling,
    day_adds_up,
    course_ceiling,
    course_days,
    repeated_too_soon,
    long_term,
    dose_known,
    ceiling_known,
    lower_dose_groups,
)
