"""The shipped tables. Every row carries its source; a clinic may change them all."""

from decimal import Decimal
from typing import Final

from protocols.dosing.findings import Level
from protocols.dosing.quantities import NumberRange, gettext_noop
from protocols.dosing.sources import cite
from protocols.dosing.substances import Ceiling
from protocols.dosing.tables import CountryNote, FlagRule, MixPair, Verdict

# By ingredient. Adult human labels; no verified ceiling exists for horses (DOMAIN.md 3.3), so none is shipped.
CEILINGS: Final[dict[str, tuple[Ceiling, ...]]] = {
    "lidocaine": (Ceiling("human", cite("S134"), mg_per_kg=Decimal("4.5"), mg_per_session=Decimal(300)),),
    "lidocaine-epinephrine": (Ceiling("human", cite("S134"), mg_per_kg=Decimal(7), mg_per_session=Decimal(500)),),
    "procaine": (Ceiling("human", cite("S137", "S138"), mg_per_kg=Decimal(6), mg_per_session=Decimal(600)),),
    "mepivacaine": (
        Ceiling(
            "human",
            cite("S111b"),
            mg_per_kg=Decimal(7),
            mg_per_session=Decimal(400),
            mg_per_24h=Decimal(1000),
            repeat_min=90,
        ),
    ),
    "thiocolchicoside": (Ceiling("human", cite("S54", "S117"), mg_per_24h=Decimal(8), days_per_course=5),),
}

_BICARBONATE: Final = "sodium-bicarbonate"
_OTHER_VEHICLES: Final = frozenset({"sodium-chloride", "water-for-injection"})
_ONE_TO_TWO_PERCENT: Final = NumberRange(Decimal(10), Decimal(20))
_CRYSTALS: Final = gettext_noop("%(left)s and %(right)s form crystals in one syringe.")
_CLUSTERS: Final = gettext_noop("%(left)s with a local anaesthetic (%(right)s) forms large clusters.")
_TURBID: Final = gettext_noop("%(left)s with %(right)s turns turbid even in bicarbonate.")
_CLEAR: Final = gettext_noop("%(left)s with %(right)s stays clear in bicarbonate.")


def _diclofenac(right: str) -> MixPair:
    return MixPair(
        "diclofenac-betacyclodextrin",
        right,
        Verdict.COMPATIBLE,
        _CLEAR,
        cite("S122"),
        Level.INFO,
        needs=frozenset({_BICARBONATE}),
        bars=_OTHER_VEHICLES,
        right_mg_per_ml=_ONE_TO_TWO_PERCENT,
    )


def _no(left: str, right: str, reason: str, source: str) -> MixPair:
    return MixPair(left, right, Verdict.INCOMPATIBLE, reason, source, Level.BLOCK)


def _careful(left: str, right: str, reason: str, source: str) -> MixPair:
    return MixPair(left, right, Verdict.CAUTION, reason, source, Level.WARN)


# Source: DOMAIN.md 3.2.
PAIRS: Final[tuple[MixPair, ...]] = (
    _no(
        "diclofenac-betacyclodextrin",
        "anaesthetic",
        gettext_noop(
            "%(left)s with a local anaesthetic (%(right)s) turns milky; only lidocaine or mepivacaine 1–2 %% in "
            "bicarbonate, without saline or water, stays clear."
        ),
        cite("S122"),
    ),
    _diclofenac("lidocaine"),
    _diclofenac("mepivacaine"),
    *(
        _no("diclofenac-betacyclodextrin", name, _TURBID, cite("S122"))
        for name in ("bupivacaine", "levobupivacaine", "ropivacaine")
    ),
    *(_no("dexamethasone", name, _CRYSTALS, cite("S129")) for name in ("bupivacaine", "levobupivacaine", "trimecaine")),
    MixPair(
        "dexamethasone",
        "lidocaine",
        Verdict.COMPATIBLE,
        gettext_noop("%(left)s and %(right)s go together; mixed 1:1 they are turbid for a moment."),
        cite("S129"),
        Level.INFO,
    ),
    _careful("betamethasone-suspension", "anaesthetic", _CLUSTERS, cite("S129")),
    _careful("methylprednisolone-acetate", "anaesthetic", _CLUSTERS, cite("S129")),
    *(_no("betamethasone-phosphate", name, _CRYSTALS, cite("S130")) for name in ("ropivacaine", "levobupivacaine")),
    _careful(
        "betamethasone-suspension",
        "lidocaine+maybe_preserved",
        gettext_noop("%(left)s flocculates with %(right)s that holds parabens or phenol: take it preservative-free."),
        cite("S131"),
    ),
    *(_no(name, "ondansetron", _CRYSTALS, cite("S132")) for name in ("ketorolac", "diclofenac")),
    _careful(
        "phosphatidylcholine",
        "lidocaine",
        gettext_noop("%(left)s and %(right)s react (alkali with acid)."),
        cite("S133"),
    ),
    _careful(
        "vitamin+fat_soluble",
        "vitamin+water_soluble",
        gettext_noop("A fat-soluble vitamin (%(left)s) and a water-soluble one (%(right)s) share a syringe."),
        cite("S124"),
    ),
)

_ASK_DOCTOR: Final = cite("S23", "S35", "S53")
_BLEEDING: Final = cite("S51", "S23", "S53")

