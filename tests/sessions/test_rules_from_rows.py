"""Each number of the mix check, from the row a clinic keeps it in, through the page of a record, to its finding.

The engine has tables of its own; here a row is changed and the page must say so. A rule that is not wired from its row,
or whose finding does not reach the page, turns one of these red. Every case stands beside its harmless neighbour.
"""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
import time_machine

from patients.models import Patient
from patients.services.flags import add_flag
from protocols.models import MixLimit, ProtocolVersion, Substance, Technique
from sessions.models import Administration, SessionRecord
from sessions.queries.prescriptions import mix_for
from sessions.services import records
from tests.factories import make_appointment, make_protocol_version, make_substance
from tests.sessions.booking_world import MONDAY, at
from tests.sessions.record_world import book_session, done, lifted_everywhere, record_world, sign, start
from tests.sessions.test_record_pages import page_data, signed_in, url
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    """A session in which 2 mL of lidocaine at 10 mg/mL, 20 mg, and 1 mL of a vasodilator are to be given."""
    with time_machine.travel(at("10:15"), tick=False):
        yield record_world()


@shared
def horse_world():
    with time_machine.travel(at("10:15"), tick=False):
        yield record_world(species="horse")


def found(world, record: SessionRecord, **typed: str) -> dict[str, tuple[str, str]]:
    """What the page says of the record as typed: {rule: (level, sentence)}."""
    browser = signed_in(world.doctor_user)
    page = browser.post(url("record-check", record), {**page_data(browser, record), **typed})
    html = " ".join(unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())
    said = {}
    for one, line in zip(page.context["check"].findings, page.context["check"].lines, strict=True):
        assert " ".join(line["text"].replace("\u00a0", " ").split()) in html.replace("\u00a0", " "), one.rule
        said[one.rule] = (line["level"], line["text"].replace("\u00a0", " "))
    return said


def substance(world, **columns) -> None:
    Substance.objects.filter(pk=world.lidocaine.pk).update(**columns)


def traits(world, **more) -> None:
    substance(world, traits=(world.lidocaine.traits or {}) | more)


def protocol(world, **columns) -> None:
    """Give the version prescribed other numbers, though it is frozen since: a row as if it had been written so."""
    with lifted_everywhere():
        ProtocolVersion.objects.filter(pk=world.version.pk).update(**columns)


def second(world, **ago) -> SessionRecord:
    """The second session's record, begun now, the first having been given a while before."""
    first = done(world)
    record = start(world, book_session(world, 2))
    SessionRecord.objects.filter(pk=first.pk).update(performed_at=now_of(record) - timedelta(**ago))
    return record


def now_of(record: SessionRecord):
    return record.appointment.starts_at


def at_second(world, record: SessionRecord, **typed: str) -> dict[str, tuple[str, str]]:
    with time_machine.travel(now_of(record), tick=False):
        return found(world, record, **typed)


def places(points: int, each: str = "", depth: str = "") -> dict[str, str]:
    row = {"sites-TOTAL_FORMS": "1", "sites-INITIAL_FORMS": "0", "sites-0-region": "Neck", "sites-0-syringe": "A"}
    return row | {"sites-0-points": str(points), "sites-0-volume_per_point_ml": each, "sites-0-depth_mm": depth}


# Ceilings


@pytest.mark.parametrize(
    ("column", "rule"),
    [("max_mg_per_session", "dose.over_session_ceiling"), ("max_mg_per_kg", "dose.over_weight_ceiling")],
)
def test_the_ceiling_of_a_session_is_the_rows(world, column, rule):
    record = start(world)
    per = Decimal(70) if column == "max_mg_per_kg" else Decimal(1)
    substance(world, **{column: Decimal(20) / per + Decimal("0.001")})
    assert rule not in found(world, record)

    substance(world, **{column: Decimal("19.6") / per})

    level, words = found(world, record)[rule]
    assert level == "block"
    assert "Lidocaine" in words


