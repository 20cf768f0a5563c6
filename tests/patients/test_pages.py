"""The pages of patients, as the people who use them see them."""

import uuid
from datetime import date
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.roles import Role
from patients.models import ConsentText, Patient
from patients.services import flags, identifiers, parties
from tests.factories import make_clinic, make_horse, make_patient, make_species, make_user
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def clinic():
    make_species()
    return make_clinic()


@shared
def desk(clinic):
    return _browser(clinic, Role.RECEPTION)


def _browser(clinic, *roles):
    browser = Client()
    browser.force_login(make_user(clinic, *roles))
    return browser


def _page(patient):
    return reverse("sessions:patient", args=[patient.public_id])


def _words(answer):
    return " ".join(unescape(answer.content.decode()).split())


def register(browser, species="human", **typed):
    data = {"public_id": uuid.uuid4(), "name": "Zoë Müller", **typed}
    return browser.post(reverse("patients:register-species", args=[species]), data)


def test_one_page_registers_a_horse_with_owner_chip_and_weight(desk):
    answer = register(
        desk,
        "horse",
        name="Bella",
        registered_name="Belladonna",
        sex="mare",
        microchip="250-2698-1234-5678",
        weight_kg="512,5",
        food_chain="signed_out",
        **{"contact-name": "Chloé Martin", "contact-phone": "06 12 34 56 78"},
    )

    horse = Patient.objects.get()
    assert answer["Location"] == _page(horse)
    assert horse.identifiers.get().value == "250269812345678"
    assert str(horse.weights.get().weight_kg) == "512.50"
    assert horse.party_links.get().party.phone == "06 12 34 56 78"


def test_the_owner_may_be_somebody_the_clinic_knows(desk, clinic):
    owner = make_horse(clinic, owner="Chloé Martin").party_links.get().party

    offered = desk.get(reverse("patients:find-parties"), {"contact-name": "chloe"})
    register(desk, "horse", name="Thunder", **{"contact-party": owner.public_id, "contact-name": "chloe"})

    assert str(owner.public_id) in offered.content.decode()
    assert Patient.objects.get(name="Thunder").party_links.get().party == owner


def test_a_double_click_registers_one_patient(desk):
    token = uuid.uuid4()

    first, second = (register(desk, public_id=token) for _click in range(2))

    assert Patient.objects.count() == 1
    assert first["Location"] == second["Location"]


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("name", "", "Please fill this in."),
        ("name", "x" * 10_000, "Enter at most 200 characters; these are 10000."),
        ("name", "a\x00b", "invisible character"),
        ("birth_on", "2026-02-31", "real date"),
        ("birth_on", "9999-01-01", "between 1900 and 2100"),
        ("birth_on", "2099-01-01", "still to come"),
        ("weight_kg", "-3", "A weight is above 0"),
        ("weight_kg", "1000000", "does not fit"),
        ("weight_kg", "1500", "does not fit"),
        ("weight_kg", "0", "A weight is above 0 and at most 2000 kg."),
        ("weight_kg", "-5", "A weight is above 0 and at most 2000 kg."),
        ("weight_kg", "1e2", "Write the number out"),
        ("weight_kg", "80,55555", "Too many digits after the point: 2 at most."),
        ("email", "nobody", "Enter a valid email address."),
        ("sex", "gelding", "not one of the available choices"),
        ("contact-name", "", "Type a name"),
    ],
)
def test_bad_input_is_refused_in_words_beside_it_with_everything_still_there(desk, field, typed, message):
    answer = register(
        desk, phone="06 99 99 99 99", **{"contact-phone": "0612345678", "contact-name": "Mia", field: typed}
    )

    assert answer.status_code == 200
    assert message in _said_beside(answer, field)
    assert "06 99 99 99 99" in _words(answer)
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"public_id": "no"}, "UUID"),
        ({"contact-party": "f1d1de47-13eb-4636-9c1b-875c85b95707"}, "Choose a contact"),
    ],
)
def test_what_a_page_sent_wrong_is_refused_in_words(desk, typed, message):
    answer = register(desk, **typed)

    assert message in _words(answer)
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [("microchip", "123", "exactly 15 digits"), ("ueln", "DE1", "exactly 15 letters")],
)
def test_a_misspelt_number_is_refused_beside_it(desk, field, typed, message):
    answer = register(desk, "horse", **{field: typed})

    assert message in _said_beside(answer, field)
    assert not Patient.objects.exists()


