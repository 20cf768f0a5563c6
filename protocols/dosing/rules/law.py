"""Country notes and the food chain."""

from collections.abc import Iterator

from protocols.dosing.competition import EQUIDS
from protocols.dosing.context import FoodChain
from protocols.dosing.findings import Finding, Level
from protocols.dosing.mix import Mix
from protocols.dosing.quantities import gettext_noop
from protocols.dosing.sources import cite
from protocols.dosing.substances import FoodChainUse


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
            if legal.country in mix.context.jurisdictions and legal.code not in mix.context.reworded_notes:
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


RULES = (country_notes, food_chain)
