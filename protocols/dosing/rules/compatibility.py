"""Which products may share a syringe. A pair nobody has studied is unknown and shown so."""

from collections.abc import Iterator, Set
from itertools import combinations

from protocols.dosing.findings import Finding, Level
from protocols.dosing.mix import Mix
from protocols.dosing.quantities import gettext_noop
from protocols.dosing.sources import cite
from protocols.dosing.substances import MixLine
from protocols.dosing.tables import MixPair, Verdict

Match = tuple[MixPair, int, int]
NAMES_BOTH = 1000
_RULE = {
    Verdict.INCOMPATIBLE: "pair.incompatible",
    Verdict.CAUTION: "pair.caution",
    Verdict.COMPATIBLE: "pair.compatible",
}


def pairs_in_syringes(mix: Mix) -> Iterator[Finding]:
    """Report what is known of every pair of a syringe, and the pairs of which nothing is. DOMAIN.md 3.2."""
    for syringe, indices in mix.syringes.items():
        held = frozenset(key for index in indices for key in mix.lines[index].substance.keys)
        rows = [pair for pair in mix.context.pairs if pair.needs <= held and not pair.bars & held]
        sides = {index: _sides(rows, mix.lines[index]) for index in indices}
        unknown: dict[str, set[int]] = {}
        for first, second in combinations(indices, 2):
            if mix.lines[first].substance.ingredient == mix.lines[second].substance.ingredient:
                continue
            findings = _known(mix, _matches(rows, sides, first, second))
            yield from findings
            if not findings:
                names = (mix.lines[first].substance.name, mix.lines[second].substance.name)
                unknown.setdefault(" + ".join(names), set()).update((first, second))
        if unknown:
            yield Finding(
                Level.INFO,
                "pair.unknown",
                gettext_noop("Syringe %(syringe)s: nothing is known about mixing %(pairs)s."),
                {"syringe": syringe, "pairs": "; ".join(unknown)},
                cite("INFER"),
                tuple(sorted(set().union(*unknown.values()))),
            )


def _sides(rows: list[MixPair], line: MixLine) -> tuple[set[int], set[int]]:
    """Return the numbers of the rows a line can be the left side of, and the right side of."""
    keys = line.substance.keys
    return (
        {number for number, pair in enumerate(rows) if pair.left_keys <= keys},
        {number for number, pair in enumerate(rows) if pair.right_keys <= keys and _in_strength(pair, line)},
    )


def _matches(rows: list[MixPair], sides: dict[int, tuple[set[int], set[int]]], first: int, second: int) -> list[Match]:
    ahead, back = sides[first][0] & sides[second][1], sides[second][0] & sides[first][1]
    return [
        (rows[number], left, right)
        for number in sorted(ahead | back)
        for numbers, left, right in ((ahead, first, second), (back, second, first))
        if number in numbers
    ]


def _known(mix: Mix, matches: list[Match]) -> list[Finding]:
    """Return what the table says of two lines; a compatible row lifts only rows less specific than itself."""
    matches = _clinics_word_first(mix, matches)
    fine = [match for match in matches if match[0].verdict is Verdict.COMPATIBLE]
    lift = max((_weight(mix, *match) for match in fine), default=-1)
    against = [match for match in matches if match not in fine and _weight(mix, *match) >= lift]
    shown = {match[0].reason: match for match in against or fine}
    return [
        Finding(
            pair.level,
            _RULE[pair.verdict],
            pair.reason,
            {"left": mix.lines[left].substance.name, "right": mix.lines[right].substance.name},
            pair.source,
            (min(left, right), max(left, right)),
        )
        for pair, left, right in shown.values()
    ]


def _clinics_word_first(mix: Mix, matches: list[Match]) -> list[Match]:
    """Leave out what the clinic has put its own word in place of, and what it no longer says."""
    own = [_naming(mix, *match) for match in matches if match[0].own]
    if not own:
        return matches
    kept = [match for match in matches if match[0].own or _naming(mix, *match) > max(own)]
    return [match for match in kept if match[0].verdict is not Verdict.UNKNOWN]


def _naming(mix: Mix, pair: MixPair, left: int, right: int) -> int:
    """Return how exactly a row names two lines; nothing is more exact than the clinic's naming both."""
    sides = ((pair.left_keys, left), (pair.right_keys, right))
    if pair.own and all(_is_named(mix, keys, index) for keys, index in sides):
        return NAMES_BOTH
    return sum(2 if _is_named(mix, {key}, index) else 1 for keys, index in sides for key in keys)


def _is_named(mix: Mix, keys: Set[str], index: int) -> bool:
    substance = mix.lines[index].substance
    return keys <= {substance.code, substance.ingredient}


def _in_strength(pair: MixPair, line: MixLine) -> bool:
    if pair.right_mg_per_ml is None:
        return True
    mg_per_ml = None if line.strength is None else line.strength.mg_per_ml
    return mg_per_ml is not None and mg_per_ml in pair.right_mg_per_ml


def _weight(mix: Mix, pair: MixPair, left: int, right: int) -> int:
    """Return how specific a row is: a code or ingredient counts two, a class one, each needed product one."""
    return len(pair.needs) + _naming(mix, pair, left, right)


RULES = (pairs_in_syringes,)