@pytest.mark.parametrize(("hours", "is_told"), [(23, True), (25, False)])
def test_the_ceiling_in_24_hours_counts_what_was_given_in_them(world, hours, is_told):
    substance(world, max_mg_per_24h=Decimal(39))
    record = second(world, hours=hours)

    said = at_second(world, record)

    assert ("dose.over_day_ceiling" in said) is is_told
    if is_told:
        level, words = said["dose.over_day_ceiling"]
        assert level == "block"
        assert "40 mg in 24 hours (20 mg before) is above the ceiling of 39 mg" in words
        substance(world, max_mg_per_24h=Decimal(40))
        assert "dose.over_day_ceiling" not in at_second(world, record)


def test_the_ceiling_in_24_hours_counts_another_course_and_what_is_signed_but_nothing_withdrawn(world):
    substance(world, max_mg_per_24h=Decimal(39))
    record = second(world, hours=3)
    first = SessionRecord.objects.exclude(pk=record.pk).get()
    SessionRecord.objects.filter(pk=first.pk).update(course=None, planned_session=None)
    sign(world, first)
    assert "dose.over_day_ceiling" in at_second(world, record)

    words = {"text": "Wrong horse", "reason": "Mixed up"}
    records.add_addendum(actor=world.doctor_user, record=first, kind="withdrawal", **words, now=at("19:00"))

    assert "dose.over_day_ceiling" not in at_second(world, record)


@pytest.mark.parametrize(("hours", "is_told"), [(23, True), (24, False)])
def test_a_late_entry_hears_of_what_was_given_after_it_and_entered_first(world, hours, is_told):
    """The sheet of the morning is typed in at night, when the record of the afternoon has long been done."""
    substance(world, max_mg_per_24h=Decimal(39))
    traits(world, minutes_between=24 * 60)
    record = second(world, hours=-hours)
    SessionRecord.objects.exclude(pk=record.pk).update(course=None, planned_session=None)

    said = at_second(world, record)

    assert ("dose.over_day_ceiling" in said) is is_told
    assert ("dose.repeated_too_soon" in said) is is_told
    if is_told:
        level, words = said["dose.over_day_ceiling"]
        assert level == "block"
        assert "40 mg in 24 hours (20 mg at other sessions) is above the ceiling of 39 mg" in words
        assert "1380 minutes before the next dose" in said["dose.repeated_too_soon"][1]


def test_the_ceiling_of_a_course_counts_its_sessions_however_long_ago(world):
    substance(world, max_mg_per_course=Decimal(39))
    record = second(world, days=6)

    level, words = at_second(world, record)["dose.over_course_ceiling"]
    assert level == "block"
    assert "40 mg in this course is above the ceiling of 39 mg" in words

    substance(world, max_mg_per_course=Decimal(40))
    assert "dose.over_course_ceiling" not in at_second(world, record)


def test_a_late_entry_is_held_to_what_its_course_gave_weeks_after_it(world):
    """The sheet of the first session is found when the second is long recorded."""
    substance(world, max_mg_per_course=Decimal(39))
    traits(world, days_per_course=1)
    record = second(world, days=-6)

    said = at_second(world, record)

    level, words = said["dose.over_course_ceiling"]
    assert level == "block"
    assert "40 mg in this course is above the ceiling of 39 mg" in words
    assert said["dose.over_course_days"][0] == "warn"
    assert "dose.over_day_ceiling" not in said
    SessionRecord.objects.exclude(pk=record.pk).update(course=None, planned_session=None)
    assert not {"dose.over_course_ceiling", "dose.over_course_days"} & at_second(world, record).keys()


def test_the_ceiling_of_a_course_is_not_touched_by_what_another_course_got(world):
    substance(world, max_mg_per_course=Decimal(39))
    record = second(world, days=6)
    SessionRecord.objects.exclude(pk=record.pk).update(course=None, planned_session=None)

    assert "dose.over_course_ceiling" not in at_second(world, record)


def uncounted(world, ceilings, hours):
    """What is said of a lidocaine without a strength, given so many hours before the second session of its course."""
    substance(world, strength=None, strength_unit="")
    traits(world, **ceilings.pop("traits", {}))
    substance(world, **ceilings)
    record = second(world, hours=hours)
    rows = Administration.objects.exclude(record=record).filter(substance=world.lidocaine)
    rows.update(strength=None, strength_unit="")
    return at_second(world, record).get("dose.uncounted")


DAY, WEEK = 23, 7 * 24


