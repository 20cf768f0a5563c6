"""Country notes, the food chain, and competition: earliest days by rule, never "clear to compete"."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from protocols.dosing.context import FoodChain
from protocols.dosing.findings import Finding, Level, Value
from protocols.dosing.mix import Mix
from protocols.dosing.quantities import gettext_noop
from protocols.dosing.sources import cite
from protocols.dosing.substances import FoodChainUse
from protocols.dosing.tables import CompetitionRule, Counting

EQUIDS = frozenset({"horse", "pony", "donkey", "mule"})
DOPING_RISKS = frozenset({"anaesthetic", "corticosteroid", "sedative"})


def country_notes(mix: Mix) -> Iterator[Finding]:
    """Show what the law of the clinic's country says about the mix and its substances. DOMAIN.md 1.3, 3.2."""
    for note in mix.context.country_notes:
        if note.country not in mix.context.jurisdictions or (note.species and mix.patient.species not in note.species):
            continue
        groups = list(mix.syringes.values()) if note.same_syringe else [list(range(len(mix.lines)))]
        carriers = set(mix.with_key(note.keys)) if note.keys else set(range(len(mix.lines)))
        lines: list[int] = []
        for group in groups:
            carried = [index for index in group if index in carriers]
            if len({mix.lines[index].substance.ingredient for index in carried}) >= note.min_lines:
                lines += carried
        if lines:
            numbers = {"substance": mix.names(lines)}
            yield Finding(note.level, "law.country", note.message, numbers, note.source, tuple(lines))
    for index, line in enumerate(mix.lines):
        for legal in line.substance.legal_notes:
            if legal.country in mix.context.jurisdictions:
                numbers = {"substance": line.substance.name}
                yield Finding(legal.level, "law.substance", legal.message, numbers, legal.source, (index,))


_FOOD_CHAIN = {
    FoodChainUse.NOT_ALLOWED: (
        Level.BLOCK,
        "food_chain.not_allowed",
        gettext_noop("%(substance)s must not be given to a horse in the food chain."),
        cite("S103", "S100"),
    ),
    FoodChainUse.ESSENTIAL: (
        Level.WARN,
        "food_chain.essential",
        gettext_noop("%(substance)s: six months' withdrawal, to be written in the passport (horse in the food chain)."),
        cite("S103"),
    ),
    FoodChainUse.UNKNOWN: (
        Level.WARN,
        "food_chain.unknown",
        gettext_noop("It is not known whether %(substance)s may be given to a horse in the food chain."),
        cite("S103", "INFER"),
    ),
}


def food_chain(mix: Mix) -> Iterator[Finding]:
    """Treat a horse as food chain until its passport is seen to be signed out. DOMAIN.md 2.4."""
    if mix.patient.species not in EQUIDS or mix.patient.food_chain is FoodChain.SIGNED_OUT or not mix.lines:
        return
    if mix.patient.food_chain is FoodChain.PASSPORT_NOT_SEEN:
        yield Finding(
            Level.WARN,
            "food_chain.passport_not_seen",
            gettext_noop("The passport has not been seen: the horse counts as food chain."),
            source=cite("S100"),
        )
    for index, line in enumerate(mix.lines):
        if line.substance.food_chain in _FOOD_CHAIN:
            level, rule, message, source = _FOOD_CHAIN[line.substance.food_chain]
            yield Finding(level, rule, message, {"substance": line.substance.name}, source, (index,))


def competition_risk(mix: Mix) -> Iterator[Finding]:
    """Raise the competition banner for anaesthetics, steroids and sedatives; procaine is the worst. DOMAIN.md 2.3."""
    lines = mix.with_key(DOPING_RISKS)
    if mix.patient.species not in EQUIDS or mix.patient.competes is False or not lines:
        return
    yield Finding(
        Level.WARN if mix.patient.competes else Level.INFO,
        "competition.risk",
        gettext_noop("%(substances)s: doping risk. No rule names mesotherapy; a skin made numb may not compete (FEI)."),
        {"substances": mix.names(lines)},
        cite("S87", "INFER"),
        lines,
    )
    procaine = mix.with_key(frozenset({"procaine"}))
    if procaine:
        yield Finding(
            Level.WARN,
            "competition.procaine",
            gettext_noop("Procaine is found for a long time: the worst base for a horse that competes."),
            source=cite("S89"),
            lines=procaine,
        )


def competition_rules(mix: Mix) -> Iterator[Finding]:
    """Say for every rule of the horse's bodies from when on it allows competing; block a known earlier start.

    A rule for another route than the skin is shown as information only. DOMAIN.md 2.3.
    """
    if mix.patient.species not in EQUIDS or mix.patient.competes is False:
        return
    for rule in mix.context.competition_rules:
        lines = mix.with_key(rule.keys) if rule.keys else tuple(range(len(mix.lines)))
        injects = bool(lines) or (not rule.keys and mix.context.technique == "dry")
        if injects and rule.body in mix.patient.competition_bodies and _in_force(rule, mix.context.performed_on):
            yield _competition_finding(mix, rule, lines)


def _competition_finding(mix: Mix, rule: CompetitionRule, lines: tuple[int, ...]) -> Finding:
    earliest = earliest_start(rule, mix.context.performed_on, mix.context.performed_at)
    numbers: dict[str, Value] = {"rule": rule.code, "earliest": earliest, "route": rule.route}
    if rule.route != "any":
        message = gettext_noop(
            "Rule %(rule)s is made for another route (%(route)s); counted by it, earliest possible is %(earliest)s."
        )
        return Finding(Level.INFO, "competition.other_route", message, numbers, rule.source, lines)
    starts_on = mix.patient.competes_on
    first_day = earliest.date() if isinstance(earliest, datetime) else earliest
    if starts_on is not None and mix.context.performed_on <= starts_on < first_day:
        message = gettext_noop(
            "The horse competes on %(starts_on)s; earliest possible by rule %(rule)s is %(earliest)s."
        )
        numbers = numbers | {"starts_on": starts_on}
        return Finding(Level.BLOCK, "competition.too_early", message, numbers, rule.source, lines)
    message = gettext_noop("Earliest possible by rule %(rule)s is %(earliest)s.")
    return Finding(Level.WARN, "competition.earliest", message, numbers, rule.source, lines)


def _in_force(rule: CompetitionRule, on: date) -> bool:
    return (rule.valid_from is None or rule.valid_from <= on) and (rule.valid_until is None or on <= rule.valid_until)


def earliest_start(rule: CompetitionRule, performed_on: date, performed_at: datetime | None = None) -> date | datetime:
    """Return the earliest start a rule allows: an instant where hours and the time are known, else a day.

    Without a time, hours count from the end of the day of treatment. Inclusive: the day of treatment is day 1, and
    the day after the last is free. Clear: as many whole days lie between. Source: DOMAIN.md 2.3 (S92, S94, S95).
    """
    if rule.counting is Counting.ELAPSED_HOURS:
        if performed_at is not None:
            return performed_at + timedelta(hours=rule.amount)
        return performed_on + timedelta(days=-(-rule.amount // 24))
    days = rule.amount if rule.counting is Counting.INCLUSIVE_DAYS else rule.amount + 1
    return performed_on + timedelta(days=days)


RULES = (country_notes, food_chain, competition_risk, competition_rules)
