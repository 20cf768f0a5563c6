"""What the check of a record finds beside its mix: who gave it, and whether its own numbers agree."""

from collections.abc import Collection, Iterable, Iterator

from django.utils.translation import gettext_noop

from patients.models import Patient
from protocols.dosing import EarlierDose, Finding, LaterDose, Level, MixLine, MixSubstance
from protocols.dosing.mix import DAY_HOURS
from protocols.models.recalls import fold_number
from sessions.models import Practitioner
from sessions.queries.availability import treats
from sessions.queries.record_facts import RecordFacts
from sessions.recording import RecordContent


def giver_findings(patient: Patient, giver: Practitioner | None) -> Iterator[Finding]:
    """Ask for a reason when who gave it treats other species: what was given is recorded whoever gave it.

    At most one SQL statement.
    """
    if giver is not None and not treats(giver, patient.species_id):
        yield Finding(
            Level.BLOCK,
            "giver.species",
            gettext_noop("%(giver)s does not treat this species (%(species)s). Choose who gave it, or say why."),
            {"giver": giver.name, "species": patient.species.code},
        )


def shots_findings(content: RecordContent) -> Iterator[Finding]:
    """Say where the number told for the whole session is not that of its places together. No SQL statement."""
    counted = sum(site.points or 0 for site in content.sites)
    if content.shots and counted and counted != content.shots:
        yield Finding(
            Level.WARN,
            "shots.places",
            gettext_noop("The record says %(told)s shots in all, but its places add up to %(counted)s."),
            {"told": content.shots, "counted": counted},
        )


def places_findings(content: RecordContent) -> Iterator[Finding]:
    """Ask about the places without points where others have some: filled in, and perhaps not used. No SQL statement."""
    counted = [bool(site.points or site.map_points) for site in content.sites]
    if not any(counted):
        return
    for region in dict.fromkeys(
        site.region for site, has in zip(content.sites, counted, strict=True) if site.region and not has
    ):
        yield Finding(
            Level.WARN,
            "places.no-points",
            gettext_noop("%(text)s has no points, other places have: take it away if nothing was injected there."),
            {"text": region},
        )


def lots_findings(content: RecordContent, facts: RecordFacts) -> Iterator[Finding]:
    """Ask about a typed lot number that is in no stock: a slip of the finger hides the patient from a recall.

    Only for substances whose lots the clinic receives: who never received one keeps no stock of it, and nothing could
    be known. A number of another substance, or one that is recalled, is a block already. No SQL statement.
    """
    lots = facts.lots
    for line in content.lines:
        number = fold_number(line.lot_number)
        if not number or line.lot_id in lots.stock or number in lots.by_number or number in lots.recalled:
            continue
        if line.substance_id in lots.received:
            yield Finding(
                Level.WARN,
                "lot.unknown",
                gettext_noop(
                    "%(substance)s, lot %(lot)s: no such lot was ever received. Read the pack again; if the number is right, "
                    "receive the lot."
                ),
                {"substance": facts.substances[line.substance_id].name, "lot": line.lot_number},
            )


def uncounted_findings(
    lines: Collection[MixLine], given: Iterable[EarlierDose | LaterDose], species: str
) -> Iterator[Finding]:
    """Say which doses of other sessions are in no sum: what was `given` then without known mg. No SQL statement.

    Only where a ceiling of today would count them.
    """
    today = [line.substance for line in lines]
    names = {dose.substance.name for dose in given if any(_would_count(dose, other, species) for other in today)}
    for name in sorted(names):
        yield Finding(
            Level.WARN,
            "dose.uncounted",
            gettext_noop(
                "%(substance)s was given at another session too, and how many mg that was is not known: no ceiling counts "
                "that dose. Add it by hand."
            ),
            {"substance": name},
        )


def _would_count(dose: EarlierDose | LaterDose, other: MixSubstance, species: str) -> bool:
    """Whether what is given today has a ceiling that counts such a dose: for its course, for 24 hours, or added up in these."""
    one = dose.substance
    ceilings = [ceiling for ceiling in (*one.ceilings, *other.ceilings) if ceiling.species == species]
    is_same, is_near = one.ingredient == other.ingredient, dose.hours_apart < DAY_HOURS
    if is_same and dose.same_course and any(ceiling.mg_per_course is not None for ceiling in ceilings):
        return True
    if is_same and is_near and any(ceiling.mg_per_24h is not None for ceiling in ceilings):
        return True
    adds_up = any(ceiling.mg_per_kg is not None or ceiling.mg_per_session is not None for ceiling in ceilings)
    return is_near and adds_up and (is_same or (one.is_anaesthetic and other.is_anaesthetic))
