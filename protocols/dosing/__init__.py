"""The mix check, pure: frozen dataclasses in, findings out. No Django, no clock, no I/O.

`check_mix` runs the rules in `rules/`; `shipped` holds the tables and `sources` their citations; `amounts` the live
sums. Design: DESIGN.md section 6; facts: DOMAIN.md sections 1 to 3.
"""

from protocols.dosing.amounts import CeilingShare, MixTotals, SubstanceTotal, share_of_ceiling, totals
from protocols.dosing.check import RULES, blocks, check_mix
from protocols.dosing.competition import CompetitionRule, Counting, MixEvent, blocked_from, earliest_start, is_too_early
from protocols.dosing.context import (
    AllergyState,
    EarlierDose,
    FoodChain,
    LaterDose,
    MixContext,
    MixDevice,
    MixPatient,
    MixSite,
    Purpose,
)
from protocols.dosing.findings import Finding, Level
from protocols.dosing.mix import dose_iu, dose_mg
from protocols.dosing.quantities import NumberRange, Strength, StrengthUnit
from protocols.dosing.substances import Ceiling, FoodChainUse, LegalNote, MixLine, MixLot, MixSubstance, Role
from protocols.dosing.tables import (
    CountryNote,
    FlagRule,
    MixLimits,
    MixPair,
    Verdict,
)

__all__ = [
    "RULES",
    "AllergyState",
    "Ceiling",
    "CeilingShare",
    "CompetitionRule",
    "Counting",
    "CountryNote",
    "EarlierDose",
    "Finding",
    "FlagRule",
    "FoodChain",
    "FoodChainUse",
    "LaterDose",
    "LegalNote",
    "Level",
    "MixContext",
    "MixDevice",
    "MixEvent",
    "MixLimits",
    "MixLine",
    "MixLot",
    "MixPair",
    "MixPatient",
    "MixSite",
    "MixSubstance",
    "MixTotals",
    "NumberRange",
    "Purpose",
    "Role",
    "Strength",
    "StrengthUnit",
    "SubstanceTotal",
    "Verdict",
    "blocked_from",
    "blocks",
    "check_mix",
    "dose_iu",
    "dose_mg",
    "earliest_start",
    "is_too_early",
    "share_of_ceiling",
    "totals",
]