@pytest.mark.parametrize(
    ("ceilings", "hours", "is_told"),
    [
        ({"max_mg_per_session": Decimal(300)}, DAY, True),
        ({"max_mg_per_kg": Decimal(4)}, DAY, True),
        ({"max_mg_per_24h": Decimal(300)}, DAY, True),
        ({"max_mg_per_session": Decimal(300), "max_mg_per_24h": Decimal(300)}, WEEK, False),
        ({"max_mg_per_course": Decimal(900)}, WEEK, True),
        ({"traits": {"minutes_between": 90, "days_per_course": 5}}, DAY, False),
        ({}, DAY, False),
    ],
)
def test_a_dose_of_another_session_is_told_where_a_ceiling_would_count_it_and_cannot(world, ceilings, hours, is_told):
    """A strength nobody noted makes no milligrams: the sum would be too low and say nothing."""
    said = uncounted(world, {"max_mg_per_session": None, **ceilings}, hours)

    assert (said is not None) is is_told
    if said is not None:
        assert said == (
            "warn",
            "Lidocaine was given at another session too, and how many mg that was is not known: no ceiling counts that dose. "
            "Add it by hand.",
        )


def test_a_dose_whose_milligrams_are_known_is_in_the_sums(world):
    substance(world, max_mg_per_session=Decimal(300))

    assert "dose.uncounted" not in at_second(world, second(world, hours=3))


@pytest.mark.parametrize(("minutes", "is_told"), [(89, True), (90, False)])
def test_ninety_minutes_between_two_doses_are_the_rows(world, minutes, is_told):
    traits(world, minutes_between=90)
    record = second(world, minutes=minutes)

    said = at_second(world, record)

    assert ("dose.repeated_too_soon" in said) is is_told
    if is_told:
        assert said["dose.repeated_too_soon"][0] == "warn"
        assert "89 minutes after the last dose; the label asks for 90" in said["dose.repeated_too_soon"][1]
        traits(world, minutes_between=None)
        assert "dose.repeated_too_soon" not in at_second(world, record)


# Depth, needle, shots, volumes


def test_the_protocols_depth_comes_first_then_the_techniques(world):
    record = start(world)
    protocol(world, depth_min_mm=Decimal(2), depth_max_mm=Decimal(3))
    Technique.objects.filter(pk=world.technique.pk).update(depth_min_mm=Decimal(1), depth_max_mm=Decimal(2))
    typed = {"shots": "20", "depth_mm": "4"}

    assert "outside the protocol's 2 to 3 mm" in found(world, record, **typed)["depth.protocol"][1]
    assert "depth.protocol" not in found(world, record, **typed | {"depth_mm": "3"})

    protocol(world, depth_min_mm=None, depth_max_mm=None)
    assert "outside this technique's 1 to 2 mm" in found(world, record, **typed)["depth.technique"][1]
    assert "depth.technique" not in found(world, record, **typed | {"depth_mm": "2"})


def test_the_usual_depth_is_the_clinics_own_number(world):
    record = start(world)
    protocol(world, depth_min_mm=None, depth_max_mm=None)
    Technique.objects.filter(pk=world.technique.pk).update(depth_min_mm=None, depth_max_mm=None)
    typed = {"shots": "20", "depth_mm": "7"}
    assert found(world, record, **typed)["depth.unusual"][0] == "warn"

    MixLimit.objects.create(clinic=world.clinic, code="depth_mm.high", value=Decimal(7), source="Meeting")

    assert "depth.unusual" not in found(world, record, **typed)


@pytest.mark.parametrize("where", ["record", "place"])
def test_a_depth_beyond_the_needle_is_a_block(world, where):
    record = start(world)
    typed = {"needle_length_mm": "4"}
    typed |= {"shots": "20", "depth_mm": "4.5"} if where == "record" else places(20, depth="4.5")

    assert found(world, record, **typed)["depth.beyond_needle"][0] == "block"
    assert "depth.beyond_needle" not in found(world, record, **typed | {"needle_length_mm": "4.5"})


