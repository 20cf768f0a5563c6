"""What a signed record tells of keeps its name, by whatever way another comes: a new one would change what was signed."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from mesoclinic.core.constraints import violated
from mesoclinic.core.refused import Refused
from mesoclinic.core.roles import Role
from protocols.catalogue.files import read_catalogue
from protocols.models import Substance, Technique
from protocols.services.catalogue import load_catalogue
from protocols.services.substances import update_substance
from protocols.services.techniques import SAID, update_technique
from sessions.models import SessionRecord
from sessions.recording import SiteTreated
from tests.factories import make_user
from tests.sessions.record_world import done, record_world, sign, signed
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return record_world()


def rename(row, by: str) -> None:
    model = type(row)
    if by == "save":
        row.name = "Procaine"
        row.save()
    elif by == "update":
        model.objects.filter(pk=row.pk).update(name="Procaine")
    else:
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {model._meta.db_table} SET name = 'Procaine' WHERE id = %s", [row.pk])


@pytest.mark.parametrize("by", ["save", "update", "sql"])
@pytest.mark.parametrize("told", ["lidocaine", "technique"])
def test_a_name_signed_records_tell_is_not_changed(world, told, by):
    row = getattr(world, told)
    record = done(world)
    row.notes = "Free until it is signed"
    rename(type(row).objects.get(pk=row.pk), by)
    type(row).objects.filter(pk=row.pk).update(name=row.name)
    sign(world, record)

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        rename(type(row).objects.get(pk=row.pk), by)

    assert violated(refusal.value) == f"{row._meta.db_table}_f_update"
    assert type(row).objects.get(pk=row.pk).name == row.name
    type(row).objects.filter(pk=row.pk).update(notes="All else may change")


def test_a_technique_of_one_place_is_told_too(world):
    other = Technique.objects.create(clinic=world.clinic, code="nappage", name="Nappage")
    signed(world, sites=(SiteTreated("Neck", technique_id=other.pk, points=3),))

    with pytest.raises(IntegrityError), transaction.atomic():
        rename(other, "update")


def test_the_services_say_so_at_the_name(world):
    signed(world)
    kept = {"categories": world.lidocaine.categories.all(), "species": world.lidocaine.species.all()}
    of_technique = {name: getattr(world.technique, name) for name in SAID} | {"source": "House"}

    with pytest.raises(Refused) as of_substance:
        update_substance(actor=None, substance=world.lidocaine, name="Procaine", **kept)
    with pytest.raises(Refused) as refused:
        update_technique(actor=None, technique=world.technique, **of_technique | {"name": "Nappage"})

    assert (of_substance.value.code, of_substance.value.field) == ("name-told", "name")
    assert "Signed records tell of “Lidocaine”" in of_substance.value.message
    assert "Signed records tell of “Papule”" in refused.value.message
    update_substance(actor=None, substance=world.lidocaine, name="Lidocaine", notes="Kept cool", **kept)
    update_technique(actor=None, technique=world.technique, **of_technique)


def test_the_page_keeps_what_was_typed_and_says_so_at_the_name(world):
    signed(world)
    browser = Client()
    browser.force_login(make_user(world.clinic, Role.MANAGER))
    address = reverse("protocols:edit-substance", args=[world.lidocaine.public_id])
    form = browser.get(address).context["form"]
    data = {one.html_name: one.value() for one in form if one.value() not in (None, False)}

    page = browser.post(address, data | {"name": "Procaine", "notes": "Typed at length"})

    assert page.status_code == 422
    assert "Signed records tell of “Lidocaine”" in str(page.context["form"].errors["name"])
    assert "Typed at length" in page.content.decode()
    assert Substance.objects.get(pk=world.lidocaine.pk).name == "Lidocaine"


def test_a_newer_catalogue_leaves_the_name_and_brings_the_rest(world):
    load_catalogue(clinic=world.clinic)
    arnica = Substance.objects.get(clinic=world.clinic, code="arnica")
    record = done(world)
    record.administrations.update(substance=arnica)
    sign(world, SessionRecord.objects.get(pk=record.pk))
    catalogue = read_catalogue()
    newer = [
        replace(one, name="Mountain arnica", appearance="Amber") if one.code == "arnica" else one
        for one in catalogue.substances
    ]

    load_catalogue(clinic=world.clinic, catalogue=replace(catalogue, substances=tuple(newer)))

    arnica.refresh_from_db()
    assert (arnica.name, arnica.appearance) == ("Arnica", "Amber")