@pytest.mark.parametrize(("field", "number"), [("microchip", "250269812345678"), ("ueln", "DE4123456789012")])
def test_a_number_of_another_file_is_refused_beside_it(desk, clinic, field, number):
    make_horse(clinic, name="Bella", identifiers=[(field, number)])

    answer = register(desk, "horse", **{field: number})

    assert "Bella (file 1) already has this number." in _said_beside(answer, field)
    assert Patient.objects.get().name == "Bella"


def _said_beside(answer, field):
    """What the page says is wrong, right after the control of a field."""
    _before, found, after = answer.content.decode().partition(f'id="id_{field}_error"')
    assert found
    return " ".join(unescape(after.partition("</div>")[0]).split())


def test_what_is_wrong_with_a_patient_and_its_owner_stands_in_one_box(desk):
    typed = {"name": "", "contact-phone": "06 39 98 60 11"}

    page = desk.post("/patients/register/horse/", typed).content.decode()

    assert page.count("data-error-summary") == 1
    box = page.partition("data-error-summary")[2].partition("</ul>")[0]
    assert "Barn name</a>: Please fill this in." in box
    assert '<a href="#id_contact-name">Owner, Name</a>: Type a name' in box


def test_a_contacts_name_is_not_called_optional_beside_its_phone(desk):
    page = desk.get("/patients/register/horse/").content.decode()

    assert "optional" not in page.partition('for="id_contact-name"')[2].partition("</label>")[0]
    assert "optional" in page.partition('for="id_contact-phone"')[2].partition("</label>")[0]


def test_people_see_no_food_chain_and_horses_do(desk):
    person = _words(desk.get(reverse("patients:register-species", args=["human"])))
    horse = _words(desk.get(reverse("patients:register-species", args=["horse"])))

    assert "food chain" not in person.lower()
    assert "Barn name" in horse
    assert "food chain" in horse.lower()
    assert "Gelding" in horse
    assert "Gelding" not in person


def test_an_unknown_species_is_not_found(desk):
    assert desk.get(reverse("patients:register-species", args=["dragon"])).status_code == 404


def test_likely_twins_show_while_typing(desk, clinic):
    make_patient(clinic, name="Zoë Müller")

    answer = desk.get(reverse("patients:duplicates"), {"name": "muller zoe", "species": "human"})

    assert "Zoë Müller" in _words(answer)
    assert "No, a new one" in _words(answer)


@pytest.mark.parametrize("typed", [{"birth_on": "2026-99-99"}, {"name": "\x00"}, {"name": "x" * 9999}, {}])
def test_the_twin_search_takes_anything(desk, typed):
    assert desk.get(reverse("patients:duplicates"), typed).status_code == 200


def test_opening_a_file_is_in_the_audit_trail_each_time(desk, clinic):
    patient = make_patient(clinic)

    for _time in range(2):
        assert desk.get(_page(patient)).status_code == 200

    assert AuditEvent.objects.filter(verb="patient.opened", patient_id=patient.pk).count() == 2


def test_a_strangers_file_is_not_found_and_not_noted(desk):
    stranger = make_patient(make_clinic())

    assert desk.get(_page(stranger)).status_code == 404
    assert not AuditEvent.objects.filter(verb="patient.opened").exists()


def test_the_page_shows_two_facts_flags_and_the_contacts(desk, clinic):
    horse = make_horse(clinic, name="Bella", owner="Chloé Martin")
    flags.add_flag(actor=None, patient=horse, kind="behaviour", text="kicks")

    words = _words(desk.get(_page(horse)))

    for shown in ("Bella", "Chloé Martin", f'File</span> <span class="fact-value">{horse.number}', "kicks"):
        assert shown in words