def test_the_shots_are_the_protocols_else_the_clinics_usual(world):
    record = start(world)
    protocol(world, shots_min=20, shots_max=30)
    assert "31 shots are outside the protocol's 20 to 30" in found(world, record, **places(31))["shots.protocol"][1]
    assert "shots.protocol" not in found(world, record, **places(30))

    protocol(world, shots_min=None, shots_max=None)
    assert "outside the usual 8 to 300" in found(world, record, shots="301")["shots.unusual"][1]
    MixLimit.objects.create(clinic=world.clinic, code="shots.high", value=Decimal(400), source="Meeting")
    assert "shots.unusual" not in found(world, record, shots="301")


@pytest.mark.parametrize(("points", "is_told"), [(36, False), (37, True), (24, False), (23, True)])
def test_points_times_volume_may_differ_by_a_fifth_from_the_syringe(world, points, is_told):
    record = start(world)

    said = found(world, record, **places(points, each="0.1"))

    assert ("volume.mismatch" in said) is is_told
    if is_told:
        assert said["volume.mismatch"][0] == "warn"
        assert f"holds 3 mL, but the points add up to {points / 10:g} mL" in said["volume.mismatch"][1]
        MixLimit.objects.create(
            clinic=world.clinic, code="volume_mismatch_share", value=Decimal("0.3"), source="Meeting"
        )
        assert "volume.mismatch" not in found(world, record, **places(points, each="0.1"))


def test_the_volume_of_a_point_is_held_against_the_clinics_usual(world):
    record = start(world)
    assert found(world, record, **places(10, each="0.31"))["volume.per_point"][0] == "warn"

    MixLimit.objects.create(
        clinic=world.clinic, code="volume_per_point_ml.high", value=Decimal("0.4"), source="Meeting"
    )

    assert "volume.per_point" not in found(world, record, **places(10, each="0.31"))


# Slips


@pytest.mark.parametrize(
    ("strength", "unit", "rule", "level"),
    [
        ("10", "%", "dose.strength_slip", "block"),
        ("0,1", "%", "dose.strength_slip", "block"),
        ("1", "mg/mL", "dose.strength_slip", "block"),
        ("2", "%", "dose.strength_unusual", "warn"),
        ("1", "%", "", ""),
        ("10", "mg/mL", "", ""),
    ],
)
def test_one_per_cent_for_ten_is_a_slip_against_the_strength_of_the_row(world, strength, unit, rule, level):
    record = start(world)

    said = found(world, record, **{"lines-0-strength": strength, "lines-0-strength_unit": unit})

    strengths = {name: one[0] for name, one in said.items() if name.startswith("dose.strength")}
    assert strengths == ({rule: level} if rule else {})


def test_another_strength_the_row_knows_is_no_slip(world):
    record = start(world)
    typed = {"lines-0-strength": "10", "lines-0-strength_unit": "%"}

    substance(world, other_strengths=[{"strength": "10", "unit": "%"}])

    assert not any(rule.startswith("dose.strength") for rule in found(world, record, **typed))


@pytest.mark.parametrize(("volume", "rule"), [("20", "dose.mg_for_ml"), ("21", "dose.volume_slip"), ("4", "")])
def test_a_volume_is_held_against_the_protocols_line(world, volume, rule):
    record = start(world)

    said = found(world, record, **{"lines-0-prepared_ml": volume, "lines-0-given_ml": volume})

    assert {one for one in said if one in ("dose.mg_for_ml", "dose.volume_slip")} == ({rule} if rule else set())


# Horses that are food


@pytest.mark.parametrize(
    ("status", "use", "rules"),
    [
        ("food_animal", "not_allowed", {"food_chain.not_allowed": "block"}),
        ("food_animal", "essential", {"food_chain.essential": "warn"}),
        ("food_animal", None, {"food_chain.unknown": "warn"}),
        ("food_animal", "allowed", {}),
        ("signed_out", "not_allowed", {}),
        ("not_asked", "not_allowed", {"food_chain.not_allowed": "block", "food_chain.passport_not_seen": "warn"}),
    ],
)
def test_a_horse_in_the_food_chain_is_the_files_row_and_the_use_is_the_substances(horse_world, status, use, rules):
    world = horse_world
    record = start(world)
    Substance.objects.filter(clinic=world.clinic).update(traits={"food_chain": "allowed"})
    traits(world, food_chain=use)
    Patient.objects.filter(pk=world.patient.pk).update(food_chain=status)

    said = found(world, record)

    assert {rule: one[0] for rule, one in said.items() if rule.startswith("food_chain.")} == rules


