"""Competition: earliest starts by rule and by the horse's events, never "clear to compete". DOMAIN.md 2.3."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from protocols.dosing.competition import (
    EQUIDS,
    KG_IN_1000_LB,
    SEDATIVE,
    CompetitionRule,
    Earliest,
    MixEvent,
    earliest_start,
    is_too_early,
)
from protocols.dosing.findings import Finding, Level, Value
from protocols.dosing.mix import Mix
from protocols.dosing.quantities import EXACT, gettext_noop
from protocols.dosing.sources import cite

DOPING_RISKS = frozenset({"anaesthetic", "corticosteroid", "sedative"})
TOO_MUCH = gettext_noop(
    "%(substance)s: %(dose_mg)s mg in 24 hours; rule %(rule)s allows at most %(most_mg)s mg for this horse."
)
TOO_MUCH_BY_GUESS = gettext_noop(
    "%(substance)s: %(dose_mg)s mg in 24 hours; rule %(rule)s allows at most %(most_mg)s mg for this horse, whose weight "
    "is estimated."
)
NEAR = timedelta(days=60)  # before an event so near somebody has to ask, whatever the rules on file say


def competition_risk(mix: Mix) -> Iterator[Finding]:
    """Raise the competition banner for anaesthetics, steroids and sedatives; procaine is the worst."""
    lines, sedation = _about(mix, DOPING_RISKS), mix.context.sedation
    if mix.patient.species not in EQUIDS or mix.patient.competes is False or not (lines or sedation):
        return
    yield Finding(
        Level.WARN if mix.patient.competes else Level.INFO,
        "competition.risk",
        gettext_noop("%(substances)s: doping risk. No rule names mesotherapy; a skin made numb may not compete (FEI)."),
        {"substances": ", ".join(filter(None, [mix.names(lines), sedation]))},
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


def _about(mix: Mix, keys: frozenset[str]) -> tuple[int, ...]:
    """Return the lines that carry one of `keys`; what sedates counts as a sedative whatever it is called."""
    lines = mix.with_key(keys)
    return tuple(sorted({*lines, *mix.sedations})) if keys & SEDATIVE else lines


def competition_rules(mix: Mix) -> Iterator[Finding]:
    """Say for every rule of the horse's bodies from when on it allows competing; block a known earlier start.

    A rule for another route than the skin is shown as information only. An event that no rule with a time speaks
    about is said as well: silence is no clearance.
    """
    sedation = bool(mix.context.sedation)
    injects = bool(mix.lines) or mix.context.technique == "dry" or sedation
    if mix.patient.species not in EQUIDS or mix.patient.competes is False or not injects:
        return
    spoke: set[MixEvent] = set()
    for rule in mix.context.competition_rules:
        lines = _about(mix, rule.keys) if rule.keys else tuple(range(len(mix.lines)))
        is_about = bool(lines) or not rule.keys or (sedation and bool(rule.keys & SEDATIVE))
        if is_about and any(rule.is_of(body) for body in mix.patient.competition_bodies):
            yield from _by_rule(mix, rule, lines, spoke)
    for event in mix.patient.events:
        if event not in spoke and mix.context.performed_on <= event.ends_on:
            yield from _without_rule(mix, event)


def _by_rule(mix: Mix, rule: CompetitionRule, lines: tuple[int, ...], spoke: set[MixEvent]) -> Iterator[Finding]:
    """Speak about the first event the rule forbids, else about the treatment alone."""
    context = mix.context
    coming = [one for one in mix.patient.events if rule.is_of(one.body) and context.performed_on <= one.ends_on]
    in_force = [one for one in coming if rule.in_force(one.starts_on)]
    if not in_force and (coming or not rule.in_force(context.performed_on)):
        return
    earliest = earliest_start(rule, context.performed_on, context.performed_at, context.zone)
    if rule.max_mg_per_1000_lb is not None:
        yield from _too_much(mix, rule, lines)
    if earliest is None:
        words = gettext_noop("Rule %(rule)s gives no time: %(text)s")
        numbers: dict[str, Value] = {"rule": rule.label, "text": rule.text}
        yield Finding(Level.INFO, "competition.no_time", words, numbers, rule.source, lines)
        return
    if rule.route == "any":
        spoke.update(in_force)
    yield _earliest(mix, rule, lines, earliest, sorted(in_force, key=lambda one: one.starts_on))


def _earliest(
    mix: Mix, rule: CompetitionRule, lines: tuple[int, ...], earliest: Earliest, events: list[MixEvent]
) -> Finding:
    numbers: dict[str, Value] = {"rule": rule.label, "earliest": earliest}
    if rule.route != "any":
        message = gettext_noop(
            "Rule %(rule)s is made for another route than the skin; counted by it, earliest possible is %(earliest)s."
        )
        return Finding(Level.INFO, "competition.other_route", message, numbers, rule.source, lines)
    for event in events:
        starts_on = max(event.starts_on, mix.context.performed_on)
        if is_too_early(earliest, starts_on, mix.context.zone):
            message = gettext_noop(
                "The horse competes on %(starts_on)s (%(event)s); earliest possible by rule %(rule)s is %(earliest)s."
            )
            numbers |= {"starts_on": starts_on, "event": event.name}
            return Finding(Level.BLOCK, "competition.too_early", message, numbers, rule.source, lines)
    message = gettext_noop("Earliest possible by rule %(rule)s is %(earliest)s.")
    return Finding(Level.WARN, "competition.earliest", message, numbers, rule.source, lines)


def _too_much(mix: Mix, rule: CompetitionRule, lines: tuple[int, ...]) -> Iterator[Finding]:
    """Warn above a body's most in 24 hours by weight. DOMAIN.md 2.3 (S81, S83)."""
    weight_kg, most = mix.patient.weight_kg, rule.max_mg_per_1000_lb
    for dose in mix.doses:
        if weight_kg is None or most is None or not set(dose.lines) & set(lines):
            continue
        given_mg = EXACT.add(dose.today_mg, dose.around_24h_mg)
        if EXACT.multiply(given_mg, KG_IN_1000_LB) > EXACT.multiply(most, weight_kg):
            most_mg = EXACT.multiply(most, weight_kg) / KG_IN_1000_LB
            numbers: dict[str, Value] = {
                "substance": dose.name,
                "dose_mg": given_mg,
                "most_mg": most_mg.quantize(Decimal("0.1"), rounding="ROUND_FLOOR"),
                "rule": rule.label,
            }
            words = TOO_MUCH_BY_GUESS if mix.patient.weight_estimated else TOO_MUCH
            yield Finding(Level.WARN, "competition.too_much", words, numbers, rule.source, dose.lines)


def _without_rule(mix: Mix, event: MixEvent) -> Iterator[Finding]:
    on: date = mix.context.performed_on
    if event.starts_on - on > NEAR:
        return
    numbers: dict[str, Value] = {"event": event.name, "starts_on": event.starts_on, "body": event.body}
    if event.starts_on <= on:
        words = gettext_noop(
            "The horse is competing (%(event)s, since %(starts_on)s): ask whoever is responsible there."
        )
        yield Finding(Level.WARN, "competition.event_now", words, numbers, cite("INFER"))
        return
    words = (
        gettext_noop(
            "The horse competes on %(starts_on)s (%(event)s). No rule of %(body)s here gives a time: ask them."
        )
        if event.body
        else gettext_noop("The horse competes on %(starts_on)s (%(event)s), under rules nobody stated: ask.")
    )
    yield Finding(Level.WARN, "competition.event", words, numbers, cite("INFER"))


RULES = (competition_risk, competition_rules)
