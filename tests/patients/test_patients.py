"""Registering, changing and ending patients."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from patients.models import Patient, SearchWord
from patients.models.flags import FlagKind
from patients.queries import parties as party_queries
from patients.queries import patients as queries
from patients.services import flags, identifiers, parties
from patients.services import patients as services
from protocols.dosing import shipped
from protocols.models import Substance
from tests.factories import make_clinic, make_horse, make_patient

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)


def test_file_numbers_count_up_from_one_in_every_clinic():
    first, second = make_clinic(), make_clinic()

    numbers = [make_patient(clinic).number for clinic in (first, first, second)]

    assert numbers == [1, 2, 1]


def test_a_form_sent_twice_registers_one_patient():
    clinic, token = make_clinic(), uuid.uuid4()

    once = make_patient(clinic, public_id=token)
    again = make_patient(clinic, public_id=token)

    assert once.pk == again.pk
    assert Patient.objects.count() == 1


def test_registering_is_in_the_audit_trail():
    patient = make_patient(make_clinic())

    assert AuditEvent.objects.get(verb="patient.registered").patient_id == patient.pk


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "   "}, "name"),
        ({"name": "x" * 10_000}, "name"),
        ({"name": "A\x00B"}, "name"),
        ({"birth_on": date(9999, 1, 1)}, "birth_on"),
        ({"weight_kg": Decimal("-4")}, "weight_kg"),
        ({"weight_kg": Decimal("1e9")}, "weight_kg"),
        ({"email": "nobody"}, "email"),
        ({"food_chain": "eaten"}, "food_chain"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_nothing_is_kept(fields, field):
    clinic = make_clinic()

    with pytest.raises(Refused) as refused:
        make_horse(clinic, **fields) if "food_chain" in fields else make_patient(clinic, **fields)

    assert refused.value.field in (field, None)
    assert refused.value.message
    assert not Patient.objects.exists()


def test_a_name_may_hold_emoji_and_any_script():
    patient = make_patient(make_clinic(), name="Zoë 🐎 Олена")

    assert Patient.objects.get(pk=patient.pk).name == "Zoë 🐎 Олена"


def test_the_second_of_two_people_editing_is_told():
    patient = make_patient(make_clinic())
    services.update_patient(actor=None, patient=patient, edit_count=0, colour="a")

    with pytest.raises(Refused, match="Somebody else") as refused:
        services.update_patient(actor=None, patient=patient, edit_count=0, colour="b")

    assert refused.value.code == "edited-meanwhile"


def test_people_have_no_food_chain_and_horses_count_as_food_animals_until_asked():
    clinic = make_clinic()

    person = make_patient(clinic, food_chain="signed_out")
    horse = make_horse(clinic, food_chain="")

    assert person.food_chain == ""
    assert horse.food_chain == "not_asked"


def test_signing_out_of_the_food_chain_is_permanent_unless_it_was_a_mistake():
    """DOMAIN section 2.4. A horse taken for signed out may be given what must not be eaten."""
    horse = make_horse(make_clinic(), food_chain="signed_out", food_chain_seen_on=date(2025, 3, 1))

    for said in ("food_animal", "not_asked", ""):
        with pytest.raises(Refused) as refused:
            services.update_patient(actor=None, patient=horse, food_chain=said, today=TODAY)
        assert (refused.value.code, refused.value.field) == ("signed-out", "food_chain")
    services.update_patient(actor=None, patient=horse, breed="Arab", today=TODAY)
    services.update_patient(actor=None, patient=horse, food_chain="signed_out", today=TODAY)
    horse = services.update_patient(
        actor=None, patient=horse, food_chain="not_asked", food_chain_mistaken=True, today=TODAY
    )

    assert horse.food_chain == "not_asked"
    [change] = AuditEvent.objects.filter(verb="patient.updated").latest("pk").changes
    assert (change["field"], change["old"], change["new"]) == ("food_chain", "signed_out", "not_asked")


def test_a_passport_is_not_seen_in_days_to_come():
    with pytest.raises(Refused) as refused:
        make_horse(make_clinic(), food_chain="signed_out", food_chain_seen_on=date(2126, 1, 1))

    assert refused.value.field == "food_chain_seen_on"


def test_ending_a_file_says_when_and_why_and_can_be_taken_back():
    patient = make_patient(make_clinic())

    ended = services.end_patient(actor=None, patient=patient, on=TODAY, reason="died", today=TODAY)
    assert (ended.ended_on, ended.end_reason) == (TODAY, "died")
    with pytest.raises(Refused):
        services.end_patient(actor=None, patient=patient, on=TODAY, reason="died", today=TODAY)

    assert services.reopen_patient(actor=None, patient=patient).ended_on is None


@pytest.mark.parametrize(
    ("scheme", "typed", "kept"),
    [
        ("microchip", "250-2698 1234 5678", "250269812345678"[:15]),
        ("ueln", "fra 001 12345678x", "FRA00112345678X"),
        ("fei", " 104 AB12 ", "104 AB12"),
    ],
)
def test_numbers_are_written_one_way(scheme, typed, kept):
    assert identifiers.normalised(scheme, typed) == kept


@pytest.mark.parametrize(
    ("scheme", "typed"),
    [("microchip", "12345"), ("microchip", "25026981234567x"), ("microchip", "٢٥٠٢٦٩٨١٢٣٤٥٦٧٨"), ("ueln", "FRA00112")],
)
def test_a_misspelt_chip_or_ueln_is_refused_in_words(scheme, typed):
    horse = make_horse(make_clinic())

    with pytest.raises(Refused, match="exactly 15") as refused:
        identifiers.add_identifier(actor=None, patient=horse, scheme=scheme, value=typed)

    assert refused.value.field == "value"


def test_one_chip_is_not_in_two_files_of_a_clinic_but_may_be_in_two_clinics():
    clinic = make_clinic()
    first, second = make_horse(clinic), make_horse(clinic)
    identifiers.add_identifier(actor=None, patient=first, scheme="microchip", value="250269812345678")

    with pytest.raises(Refused) as refused:
        identifiers.add_identifier(actor=None, patient=second, scheme="microchip", value="250269812345678")
    assert refused.value.details["other"] == first

    elsewhere = make_horse(make_clinic())
    identifiers.add_identifier(actor=None, patient=elsewhere, scheme="microchip", value="250269812345678")


def test_two_chips_in_one_horse_each_have_their_days():
    horse = make_horse(make_clinic())
    old = identifiers.add_identifier(actor=None, patient=horse, scheme="microchip", value="250269812345678")
    identifiers.end_identifier(actor=None, identifier=old, on=TODAY)

    identifiers.add_identifier(actor=None, patient=horse, scheme="microchip", value="250269812345679", from_on=TODAY)

    assert horse.identifiers.count() == 2


def test_the_newest_weight_counts_on_its_day():
    horse = make_horse(make_clinic(), weight_kg=None)
    for day, kg in ((1, 480), (20, 510)):
        services.record_weight(
            actor=None, patient=horse, weight_kg=Decimal(kg), weighed_on=date(2026, 2, day), today=TODAY
        )

    assert queries.banner(horse, TODAY).weight == 510
    assert queries.mix_patients([horse], date(2026, 2, 10))[horse.pk].weight_kg == 480


def test_a_weight_typed_twice_is_one_row():
    horse = make_horse(make_clinic())

    for _click in range(2):
        services.record_weight(actor=None, patient=horse, weight_kg=Decimal(480), weighed_on=TODAY, today=TODAY)

    assert horse.weights.filter(weight_kg=480).count() == 1


def test_the_allergy_status_follows_the_list():
    patient = make_patient(make_clinic())
    assert queries.banner(patient, TODAY).allergies.state == "not_asked"

    services.set_allergies(actor=None, patient=patient, status="none_known", asked_on=TODAY, today=TODAY)
    patient.refresh_from_db()
    assert queries.banner(patient, TODAY).allergies.state == "none_known"

    flag = flags.add_flag(actor=None, patient=patient, kind="allergy_class", value="Amide", today=TODAY)
    patient.refresh_from_db()
    assert queries.banner(patient, TODAY).allergies.items == ("Allergy: Amide anaesthetics",)
    assert queries.mix_patients([patient], TODAY)[patient.pk].allergies == {"amide"}
    with pytest.raises(Refused, match="lists allergies"):
        services.set_allergies(actor=None, patient=patient, status="none_known", today=TODAY)

    flags.end_flag(actor=None, flag=flag, on=TODAY, today=TODAY)
    patient.refresh_from_db()
    assert patient.allergy_status == "not_asked"


def test_a_flag_is_shown_only_while_it_holds():
    patient = make_patient(make_clinic())
    flags.add_flag(
        actor=None, patient=patient, kind="pregnancy", since_on=TODAY, until_on=date(2026, 11, 30), today=TODAY
    )

    assert [flag.text for flag in queries.banner(patient, TODAY).flags] == ["Pregnancy"]
    assert queries.mix_patients([patient], TODAY)[patient.pk].pregnant
    assert not queries.banner(patient, date(2026, 12, 1)).flags


@pytest.mark.parametrize("kind", sorted(set(FlagKind) - {"behaviour", "competition", "other", *queries.ALLERGIES}))
def test_every_medical_flag_of_a_file_is_heard_by_the_mix_check(kind):
    patient = make_patient(make_clinic())
    flags.add_flag(actor=None, patient=patient, kind=kind, since_on=TODAY, today=TODAY)

    heard = queries.mix_patients([patient], TODAY)[patient.pk].all_flags

    assert heard & {rule.flag for rule in shipped.FLAG_RULES}


def test_an_allergy_says_to_what():
    with pytest.raises(Refused, match="to"):
        flags.add_flag(actor=None, patient=make_patient(make_clinic()), kind="allergy_material", today=TODAY)


def test_a_sold_horse_shows_its_new_owner_and_nobody_before():
    horse = make_horse(make_clinic(), owner="Anna Alt", registered_on=date(2026, 1, 5))
    parties.add_party(actor=None, patient=horse, role="trainer", name="Tom Trainer", from_on=date(2026, 1, 5))
    parties.add_party(actor=None, patient=horse, role="referrer", name="Dr Vet", from_on=date(2026, 1, 5))

    parties.transfer_ownership(actor=None, patient=horse, on=TODAY, name="Nora Neu", phone="+33639980000", today=TODAY)

    assert [one.name for one in queries.banner(horse, TODAY).contacts] == ["Nora Neu", "Dr Vet"]
    assert queries.banner(horse, date(2026, 3, 1)).contacts[0].name == "Anna Alt"
    found = [row.name for row in party_queries.earlier_contacts(horse, TODAY)]
    assert sorted(found) == ["Anna Alt", "Tom Trainer"]


@pytest.mark.parametrize("sold_on", [date(2026, 3, 2), date(2026, 2, 27)])
def test_a_horse_sold_on_the_day_its_owner_came_shows_the_new_one_at_once(sold_on):
    horse = make_horse(make_clinic(), owner="Anna Alt", registered_on=TODAY)

    parties.transfer_ownership(actor=None, patient=horse, on=sold_on, name="Nora Neu", today=TODAY)

    assert [one.name for one in queries.banner(horse, TODAY).contacts] == ["Nora Neu"]
    assert [row.name for row in party_queries.earlier_contacts(horse, TODAY)] == ["Anna Alt"]


@pytest.mark.parametrize("last_on", [TODAY, date(2026, 3, 20)])
@pytest.mark.parametrize("sold_on", [TODAY, date(2026, 2, 27)])
def test_a_sale_ends_the_former_owner_who_had_a_last_day_too(sold_on, last_on):
    horse = make_horse(make_clinic(), owner="Anna Alt", registered_on=date(2026, 1, 5))
    parties.end_party(actor=None, link=horse.party_links.get(), on=last_on)

    parties.transfer_ownership(actor=None, patient=horse, on=sold_on, name="Nora Neu", today=TODAY)

    assert [one.name for one in queries.banner(horse, sold_on).contacts] == ["Nora Neu"]
    assert [row.name for row in party_queries.earlier_contacts(horse, TODAY)] == ["Anna Alt"]
    assert not SearchWord.objects.filter(patient=horse, word=b"anna").exists()


def test_a_sale_told_late_corrects_who_owned_it_that_day_and_leaves_what_else_is_over():
    horse = make_horse(make_clinic(), owner="Anna Alt", registered_on=date(2026, 1, 5))
    parties.end_party(actor=None, link=horse.party_links.get(), on=date(2026, 2, 20))
    paid = parties.add_party(actor=None, patient=horse, role="payer", name="Paul Payer", from_on=date(2026, 2, 12))
    parties.end_party(actor=None, link=paid, on=date(2026, 2, 20))

    parties.transfer_ownership(actor=None, patient=horse, on=date(2026, 2, 10), name="Nora Neu", today=TODAY)

    until = {row.party.name: row.until_on for row in horse.party_links.select_related("party")}
    assert until == {"Anna Alt": date(2026, 2, 9), "Paul Payer": date(2026, 2, 20), "Nora Neu": None}


def test_a_sale_leaves_the_last_day_of_who_ended_before_it():
    horse = make_horse(make_clinic(), owner="Anna Alt", registered_on=date(2026, 1, 5))
    parties.end_party(actor=None, link=horse.party_links.get(), on=date(2026, 2, 1))

    parties.transfer_ownership(actor=None, patient=horse, on=TODAY, name="Nora Neu", today=TODAY)

    assert horse.party_links.get(party__name="Anna Alt").until_on == date(2026, 2, 1)


def test_an_owner_who_was_ended_by_mistake_may_own_again_from_the_same_day():
    horse = make_horse(make_clinic(), owner="Anna Alt", registered_on=date(2026, 1, 5))
    link = parties.end_party(actor=None, link=horse.party_links.get(), on=TODAY)

    parties.transfer_ownership(actor=None, patient=horse, on=TODAY, party=link.party, today=TODAY)

    assert [one.name for one in queries.banner(horse, TODAY).contacts] == ["Anna Alt"]


def test_a_sale_is_noted_on_the_day_it_happens():
    horse = make_horse(make_clinic())

    with pytest.raises(Refused) as refused:
        parties.transfer_ownership(actor=None, patient=horse, on=date(2026, 3, 3), name="Nora", today=TODAY)

    assert refused.value.code == "in-future"
    assert horse.party_links.get().until_on is None


def test_guardianship_ends_at_majority():
    patient = make_patient(make_clinic(), birth_on=date(2008, 3, 2), registered_on=date(2026, 1, 5))
    parties.add_party(actor=None, patient=patient, role="guardian", name="Mother", from_on=date(2026, 1, 5))

    assert [one.name for one in queries.banner(patient, date(2026, 3, 1)).contacts] == ["Mother"]
    assert not queries.banner(patient, date(2026, 3, 2)).contacts


@pytest.mark.parametrize(
    ("born", "last_on"),
    [
        (date(2008, 3, 2), date(2026, 3, 1)),
        (date(2008, 2, 29), date(2026, 2, 28)),
        (date(2010, 2, 28), date(2028, 2, 27)),
        (date(2010, 3, 1), date(2028, 2, 29)),
        (date(2008, 1, 1), date(2025, 12, 31)),
        (date(2007, 12, 31), date(2025, 12, 30)),
    ],
)
def test_the_database_tells_the_day_of_majority_as_the_file_does(born, last_on):
    patient = make_patient(make_clinic(), birth_on=born)
    parties.add_party(actor=None, patient=patient, role="guardian", name="Mother", from_on=date(2020, 1, 5))
    next_on = last_on + timedelta(days=1)

    assert party_queries.majority_on(patient) == next_on
    assert party_queries.current_contacts(patient, last_on)
    assert not party_queries.earlier_contacts(patient, last_on)
    assert not party_queries.current_contacts(patient, next_on)
    assert party_queries.earlier_contacts(patient, next_on)


def test_guardianship_of_who_has_no_birth_date_goes_on():
    patient = make_patient(make_clinic(), birth_on=None)
    parties.add_party(actor=None, patient=patient, role="guardian", name="Mother", from_on=date(2020, 1, 5))

    assert party_queries.current_contacts(patient, TODAY)
    assert not party_queries.earlier_contacts(patient, TODAY)


def test_a_party_or_place_of_another_clinic_is_refused():
    patient, stranger = make_patient(make_clinic()), parties.create_party(actor=None, clinic=make_clinic(), name="X")

    with pytest.raises(Refused):
        parties.add_party(actor=None, patient=patient, role="payer", party=stranger)


def test_a_list_of_allergies_that_has_run_out_counts_as_not_asked():
    patient = make_patient(make_clinic())
    flags.add_flag(
        actor=None,
        patient=patient,
        kind="allergy_class",
        value="amide",
        until_on=date(2026, 3, 1),
        since_on=date(2026, 1, 2),
    )
    patient.refresh_from_db()

    assert queries.mix_patients([patient], date(2026, 3, 1))[patient.pk].allergy_state == "listed"
    assert queries.mix_patients([patient], TODAY)[patient.pk].allergy_state == "not_asked"
    assert queries.banner(patient, TODAY).allergies.state == "not_asked"


@pytest.mark.parametrize("kind", sorted(set(FlagKind) - {"anticoagulant", "competition", "other"}))
def test_what_cannot_be_planned_is_no_flag_from_a_day_to_come(kind):
    patient = make_patient(make_clinic())
    to_what = {"value": "latex"} if kind in queries.ALLERGIES[1:] else {"text": "kicks"}
    if kind == "allergy_substance":
        to_what = {"substance": Substance.objects.create(clinic=patient.clinic, name="Procaine")}

    with pytest.raises(Refused, match="still to come") as refused:
        flags.add_flag(actor=None, patient=patient, kind=kind, since_on=date(2026, 3, 3), **to_what, today=TODAY)

    assert refused.value.field == "since_on"
    assert not patient.flags.exists()


@pytest.mark.parametrize("kind", ["anticoagulant", "competition", "other"])
def test_what_is_planned_is_a_flag_from_its_day_on(kind):
    patient = make_patient(make_clinic())
    flags.add_flag(actor=None, patient=patient, kind=kind, text="next month", since_on=date(2026, 4, 1), today=TODAY)

    assert not queries.banner(patient, TODAY).flags
    assert queries.banner(patient, date(2026, 4, 1)).flags


def test_none_known_is_refused_while_an_allergy_with_a_last_day_still_holds():
    patient = make_patient(make_clinic())
    noted = {"kind": "allergy_class", "value": "amide", "until_on": date(2026, 3, 3)}
    flags.add_flag(actor=None, patient=patient, **noted, today=TODAY)

    with pytest.raises(Refused, match="lists allergies"):
        services.set_allergies(actor=None, patient=patient, status="none_known", today=TODAY)
    answered = services.set_allergies(actor=None, patient=patient, status="none_known", today=date(2026, 3, 4))

    assert queries.banner(answered, date(2026, 3, 4)).allergies.state == "none_known"


@pytest.mark.parametrize(("last_on", "status"), [(TODAY, "not_asked"), (date(2026, 3, 3), "listed")])
def test_the_file_says_listed_until_the_last_allergy_has_ended(last_on, status):
    patient = make_patient(make_clinic())
    flag = flags.add_flag(actor=None, patient=patient, kind="allergy_class", value="amide", today=TODAY)

    flags.end_flag(actor=None, flag=flag, on=last_on, today=TODAY)

    patient.refresh_from_db()
    assert patient.allergy_status == status
    assert queries.banner(patient, TODAY).allergies.state == "listed"
    assert queries.banner(patient, date(2026, 3, 4)).allergies.state == "not_asked"


def test_a_file_is_begun_at_the_moment_the_service_is_told():
    moment = datetime(2026, 1, 5, 9, tzinfo=UTC)

    assert make_patient(make_clinic(), now=moment).created_at == moment
