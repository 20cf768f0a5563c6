"""Substances and small builders for the tests of the mix check: the numbers are DOMAIN.md's."""

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from babel.messages.mofile import read_mo
from django.conf import settings

from protocols.dosing import (
    AllergyState,
    EarlierDose,
    Finding,
    FoodChain,
    FoodChainUse,
    LaterDose,
    MixContext,
    MixLine,
    MixPatient,
    MixSubstance,
    NumberRange,
    Role,
    Strength,
    check_mix,
    shipped,
)
from protocols.dosing.sources import cite

TODAY = date(2026, 3, 2)
D = Decimal


def strength(text: str) -> Strength:
    """Read "2 %" or "50 mg/mL"."""
    value, unit = text.split(" ")
    return Strength(Decimal(value), unit)


def substance(code: str, label: str | None = None, **fields: object) -> MixSubstance:
    """Make a substance; `label` is its strength."""
    fields.setdefault("name", code.capitalize())
    ingredient = fields.get("ingredient") or code
    fields.setdefault("ceilings", shipped.CEILINGS.get(str(ingredient), ()))
    for name in ("categories", "allergy_classes", "materials", "traits", "species"):
        if name in fields:
            fields[name] = frozenset(fields[name])
    return MixSubstance(code=code, strength=strength(label) if label else None, **fields)


def anaesthetic(code: str, label: str, family: str = "amide", **fields: object) -> MixSubstance:
    """Make a local anaesthetic of the amides (or esters)."""
    return substance(code, label, categories={"anaesthetic"}, allergy_classes={family}, **fields)


LIDOCAINE_1 = anaesthetic(
    "lidocaine-1", "1 %", ingredient="lidocaine", usual_strengths=(strength("1 %"), strength("2 %"))
)
LIDOCAINE_2 = anaesthetic(
    "lidocaine-2",
    "2 %",
    ingredient="lidocaine",
    name="Lidocaine 2 %",
    usual_strengths=(strength("1 %"), strength("2 %")),
    food_chain=FoodChainUse.ALLOWED,
)
PROCAINE = anaesthetic("procaine", "2 %", "ester", ph=NumberRange(D(3), D("5.5")))
MEPIVACAINE = anaesthetic("mepivacaine", "2 %", food_chain=FoodChainUse.NOT_ALLOWED)
BUPIVACAINE = anaesthetic("bupivacaine", "0.5 %")
PENTOXIFYLLINE = substance("pentoxifylline", "20 mg/mL", categories={"vasodilator"})
THIOCOLCHICOSIDE = substance(
    "thiocolchicoside", "2 mg/mL", categories={"muscle_relaxant"}, min_age_years=D(16), short_term_only=True
)
DICLOFENAC = substance(
    "diclofenac-betacyclodextrin", "25 mg/mL", ingredient="diclofenac", allergy_classes={"nsaid"}, name="Diclofenac"
)
PIROXICAM = substance("piroxicam", "20 mg/mL", allergy_classes={"nsaid"})
DEXAMETHASONE = substance("dexamethasone", "4 mg/mL", allergy_classes={"corticosteroid"})
SALINE = substance("sodium-chloride", kind="vehicle", name="Saline")
BICARBONATE = substance("sodium-bicarbonate", kind="vehicle", name="Bicarbonate")
CALCITONIN = substance("calcitonin", "100 IU/mL")

OWN_WORDS = (
    "law.substance",
    "law.country",
    "pair.compatible",
    "pair.caution",
    "pair.incompatible",
)  # of a clinic's own tables
# What the rules say, as it was gathered for translating.
with (Path(settings.BASE_DIR) / "mesoclinic/locale/fr/LC_MESSAGES/django.mo").open("rb") as _words:
    SAID = frozenset(message.id for message in read_mo(_words) if isinstance(message.id, str))

