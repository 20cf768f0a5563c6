"""The bridge to the mix check: what the rows of a clinic say is what the check hears."""

from datetime import date
from decimal import Decimal

import pytest

from protocols.catalogue.files import read_catalogue
from protocols.citations import note_words, source_words
from protocols.dosing import Level, MixContext, MixPatient, Purpose, check_mix
from protocols.models import Incompatibility, Protocol, Substance
from protocols.queries import mixes, substances
from protocols.queries.mix_tables import mix_tables
from protocols.services.catalogue import load_catalogue
from protocols.services.protocols import DraftLine
from tests.factories import make_clinic, make_lot, make_protocol_version, make_substance, site_of
from tests.shared import shared

pytestmark = pytest.mark.django_db

ON = date(2026, 3, 2)
PERSON = MixPatient("human", weight_kg=Decimal(70))


@shared
def clinic():
    clinic = make_clinic(country="FR")
    load_catalogue(clinic=clinic)
    return clinic


def line(clinic, code, volume_ml=2, *, role="add_in", species="human", **columns):
    row = substances.substances(clinic).get(code=code)
    return mixes.mix_line(mixes.mix_substance(row, species=species), role=role, volume_ml=Decimal(volume_ml), **columns)


def findings(clinic, *lines, patient=PERSON, **context):
    tables = mix_tables(clinic).as_context()
    return check_mix(lines, patient, MixContext(performed_on=ON, **{**tables, **context}))


def rules(found, level=None):
    return {finding.rule for finding in found if level is None or finding.level is level}


def test_a_dose_above_the_labels_ceiling_is_a_block(clinic):
    found = findings(clinic, line(clinic, "lidocaine", 32, role="base"))

    assert any(finding.level is Level.BLOCK and finding.rule.startswith("dose") for finding in found)


def test_a_ceiling_the_clinic_changed_is_the_one_that_counts(clinic):
    Substance.objects.filter(clinic=clinic, code="lidocaine").update(max_mg_per_session=Decimal(10))

    found = findings(clinic, line(clinic, "lidocaine", "1.1", role="base"))

    assert any(finding.level is Level.BLOCK for finding in found)


def test_a_ceiling_of_people_does_not_bind_horses(clinic):
    row = substances.substances(clinic).get(code="lidocaine")

    assert {ceiling.species for ceiling in mixes.mix_substance(row).ceilings} == {"human"}


def test_the_clinics_other_strength_gives_its_own_dose(clinic):
    two_percent = line(clinic, "lidocaine", 2, strength=Decimal(20), strength_unit="mg/mL")

    assert two_percent.strength.mg_per_ml == Decimal(20)


def test_every_shipped_pair_is_heard_by_the_check(clinic):
    """A row as shipped is covered by the precise table; this fails when one is added to the catalogue alone."""
    levels = {"block": Level.BLOCK, "warn": Level.WARN, "compatible": Level.INFO}
    for entry in read_catalogue().incompatibilities:
        for other in entry.second:
            found = findings(clinic, line(clinic, entry.first), line(clinic, other))

            pair = [finding for finding in found if finding.rule.startswith("pair.") and finding.rule != "pair.unknown"]
            assert {finding.level for finding in pair} == {levels[entry.verdict]}, (entry.first, other)


def test_bicarbonate_keeps_diclofenac_with_lidocaine_clear(clinic):
    two = (line(clinic, "diclofenac-betacyclodextrin"), line(clinic, "lidocaine"))

    assert "pair.incompatible" in rules(findings(clinic, *two))
    assert "pair.incompatible" not in rules(findings(clinic, *two, line(clinic, "sodium-bicarbonate")))


def test_a_pair_the_clinic_changed_replaces_the_shipped_one(clinic):
    Incompatibility.objects.filter(clinic=clinic, first__code="dexamethasone", second__code="bupivacaine").update(
        level="allow", effect="Tried here, 100 % clear", is_edited=True
    )

    found = findings(clinic, line(clinic, "dexamethasone"), line(clinic, "bupivacaine"))

    assert "pair.incompatible" not in rules(found)
    assert "Tried here, 100 % clear" in [finding.text for finding in found]


def test_a_pair_of_the_clinics_own_is_heard_until_it_is_archived(clinic):
    first, second = make_substance(clinic), make_substance(clinic)
    row = Incompatibility.objects.create(
        clinic=clinic, code="own", name="Own", first=first, second=second, level="block", effect="Turns blue"
    )

    mix = line(clinic, first.code), line(clinic, second.code)
    assert "pair.incompatible" in rules(findings(clinic, *mix), Level.BLOCK)
    row.is_archived = True
    row.save()
    assert "pair.incompatible" not in rules(findings(clinic, *mix))


