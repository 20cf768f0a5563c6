"""Reminders: one message a person and day, never at night, never for what is no more, and none is lost."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from patients.models import Party, Patient, PatientParty
from sessions.models import Appointment, Reminder, ReminderSettings
from sessions.services import appointments, reminders
from sessions.services.reminders import delivering
from tests.factories import make_patient
from tests.sessions.booking_world import NOW, at
from tests.sessions.message_world import open_messaging_clinic, run_outbox, stable_day, states, visit
from tests.shared import shared

pytestmark = pytest.mark.django_db


@shared
def world():
    return open_messaging_clinic()


@pytest.fixture
def broken_mail(monkeypatch):
    def refuse(self, messages):
        raise OSError("mail server says no")

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)


DUE = at("10:30")  # tomorrow's visits at ten are due since half an hour


def test_a_reminder_goes_out_a_day_before(world):
    visit(world)

    assert run_outbox(at("09:59")) == 0
    assert run_outbox(DUE) == 1

    (sent,) = mail.outbox
    assert sent.to == ["ada@example.org"]
    assert sent.subject == "Your appointment on Tuesday 3 March 2026"
    assert "10:00" in sent.body
    assert "http://testserver/visit/p-" in sent.body
    row = Reminder.objects.get()
    assert (row.status, row.sent_to, row.text) == ("sent", "ada@example.org", sent.body)
    assert AuditEvent.objects.filter(verb="reminder.sent", patient_id=world.patient.pk).count() == 1


def test_nothing_goes_out_twice(world):
    visit(world)

    assert [run_outbox(DUE + timedelta(minutes=5 * n)) for n in range(4)] == [1, 0, 0, 0]
    assert len(mail.outbox) == 1


def test_nothing_goes_out_while_reminders_are_off(world):
    ReminderSettings.objects.update(is_on=False)
    visit(world)

    assert run_outbox(DUE) == 0
    assert not Reminder.objects.exists()


def test_nine_horses_of_one_owner_are_one_message(world):
    stable_day(world, 9)

    assert run_outbox(DUE) == 1

    (sent,) = mail.outbox
    assert sent.to == ["olga@example.org"]
    assert [f"Horse {n}" in sent.body for n in range(1, 10)] == [True] * 9
    assert states() == ["sent"] * 9
    assert len(set(Reminder.objects.values_list("claim", flat=True))) == 1


def test_a_horse_booked_after_the_message_is_told_in_another(world):
    visits = stable_day(world, 2)
    assert run_outbox(DUE) == 1
    added = visit(world, "15:00", patient=world.horse, practitioner=world.vet)
    PatientParty.objects.create(
        patient=world.horse, party=Party.objects.get(email="olga@example.org"), role="owner",
        from_on=NOW.date(), gets_reminders=True,
    )  # fmt: skip

    assert run_outbox(DUE + timedelta(minutes=5)) == 1

    assert "Bijou" in mail.outbox[1].body
    assert "Horse" not in mail.outbox[1].body
    assert added.reminders.count() == 1
    assert visits[0].reminders.count() == 1


def test_who_booked_after_the_reminder_was_due_knows_the_time(world):
    booked = visit(world)
    Appointment.objects.filter(pk=booked.pk).update(created_at=at("10:15"))

    assert run_outbox(DUE) == 0


def test_a_message_is_in_the_language_of_its_reader(world):
    Patient.objects.update(language="fr")
    visit(world)

    run_outbox(DUE)

    assert mail.outbox[0].subject == "Votre rendez-vous du mardi 3 mars 2026"


def test_an_owner_without_the_right_channel_gets_nothing(world):
    stable_day(world, 1)
    Party.objects.update(may_email=False)

    assert run_outbox(DUE) == 0
    assert not Reminder.objects.exists()


def test_a_contact_who_gets_no_reminders_gets_none(world):
    stable_day(world, 1)
    PatientParty.objects.update(gets_reminders=False)

    assert run_outbox(DUE) == 0


def test_a_guardian_is_told_until_the_child_is_of_age(world):
    for name, birth_year in (("Tim", 2015), ("Tom", 2000)):
        child = make_patient(world.clinic, name=name, birth_on=NOW.date().replace(year=birth_year))
        Patient.objects.filter(pk=child.pk).update(email=f"{name}@example.org")
        party = Party.objects.create(clinic=world.clinic, name=f"Mother of {name}", email=f"mother-{name}@example.org")
        PatientParty.objects.create(
            patient=child, party=party, role="guardian", from_on=NOW.date(), gets_reminders=True
        )
        visit(world, "11:00" if name == "Tim" else "12:00", patient=child)

    run_outbox(at("12:30"))

    assert sorted(sent.to[0] for sent in mail.outbox) == ["mother-tim@example.org", "tom@example.org"]
    assert "Tim" in mail.outbox[0].body


def test_an_ended_file_gets_nothing(world):
    visit(world)
    reminders.queue_reminders(now=DUE)
    Patient.objects.update(ended_on=NOW.date(), end_reason="died")

    assert reminders.deliver_due_reminders(now=lambda: DUE) == 0
    assert states() == ["cancelled"]


@pytest.mark.parametrize("deed", ["cancel", "move"])
def test_what_happens_to_a_visit_before_its_message_goes_out_is_seen(world, deed):
    booked = visit(world)
    reminders.queue_reminders(now=DUE)
    if deed == "cancel":
        appointments.cancel(actor=world.desk, appointment=booked, cancelled_by="patient", reason="ill", now=DUE)
    else:
        appointments.move(actor=world.desk, appointment=booked, starts_at=at("10:00", 8), now=DUE)

    assert reminders.deliver_due_reminders(now=lambda: DUE) == 0
    assert states() == ["cancelled"]
    assert mail.outbox == []


def test_a_cancelled_visit_that_is_booked_again_is_reminded_of(world):
    booked = visit(world)
    reminders.queue_reminders(now=DUE)
    appointments.cancel(actor=world.desk, appointment=booked, cancelled_by="patient", reason="ill", now=DUE)
    assert run_outbox(DUE) == 0
    appointments.undo_cancel(actor=world.desk, appointment=booked, now=DUE)

    assert run_outbox(DUE + timedelta(minutes=5)) == 1
    assert states() == ["sent"]


def test_nothing_goes_out_at_night_and_all_of_it_in_the_morning(world):
    visit(world, day_offset=2)
    reminders.queue_reminders(now=at("10:30", 1))

    assert reminders.deliver_due_reminders(now=lambda: at("22:00", 1)) == 0
    assert Reminder.objects.get().due_at == at("08:00", 2)
    assert reminders.deliver_due_reminders(now=lambda: at("07:59", 2)) == 0
    assert reminders.deliver_due_reminders(now=lambda: at("08:00", 2)) == 1


def test_the_night_is_the_one_of_the_clinic(world):
    world.site.time_zone = "Pacific/Auckland"
    world.site.save(update_fields=["time_zone"])
    booked = visit(world, "22:00", day_offset=2, squeeze_reason="evening")
    rows = reminders.queue_message(actor=world.desk, appointment=booked, kind="change", now=at("08:30"))

    assert rows[0].due_at.astimezone(world.site.zone).hour == 8
    assert reminders.deliver_due_reminders(now=lambda: at("08:31")) == 0


def test_a_change_for_today_may_go_out_before_the_morning(world):
    booked = visit(world, day_offset=0)

    rows = reminders.queue_message(actor=world.desk, appointment=booked, kind="change", now=at("07:00"))

    assert [row.is_urgent for row in rows] == [True]
    assert reminders.deliver_due_reminders(now=lambda: at("07:00")) == 1


def test_a_change_for_another_day_waits_for_the_morning(world):
    booked = visit(world, day_offset=1)

    rows = reminders.queue_message(actor=world.desk, appointment=booked, kind="change", now=at("07:00"))

    assert [(row.is_urgent, row.due_at) for row in rows] == [(False, at("08:00"))]


def test_an_offer_says_until_when_and_goes_out_once(world, bells):
    offered = visit(world, offered_until=at("17:00"))

    for _again in range(2):
        rows = reminders.queue_message(actor=world.desk, appointment=offered, kind="offer", now=at("09:00"))
    reminders.deliver_due_reminders(now=lambda: at("09:01"))

    assert len(rows) == 1
    assert rows[0].requested_by == world.desk
    (sent,) = mail.outbox
    assert "kept for you until Monday 2 March, 17:00" in sent.body


def test_an_offer_that_ran_out_is_not_sent(world):
    offered = visit(world, offered_until=at("09:30"))
    reminders.queue_message(actor=world.desk, appointment=offered, kind="offer", now=at("09:00"))

    assert reminders.deliver_due_reminders(now=lambda: at("09:31")) == 0
    assert states() == ["failed"]


def test_who_cannot_be_reached_must_be_called(world):
    booked = visit(world, patient=make_patient(world.clinic, name="Without Mail"))

    assert reminders.queue_message(actor=world.desk, appointment=booked, kind="change", now=NOW) == []


def test_a_booked_visit_is_no_offer(world):
    assert reminders.queue_message(actor=world.desk, appointment=visit(world), kind="offer", now=NOW) == []


def test_a_failing_mail_server_is_tried_again_less_and_less_often_then_a_person_is_told(world, broken_mail):
    visit(world, day_offset=3)
    now, waits = at("10:30", 2), []
    for _try in range(4):
        run_outbox(now)
        row = Reminder.objects.get()
        assert row.status == "queued"
        waits.append((row.due_at - now).total_seconds() / 60)
        now = row.due_at
    run_outbox(now)

    assert waits == [1, 5, 20, 60]
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("failed", 5)
    assert row.error == "The mail server did not take it. OSError: mail server says no"


def test_a_failed_message_can_be_sent_again_by_hand(world, bells):
    visit(world)
    reminders.queue_reminders(now=DUE)
    Reminder.objects.update(status="failed", attempts=5, error="no")
    row = Reminder.objects.get()

    assert reminders.retry_message(actor=world.desk, reminder=row, now=DUE) == 1
    with pytest.raises(Refused, match="has not failed"):
        reminders.retry_message(actor=world.desk, reminder=row, now=DUE)

    assert reminders.deliver_due_reminders(now=lambda: DUE) == 1


def test_a_claim_of_a_dead_worker_is_taken_over_once(world):
    visit(world)
    reminders.queue_reminders(now=DUE)
    assert delivering._claim_next(DUE) is not None
    assert delivering._claim_next(DUE) is None

    assert reminders.deliver_due_reminders(now=lambda: DUE + timedelta(minutes=4)) == 0
    assert reminders.deliver_due_reminders(now=lambda: DUE + timedelta(minutes=6)) == 1
    assert reminders.deliver_due_reminders(now=lambda: DUE + timedelta(minutes=12)) == 0


def test_a_message_that_kills_the_worker_again_and_again_is_given_up(world):
    visit(world)
    reminders.queue_reminders(now=DUE)
    delivering._claim_next(DUE)
    Reminder.objects.update(attempts=5)

    delivering.release_stuck(DUE + timedelta(minutes=6))

    assert states() == ["failed"]


def test_two_who_share_an_address_get_one_message(world):
    party = Party.objects.create(clinic=world.clinic, name="Ada’s husband", email="ADA@example.org")
    PatientParty.objects.create(
        patient=world.patient, party=party, role="family", from_on=NOW.date(), gets_reminders=True
    )
    visit(world)

    assert run_outbox(DUE) == 1


def test_a_name_in_braces_stays_a_name(world):
    Patient.objects.filter(pk=world.patient.pk).update(name="{link} {0.__class__}")
    visit(world)

    run_outbox(DUE)

    assert "Hello {link} {0.__class__}," in mail.outbox[0].body
