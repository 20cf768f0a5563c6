"""The shipped catalogue in a clinic's rows: whole, once, and never over what the clinic changed."""

import dataclasses
from decimal import Decimal

import pytest
from django.core.management import call_command

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.services.clinics import found_first_clinic
from patients.models import ConsentText
from protocols import cadence
from protocols.catalogue import rows
from protocols.models import Category, Incompatibility, Indication, Protocol, Species, Substance, Technique
from protocols.services.catalogue import Loaded, load_catalogue, shipped_catalogue
from tests.factories import PASSWORD, make_clinic

pytestmark = pytest.mark.django_db

SHIPPED = shipped_catalogue()


def changed_catalogue(table: str, code: str, **fields):
    entries = [dataclasses.replace(one, **fields) if one.code == code else one for one in getattr(SHIPPED, table)]
    return dataclasses.replace(SHIPPED, **{table: tuple(entries)})


def test_every_entry_becomes_a_row_of_the_clinic():
    clinic = make_clinic()

    load_catalogue(clinic=clinic)

    assert Species.objects.count() == len(SHIPPED.species)
    assert Category.objects.count() == len(SHIPPED.categories)
    assert Substance.objects.filter(clinic=clinic).count() == len(SHIPPED.substances)
    assert Indication.objects.filter(clinic=clinic).count() == len(SHIPPED.indications)
    assert Technique.objects.filter(clinic=clinic).count() == len(SHIPPED.techniques)
    assert Protocol.objects.filter(clinic=clinic).count() == len(SHIPPED.protocols)
    assert Incompatibility.objects.filter(clinic=clinic).count() == sum(
        len(one.second) for one in SHIPPED.incompatibilities
    )


def test_every_row_keeps_its_own_rules():
    clinic = make_clinic()

    load_catalogue(clinic=clinic)

    for model in (Substance, Incompatibility, Indication, Technique, Protocol):
        for row in model.objects.filter(clinic=clinic):
            row.full_clean()
    for protocol in Protocol.objects.filter(clinic=clinic):
        protocol.versions.get().full_clean(exclude=["created_by", "published_by"])  # the system made it
        for line in protocol.versions.get().lines.all():
            line.full_clean()


def test_a_substance_row_holds_strengths_ceilings_links_and_citations():
    clinic = make_clinic()

    load_catalogue(clinic=clinic)

    lidocaine = Substance.objects.get(clinic=clinic, code="lidocaine")
    assert (lidocaine.strength, lidocaine.strength_unit) == (Decimal(10), "mg/mL")
    assert ("20", "2 %") in [(one["strength"], one["label"]) for one in lidocaine.other_strengths]
    assert (lidocaine.max_mg_per_kg, lidocaine.max_mg_per_session) == (Decimal("4.5"), Decimal(300))
    assert "US label of lidocaine injection (including Xylocaine MPF) [S134]" in lidocaine.source
    assert set(lidocaine.species.values_list("code", flat=True)) == {"human", "horse", "dog"}
    assert Substance.objects.get(clinic=clinic, search_text__contains="carbocaine").code == "mepivacaine"
    assert Substance.objects.get(clinic=clinic, code="caffeine").legal_notes["FR"][0]["severity"] == "block"
    assert Substance.objects.get(clinic=clinic, code="buflomedil").status == Substance.Status.WITHDRAWN
    assert Substance.objects.get(clinic=clinic, code="thiocolchicoside").traits["days_per_course"] == 5


def test_diclofenac_with_lidocaine_is_a_pair_that_only_bicarbonate_lifts():
    clinic = make_clinic()

    load_catalogue(clinic=clinic)

    pair = Incompatibility.objects.get(
        clinic=clinic, first__code="diclofenac-betacyclodextrin", second__code="lidocaine"
    )
    assert (pair.level, pair.only_with.code) == (Incompatibility.Level.BLOCK, "sodium-bicarbonate")


def test_a_protocol_is_published_with_its_cadence_lines_and_citation():
    clinic = make_clinic()

    load_catalogue(clinic=clinic)

    version = Protocol.objects.get(clinic=clinic, code="equine-chronic").versions.get()
    assert version.is_published
    assert version.cadence == "1x@30, 3x1w@15!, 1x2w@30, 1x3w@30, 1x4w@30, *x4-6w@30"
    assert [line.substance.code for line in version.lines.all()] == ["lidocaine", "vitamin-b12"]
    assert "Muscle relaxants if wanted: to be chosen." in version.notes
    assert "Founding text, equine" in version.source
    assert set(version.species.values_list("code", flat=True)) == {"horse", "dog"}


def test_a_protocol_shipped_under_another_name_is_renamed_and_not_doubled():
    clinic = make_clinic()
    load_catalogue(clinic=clinic)
    count = Protocol.objects.filter(clinic=clinic).count()
    chronic = Protocol.objects.filter(clinic=clinic, code="equine-chronic")
    chronic.update(name="Founding text: four weekly", shipped_digest="as it was shipped before")

    load_catalogue(clinic=clinic)

    assert chronic.get().name == "Chronic pain of animals: four weekly, review, then every 4 to 6 weeks"
    assert Protocol.objects.filter(clinic=clinic).count() == count
    assert not Protocol.objects.filter(clinic=clinic, name__startswith="Founding").exists()


def test_a_day_list_is_stored_as_the_phases_it_is_read_as():
    clinic = make_clinic()

    load_catalogue(clinic=clinic)

    version = Protocol.objects.get(clinic=clinic, code="french-d0-d7-d14-d29").versions.get()
    assert version.cadence == str(cadence.parse("D0 D7 D14 D29")) == "1x, 1x7d, 1x7d, 1x15d"


