"""Withdrawn substances and the state of the lots, on the day of performance."""

from collections.abc import Iterator

from protocols.dosing.context import Purpose
from protocols.dosing.findings import Finding, Level
from protocols.dosing.mix import Mix, exact_sum
from protocols.dosing.quantities import gettext_noop
from protocols.dosing.sources import cite


def withdrawn(mix: Mix) -> Iterator[Finding]:
    """Block a withdrawn substance; warn when recording one given before its withdrawal. DOMAIN.md 3.1 (S125)."""
    for index, line in enumerate(mix.lines):
        if not line.substance.withdrawn:
            continue
        since = line.substance.withdrawn_on
        was_allowed = mix.context.purpose is Purpose.RECORD and since is not None and mix.context.performed_on < since
        yield Finding(
            Level.WARN if was_allowed else Level.BLOCK,
            "substance.withdrawn",
            gettext_noop("%(substance)s has been withdrawn."),
            {"substance": line.substance.name},
            line.substance.source or cite("DESIGN"),
            (index,),
        )


def lot_named(mix: Mix) -> Iterator[Finding]:
    """Warn when what was injected has no lot: "who received lot X" must be answerable. DOMAIN.md 1.3 (S43)."""
    lines = tuple(index for index, line in enumerate(mix.lines) if line.lot is None)
    if mix.context.purpose is Purpose.RECORD and lines:
        yield Finding(
            Level.WARN,
            "lot.missing",
            gettext_noop("No lot is entered for %(substances)s."),
            {"substances": mix.names(lines)},
            cite("S43"),
            lines,
        )


def lot_fits(mix: Mix) -> Iterator[Finding]:
    """Block a lot that is expired, open for too long, recalled, or of another substance. DESIGN.md section 6."""
    on = mix.context.performed_on
    for index, line in enumerate(mix.lines):
        lot, substance = line.lot, line.substance
        if lot is None:
            continue
        base = {"lot": lot.number or lot.code, "substance": substance.name}
        if lot.expires_on is not None and lot.expires_on < on:
            yield Finding(
                Level.BLOCK,
                "lot.expired",
                gettext_noop("%(substance)s, lot %(lot)s: expired on %(expires_on)s."),
                base | {"expires_on": lot.expires_on},
                cite("DESIGN"),
                (index,),
            )
        if lot.beyond_use_on is not None and lot.beyond_use_on < on:
            yield Finding(
                Level.BLOCK,
                "lot.beyond_use",
                gettext_noop("%(substance)s, lot %(lot)s: the opened vial was to be used by %(beyond_use_on)s."),
                base | {"beyond_use_on": lot.beyond_use_on},
                cite("S43"),
                (index,),
            )
        if lot.recalled:
            yield Finding(
                Level.BLOCK,
                "lot.recalled",
                gettext_noop("%(substance)s, lot %(lot)s: recalled."),
                base,
                cite("S43"),
                (index,),
            )
        if lot.substance_code and lot.substance_code != substance.code:
            yield Finding(
                Level.BLOCK,
                "lot.other_substance",
                gettext_noop(
                    "Lot %(lot)s is a lot of %(other)s, not of %(substance)s. Look at the pack: if it is %(other)s, choose that "
                    "substance instead."
                ),
                base | {"other": lot.substance_name or lot.substance_code},
                cite("DESIGN"),
                (index,),
            )


def lot_strength(mix: Mix) -> Iterator[Finding]:
    """Block a line that counts with another strength than stands on its pack: its dose is wrong. DESIGN.md section 6."""
    for index, line in enumerate(mix.lines):
        pack = line.lot.strength if line.lot is not None else None
        if line.lot is None or pack is None or (line.strength is not None and line.strength.is_as_strong_as(pack)):
            continue
        yield Finding(
            Level.BLOCK,
            "lot.strength",
            gettext_noop(
                "%(substance)s, lot %(lot)s: the pack says %(pack)s, the line counts with %(strength)s. Look at the pack and "
                "correct the strength of the line, or that of the lot."
            ),
            {
                "substance": line.substance.name,
                "lot": line.lot.number or line.lot.code,
                "pack": str(pack),
                "strength": str(line.strength or "–"),
            },
            cite("DESIGN"),
            (index,),
        )


def lot_suspected(mix: Mix) -> Iterator[Finding]:
    """Warn of a lot that reactions are blamed on. DOMAIN.md 1.3 (S43): one clinic's vials infected 17 of 77."""
    for index, line in enumerate(mix.lines):
        lot = line.lot
        if lot is not None and lot.suspicions:
            yield Finding(
                Level.WARN,
                "lot.suspected",
                gettext_noop("%(substance)s, lot %(lot)s: reactions it is suspected of: %(count)s."),
                {"substance": line.substance.name, "lot": lot.number or lot.code, "count": lot.suspicions},
                cite("S43"),
                (index,),
            )


def lot_lasts(mix: Mix) -> Iterator[Finding]:
    """Block drawing more from a lot, over all its lines, than it holds. DESIGN.md section 6."""
    drawn: dict[str, list[int]] = {}
    for index, line in enumerate(mix.lines):
        if line.lot is not None and line.lot.remaining_ml is not None:
            drawn.setdefault(line.lot.code, []).append(index)
    for indices in drawn.values():
        lots = [lot for index in indices if (lot := mix.lines[index].lot) is not None]
        remaining_ml = min(lot.remaining_ml for lot in lots if lot.remaining_ml is not None)
        drawn_ml = exact_sum([mix.lines[index].drawn_ml for index in indices])
        if drawn_ml > remaining_ml or remaining_ml == 0:
            yield Finding(
                Level.BLOCK,
                "lot.used_up",
                gettext_noop("Lot %(lot)s holds %(remaining_ml)s mL; %(drawn_ml)s mL would be drawn."),
                {"lot": lots[0].number or lots[0].code, "remaining_ml": remaining_ml, "drawn_ml": drawn_ml},
                cite("DESIGN"),
                tuple(indices),
            )


RULES = (withdrawn, lot_named, lot_fits, lot_strength, lot_suspected, lot_lasts)