def test_a_sold_horses_page_shows_no_former_owners_contacts(desk, clinic):
    horse = make_horse(clinic, parties=[{"role": "owner", "name": "Anna Alt", "phone": "0611111111"}])

    answer = desk.post(
        reverse("patients:transfer-ownership", args=[horse.public_id]),
        {"on": timezone.localdate().isoformat(), "name": "Nora Neu", "phone": "0622222222"},
    )
    words = _words(desk.get(_page(horse)))

    assert answer.status_code == 302
    assert "0622222222" in words
    assert "0611111111" not in words
    assert "Earlier contacts" in words


def test_the_sale_names_only_those_who_end(desk, clinic):
    horse = make_horse(clinic, owner="Anna Alt")
    parties.end_party(actor=None, link=horse.party_links.get(), on=timezone.localdate())
    for role, name in (("trainer", "Tom Trainer"), ("referrer", "Dr Vet")):
        parties.add_party(actor=None, patient=horse, role=role, name=name)
    page = reverse("patients:transfer-ownership", args=[horse.public_id])

    named = _ending(desk.get(page))
    kept = _ending(desk.post(page, {"on": "", "name": "Nora Neu", "keep_others": "on"}))

    assert "Anna Alt" in named
    assert "Tom Trainer" in named
    assert "Dr Vet" not in named
    assert "Anna Alt" in kept
    assert "Tom Trainer" not in kept


def _ending(answer):
    return _words(answer).partition("These contacts end the day before")[2].partition("</ul>")[0]


def test_reception_sees_no_records_and_practitioners_do(clinic):
    patient = make_patient(clinic)

    assert "Last session" not in _words(_browser(clinic, Role.RECEPTION).get(_page(patient)))
    assert "Last session" in _words(_browser(clinic, Role.PRACTITIONER).get(_page(patient)))


def test_a_closed_file_can_be_opened_again(desk, clinic):
    patient = make_patient(clinic)

    desk.post(reverse("patients:end", args=[patient.public_id]), {"on": "2026-03-02", "reason": "died"})
    assert "This file was closed" in _words(desk.get(_page(patient)))

    desk.post(reverse("patients:reopen", args=[patient.public_id]))
    patient.refresh_from_db()
    assert patient.ended_on is None


def test_a_horse_signed_out_by_mistake_is_a_food_animal_again_by_a_tick(desk, clinic):
    horse = make_horse(clinic, food_chain="signed_out")
    url = reverse("patients:edit", args=[horse.public_id])
    typed = {"name": horse.name, "sex": "gelding", "food_chain": "food_animal"}

    refused = desk.post(url, {**typed, "edit_count": "0"})
    said = _words(refused)
    desk.post(url, {**typed, "edit_count": "0", "food_chain_mistaken": "on"})

    assert "is permanent" in said
    assert "Signed out by mistake" in said
    horse.refresh_from_db()
    assert horse.food_chain == "food_animal"
    assert "Signed out by mistake" not in _words(desk.get(url))


def test_editing_keeps_what_somebody_else_saved_meanwhile(desk, clinic):
    patient = make_patient(clinic, name="Ann")
    url = reverse("patients:edit", args=[patient.public_id])

    first = desk.post(url, {"name": "Anna", "edit_count": "0"})
    second = desk.post(url, {"name": "Anita", "edit_count": "0"})

    patient.refresh_from_db()
    assert first.status_code == 302
    assert "Somebody else changed this file" in _words(second)
    assert patient.name == "Anna"


def test_a_contact_can_be_added_changed_and_ended(desk, clinic):
    patient = make_patient(clinic)
    keys = [patient.public_id]

    added = {"role": "guardian", "from_on": "2026-01-05", "name": "Mia", "phone": "0612345678"}
    desk.post(reverse("patients:add-party", args=keys), added)
    link = patient.party_links.get()
    desk.post(reverse("patients:edit-party", args=[*keys, link.pk]), {"name": "Mia Berg", "may_call": "on"})
    desk.post(reverse("patients:end-party", args=[*keys, link.pk]), {"on": "2026-03-02"})

    link.refresh_from_db()
    assert (link.party.name, link.party.may_text, link.until_on) == ("Mia Berg", False, date(2026, 3, 2))


