"""The shipped catalogue: what the founding texts say is in it, every number has a source."""

import re
from decimal import Decimal

import pytest

from protocols import cadence
from protocols.catalogue.files import read_catalogue
from protocols.folding import fold

pytestmark = pytest.mark.engine

CATALOGUE = read_catalogue()
SUBSTANCES = {substance.code: substance for substance in CATALOGUE.substances}
PROTOCOLS = {protocol.code: protocol for protocol in CATALOGUE.protocols}
INDICATIONS = {indication.code: indication for indication in CATALOGUE.indications}
SOURCES = {source.code: source for source in CATALOGUE.sources}
FOUNDING_CATEGORIES = [
    "vasodilator",
    "anti-inflammatory",
    "muscle-relaxant",
    "decontractant",
    "proteolytic-enzyme",
    "biologic",
    "vaccine",
    "anti-infectant",
    "hormone",
    "hormone-blocker",
    "physiologic",
    "anaesthetic",
]


def phases_of(code: str) -> list[tuple[int | None, str, int | None, bool]]:
    parsed = cadence.parse(PROTOCOLS[code].cadence)
    return [(phase.count, str(phase.gap or ""), phase.minutes, phase.gate) for phase in parsed.phases]


def test_the_twelve_categories_stand_in_the_founding_texts_order():
    assert [category.code for category in CATALOGUE.categories if category.in_founding_list] == FOUNDING_CATEGORIES
    assert [category.code for category in CATALOGUE.categories if not category.in_founding_list] == [
        "lipolytic",
        "lymph-drainage",
    ]


@pytest.mark.parametrize("category", [*FOUNDING_CATEGORIES, "lipolytic", "lymph-drainage"])
def test_every_category_holds_a_substance_in_use(category):
    assert [s for s in CATALOGUE.substances if category in s.categories and s.status == "active"]


def test_enough_is_shipped():
    assert len(CATALOGUE.substances) >= 45
    assert len(CATALOGUE.protocols) >= 14
    assert {kind.kind for kind in CATALOGUE.substances} == {
        "pharmaceutical",
        "homeopathic",
        "vitamin",
        "mineral",
        "plant",
    }


def test_every_strength_and_ceiling_has_a_source_that_was_found():
    for substance in CATALOGUE.substances:
        for number in (*substance.strengths, *substance.ceilings):
            assert set(number.sources) <= set(SOURCES), substance.code
            assert not {"background", "mesoclinic"} & set(number.sources), substance.code


def test_what_is_only_general_knowledge_says_so():
    for substance in CATALOGUE.substances:
        if "background" in substance.sources:
            assert substance.not_verified, substance.code


@pytest.mark.parametrize(
    ("code", "kind", "amount", "source"),
    [
        ("lidocaine", "per_kg", "4.5", "S134"),
        ("lidocaine", "per_session", "300", "S134"),
        ("lidocaine-epinephrine", "per_kg", "7", "S134"),
        ("lidocaine-epinephrine", "per_session", "500", "S134"),
        ("procaine", "per_kg", "6", "S138"),
        ("procaine", "per_session", "600", "S137"),
        ("mepivacaine", "per_session", "400", "S111b"),
        ("mepivacaine", "per_24h", "1000", "S111b"),
        ("thiocolchicoside", "per_24h", "8", "S117"),
        ("thiocolchicoside", "days_per_course", "5", "S117"),
    ],
)
def test_a_ceiling_is_that_of_its_label(code, kind, amount, source):
    ceiling = next(one for one in SUBSTANCES[code].ceilings if one.kind == kind)

    assert ceiling.amount == Decimal(amount)
    assert ceiling.species == "human"
    assert source in ceiling.sources


def test_no_ceiling_is_shipped_for_animals():
    assert {ceiling.species for substance in CATALOGUE.substances for ceiling in substance.ceilings} == {"human"}


@pytest.mark.parametrize("substance", CATALOGUE.substances, ids=lambda substance: substance.code)
def test_a_substance_has_species_a_category_a_source_and_another_name(substance):
    assert substance.species
    assert substance.categories
    assert substance.sources
    assert substance.synonyms or substance.brands


@pytest.mark.parametrize("substance", CATALOGUE.substances, ids=lambda substance: substance.code)
def test_a_substance_has_a_strength_with_unit_and_source_or_says_why_none_is_shipped(substance):
    default = substance.default_strength

    assert bool(default) != bool(substance.no_strength)
    assert re.fullmatch(r"([A-Z].*[.:])?", substance.no_strength)
    for strength in substance.strengths:
        assert strength.unit in ("mg/mL", "µg/mL", "IU/mL")
        assert strength.label
        assert {SOURCES[code].grade for code in strength.sources} <= {"A", "B", "C"}


def test_most_substances_have_a_sourced_strength():
    assert len([one for one in CATALOGUE.substances if one.strengths]) >= 45


def test_packs_that_differ_have_no_strength_that_is_offered_first():
    for code in ("dexamethasone", "sodium-bicarbonate", "magnesium-sulfate", "baclofen", "zinc", "selenium"):
        assert len(SUBSTANCES[code].strengths) > 1
        assert SUBSTANCES[code].default_strength is None


