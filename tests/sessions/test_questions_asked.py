"""What somebody said yes to before the session is said again by the mix check, as loudly as the question asks for it."""

import pytest
import time_machine

from protocols.models import Substance
from protocols.services.catalogue import shipped_catalogue
from tests.sessions.booking_world import at
from tests.sessions.record_world import record_world, start
from tests.sessions.test_rules_from_rows import found

pytestmark = pytest.mark.django_db

LOWER_IT = ("liver_disease", "debilitated")  # what these change are the ceilings
COUNTED = ("competition",)  # what this changes is told by the rules of the sport
ASKED = [
    (item, species)
    for item in shipped_catalogue().checklist
    for species in ("human", "horse")
    if species in item.species and item.code not in COUNTED
]


@pytest.mark.parametrize(("item", "species"), ASKED, ids=[f"{item.code}-{species}" for item, species in ASKED])
def test_a_yes_is_said_again_as_loudly_as_the_question_asks_for_it(item, species):
    with time_machine.travel(at("10:15"), tick=False):
        world = record_world(species=species)
        row = Substance.objects.filter(pk=world.vessel.pk)
        row.update(
            allergy_classes=list(item.allergy_classes), **({"code": item.substances[0]} if item.substances else {})
        )
        record = start(world)

        before, after = found(world, record), found(world, record, checklist_yes=item.code)

    rule = "dose.lower_it" if item.code in LOWER_IT else f"patient.{item.code}"
    assert rule not in before
    assert after[rule][0] == ("block" if item.default.startswith("stop") else "warn")