def test_another_patients_contact_is_not_found(desk, clinic):
    mine, other = make_patient(clinic), make_horse(clinic)

    url = reverse("patients:end-party", args=[mine.public_id, other.party_links.get().pk])

    assert desk.get(url).status_code == 404
    huge = reverse("patients:end-party", args=[mine.public_id, 10**30])
    assert desk.get(huge).status_code == 404


def test_a_flag_needs_to_say_what_the_allergy_is_to(desk, clinic):
    patient = make_patient(clinic)
    url = reverse("patients:add-flag", args=[patient.public_id])

    refused = desk.post(url, {"kind": "allergy_class", "since_on": "2026-03-02"})
    desk.post(url, {"kind": "allergy_class", "value": "Amide", "since_on": "2026-03-02"})

    assert "Say what the allergy is to" in _words(refused)
    assert "Allergy: Amide anaesthetics" in _words(desk.get(_page(patient)))


def test_an_allergy_since_a_day_to_come_is_refused_beside_the_day(desk, clinic):
    patient = make_patient(clinic)
    sent = {"kind": "allergy_material", "value": "latex", "since_on": "2099-01-01"}

    page = desk.post(reverse("patients:add-flag", args=[patient.public_id]), sent)

    assert page.context["form"].errors == {"since_on": ["This day is still to come. Choose today or an earlier day."]}
    assert 'id="id_since_on_error"' in page.content.decode()
    assert not patient.flags.exists()


def test_consent_names_its_text_version_giver_and_role_and_can_be_withdrawn(desk, clinic):
    horse = make_horse(clinic, owner="Chloé Martin")
    text = ConsentText.objects.create(clinic=clinic, kind="off_label", version=3, title="Off-label", body="…")
    owner = horse.party_links.get().party
    given = {"text": text.pk, "given_by": owner.public_id, "given_as": "owner", "given_on": "2026-03-02"}

    desk.post(reverse("patients:give-consent", args=[horse.public_id]), {**given, "method": "paper"})
    consent = horse.consents.get()
    words = _words(desk.get(_page(horse)))
    url = reverse("patients:withdraw-consent", args=[horse.public_id, consent.public_id])
    too_early = desk.post(url, {"on": "2026-03-01"})
    desk.post(url, {"on": "2026-03-03"})

    consent.refresh_from_db()
    assert consent.given_by_party == owner
    assert "version 3" in words
    assert "Chloé Martin (Owner)" in words
    assert "before it was given" in _words(too_early)
    assert consent.withdrawn_on == date(2026, 3, 3)


def test_a_replaced_chip_ends_and_still_finds_the_horse(desk, clinic):
    horse = make_horse(clinic, name="Bella")
    chip = identifiers.add_identifier(actor=None, patient=horse, scheme="microchip", value="250269812345678")

    desk.post(reverse("patients:end-identifier", args=[horse.public_id, chip.pk]), {"on": "2026-03-02"})

    assert "Bella" in _words(desk.get(reverse("patients:list"), {"q": "250269812345678"}))


def test_merging_and_undoing_by_page(clinic):
    browser = _browser(clinic, Role.MANAGER)
    kept, other = make_patient(clinic, name="Ann Berg"), make_patient(clinic, name="Anne Berg")
    url = reverse("patients:merge", args=[kept.public_id])

    assert "Anne Berg" in _words(browser.get(url))
    browser.post(url, {"other": other.public_id})
    assert browser.get(_page(other))["Location"] == _page(kept)
    assert "Merged before" in _words(browser.get(url))
    browser.post(reverse("patients:undo-merge", args=[kept.merges_kept.get().public_id]))

    assert browser.get(_page(other)).status_code == 200