WOMAN = MixPatient("human", weight_kg=D(70), age_years=D(40), allergy_state=AllergyState.NONE_KNOWN)
HORSE = MixPatient(
    "horse",
    weight_kg=D(500),
    allergy_state=AllergyState.NONE_KNOWN,
    food_chain=FoodChain.SIGNED_OUT,
    competes=False,
)


def line(of: MixSubstance, volume_ml: str = "1", **fields: object) -> MixLine:
    """Make a line; the role follows the substance."""
    if of.is_anaesthetic:
        role = Role.BASE_ANAESTHETIC
    elif "vasodilator" in of.categories:
        role = Role.VASODILATOR
    else:
        role = Role.VEHICLE if of.kind == "vehicle" else Role.ADD_IN
    fields.setdefault("role", role)
    return MixLine(of, Decimal(volume_ml), **fields)


def earlier(of: MixSubstance, dose_mg: str, hours_before: str = "2", on: date = TODAY, **fields: object) -> EarlierDose:
    """Make a dose given before."""
    return EarlierDose(of, Decimal(dose_mg), on, Decimal(hours_before), **fields)


def later(of: MixSubstance, dose_mg: str, hours_after: str = "2", on: date = TODAY, **fields: object) -> LaterDose:
    """Make a dose given after this session and entered before it."""
    return LaterDose(of, Decimal(dose_mg), on, Decimal(hours_after), **fields)


def check(lines: Iterable[MixLine], patient: MixPatient = WOMAN, **context: object) -> list[Finding]:
    """Run the check on TODAY unless the context says otherwise; every sentence must be whole, one of the program's own, and have a source."""
    context.setdefault("performed_on", TODAY)
    found = check_mix(list(lines), patient, MixContext(**context))
    for finding in found:
        assert "%(" not in finding.text
        assert finding.source
        assert finding.message in SAID or finding.rule in OWN_WORDS, finding.rule
    return found


def mixed(*lines: MixLine, patient: MixPatient = WOMAN, **context: object) -> list[Finding]:
    """Check lines with a harmless one before each and one behind the last: theirs are 1, 3, 5 …"""
    harmless = line(SALINE, "1")
    spread = [one for given in lines for one in (harmless, given)]
    return check([*spread, harmless], patient, **context)


def by_rule(findings: Iterable[Finding]) -> dict[str, Finding]:
    """Return the findings by rule (the last one of each)."""
    return {finding.rule: finding for finding in findings}


def levels(findings: Iterable[Finding]) -> dict[str, str]:
    """Return the level of each rule that spoke."""
    return {finding.rule: finding.level.value for finding in findings}


class Said(NamedTuple):
    """What one finding must be: its level, its lines and sites, its sources by their numbers, its whole sentence.

    `find` makes the mix and checks it when the test runs, so that nothing of it was made before.
    """

    rule: str
    level: str
    lines: tuple[int, ...]
    sources: str
    text: str
    find: Callable[[], list[Finding]]
    sites: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.rule} {self.lines}"

    def hold(self) -> None:
        """Fail unless the rule said exactly this, once, and pointed at exactly these lines and sites."""
        found = [finding for finding in self.find() if finding.rule == self.rule]

        assert [
            (finding.level.value, finding.lines, finding.sites, numbers_of(finding.source), finding.text)
            for finding in found
        ] == [(self.level, self.lines, self.sites, self.sources, self.text)]


def numbers_of(source: str) -> str:
    """Return the numbers of the sources a finding quotes, or what a clinic wrote itself; each must be said in full."""
    keys = re.findall(r"\[([\w-]+)\]", source)
    assert not keys or source == cite(*keys)
    return " ".join(keys) or source


def rules_named(*names: str) -> set[str]:
    """Return the rules that modules of the check give a name of its own."""
    folder = Path(settings.BASE_DIR) / "protocols/dosing/rules"
    text = "".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in names)
    return set(re.findall(r'[( ]"([a-z_]+\.[a-z_0-9]+)"', text))