def test_loading_twice_changes_nothing():
    clinic = make_clinic()
    first = load_catalogue(clinic=clinic)

    second = load_catalogue(clinic=clinic)

    assert first.added > 150
    assert second == Loaded()
    assert AuditEvent.objects.filter(clinic=clinic, verb="catalogue.loaded").count() == 1


def test_loading_again_asks_few_questions_whatever_its_size(django_assert_max_num_queries):
    clinic = make_clinic()
    load_catalogue(clinic=clinic)

    with django_assert_max_num_queries(14):
        load_catalogue(clinic=clinic)


def test_what_the_clinic_changed_is_left_as_it_is():
    clinic = make_clinic()
    load_catalogue(clinic=clinic)
    Substance.objects.filter(clinic=clinic, code="arnica").update(name="Our arnica", is_edited=True)

    loaded = load_catalogue(clinic=clinic, catalogue=changed_catalogue("substances", "arnica", name="Arnica montana"))

    assert loaded == Loaded(kept=1)
    assert Substance.objects.get(clinic=clinic, code="arnica").name == "Our arnica"


def test_a_row_the_clinic_made_under_the_same_code_is_left_as_it_is():
    clinic = make_clinic()
    Substance.objects.create(clinic=clinic, code="arnica", name="Our arnica")

    loaded = load_catalogue(clinic=clinic)

    assert loaded.kept == 1
    assert Substance.objects.get(clinic=clinic, code="arnica").name == "Our arnica"


def test_a_row_still_as_shipped_follows_its_file_and_links():
    clinic = make_clinic()
    load_catalogue(clinic=clinic)
    newer = changed_catalogue("substances", "arnica", name="Arnica montana", species=("human",))

    loaded = load_catalogue(clinic=clinic, catalogue=newer)

    arnica = Substance.objects.get(clinic=clinic, code="arnica")
    assert loaded == Loaded(updated=1)
    assert arnica.name == "Arnica montana"
    assert list(arnica.species.values_list("code", flat=True)) == ["human"]


def test_a_changed_protocol_gets_its_next_version_and_the_old_one_stays():
    clinic = make_clinic()
    load_catalogue(clinic=clinic)

    loaded = load_catalogue(
        clinic=clinic, catalogue=changed_catalogue("protocols", "achilles-weekly-4", cadence="5x1w")
    )

    versions = Protocol.objects.get(clinic=clinic, code="achilles-weekly-4").versions.order_by("number")
    assert loaded == Loaded(updated=1)
    assert list(versions.values_list("number", "cadence", "status")) == [
        (1, "4x1w", "published"),
        (2, "5x1w", "published"),
    ]


def test_a_protocol_somebody_drafts_a_version_of_is_left_as_it_is():
    clinic = make_clinic()
    load_catalogue(clinic=clinic)
    protocol = Protocol.objects.get(clinic=clinic, code="achilles-weekly-4")
    protocol.versions.create(number=2, cadence="6x1w")

    loaded = load_catalogue(
        clinic=clinic, catalogue=changed_catalogue("protocols", "achilles-weekly-4", cadence="5x1w")
    )

    assert loaded == Loaded(kept=1)
    assert list(protocol.versions.values_list("cadence", flat=True).order_by("number")) == ["4x1w", "6x1w"]


def test_each_clinic_has_its_own_rows():
    one, other = make_clinic(), make_clinic()
    load_catalogue(clinic=one)

    load_catalogue(clinic=other)

    pairs = Incompatibility.objects.filter(clinic=other).select_related("first", "second")
    assert {pair.first.clinic_id for pair in pairs} == {other.pk}
    assert Substance.objects.filter(code="lidocaine").count() == 2


def test_the_command_loads_every_clinic_with_its_consent_texts_and_says_so(capsys):
    clinic = make_clinic(name="Hill Clinic")

    call_command("load_catalogue")
    call_command("load_catalogue")

    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("Hill Clinic: ")
    assert second == "Hill Clinic: 0 added, 0 brought up to date, 0 left as you changed them"
    assert ConsentText.objects.filter(clinic=clinic, is_current=True).count() == 2 * len(SHIPPED.consent_texts)


def test_the_first_clinic_begins_with_the_catalogue_and_the_texts():
    manager = found_first_clinic(
        name="Hill Clinic",
        country="FR",
        time_zone="Europe/Paris",
        language="en",
        full_name="Mona Hill",
        username="mona",
        email="mona@example.org",
        password=PASSWORD,
    )

    assert Protocol.objects.filter(clinic=manager.clinic).count() == len(SHIPPED.protocols)
    assert ConsentText.objects.filter(clinic=manager.clinic).count() == 2 * len(SHIPPED.consent_texts)


@pytest.mark.parametrize(
    ("model", "shipped"),
    [
        (Substance, rows.substance_rows(SHIPPED)),
        (Incompatibility, rows.incompatibility_rows(SHIPPED)),
        (Indication, rows.indication_rows(SHIPPED)),
        (Technique, rows.technique_rows(SHIPPED)),
    ],
)
def test_no_shipped_text_is_longer_than_its_column(model, shipped):
    for row in shipped:
        assert len(row.code) <= model._meta.get_field("code").max_length, row.code
        for name, value in row.values.items():
            longest = getattr(model._meta.get_field(name), "max_length", None)
            if isinstance(value, str) and longest:
                assert len(value) <= longest, (row.code, name)
