"""What to expect of a protocol: the leaflet of a course for anybody of a species, from the protocol's own page."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from protocols.models import ProtocolVersion
from protocols.queries import protocols
from protocols.services.protocols import publish_version
from protocols.words import cadence_words
from sessions.queries.leaflets import leaflet, leaflet_of_protocol
from sessions.services.leaflets import set_leaflet_texts
from tests.factories import (
    make_clinic,
    make_course,
    make_horse,
    make_indication,
    make_protocol_draft,
    make_protocol_version,
    make_species,
    make_user,
)
from tests.sessions.booking_world import MONDAY, NOW
from tests.sessions.test_papers import text_of
from tests.shared import shared

pytestmark = pytest.mark.django_db
OWN = "Hand-walk on soft ground only."


@shared
def clinic():
    return make_clinic()


def address(version: ProtocolVersion, species: str) -> str:
    return reverse("sessions:protocol-leaflet", args=[version.public_id, species])


def browser_of(clinic, role: Role = Role.PRACTITIONER) -> Client:
    browser = Client()
    browser.force_login(make_user(clinic, role))
    return browser


def test_it_says_of_a_species_what_the_leaflet_of_a_course_says_but_names_nobody(clinic):
    version = make_protocol_version(clinic, name="Horse back", species=["horse"], aftercare=OWN)
    horse = make_horse(clinic, name="Galant")
    course = make_course(clinic, patient=horse, protocol_version=version, start_on=MONDAY, now=NOW)
    set_leaflet_texts(actor=None, clinic=clinic, texts={("animals", "en"): "Ring twice."})

    mine = leaflet_of_protocol(protocols.version_or_404(clinic, version.public_id), horse.species, today=MONDAY)
    theirs = leaflet(horse, course, today=MONDAY)

    assert mine.sections[1:] == theirs.sections[1:]
    assert (mine.own, mine.clinic.address, mine.paper) == ("Ring twice.", theirs.clinic.address, theirs.paper)
    assert mine.sections[0][1][-1] == theirs.sections[0][1][-1] == cadence_words(version.cadence)
    assert (mine.name, mine.species) == ("Horse back", "Horse")
    assert "Galant" not in str(mine)


def test_it_is_printed_in_the_language_chosen_and_named_after_the_protocol(clinic):
    version = make_protocol_version(clinic, name="Horse back", species=["horse"])

    said, french = (browser_of(clinic).get(address(version, "horse"), {"language": code}) for code in ("en", "fr"))

    assert said["Content-Type"] == "application/pdf"
    assert "Horse-back_what-to-expect.pdf" in said["Content-Disposition"]
    assert "Do not ride for 5 to 7 days" in text_of(said)
    assert "Ne montez pas le cheval pendant 5 à 7 jours" in text_of(french)
    assert not AuditEvent.objects.filter(verb="leaflet.printed").exists()  # nobody's file is opened


def test_a_protocol_of_one_species_has_a_leaflet_for_that_alone_and_one_of_none_for_each(clinic):
    browser = browser_of(clinic)
    of_horses, of_all = make_protocol_version(clinic, species=["horse"]), make_protocol_version(clinic)

    for version, codes in ((of_horses, {"horse"}), (of_all, set(make_species()))):
        shown = browser.get(reverse("protocols:detail", args=[version.protocol.public_id])).text
        assert {code for code in make_species() if address(version, code) in shown} == codes
        answers = {code: browser.get(address(version, code)).status_code for code in make_species()}
        assert {code for code, status in answers.items() if status == 200} == codes
        assert {status for code, status in answers.items() if code not in codes} <= {404}


def test_it_says_what_a_protocol_of_few_indications_is_for(clinic):
    few, many = ([make_indication(clinic) for _number in range(count)] for count in (2, 4))
    plans = []
    for indications in (few, many):
        made = make_protocol_version(clinic, species=["human"], indications=indications)
        version = protocols.version_or_404(clinic, made.public_id)
        plans.append(dict(leaflet_of_protocol(version, make_species()["human"], today=MONDAY).sections)["leaflet_plan"])

    assert plans == [(f"{few[0]}; {few[1]}", cadence_words("4x1w")), (cadence_words("4x1w"),)]


def test_a_draft_has_none_until_it_is_published(clinic):
    version = make_protocol_draft(clinic, species=["human"], cadence="3x1w")
    browser, page = browser_of(clinic), reverse("protocols:detail", args=[version.protocol.public_id])

    assert address(version, "human") not in browser.get(page, {"version": "1"}).text
    assert browser.get(address(version, "human")).status_code == 404

    publish_version(actor=make_user(clinic, Role.PRACTITIONER), version=version)
    assert address(version, "human") in browser.get(page, {"version": "1"}).text
    assert "3 " in text_of(browser.get(address(version, "human")))


def test_whoever_may_not_see_protocols_or_is_of_another_clinic_gets_none(clinic):
    version = make_protocol_version(clinic, species=["horse"])

    assert browser_of(clinic, Role.RECEPTION).get(address(version, "horse")).status_code == 403
    assert browser_of(make_clinic()).get(address(version, "horse")).status_code == 404


def test_it_asks_three_times(clinic):
    version = protocols.version_or_404(clinic, make_protocol_version(clinic, species=["horse"]).public_id)
    [horses] = version.species.all()

    with CaptureQueriesContext(connection) as asked:
        leaflet_of_protocol(version, horses, today=MONDAY)

    assert len(asked) <= 3
