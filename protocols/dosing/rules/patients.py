"""Who must not, or only after a question, get this mix."""

from collections.abc import Iterator

from protocols.dosing.context import AllergyState
from protocols.dosing.findings import Finding, Level
from protocols.dosing.mix import Mix
from protocols.dosing.quantities import gettext_noop
from protocols.dosing.sources import cite


def allergies(mix: Mix) -> Iterator[Finding]:
    """Block a line or device whose substance, class or material the patient is allergic to; warn of the next of kin.

    Source: DOMAIN.md 1.4.
    """
    if mix.patient.allergy_state is AllergyState.NOT_ASKED:
        yield Finding(
            Level.WARN,
            "patient.allergies_not_asked",
            gettext_noop("Nobody has asked about allergies yet."),
            source=cite("S35"),
        )
    for index, line in enumerate(mix.lines):
        substance = line.substance
        own = {substance.code, substance.ingredient} | substance.allergy_classes | substance.materials
        hits = mix.patient.allergies & own
        if hits:
            yield Finding(
                Level.BLOCK,
                "patient.allergy",
                gettext_noop("Allergy to %(allergies)s: do not give %(substance)s."),
                {"allergies": ", ".join(sorted(hits)), "substance": substance.name},
                cite("S51", "S23", "S53"),
                (index,),
            )
        elif akin := mix.patient.akin & substance.allergy_classes:
            yield Finding(
                Level.WARN,
                "patient.allergy_akin",
                gettext_noop(
                    "Allergic to another substance of this class (%(classes)s): ask before giving %(substance)s."
                ),
                {"classes": ", ".join(sorted(akin)), "substance": substance.name},
                cite("S51", "INFER"),
                (index,),
            )
    device = mix.context.device
    hits = mix.patient.allergies & device.materials if device else frozenset()
    if device and hits:
        yield Finding(
            Level.BLOCK,
            "patient.allergy_device",
            gettext_noop("Allergy to %(allergies)s: do not use %(device)s."),
            {"allergies": ", ".join(sorted(hits)), "device": device.name},
            cite("S51", "S23", "S53"),
        )


def flags(mix: Mix) -> Iterator[Finding]:
    """Apply the clinic's table of flags (stop is a block, ask is a warning). DOMAIN.md 1.4."""
    for rule in mix.context.flag_rules:
        lines = mix.with_key(rule.keys) if rule.keys else ()
        if rule.flag in mix.patient.all_flags and (lines or not rule.keys):
            yield Finding(
                rule.level,
                f"patient.{rule.flag}",
                rule.message,
                {"substance": mix.names(lines)},
                rule.source,
                lines,
            )


def age(mix: Mix) -> Iterator[Finding]:
    """Warn below the clinic's age, block below a substance's; people only. DOMAIN.md 1.4 (S53, S54)."""
    age_years, limit_years = mix.patient.age_years, mix.context.limits.min_age_years
    if not mix.is_human:
        return
    if age_years is not None and limit_years is not None and age_years < limit_years:
        yield Finding(
            Level.WARN,
            "patient.young",
            gettext_noop("The patient is %(age_years)s; the clinic treats from %(min_age_years)s years."),
            {"age_years": age_years, "min_age_years": limit_years},
            cite("S53"),
        )
    for index, line in enumerate(mix.lines):
        minimum = line.substance.min_age_years
        if minimum is None or (age_years is not None and age_years >= minimum):
            continue
        if age_years is None:
            yield Finding(
                Level.WARN,
                "patient.age_unknown",
                gettext_noop("%(substance)s is for %(min_age_years)s years and older; no birth date is known."),
                {"substance": line.substance.name, "min_age_years": minimum},
                line.substance.source or cite("S54"),
                (index,),
            )
        else:
            yield Finding(
                Level.BLOCK,
                "patient.too_young_for_substance",
                gettext_noop("%(substance)s is for %(min_age_years)s years and older; the patient is %(age_years)s."),
                {"substance": line.substance.name, "min_age_years": minimum, "age_years": age_years},
                line.substance.source or cite("S54"),
                (index,),
            )


def species(mix: Mix) -> Iterator[Finding]:
    """Block a substance that is not for the patient's species. DESIGN.md section 6."""
    for index, line in enumerate(mix.lines):
        if line.substance.species and mix.patient.species not in line.substance.species:
            yield Finding(
                Level.BLOCK,
                "species.substance",
                gettext_noop("%(substance)s is not for this species (%(species)s)."),
                {"substance": line.substance.name, "species": mix.patient.species},
                line.substance.source or cite("DESIGN"),
                (index,),
            )


RULES = (allergies, flags, age, species)
