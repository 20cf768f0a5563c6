"""Techniques as a clinic writes them: how deep is theirs to say, with a source, and the mix check hears it."""

import csv
from decimal import Decimal
from io import StringIO

import pytest
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from protocols.models import Technique
from protocols.queries.techniques import techniques
from protocols.services.catalogue import load_catalogue
from tests.factories import make_clinic, make_technique, make_user
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def clinic():
    return make_clinic()


@pytest.fixture
def browser(clinic, client):
    client.force_login(make_user(clinic, Role.PRACTITIONER))
    return client


def form(**fields):
    return {"name": "Fan", "depth_min_mm": "2,5", "depth_max_mm": "4", "source": "Decided on 2 March", **fields}


def test_a_technique_of_the_clinics_own_is_offered(clinic, browser):
    answer = browser.post(reverse("protocols:create-technique"), form(needs_mix="on"))

    own = Technique.objects.get(clinic=clinic)
    assert answer.status_code == 302
    assert (own.depth_min_mm, own.depth_max_mm, own.needs_mix, own.code) == (Decimal("2.5"), Decimal(4), True, "fan")
    assert list(techniques(clinic)) == [own]
    assert "2.5–4" in browser.get(reverse("protocols:rules")).content.decode()


def test_the_list_of_the_rules_leaves_with_its_techniques(clinic, browser):
    make_technique(clinic, name="Fan", depth_min_mm=Decimal("2.5"), depth_max_mm=Decimal(4), source="Decided here")
    make_technique(clinic, name="Flat", depth_min_mm=Decimal(1), depth_max_mm=Decimal(1), source="Decided here")

    answer = browser.get(reverse("protocols:rules"), {"as": "csv"})

    rows = csv.reader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    told = {row[1]: (row[2], row[4], row[6]) for row in rows if row[0] == "Technique"}
    assert told == {"Fan": ("2.5–4", "mm", "Decided here"), "Flat": ("1", "mm", "Decided here")}


def test_a_changed_depth_stays_when_the_catalogue_is_loaded_again(clinic, browser):
    load_catalogue(clinic=clinic)
    papule = Technique.objects.get(clinic=clinic, code="papule")
    address = reverse("protocols:edit-technique", args=[papule.public_id])
    shown = browser.get(address).context["form"].initial

    browser.post(address, {**shown, "depth_max_mm": "3", "source": "Decided on 2 March"})
    load_catalogue(clinic=clinic)

    papule.refresh_from_db()
    assert papule.depth_max_mm == 3
    event = AuditEvent.objects.get(clinic=clinic, verb="technique.updated")
    assert {change["field"] for change in event.changes} == {"depth_max_mm", "source"}


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"name": "papule"}, "name", "already a technique"),
        ({"source": " "}, "source", "fill this in"),
        ({"depth_min_mm": "5"}, "depth_max_mm", "not above the shallowest"),
        ({"depth_min_mm": "-1"}, "depth_min_mm", "0"),
        ({"depth_max_mm": "1000"}, "depth_max_mm", "100"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_kept(clinic, browser, fields, field, words):
    make_technique(clinic, name="Papule")

    answer = browser.post(reverse("protocols:create-technique"), form(**fields))

    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors[field])
    assert Technique.objects.filter(clinic=clinic).count() == 1


def test_a_technique_no_longer_offered_is_put_back(clinic, browser):
    own = make_technique(clinic)
    address = reverse("protocols:archive-technique", args=[own.public_id])

    browser.post(address)
    gone = list(techniques(clinic))
    browser.post(address)
    browser.post(address, {"restore": "1"})

    assert gone == []
    assert list(techniques(clinic)) == [own]
    verbs = AuditEvent.objects.filter(clinic=clinic, verb__startswith="technique.").values_list("verb", flat=True)
    assert sorted(verbs) == ["technique.archived", "technique.created", "technique.restored"]
