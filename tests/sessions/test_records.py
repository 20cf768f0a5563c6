"""A record from the visit to *done*, and back."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from sessions.models import SessionRecord
from sessions.queries import records as reads
from sessions.recording import OverrideGiven, ReactionSeen, ScoreGiven, SiteTreated
from sessions.services import appointments, courses, records
from sessions.services.records import Typed
from tests.sessions.booking_world import MONDAY, NOW, at
from tests.sessions.record_world import (
    book_session,
    done,
    filled,
    finish,
    record_world,
    save,
    session,
    sign,
    start,
)
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return record_world()


def test_a_record_begins_with_the_mix_the_protocol_names(world):
    record = start(world)

    content = reads.content(record)
    assert [(line.substance_id, line.prepared_ml, line.given_ml) for line in content.lines] == [
        (world.lidocaine.pk, Decimal(2), Decimal(2)),
        (world.vessel.pk, Decimal(1), Decimal(1)),
    ]
    assert (content.technique_id, content.device, content.needle) == (world.technique.pk, "needle", "4 mm 27G")
    assert [(site.region, site.side) for site in content.sites] == [("Neck", "left")]
    assert (content.scores, content.checklist, content.weight_kg) == ((), {}, Decimal(70))


def test_the_visit_is_in_progress_once_its_record_is_begun(world):
    start(world)

    world.visit.refresh_from_db()
    assert world.visit.status == "in_progress"


def test_a_second_click_gives_the_same_record(world):
    first = start(world)

    assert start(world).pk == first.pk
    assert AuditEvent.objects.filter(verb="record.started").count() == 1


def test_a_record_takes_over_how_it_was_done_last_time_but_not_what_was_felt(world):
    lines = tuple(replace(line, prepared_ml=Decimal(3), given_ml=Decimal("2.5")) for line in filled(start(world)).lines)
    scores = (ScoreGiven("pain", "before", Decimal(7), "patient"),)
    reactions = (ReactionSeen("Bruise"),)
    felt = {"scores": scores, "reactions": reactions, "notes": "Cried a little"}
    done(world, lines=lines, **felt, depth_mm=Decimal(4), device="injector", device_number="needle plate, lot 7")

    second = reads.content(start(world, book_session(world, 2)))

    assert [line.given_ml for line in second.lines] == [Decimal(3), Decimal(3)]
    assert (second.depth_mm, second.device, second.device_number) == (4, "injector", "")
    assert (second.scores, second.reactions, second.notes, second.checklist) == ((), (), "", {})


@pytest.mark.parametrize("step", ["cancel", "mark_not_treated"])
def test_a_visit_that_fell_through_has_no_record(world, step):
    more = {"cancelled_by": "patient"} if step == "cancel" else {}
    getattr(appointments, step)(actor=world.desk, appointment=world.visit, reason="ill", now=NOW, **more)

    with pytest.raises(Refused) as refusal:
        start(world)

    assert refusal.value.code == "not-here"


def test_a_visit_of_another_day_is_not_recorded_yet(world):
    with pytest.raises(Refused) as refusal:
        records.start_record(actor=world.doctor_user, appointment=world.visit, now=at("10:00", -1))

    assert refusal.value.code == "not-yet"


def test_done_fulfils_the_visit_and_moves_the_plan(world):
    later = book_session(world, 2)
    record = start(world)
    save(world, record, filled(record))

    finish(world, record, performed_at=at("10:20", 1))

    world.visit.refresh_from_db()
    first, second, third = (session(world, number) for number in (1, 2, 3))
    assert (world.visit.status, first.status, first.performed_on) == ("fulfilled", "done", MONDAY + timedelta(days=1))
    assert second.due_on == MONDAY + timedelta(days=8)
    assert third.due_on == MONDAY + timedelta(days=15)
    later.refresh_from_db()
    assert later.starts_at == at("10:00", 7)  # booked stays booked
    record.refresh_from_db()
    assert (record.status, record.performed_by, record.is_late_entry) == ("done", world.doctor, False)


def test_a_second_tap_on_done_changes_nothing(world):
    record = done(world)

    finish(world, record, minutes=40)

    record.refresh_from_db()
    assert record.performed_at == at("10:20")
    assert AuditEvent.objects.filter(verb="record.done").count() == 1


def test_undo_takes_everything_back(world):
    before = [(row.due_on, row.status) for row in world.course.planned_sessions.order_by("number")]
    record = start(world)
    save(world, record, filled(record))
    finish(world, record, performed_at=at("10:20", 1))

    records.undo_done(actor=world.doctor_user, record=record, now=at("11:00"))

    record.refresh_from_db()
    world.visit.refresh_from_db()
    after = [(row.due_on, row.status) for row in world.course.planned_sessions.order_by("number")]
    assert (record.status, world.visit.status) == ("draft", "in_progress")
    assert session(world, 1).performed_on is None
    assert after == before


def test_undoing_the_last_session_opens_a_completed_course_again():
    world = record_world(cadence="1x")
    record = done(world)
    world.course.refresh_from_db()
    assert world.course.status == "completed"

    records.undo_done(actor=world.doctor_user, record=record, now=at("11:00"))

    world.course.refresh_from_db()
    assert (world.course.status, session(world, 1).status) == ("active", "booked")


def test_done_is_not_undone_once_a_later_session_is_done(world):
    first = done(world)
    done(world, 2)

    with pytest.raises(Refused) as refusal:
        records.undo_done(actor=world.doctor_user, record=first)

    assert refusal.value.code == "later-done"


def test_done_is_not_undone_once_the_review_is_recorded():
    world = record_world(cadence="1x!, 2x1w")
    record = done(world)
    courses.record_review(actor=world.doctor_user, course=world.course, after_number=1, decision="continue", now=NOW)

    with pytest.raises(Refused) as refusal:
        records.undo_done(actor=world.doctor_user, record=record)

    assert refusal.value.code == "reviewed"


def test_only_somebody_licensed_that_day_can_have_given_it(world):
    world.colleague.licence_until_on = MONDAY - timedelta(days=1)
    world.colleague.save()
    record = start(world)
    save(world, record, filled(record))

    with pytest.raises(Refused) as refusal:
        finish(world, record, performed_by=world.colleague)

    assert (refusal.value.code, refusal.value.field) == ("not-licensed", "performed_by")


def test_who_gave_it_may_be_another_than_who_typed(world):
    record = start(world)
    save(world, record, filled(record))

    assert finish(world, record, performed_by=world.colleague).performed_by == world.colleague


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"checklist": {}}, "checklist_clear"),
        ({"checklist": {"clear": False, "yes": []}}, "checklist_clear"),
        ({"lines": ()}, "lines"),
    ],
)
def test_done_needs_the_questions_and_what_was_injected(world, changes, field):
    record = start(world)
    save(world, record, filled(record, **changes))

    with pytest.raises(Refused) as refusal:
        finish(world, record)

    assert (refusal.value.code, refusal.value.field) == ("incomplete", field)
    world.visit.refresh_from_db()
    assert world.visit.status == "in_progress"


def test_a_dry_needle_needs_no_mix(world):
    record = start(world)
    save(world, record, filled(record, lines=(), is_dry=True))

    assert finish(world, record).status == "done"


def test_a_draft_with_words_that_cannot_be_stored_is_not_done(world):
    record = start(world)
    save(world, record, None)

    raw = Typed(raw={"fields": {"shots": "many"}}, edit_count=record.edit_count + 1)
    records.save_draft(actor=world.doctor_user, record=record, typed=raw)

    with pytest.raises(Refused, match="need a look"):
        finish(world, record)


@pytest.mark.parametrize("day_offset", [1, 400])
def test_a_session_is_not_given_in_the_future(world, day_offset):
    record = start(world)
    save(world, record, filled(record))

    with pytest.raises(Refused) as refusal:
        finish(world, record, performed_at=at("10:00", day_offset), now=at("11:00"))

    assert refusal.value.code == "in-future"


def test_a_session_before_its_window_is_accepted_and_marked_early(world):
    done(world)
    visit = book_session(world, 2)
    record = start(world, visit)
    save(world, record, filled(record))

    finish(world, record, performed_at=at("10:00", 3))

    record.refresh_from_db()
    assert record.is_early
    assert session(world, 2).performed_on == MONDAY + timedelta(days=3)


def test_a_session_cannot_be_given_before_the_one_before_it(world):
    done(world)
    record = start(world, book_session(world, 2))
    save(world, record, filled(record))

    with pytest.raises(Refused) as refusal:
        finish(world, record, performed_at=at("10:00", -1))

    assert refusal.value.code == "out-of-order"


def test_a_record_written_on_a_later_day_is_a_late_entry(world):
    record = start(world)
    save(world, record, filled(record))

    finish(world, record, now=at("09:00", 2))

    record.refresh_from_db()
    assert record.is_late_entry
    assert session(world, 1).performed_on == MONDAY


def test_a_session_without_a_visit_is_recorded_late_from_the_course(world):
    done(world)
    planned = session(world, 2)
    record = records.start_late_record(actor=world.doctor_user, planned_session=planned, now=at("09:00", 20))
    again = records.start_late_record(actor=world.doctor_user, planned_session=planned, now=at("09:00", 20))
    save(world, record, filled(record))

    finish(world, record, performed_at=at("10:00", 8), now=at("09:00", 20))

    record.refresh_from_db()
    assert (again.pk, record.is_late_entry, record.status) == (record.pk, True, "done")
    assert session(world, 2).performed_on == MONDAY + timedelta(days=8)


def test_a_booked_session_is_recorded_from_its_visit(world):
    with pytest.raises(Refused) as refusal:
        records.start_late_record(actor=world.doctor_user, planned_session=session(world, 1))

    assert refusal.value.code == "booked"


def test_a_late_record_is_not_done_while_its_session_is_booked_ahead(world):
    done(world)
    record = records.start_late_record(actor=world.doctor_user, planned_session=session(world, 2), now=at("09:00", 6))
    save(world, record, filled(record))
    book_session(world, 2)

    with pytest.raises(Refused) as refusal:
        finish(world, record, performed_at=at("10:00", 5), now=at("09:00", 6))

    assert refusal.value.code == "booked"


def test_a_draft_begun_by_mistake_is_thrown_away_and_the_patient_waits_again(world):
    record = start(world)

    records.discard_record(actor=world.doctor_user, record=record)

    world.visit.refresh_from_db()
    assert (SessionRecord.objects.count(), world.visit.status) == (0, "arrived")
    assert AuditEvent.objects.filter(verb="record.discarded").exists()


def test_a_done_record_is_not_thrown_away(world):
    with pytest.raises(Refused) as refusal:
        records.discard_record(actor=world.doctor_user, record=done(world))

    assert refusal.value.code == "not-a-draft"


def test_a_course_prescribed_on_the_spot_gives_the_running_record_its_session(world):
    visit = appointments.walk_in(
        actor=world.desk,
        clinic=world.clinic,
        site=world.site,
        patient=world.patient,
        practitioner=world.colleague,
        minutes=30,
        now=at("14:00"),
    )
    record = records.start_record(actor=world.doctor_user, appointment=visit, now=at("14:05"))
    assert record.course is None
    course = courses.prescribe_course(
        actor=world.doctor_user,
        clinic=world.clinic,
        patient=world.patient,
        protocol_version=world.version,
        indication=world.indication,
        lead_practitioner=world.doctor,
        site=world.site,
        start_on=MONDAY,
        cadence="2x1w",
        appointment=visit,
        now=at("14:06"),
    )
    save(world, record, filled(record, lines=(), is_dry=True))

    finish(world, record, performed_at=at("14:20"))

    record.refresh_from_db()
    assert (record.course, record.planned_session.number) == (course, 1)
    assert record.planned_session.status == "done"


# Findings


def overdose(world, record):
    lines = reads.content(record).lines
    return filled(record, lines=(replace(lines[0], prepared_ml=Decimal(60), given_ml=Decimal(60)), lines[1]))


def test_a_block_asks_for_a_reason_and_then_lets_what_was_injected_be_recorded(world):
    world.lidocaine.max_mg_per_session = Decimal(300)
    world.lidocaine.save()
    record = start(world)
    content = overdose(world, record)
    save(world, record, content)

    with pytest.raises(Refused) as refusal:
        finish(world, record)
    given = tuple(OverrideGiven(f.key, f.rule, f.text, "Given by mistake") for f in refusal.value.details["findings"])
    save(world, record, replace(content, overrides=given))
    finish(world, record)

    record.refresh_from_db()
    assert (refusal.value.code, record.status) == ("needs-reason", "done")
    assert {finding["rule"] for finding in record.findings if finding["level"] == "block"} == {o.rule for o in given}
    assert {override.by for override in record.overrides.all()} == {world.doctor_user}


def test_a_reason_for_one_dose_does_not_cover_a_higher_one(world):
    world.lidocaine.max_mg_per_session = Decimal(300)
    world.lidocaine.save()
    record = start(world)
    content = overdose(world, record)
    save(world, record, content)
    with pytest.raises(Refused) as refusal:
        finish(world, record)
    given = tuple(OverrideGiven(f.key, f.rule, f.text, "On purpose") for f in refusal.value.details["findings"])
    higher = replace(content.lines[0], prepared_ml=Decimal(90), given_ml=Decimal(90))
    save(world, record, replace(content, lines=(higher, content.lines[1]), overrides=given))

    with pytest.raises(Refused, match="reason"):
        finish(world, record)


def test_fever_on_the_checklist_asks_for_a_reason(world):
    record = start(world)
    save(world, record, filled(record, checklist={"clear": False, "yes": ["fever"], "note": ""}))

    with pytest.raises(Refused) as refusal:
        finish(world, record)

    assert [finding.rule for finding in refusal.value.details["findings"]] == ["patient.fever"]


def test_reception_goes_past_no_finding(world):
    record = start(world)
    content = filled(record, overrides=(OverrideGiven("k", "r", "f", "because"),))

    with pytest.raises(Refused) as refusal:
        records.save_draft(actor=world.desk, record=record, typed=Typed(raw={}, content=content))

    assert refusal.value.code == "not-a-practitioner"


# Drafts


def test_a_second_tablet_is_told_and_overwrites_nothing(world):
    record = start(world)
    save(world, record, filled(record, notes="from the first"), edit_count=0, token="first")

    with pytest.raises(Refused) as refusal:
        save(world, record, filled(record, notes="from the second"), edit_count=0, token="second")

    record.refresh_from_db()
    assert (refusal.value.code, refusal.value.details["record"].pk) == ("edited-meanwhile", record.pk)
    assert record.notes == "from the first"


def test_a_page_whose_answer_got_lost_may_save_again(world):
    record = start(world)
    save(world, record, filled(record, notes="one"), edit_count=0, token="tablet")

    save(world, record, filled(record, notes="one and two"), edit_count=0, token="tablet")

    record.refresh_from_db()
    assert record.notes == "one and two"


def test_a_page_is_told_when_the_record_was_done_and_taken_back_meanwhile(world):
    record = start(world)
    save(world, record, filled(record), edit_count=0, token="tablet")
    finish(world, record)
    records.undo_done(actor=world.doctor_user, record=record)

    with pytest.raises(Refused) as refusal:
        save(world, record, filled(record), edit_count=1, token="tablet")

    assert refusal.value.code == "edited-meanwhile"


def test_what_cannot_be_stored_as_rows_is_kept_word_for_word_and_the_rows_stay(world):
    record = start(world)
    raw = {"fields": {"shots": "a few\u0000"}, "lines": []}

    records.save_draft(actor=world.doctor_user, record=record, typed=Typed(raw=raw))

    record.refresh_from_db()
    assert record.draft == {"fields": {"shots": "a few"}, "lines": []}
    assert record.administrations.count() == 2


def test_a_draft_saved_every_few_seconds_is_one_event(world):
    record = start(world)
    for turn in range(5):
        save(world, record, filled(record, notes=f"word {turn}"))

    assert AuditEvent.objects.filter(verb="record.edited").count() == 1


def test_everything_typed_comes_back_as_it_was(world):
    record = start(world)
    content = filled(
        record,
        weight_kg=Decimal("71.5"),
        needle_length_mm=Decimal(4),
        depth_mm=Decimal("3.5"),
        shots=40,
        relief_seconds=45,
        effect_duration=Decimal("2.5"),
        effect_unit="days",
        scores=(ScoreGiven("pain", "before", Decimal(8), "patient"),),
        sites=(SiteTreated("Neck", "left", 1, None, Decimal(3), 20, Decimal("0.1"), "A", True, (("front", 1, 2),)),),
        reactions=(ReactionSeen("Bruise", "mild", MONDAY, "small", "ice"),),
    )

    save(world, record, content)

    assert reads.content(SessionRecord.objects.get(pk=record.pk)) == content


def test_saving_again_rewrites_only_what_changed(world):
    record = start(world)
    save(world, record, filled(record))
    kept = list(record.administrations.values_list("pk", flat=True))

    save(world, record, filled(record, notes="more"))

    assert list(record.administrations.values_list("pk", flat=True)) == kept


# The last record


def test_the_last_record_is_of_the_course_and_not_withdrawn(world):
    first = done(world)
    sign(world, first)
    records.add_addendum(
        actor=world.doctor_user, record=first, kind="withdrawal", text="Not this patient", reason="Mixed up", now=NOW
    )

    assert reads.last_record(patient=world.patient, course=world.course) is None


def test_licence_counts_on_the_day_given_not_on_the_day_typed(world):
    world.doctor.licence_until_on = MONDAY
    world.doctor.save()
    record = start(world)
    save(world, record, filled(record))

    finish(world, record, now=at("09:00", 30))

    record.refresh_from_db()
    assert (record.status, record.performed_at.date()) == ("done", date(2026, 3, 2))