def test_a_name_is_that_of_one_substance():
    names = [
        (fold(name), one.code)
        for one in CATALOGUE.substances
        for name in {one.name, one.code, *one.synonyms, *one.brands}
    ]
    owners = {name: {code for other, code in names if other == name} for name, _ in names}

    assert {name: codes for name, codes in owners.items() if len(codes) > 1} == {}
    for one in CATALOGUE.substances:
        known = [fold(name) for name in (one.name, *one.synonyms, *one.brands)]
        assert len(known) == len(set(known)), one.code


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Profenid", "ketoprofen"),
        ("Xylocaïne", "lidocaine"),
        ("lignocaine", "lidocaine"),
        ("NaHCO3", "sodium-bicarbonate"),
        ("vit C", "vitamin-c"),
        ("HA", "hyaluronic-acid"),
        ("Célestène Chronodose", "betamethasone-suspension"),
        ("Depo-Medrol", "methylprednisolone-acetate"),
        ("Solu-Medrol", "methylprednisolone"),
    ],
)
def test_what_a_practitioner_types_names_the_substance(typed, code):
    found = [one.code for one in CATALOGUE.substances if fold(typed) in map(fold, (*one.synonyms, *one.brands))]

    assert found == [code]


@pytest.mark.parametrize(
    ("code", "amounts"),
    [
        ("lidocaine", ["10", "20", "16.2"]),
        ("procaine", ["10", "20"]),
        ("mepivacaine", ["10", "15", "20"]),
        ("pentoxifylline", ["20"]),
        ("ketoprofen", ["50", "100"]),
        ("piroxicam", ["20"]),
        ("diclofenac-betacyclodextrin", ["25"]),
        ("methylprednisolone", ["40", "20"]),
        ("thiocolchicoside", ["2"]),
        ("tenoxicam", ["10", "5"]),
        ("dexamethasone", ["2", "3.3", "4"]),
        ("vitamin-b12", ["1"]),
        ("diazepam", ["5"]),
        ("hyaluronidase", ["150", "1500"]),
        ("caffeine", []),
        ("finasteride", []),
    ],
)
def test_strengths_are_the_sourced_ones_and_no_others(code, amounts):
    assert [strength.amount for strength in SUBSTANCES[code].strengths] == [Decimal(amount) for amount in amounts]


def test_the_founding_texts_own_substances_are_known_by_their_names():
    assert "Carbocaine" in SUBSTANCES["mepivacaine"].brands
    assert SUBSTANCES["vitamin-b12"].appearance == "pink"
    assert {"human", "horse"} <= set(SUBSTANCES["lidocaine"].species)
    assert SUBSTANCES["procaine"].allergy_classes == ("ester",)
    assert SUBSTANCES["ketoprofen"].allergy_classes == ("nsaid",)
    assert any(s.kind == "homeopathic" and "anti-inflammatory" in s.categories for s in CATALOGUE.substances)


def test_buflomedil_is_withdrawn_and_planned_nowhere():
    assert SUBSTANCES["buflomedil"].status == "withdrawn"
    assert "2011" in SUBSTANCES["buflomedil"].status_reason
    for protocol in CATALOGUE.protocols:
        assert not [line for line in protocol.lines if "buflomedil" in (line.substance, *line.alternatives)]


@pytest.mark.parametrize(
    "code",
    [
        "musculoskeletal-pain",
        "pain-management",
        "general-medicine",
        "cosmetic-medicine",
        "sports-injury",
        "ligament-sprain",
        "muscle-tear",
        "overuse-injury",
        "plantar-fasciitis",
        "shin-splints",
        "stress-fracture",
        "tendon-strain",
        "biceps-calcification",
        "rotator-cuff-calcification",
        "rheumatoid-arthritis",
        "cellulite",
        "wrinkles",
        "chronic-thoracic-pain",
        "degenerative-arthritic-pain",
        "chronic-condition",
    ],
)
def test_every_condition_of_the_human_founding_text_is_an_indication(code):
    assert INDICATIONS[code].species == ("human",)
    assert "founding-human" in INDICATIONS[code].sources


@pytest.mark.parametrize(
    "code", ["animal-chronic-pain", "animal-chronic-hip-pain", "animal-chronic-spinal-pain", "localise-pain"]
)
def test_every_condition_of_the_equine_founding_text_is_an_indication(code):
    assert "horse" in INDICATIONS[code].species
    assert "founding-equine" in INDICATIONS[code].sources


def test_cellulite_suggests_what_the_founding_text_names():
    assert INDICATIONS["cellulite"].categories == ("vasodilator", "lymph-drainage", "lipolytic")


def test_the_human_course_is_weekly_then_fortnightly_then_monthly():
    assert phases_of("human-general") == [(4, "1w", None, True), (4, "2w", None, False), (None, "4w", None, False)]
    assert (PROTOCOLS["human-general"].depth_min_mm, PROTOCOLS["human-general"].depth_max_mm) == (2, 6)
    assert (PROTOCOLS["human-general"].shots_min, PROTOCOLS["human-general"].shots_max) == (8, 300)