def test_the_law_of_the_clinics_country_and_of_the_union_is_heard(clinic):
    lipolytic = Substance.objects.filter(clinic=clinic, categories__code="lipolytic").exclude(legal_notes={}).first()

    assert "law.substance" in rules(findings(clinic, line(clinic, lipolytic.code)), Level.BLOCK)
    assert "law.substance" in rules(findings(clinic, line(clinic, "thiocolchicoside")))
    elsewhere = make_clinic(country="AU")
    load_catalogue(clinic=elsewhere)
    assert "law.substance" not in rules(findings(elsewhere, line(elsewhere, "thiocolchicoside")))


def test_a_law_for_people_is_silent_for_horses(clinic):
    horse = MixPatient("horse", weight_kg=Decimal(500))
    lipolytic = Substance.objects.filter(clinic=clinic, categories__code="lipolytic").exclude(legal_notes={}).first()

    found = findings(clinic, line(clinic, lipolytic.code, species="horse"), patient=horse)

    assert "law.substance" not in rules(found, Level.BLOCK)


def test_a_withdrawn_substance_is_a_block(clinic):
    assert "substance.withdrawn" in rules(findings(clinic, line(clinic, "buflomedil")), Level.BLOCK)


def test_saline_is_a_vehicle_whatever_its_role(clinic):
    found = findings(clinic, line(clinic, "sodium-chloride", role="add_in"))

    assert "base.no_anaesthetic" not in rules(found)


@pytest.mark.parametrize(("species", "refused"), [("human", True), ("dog", True), ("horse", False)])
def test_a_plate_of_needles_is_for_horses_only(clinic, species, refused):
    device = mixes.mix_device("multi_injector")
    patient = MixPatient(species, weight_kg=Decimal(30))

    found = findings(clinic, line(clinic, "lidocaine", species=species), patient=patient, device=device)

    assert ("device.species" in rules(found, Level.BLOCK)) is refused


def test_a_lot_is_judged_with_what_is_left_of_it(clinic):
    row = Substance.objects.get(clinic=clinic, code="lidocaine")
    lot = make_lot(clinic, row, volume_ml=1, expires_on=date(2026, 3, 1))
    lot.stock_ml = Decimal(1)

    found = findings(clinic, line(clinic, "lidocaine", 2, lot=mixes.mix_lot(lot)), purpose=Purpose.RECORD)

    assert {"lot.expired", "lot.used_up"} <= rules(found, Level.BLOCK)
    assert site_of(clinic) is not None


def test_every_shipped_substance_can_be_checked(clinic):
    for row in substances.substances(clinic):
        assert mixes.mix_substance(row).name == row.name


def test_every_shipped_protocol_can_be_checked(clinic):
    tables = mix_tables(clinic)
    for protocol in Protocol.objects.filter(clinic=clinic):
        version = protocol.versions.get()
        context = mixes.plan_context(version, tables, ON)

        assert check_mix(mixes.mix_of_lines(clinic, version.lines.all()), PERSON, context) is not None


@pytest.mark.parametrize("size", [1, 10])
def test_a_whole_mix_takes_six_statements(clinic, size, django_assert_num_queries):
    rows = [DraftLine(make_substance(clinic), "base", Decimal(1)) for _ in range(size)]
    version = make_protocol_version(clinic, lines=rows)
    lines = list(version.lines.all())

    with django_assert_num_queries(6):
        mix_tables(clinic)
        assert len(mixes.mix_of_lines(clinic, lines)) == size


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("Choi 2021, Journal of Pain Research [S130]", "Choi 2021, Journal of Pain Research"),
        ("HISA Rule 4222 [S92]; Mesoclinic's own inference [INFER]", "HISA Rule 4222"),
        ("Mesoclinic's own rule (DESIGN.md section 6) [DESIGN]", ""),
        (None, ""),
    ],
)
def test_a_source_on_screen_is_its_citation_without_tags(source, read):
    assert source_words(source) == read


@pytest.mark.parametrize(
    ("note", "read"),
    [
        ("It found no benefit (S140).", "It found no benefit."),
        ("Bruises in 38.7 % (S47); pain fell (S19, S21).", "Bruises in 38.7 %; pain fell."),
        ("Found for long (S89, and general knowledge).", "Found for long (general knowledge)."),
        ("Not in one syringe (S124, a commercial page).", "Not in one syringe (a commercial page)."),
        ("Thin needles (30G).", "Thin needles (30G)."),
        ("", ""),
    ],
)
def test_a_note_is_read_without_the_numbers_of_its_sources(note, read):
    assert note_words(note) == read
