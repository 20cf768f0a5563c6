"""What a row of an imported file says, and what is told where it cannot be read."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from mesoclinic.core.models import AuditEvent
from patients.models import Flag, Party, Patient, Place
from patients.services import imports
from tests.factories import make_substance
from tests.patients.import_world import checked, faults, import_world, imported, states, upload, workbook
from tests.shared import shared

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@shared
def world():
    return import_world()


# What a row says


def test_horses_come_with_owner_stable_chip_and_weight(world):
    heads = "Cheval;Espèce;Sexe;Né le;Race;Puce;Écurie;Propriétaire;Téléphone;Poids;Entraîneur"
    rows = [
        "Quartz;cheval;jument;02/05/2015;SF;250 259 600 000 001;Les Sources;Paul Exemple;0639980002;520,5 kg;Anne",
        "Rubis;Chevaux;Hongre;2016-05-02;;;les sources;Paul Exemple;06 39 98 00 02;;Anne",
    ]

    one = imported(world, "\n".join([heads, *rows]).encode("cp1252"))

    assert states(one) == ["imported", "imported"]
    quartz, rubis = Patient.objects.order_by("name")
    assert (quartz.species.code, quartz.sex, rubis.sex) == ("horse", "mare", "gelding")
    assert quartz.place == rubis.place == Place.objects.get(name="Les Sources", kind="stable")
    assert quartz.identifiers.get().value == "250259600000001"
    assert quartz.weights.get().weight_kg == Decimal("520.5")
    assert quartz.food_chain == "not_asked"
    assert sorted(Party.objects.values_list("name", "phone")) == [("Anne", ""), ("Paul Exemple", "0639980002")]
    assert {link.role for link in quartz.party_links.all()} == {"owner", "trainer"}
    assert quartz.phone == ""


def test_a_contact_the_clinic_knows_is_taken_only_when_phone_or_mail_prove_it(world):
    imported(world, "Horse,Owner,Owner phone\nA,Jean Dupont,0639980001\n", species="horse")

    imported(
        world,
        "Horse,Owner,Owner phone\nB,Jean Dupont,+33639980001\nC,Jean Dupont,0639980009\nD,Jean Dupont,\n",
        species="horse",
    )

    owners = {one.name: one.party_links.get().party_id for one in Patient.objects.all()}
    assert owners["A"] == owners["B"] != owners["C"]
    assert owners["D"] != owners["C"]  # named by this file, but not who this file's other number is


def test_allergies_become_flags_and_none_counts_only_with_its_day(world):
    make_substance(world[0], name="Procaine")
    rows = ["A;latex, Procaine / pollen;;", "B;aucune;;needle phobia", "C;none;2025-01-02;"]

    imported(world, "\n".join(["Name;Allergies;Allergies asked on;Alerts", *rows]))

    a, b, c = Patient.objects.order_by("name")
    flags = {(flag.kind, flag.value or getattr(flag.substance, "name", "")) for flag in a.flags.all()}
    assert flags == {("allergy_material", "latex"), ("allergy_substance", "Procaine"), ("allergy_class", "pollen")}
    assert (a.allergy_status, b.allergy_status, c.allergy_status) == ("listed", "not_asked", "none_known")
    assert c.allergy_asked_on == date(2025, 1, 2)
    assert Flag.objects.get(patient=b).text == "needle phobia"


def test_first_and_last_name_and_the_parts_of_an_address_are_put_together(world):
    imported(world, "Nom,Prénom,Adresse,CP,Ville,Langue\nDupont,Marie,1 rue X,35000,Rennes,Français\n")

    marie = Patient.objects.get()
    assert (marie.name, marie.address, marie.language) == ("Marie Dupont", "1 rue X\n35000 Rennes", "fr")


def test_month_first_is_read_as_said(world):
    imported(world, "Name,DOB\nA,03/04/1980\n", date_order="month_first")

    assert Patient.objects.get().birth_on == date(1980, 3, 4)


@pytest.mark.parametrize(
    ("head", "cell", "words"),
    [
        ("Name", "", "no name"),
        ("Birth date", "31/13/1968", "no day"),
        ("Birth date", "12/05/63", "century"),
        ("Birth date", "soon", "not a date"),
        ("Birth date", "2999-01-01", "year between"),
        ("Birth date", "2099-01-01", "still to come"),
        ("Birth date", "1800-01-01", "year between"),
        ("Sex", "blue", "no sex we know"),
        ("Kind", "unicorn", "no kind of patient"),
        ("Phone", "12", "too short"),
        ("Phone", "3,36E+10", "shortened"),
        ("E-mail", "nobody", "valid email"),
        ("Language", "elvish", "no language"),
        ("May be texted", "perhaps", "neither yes nor no"),
        ("Weight", "4000", "between 2 and 350 kg"),
        ("Weight", "heavy", "number"),
        ("Weight", "520", "does not fit"),
        ("Microchip", "250259600000001", "animals only"),
        ("NSS", "=1+1", "formula"),
        ("Note", "a" * 5000, "more than 4000 characters"),
        ("Unheard of", "a" * 10_000, "more than 4000 characters"),
        ("Note", "a\x07b", "invisible character"),
        ("Former file number", "9" * 61, "at most 60"),
        ("Allergies", "pollen " * 20, "one allergy after the other"),
        ("Guardian's phone", "06 39 98 00 01", "whose this is"),
    ],
)
def test_a_fault_names_row_column_and_what_is_wrong(world, head, cell, words):
    heads = {"Name": "Ada", head: cell}
    content = ",".join(heads) + "\nBen" + "," * (len(heads) - 1) + "\n" + ",".join(f'"{c}"' for c in heads.values())
    if head == "Name":
        content = "Name,Note\nBen,\n,something"

    one = checked(world, content)

    assert states(one) == ["new", "faulty"]
    (fault, *_rest) = faults(one)[3]
    assert fault[0] == head
    assert words in fault[1]


@pytest.mark.parametrize(
    ("head", "cell", "words"),
    [
        ("Chip", "123", "exactly 15 digits"),
        ("Chip", "2,50E+14", "shortened"),
        ("UELN", "12", "exactly 15"),
        ("NSS", "1", "people only"),
        ("Phone", "06 39 98 00 01", "whose this is"),
        ("Sex", "male", "no sex we know"),
    ],
)
def test_a_horses_faults_are_told_in_its_words(world, head, cell, words):
    one = checked(world, f"Horse;{head}\nQuartz;{cell}\n", species="horse")

    assert faults(one)[2][0][0] == head
    assert words in faults(one)[2][0][1]


def test_every_fault_of_a_row_is_told_and_the_others_are_imported(world):
    one = imported(world, "Name,Birth date,Sex,Phone\nAda,x,y,1\nBen,,,\n")

    assert [fault[0] for fault in faults(one)[2]] == ["Birth date", "Sex", "Phone"]
    assert Patient.objects.get().name == "Ben"


def test_faults_are_told_in_the_language_of_who_uploaded(world):
    with translation.override("fr"):
        one = upload(world, "Nom,Date de naissance\nAda,demain\n")
    imports.go_on(one.pk)

    assert "date" in faults(one)[2][0][1]
    assert "is not a date" not in faults(one)[2][0][1]


def test_the_faulty_rows_leave_as_they_came_with_the_reason(world):
    one = checked(world, "Nom,Toto,Tél\nAda,+1,1\n\nBen,x,06 39 98 00 02\nCarl,y,2\n")

    heads, rows = imports.take_faults(actor=world[1], one=one)

    rows = list(rows)
    assert heads == ["Nom", "Toto", "Tél", "Reason"]
    assert [row[:3] for row in rows] == [["Ada", "+1", "1"], ["Carl", "y", "2"]]
    assert all("too short" in row[3] for row in rows)
    assert AuditEvent.objects.filter(verb="import.faults-exported", subject_id=one.pk).count() == 1


def test_a_workbook_says_the_same_as_a_csv(world):
    rows = [["Name", "DOB", "Phone", "ID"], ["Ada", date(1968, 3, 31), 639980001, 1042.0], [None, None], ["Ben", "x"]]

    one = checked(world, workbook(*rows), name="patients.xlsx")

    assert one.rows.get(position=2).cells == ["Ada", "1968-03-31", "639980001", "1042"]
    assert list(faults(one)) == [4]