def test_an_acute_sports_injury_takes_one_to_three_sessions():
    assert PROTOCOLS["human-acute-sports"].cadence == "1x!, 1x1w!, 1x1w"


def test_a_long_term_chronic_course_has_15_fixed_sessions_then_goes_on():
    *fixed, last = cadence.parse(PROTOCOLS["human-chronic-15"].cadence).phases

    assert sum(phase.count for phase in fixed) == 15
    assert last.is_open_ended
    assert PROTOCOLS["human-chronic-15"].minimum_sessions == 15
    assert "wrinkles" in PROTOCOLS["human-chronic-15"].indications


def test_the_equine_course_is_four_weekly_a_review_then_spaced_to_four_to_six_weeks():
    protocol = PROTOCOLS["equine-chronic"]

    assert protocol.cadence == "1x@30, 3x1w@15!, 1x2w@30, 1x3w@30, 1x4w@30, *x4-6w@30"
    assert protocol.sources[0] == "founding-equine"
    assert [line.substance or line.category for line in protocol.lines] == [
        "lidocaine",
        "vitamin-b12",
        "anti-inflammatory",
        "muscle-relaxant",
    ]
    assert protocol.lines[0].alternatives == ("mepivacaine",)


@pytest.mark.parametrize("protocol", CATALOGUE.protocols, ids=lambda protocol: protocol.code)
def test_a_protocol_has_a_cadence_that_parses_and_a_citation_to_print(protocol):
    assert str(cadence.parse(protocol.cadence))
    assert "mo" not in str(cadence.parse(protocol.cadence))
    citations = CATALOGUE.citations(protocol.sources)
    assert citations
    assert protocol.sources[0] not in ("background", "mesoclinic")


def test_published_doses_are_those_of_the_paper():
    lines = {line.substance: line for line in PROTOCOLS["acute-low-back-pain-5"].lines}

    assert PROTOCOLS["acute-low-back-pain-5"].cadence == "5x3d"
    assert (lines["lidocaine"].strength, lines["lidocaine"].volume_ml) == (20, 1)
    assert lines["ketoprofen"].dose_mg == 160
    assert lines["methylprednisolone"].dose_mg == 40


def test_a_volume_times_its_strength_is_the_dose_the_paper_prints():
    for protocol in CATALOGUE.protocols:
        for line in protocol.lines:
            if line.dose_mg and line.strength and line.volume_ml:
                assert line.strength * line.volume_ml == line.dose_mg, protocol.code


def test_diclofenac_goes_with_an_anaesthetic_only_in_bicarbonate():
    found = {
        other: entry
        for entry in CATALOGUE.incompatibilities
        if entry.first == "diclofenac-betacyclodextrin"
        for other in entry.second
    }
    anaesthetics = {s.code for s in CATALOGUE.substances if "anaesthetic" in s.categories}

    assert set(found) == anaesthetics
    assert {entry.verdict for entry in found.values()} == {"block"}
    assert {code for code, entry in found.items() if entry.unless_with} == {"lidocaine", "mepivacaine"}
    assert found["lidocaine"].unless_with == ("sodium-bicarbonate",)


def test_multi_needle_plates_are_for_horses_only():
    device = next(device for device in CATALOGUE.devices if device.code == "multi_injector")

    assert device.species == ("horse",)
    assert device.blocked_species == ("human",)


def test_a_country_bans_what_its_law_bans():
    notes = {note.code: note for note in CATALOGUE.country_notes}

    assert (notes["fr-fat-lysis"].country, notes["fr-fat-lysis"].severity) == ("FR", "block")
    assert notes["fr-fat-lysis"].categories == ("lipolytic",)
    assert notes["fr-mixing"].severity == "warn"


def test_counting_conventions_differ_by_body():
    counting = {rule.code: (rule.counting, rule.amount) for rule in CATALOGUE.competition_rules}

    assert counting["usef-gr414"] == ("elapsed_hours", 12)
    assert counting["hisa-4222-workout"] == ("inclusive_days", 7)
    assert counting["racing-victoria-joints"] == ("clear_days", 8)
    assert not [rule for rule in CATALOGUE.competition_rules if "clear to compete" in rule.text.lower()]


def test_horses_have_their_own_words():
    horse = next(species for species in CATALOGUE.species if species.code == "horse")

    assert [species.code for species in CATALOGUE.species] == ["human", "horse", "dog"]
    assert (horse.words["keeper"], horse.words["place"]) == ("owner", "stable")
    assert {"mare", "stallion", "gelding"} <= {sex.code for sex in horse.sexes}


def test_the_sources_are_those_the_entries_name_and_no_others():
    entries = [entry for field in CATALOGUE.__dataclass_fields__ for entry in getattr(CATALOGUE, field)]
    text = "\n".join(str(entry) for entry in entries if entry not in CATALOGUE.sources)

    mentioned = set(re.findall(r"\bS[0-9]+[a-z]?\b|\bfounding-(?:human|equine)\b|\bbackground\b|\bmesoclinic\b", text))

    assert mentioned == set(SOURCES)
