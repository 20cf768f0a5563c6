"""Who treats another species may be named as the giver of a record, with a reason that stays with it."""

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import translation

from mesoclinic.core.refused import Refused
from protocols.models import Species
from sessions.queries import record_checks
from sessions.queries import records as reads
from sessions.queries.record_options import Wanted, record_options
from sessions.recording import OverrideGiven
from tests.factories import make_horse
from tests.sessions.booking_world import MONDAY, at
from tests.sessions.record_world import filled, finish, record_world, save, start
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    with time_machine.travel(at("10:15"), tick=False):
        world = record_world()
        world.colleague.species.set([make_horse(world.clinic).species])
        yield world


def said(world, giver, record) -> list[str]:
    check = record_checks.check_record(record, filled(record), at("10:15"), giver)
    return [one.rule for one in check.blocks if one.rule == "giver.species"]


def test_who_treats_all_species_or_this_one_asks_for_no_reason(world):
    record = start(world)

    assert said(world, world.doctor, record) == []
    world.doctor.species.set([Species.objects.get(code="human")])
    assert said(world, world.doctor, record) == []
    assert said(world, None, record) == []


def test_who_treats_another_species_gave_it_only_with_a_reason(world):
    record = start(world)
    save(world, record, filled(record))

    with pytest.raises(Refused) as refused:
        finish(world, record, performed_by=world.colleague)
    [finding] = refused.value.details["findings"]
    why = OverrideGiven(record_checks.key_of(finding), finding.rule, "said", "Both hands were needed")
    save(world, record, filled(record, overrides=(why,)))
    finish(world, record, performed_by=world.colleague)

    record.refresh_from_db()
    assert refused.value.code == "needs-reason"
    assert record.performed_by == world.colleague
    assert reads.content(record).overrides == (why,)


def test_a_reason_holds_for_the_one_it_was_given_for_and_in_every_language(world):
    record = start(world)
    content = filled(record)
    keys, words = set(), []
    for language in ("en", "fr"):
        with translation.override(language):
            [block] = record_checks.check_record(record, content, at("10:15"), world.colleague).blocks
            keys.add(record_checks.key_of(block))
            words.append(record_checks.words_of(block))

    assert keys == {"giver.species|||giver=Dr Cy,species=human"}
    assert words == [
        "Dr Cy does not treat this species (person). Choose who gave it, or say why.",
        "Dr Cy ne traite pas cette espèce (personne). Choisissez qui a fait la séance, ou dites pourquoi.",
    ]


def test_the_page_lists_those_who_treat_the_species_first_and_checks_whom_it_names(world):
    world.doctor.position = 5
    world.doctor.save(update_fields=["position"])
    record = start(world)
    browser = Client()
    browser.force_login(world.doctor_user)

    page = browser.get(reverse("sessions:record-edit", args=[record.public_id])).content.decode()
    address = reverse("sessions:record-check", args=[record.public_id])
    by_doctor = browser.post(address, {"performed_by": world.doctor.pk}).content.decode()
    by_colleague = browser.post(address, {"performed_by": world.colleague.pk}).content.decode()

    apart = page.index('<optgroup label="Treat other species">')
    assert page.index(">Dr Ada</option>") < apart < page.index(">Dr Cy</option>")
    assert "does not treat this species" not in by_doctor
    assert "Dr Cy does not treat this species" in by_colleague


def test_choices_are_read_in_nine_statements(world, django_assert_max_num_queries):
    record = start(world)

    with django_assert_max_num_queries(9):
        options = record_options(record, Wanted(MONDAY))
        assert [one.name for one in options.not_treating] == ["Dr Cy"]


def test_who_gave_it_is_not_called_optional(world):
    browser = Client()
    browser.force_login(world.doctor_user)

    page = browser.get(reverse("sessions:record-edit", args=[start(world).public_id])).content.decode()

    assert "optional" not in page.partition('for="id_performed_by"')[2].partition("</label>")[0]