def test_undoing_a_merge_says_what_was_changed_since_and_stays(clinic):
    browser = _browser(clinic, Role.MANAGER)
    kept, other = make_patient(clinic, name="Ann Berg"), make_patient(clinic, name="Anne Berg")
    browser.post(reverse("patients:merge", args=[kept.public_id]), {"other": other.public_id})
    Patient.objects.filter(pk=kept.pk).update(address="New Road 1")

    answer = browser.post(reverse("patients:undo-merge", args=[kept.merges_kept.get().public_id]), follow=True)

    assert "Changed in this file since they were merged, and kept here: address." in _words(answer)


def test_files_that_disagree_on_the_food_chain_say_so_when_they_are_merged(clinic):
    browser = _browser(clinic, Role.MANAGER)
    kept, other = make_horse(clinic, food_chain="food_animal"), make_horse(clinic, food_chain="signed_out")

    answer = browser.post(reverse("patients:merge", args=[kept.public_id]), {"other": other.public_id}, follow=True)

    assert "Look at the passport." in _words(answer)


def test_a_strangers_file_cannot_be_merged_in(clinic):
    browser = _browser(clinic, Role.MANAGER)
    url = reverse("patients:merge", args=[make_patient(clinic).public_id])

    assert browser.post(url, {"other": make_patient(make_clinic()).public_id}).status_code == 404
    assert browser.post(url, {"other": "x"}).status_code == 404


def test_search_answers_a_page_and_a_program(desk, clinic):
    make_patient(clinic, name="Zoë Müller")
    url = reverse("patients:search")

    page = desk.get(url, {"q": "muller"}, headers={"Accept": "text/html"})
    program = desk.get(url, {"q": "muller"}, headers={"Accept": "application/json"})

    assert "Zoë Müller" in _words(page)
    assert program.json()["patients"][0]["name"] == "Zoë Müller"


@pytest.mark.parametrize(
    "asked",
    [
        {"q": "\x00"},
        {"q": "x" * 10_000},
        {"page": "-3"},
        {"page": "9" * 40},
        {"sort": "password"},
        {"state": "?", "species": "\x00"},
        {"sort": "-birth", "state": "all", "species": "horse"},
    ],
)
def test_the_list_takes_any_address(desk, clinic, asked):
    make_horse(clinic)

    assert desk.get(reverse("patients:list"), asked).status_code == 200


def test_the_list_filters_by_kind_and_by_closed_files(desk, clinic):
    make_horse(clinic, name="Bella")
    make_patient(clinic, name="Zoë")

    horses = _words(desk.get(reverse("patients:list"), {"species": "horse"}))
    closed = _words(desk.get(reverse("patients:list"), {"state": "ended"}))

    assert "Bella" in horses
    assert "Zoë" not in horses
    assert "Bella" not in closed


def _statements(desk, django_assert_max_num_queries, url):
    with django_assert_max_num_queries(40) as counted:
        assert desk.get(url).status_code == 200
    return len(counted)


def test_the_list_asks_as_often_for_many_as_for_few(desk, clinic, django_assert_max_num_queries):
    for _index in range(10):
        make_horse(clinic)
    desk.get(reverse("patients:list"))
    few = _statements(desk, django_assert_max_num_queries, reverse("patients:list"))
    Patient.objects.bulk_create(
        Patient(clinic=clinic, species=make_species()["human"], number=1000 + n, name=f"P {n}") for n in range(1000)
    )

    assert _statements(desk, django_assert_max_num_queries, reverse("patients:list")) == few


def test_the_page_asks_as_often_for_a_long_story_as_for_a_short_one(clinic, django_assert_max_num_queries):
    browser = _browser(clinic, Role.PRACTITIONER, Role.MANAGER)
    horse = make_horse(clinic)
    browser.get(_page(horse))
    few = _statements(browser, django_assert_max_num_queries, _page(horse))
    for number in range(8):
        flags.add_flag(actor=None, patient=horse, kind="other", text=f"note {number}")
        parties.add_party(actor=None, patient=horse, role="trainer", name=f"T {number}")
        identifiers.add_identifier(actor=None, patient=horse, scheme="other", value=f"N{number}")

    assert _statements(browser, django_assert_max_num_queries, _page(horse)) == few