def test_nobody_asks_whether_a_person_is_food(world):
    traits(world, food_chain="not_allowed")

    assert not any(rule.startswith("food_chain.") for rule in found(world, start(world)))


@pytest.mark.parametrize(("volume", "is_slip"), [("21", True), ("4", False)])
def test_without_a_course_a_slip_is_seen_against_the_volume_of_last_time(world, volume, is_slip):
    done(world)
    visit = make_appointment(
        world.clinic,
        patient=world.patient,
        practitioner=world.doctor,
        room=world.room,
        starts_at=at("10:00", 7),
        minutes=30,
    )
    with time_machine.travel(visit.starts_at, tick=False):
        record = start(world, visit)
        assert record.course is None

        said = found(world, record, **{"lines-0-given_ml": volume, "lines-0-prepared_ml": volume})

    assert ("dose.volume_slip" in said) == is_slip


# From the finding on the page to the record that is signed


def test_a_ceiling_from_a_row_stops_done_until_a_reason_is_given_and_stays_with_what_is_signed(world):
    substance(world, max_mg_per_session=Decimal(19))
    record = start(world)
    browser = signed_in(world.doctor_user)
    data = {**page_data(browser, record), "checklist_clear": "on"}

    refused = browser.post(url("record-done", record), data).content.decode()
    keys = [unescape(key) for key in re.findall(r'name="override_key" value="([^"]*)"', refused)]
    record.refresh_from_db()
    assert record.status == "draft"
    assert [key.partition("|")[0] for key in keys] == ["dose.over_session_ceiling"]

    reasons = {"override_key": keys, "override_reason": ["Large patient"]}
    browser.post(url("record-done", record), {**data, **reasons})
    record.refresh_from_db()
    sign(world, record)

    assert [one["rule"] for one in record.findings if one["level"] == "block"] == ["dose.over_session_ceiling"]
    assert (record.overrides.get().rule, record.overrides.get().reason) == (
        "dose.over_session_ceiling",
        "Large patient",
    )


def test_needles_without_a_mix_are_checked_when_they_are_prescribed(world):
    technique = Technique.objects.create(clinic=world.clinic, code="dry", name="Dry", needs_mix=False)
    dry = make_protocol_version(world.clinic, technique=technique, device="multi_injector", lines=[])
    add_flag(actor=None, patient=world.patient, kind="pregnancy", since_on=MONDAY)

    mix = mix_for(dry, world.patient, MONDAY)

    assert {one.rule for one in mix.blocks} == {"patient.pregnancy", "device.species"}
    assert not {"mix.empty", "base.no_anaesthetic"} & {one.rule for one in mix.findings}


def test_an_allergy_to_one_product_is_one_to_every_other_of_the_same_medicine(world):
    """Lidocaine is in the mix; what the patient did not bear was called by its brand."""
    brand = make_substance(world.clinic, "Xylocaine 2 %")
    Substance.objects.filter(pk=brand.pk).update(traits={"ingredient": world.lidocaine.code})
    record = start(world)
    assert "patient.allergy" not in found(world, record)

    add_flag(actor=None, patient=world.patient, kind="allergy_substance", substance=brand, since_on=MONDAY)

    assert found(world, record)["patient.allergy"] == ("block", "Allergy to Lidocaine: do not give Lidocaine.")


@pytest.mark.parametrize(("code", "words"), [("amide", "Amide anaesthetics"), ("quinolones", "quinolones")])
def test_an_allergy_to_another_substance_of_the_class_is_asked_about(world, code, words):
    """Lidocaine with epinephrine is another substance: without this an allergy to lidocaine would say nothing of it."""
    other = make_substance(world.clinic, "Mepivacaine")
    Substance.objects.filter(pk__in=[other.pk, world.lidocaine.pk]).update(allergy_classes=[code])
    record = start(world)
    assert "patient.allergy_akin" not in found(world, record)

    add_flag(actor=None, patient=world.patient, kind="allergy_substance", substance=other, since_on=MONDAY)

    level, said = found(world, record)["patient.allergy_akin"]
    assert level == "warn"
    assert said == f"Allergic to another substance of this class ({words}): ask before giving Lidocaine."