# Source: DOMAIN.md 1.4 (stop is block, ask is warn) and 3.1.
FLAG_RULES: Final[tuple[FlagRule, ...]] = (
    FlagRule("pregnancy", Level.BLOCK, gettext_noop("Pregnancy: no mesotherapy."), cite("S50", "S51", "S52")),
    FlagRule("breastfeeding", Level.BLOCK, gettext_noop("Breastfeeding: no mesotherapy."), cite("S50", "S51", "S52")),
    FlagRule(
        "allergy",
        Level.BLOCK,
        gettext_noop(
            "An allergy was reported today: note it in the file, so that the mix is checked for it, or say why not."
        ),
        cite("S23", "S51", "S53"),
    ),
    FlagRule("infection", Level.BLOCK, gettext_noop("Infection: postpone the session."), cite("S51", "S23")),
    FlagRule("fever", Level.BLOCK, gettext_noop("Fever: postpone the session."), cite("S51", "S23")),
    FlagRule(
        "skin_disease", Level.BLOCK, gettext_noop("Skin disease at the site: do not inject there."), cite("S51", "S23")
    ),
    FlagRule("anticoagulant", Level.WARN, gettext_noop("Takes an anticoagulant: ask before injecting."), _BLEEDING),
    FlagRule("antiplatelet", Level.WARN, gettext_noop("Takes an antiplatelet: ask before injecting."), _BLEEDING),
    FlagRule("clotting_disorder", Level.WARN, gettext_noop("Clotting disorder: ask before injecting."), _BLEEDING),
    FlagRule("malignancy", Level.WARN, gettext_noop("Malignancy: ask before injecting."), _ASK_DOCTOR),
    FlagRule("autoimmune", Level.WARN, gettext_noop("Autoimmune disease: ask before injecting."), _ASK_DOCTOR),
    FlagRule("heart_disease", Level.WARN, gettext_noop("Heart disease: ask before injecting."), _ASK_DOCTOR),
    FlagRule("diabetes", Level.WARN, gettext_noop("Diabetes: ask before injecting."), _ASK_DOCTOR),
    FlagRule("immunodeficiency", Level.WARN, gettext_noop("Immunodeficiency: ask before injecting."), cite("INFER")),
    FlagRule(
        "ulcer",
        Level.WARN,
        gettext_noop("Gastric ulcer: ask before giving %(substance)s."),
        cite("S51"),
        frozenset({"nsaid"}),
    ),
    FlagRule(
        "nsaid_last_48h",
        Level.WARN,
        gettext_noop("Took aspirin or another NSAID in the last 48 hours: advised against."),
        cite("S55"),
    ),
    FlagRule(
        "new_medicines",
        Level.WARN,
        gettext_noop("Takes a new medicine since the last visit: ask which before injecting."),
        cite("S35"),
    ),
    FlagRule("age", Level.WARN, gettext_noop("Said to be younger than 14: a clinician decides."), cite("S53", "S54")),
    FlagRule(
        "food_chain",
        Level.WARN,
        gettext_noop("Said to end in the food chain perhaps: look at the passport."),
        cite("S100", "S103"),
    ),
    FlagRule(
        "no_contraception",
        Level.BLOCK,
        gettext_noop("No reliable contraception: do not give %(substance)s."),
        cite("S54"),
        frozenset({"thiocolchicoside"}),
    ),
    FlagRule(
        "major_bleeding",
        Level.BLOCK,
        gettext_noop("Major bleeding or retinal haemorrhage: do not give %(substance)s."),
        cite("S115"),
        frozenset({"pentoxifylline"}),
    ),
    FlagRule(
        "anticoagulant",
        Level.WARN,
        gettext_noop("Takes an anticoagulant: monitor when giving %(substance)s."),
        cite("S115"),
        frozenset({"pentoxifylline"}),
    ),
)

# Source: DOMAIN.md 1.3 and 3.2.
COUNTRY_NOTES: Final[tuple[CountryNote, ...]] = (
    CountryNote(
        "FR",
        Level.WARN,
        gettext_noop("France: medicines may be mixed only in a pharmacy, not in the surgery."),
        cite("S38"),
        species=frozenset({"human"}),
        min_lines=2,
        same_syringe=True,
        code="fr-mixing",
    ),
    CountryNote(
        "FR",
        Level.BLOCK,
        gettext_noop("France: aesthetic fat lysis by injection is banned (%(substance)s)."),
        cite("S40"),
        keys=frozenset({"lipolytic"}),
        species=frozenset({"human"}),
        code="fr-fat-lysis",
    ),
    CountryNote(
        "IT",
        Level.INFO,
        gettext_noop("Italy: medicines by an unregistered route need the patient's informed consent (Law 94/98)."),
        cite("S34"),
        species=frozenset({"human"}),
        code="it-off-label",
    ),
)

# Source: DOMAIN.md 1.1. Sources disagree, so each technique spans the widest range a source gives.
TECHNIQUE_DEPTHS_MM: Final[dict[str, NumberRange]] = {
    "epidermic": NumberRange(Decimal(0), Decimal(1)),
    "nappage": NumberRange(Decimal(0), Decimal(4)),
    "papule": NumberRange(Decimal(1), Decimal(2)),
    "point_by_point": NumberRange(Decimal(1), Decimal(13)),
    "hypodermic": NumberRange(Decimal(4), Decimal(13)),
    "mps": NumberRange(Decimal(0), Decimal(13)),
    "mixed": NumberRange(Decimal(0), Decimal(4)),
}
