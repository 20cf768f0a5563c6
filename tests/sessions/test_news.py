"""News: who was told a time by a message hears that it has moved, is called off, or holds after all; each once."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.urls import reverse

from mesoclinic.core.models import AuditEvent
from mesoclinic.core.refused import Refused
from patients.models import Party, Patient, PatientParty
from sessions.models import Appointment, Reminder, ReminderSettings
from sessions.services import appointments, reminders
from sessions.services.reminders import delivering
from tests.sessions.booking_world import NOW, at
from tests.sessions.message_world import open_messaging_clinic, run_news, run_outbox, stable_day, states, visit
from tests.shared import shared

pytestmark = pytest.mark.django_db
DUE = at("10:30")  # tomorrow's visits at ten are due since half an hour
MINUTE = timedelta(minutes=1)


@shared
def world():
    return open_messaging_clinic()


def cancel(world, visit, now=DUE, by="patient") -> Appointment:
    return appointments.cancel(actor=world.desk, appointment=visit, cancelled_by=by, reason="flu", now=now)


def move(world, visit, clock, day_offset, now=DUE) -> Appointment:
    return appointments.move(actor=world.desk, appointment=visit, starts_at=at(clock, day_offset), now=now)


def subjects() -> list[str]:
    return [sent.subject for sent in mail.outbox]


def test_who_was_told_a_time_is_told_when_it_moves_and_only_once(world):
    booked = visit(world)
    run_outbox(DUE)
    move(world, booked, "14:00", 3)

    assert run_news(DUE + 5 * MINUTE) == 1
    assert mail.outbox[1].subject == "Your appointment is now on Thursday 5 March 2026"
    assert run_news(DUE + 10 * MINUTE) == 0
    assert run_outbox(at("14:05", 2)) == 1  # and the reminder of the new time, when it is due
    assert mail.outbox[2].subject == "Your appointment on Thursday 5 March 2026"


def test_a_visit_moved_there_and_back_is_told_both_times(world):
    booked = visit(world, day_offset=2)
    run_outbox(at("10:30", 1))
    for minutes, clock in ((5, "15:00"), (10, "16:00"), (15, "15:00")):
        now = at("10:30", 1) + timedelta(minutes=minutes)
        booked = move(world, booked, clock, 2, now)
        run_news(now)

    told = [sent.body.split("\n\n")[2] for sent in mail.outbox]
    assert told == ["10:00", "15:00", "16:00", "15:00"]


def test_a_move_taken_back_within_the_minute_is_told_to_nobody(world):
    booked = visit(world)
    run_outbox(DUE)
    booked = move(world, booked, "14:00", 3)
    run_outbox(DUE + timedelta(seconds=30))
    move(world, booked, "10:00", 1, DUE + timedelta(seconds=40))

    assert run_news(DUE + 2 * MINUTE) == 0
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("by", ["patient", "clinic"])
def test_who_was_told_a_time_is_told_once_that_it_is_cancelled_and_never_reminded_of_it(world, by):
    ReminderSettings.objects.update(leads=[24 * 60, 120])
    booked = visit(world)
    run_outbox(DUE)
    cancel(world, booked, by=by)

    assert run_news(DUE + MINUTE) == 1
    assert run_news(DUE + 6 * MINUTE) == 0
    assert run_outbox(at("08:05", 1)) == 0  # when the second reminder would have been due

    told = "Your appointment on Tuesday 3 March 2026"
    assert subjects() == [told, f"{told} is cancelled"]
    assert "10:00" in mail.outbox[1].body
    assert "flu" not in mail.outbox[1].body
    assert "/visit/" not in mail.outbox[1].body
    assert AuditEvent.objects.filter(verb="appointment.cancelled-queued", patient_id=world.patient.pk).count() == 1


def test_a_visit_entered_in_error_is_taken_back_from_who_was_told(world):
    booked = visit(world)
    run_outbox(DUE)
    appointments.mark_entered_in_error(actor=world.desk, appointment=booked, reason="wrong patient", now=DUE)

    assert run_news(DUE + MINUTE) == 1
    assert "is cancelled" in mail.outbox[1].subject


def test_the_page_that_cancels_says_whether_a_message_will_tell_of_it(world, client):
    booked = visit(world)
    client.force_login(world.desk)
    page = reverse("sessions:cancel", args=[booked.public_id])

    assert "call whoever does not know yet" in client.get(page).content.decode()
    run_outbox(DUE)
    assert "another one will say so" in client.get(page).content.decode()
    Patient.objects.filter(pk=world.patient.pk).update(may_email=False)
    assert "call whoever does not know yet" in client.get(page).content.decode()


def test_who_was_never_told_of_a_visit_hears_nothing_of_its_end(world):
    cancel(world, visit(world, day_offset=3))

    assert run_news(DUE) == 0
    assert not Reminder.objects.exists()


def test_a_cancellation_taken_back_within_the_minute_is_told_to_nobody(world):
    booked = visit(world)
    run_outbox(DUE)
    cancel(world, booked)
    run_outbox(DUE + timedelta(seconds=30))
    appointments.undo_cancel(actor=world.desk, appointment=booked, now=DUE + timedelta(seconds=40))

    assert run_news(DUE + 2 * MINUTE) == 0
    assert states() == ["sent", "cancelled"]
    assert Reminder.objects.get(kind="cancelled").error == "The visit takes place after all."


def test_off_and_on_again_is_told_each_time(world):
    booked = visit(world)
    run_outbox(DUE)
    for round_ in range(2):
        now = DUE + timedelta(minutes=20 * round_)
        booked = cancel(world, booked, now)
        assert run_news(now + 2 * MINUTE) == 1
        booked = appointments.undo_cancel(actor=world.desk, appointment=booked, now=now + 5 * MINUTE)
        assert run_news(now + 10 * MINUTE) == 1

    off, on = "Your appointment on Tuesday 3 March 2026 is cancelled", "Your appointment is now on Tuesday 3 March 2026"
    assert subjects()[1:] == [off, on, off, on]


def test_a_moved_visit_that_is_cancelled_is_told_with_its_last_time(world):
    booked = visit(world)
    run_outbox(DUE)
    booked = move(world, booked, "14:00", 3)
    run_news(DUE + MINUTE)
    cancel(world, booked, DUE + 10 * MINUTE)

    assert run_news(DUE + 11 * MINUTE) == 1
    assert mail.outbox[2].subject == "Your appointment on Thursday 5 March 2026 is cancelled"


def test_a_visit_moved_and_cancelled_before_anybody_heard_of_the_move_is_told_by_the_time_known(world):
    booked = visit(world)
    run_outbox(DUE)
    booked = move(world, booked, "14:00", 3)
    cancel(world, booked)

    assert run_news(DUE + MINUTE) == 1
    assert mail.outbox[1].subject == "Your appointment on Tuesday 3 March 2026 is cancelled"
    assert "10:00" in mail.outbox[1].body


def test_nine_horses_called_off_are_one_message_to_their_owner(world):
    visits = stable_day(world, 9)
    run_outbox(DUE)
    for one in visits:
        cancel(world, one, by="clinic")

    assert run_news(DUE + MINUTE) == 1

    assert mail.outbox[1].to == ["olga@example.org"]
    assert [f"Horse {n}" in mail.outbox[1].body for n in range(1, 10)] == [True] * 9


def test_nine_horses_moved_are_one_message_and_no_worker_is_called_before_all_are_put_in(
    world, bells, django_capture_on_commit_callbacks
):
    visits = stable_day(world, 9)
    run_outbox(DUE)
    moves = [appointments.NewTime(one, one.starts_at + timedelta(days=1)) for one in visits]
    appointments.move_many(actor=world.desk, moves=moves, batch=uuid4(), now=DUE)
    bells.clear()

    with django_capture_on_commit_callbacks(execute=True):
        assert reminders.queue_reminders(now=DUE + MINUTE) == 9
    assert bells == [("sessions.deliver_due_reminders", ())]
    assert reminders.deliver_due_reminders(now=lambda: DUE + 2 * MINUTE) == 1


def test_news_of_another_day_wait_for_the_morning_and_those_of_today_do_not(world):
    today, tomorrow = visit(world, "08:30", day_offset=2, squeeze_reason="early"), visit(world, "14:00", day_offset=2)
    run_outbox(at("14:30", 1))
    late = at("22:00", 1)
    cancel(world, today, late)
    cancel(world, tomorrow, late)

    assert run_news(late) == 1  # at half past eight in the morning it would be too late
    assert "08:30" in mail.outbox[-1].body
    assert run_news(at("08:01", 2)) == 1
    assert "14:00" in mail.outbox[-1].body


def test_an_offer_that_ran_out_did_as_its_message_said(world, bells):
    offered = visit(world, day_offset=3, offered_until=at("12:00"))
    reminders.queue_message(actor=world.desk, appointment=offered, kind="offer", now=at("09:00"))
    reminders.deliver_due_reminders(now=lambda: at("09:01"))
    appointments.expire_offers(now=at("12:00"))

    assert run_news(at("12:05")) == 0


def test_an_offer_taken_back_by_the_clinic_is_news_and_one_nobody_wanted_is_not(world, bells):
    for by, count in (("clinic", 1), ("patient", 0)):
        offered = visit(world, day_offset=3, offered_until=at("18:00"))
        reminders.queue_message(actor=world.desk, appointment=offered, kind="offer", now=at("09:00"))
        reminders.deliver_due_reminders(now=lambda: at("09:01"))
        cancel(world, offered, at("10:00"), by=by)

        assert run_news(at("10:05")) == count


@pytest.mark.parametrize("settings", ["off", "never set"])
def test_an_offer_made_while_reminders_are_off_is_taken_back_as_it_was_told(world, bells, client, settings):
    rules = ReminderSettings.objects.all()
    rules.update(is_on=False) if settings == "off" else rules.delete()
    offered = visit(world, day_offset=3, offered_until=at("18:00"))
    visit(world, "11:00", day_offset=1)  # due to be reminded of, if reminders were on
    reminders.queue_message(actor=world.desk, appointment=offered, kind="offer", now=at("09:00"))
    reminders.deliver_due_reminders(now=lambda: at("09:01"))
    client.force_login(world.desk)

    asks = client.get(reverse("sessions:cancel", args=[offered.public_id])).content.decode()
    cancel(world, offered, DUE, by="clinic")

    assert "another one will say so" in asks
    assert run_news(DUE + MINUTE) == 1
    assert [subject.split(" on ")[0] for subject in subjects()][1:] == ["Your appointment"]
    assert "is cancelled" in subjects()[-1]
    assert run_news(DUE + 5 * MINUTE) == 0


def test_an_offer_that_was_agreed_to_and_moves_is_told_while_reminders_are_off(world, bells):
    ReminderSettings.objects.update(is_on=False)
    offered = visit(world, day_offset=3, offered_until=at("18:00"))
    reminders.queue_message(actor=world.desk, appointment=offered, kind="offer", now=at("09:00"))
    reminders.deliver_due_reminders(now=lambda: at("09:01"))
    appointments.accept_offer(actor=world.desk, appointment=offered, now=at("09:30"))
    move(world, offered, "14:00", 4)

    assert run_news(DUE + MINUTE) == 1
    assert subjects()[-1] == "Your appointment is now on Friday 6 March 2026"


def test_an_offer_moved_before_it_is_answered_offers_the_new_time_once(world, bells):
    offered = visit(world, day_offset=3, offered_until=at("18:00"))
    reminders.queue_message(actor=world.desk, appointment=offered, kind="offer", now=at("09:00"))
    reminders.deliver_due_reminders(now=lambda: at("09:01"))
    move(world, offered, "14:00", 4)

    assert run_news(DUE + MINUTE) == 1
    assert "we can offer you this time on Friday 6 March 2026:\n\n14:00" in mail.outbox[-1].body
    assert run_news(DUE + 5 * MINUTE) == 0
    assert run_news(at("18:05")) == 0, "it has run out as its message said"


# Within seconds: the desk wanted somebody told, and the visit changed before the message went out


def offer(world, **fields) -> Appointment:
    """An offer whose message waits in the outbox."""
    offered = visit(world, day_offset=3, offered_until=at("18:00"), **fields)
    reminders.queue_message(actor=world.desk, appointment=offered, kind="offer", now=at("09:00"))
    return offered


@pytest.mark.parametrize("deed", ["cancelled", "ran out", "in error", "agreed to by telephone"])
def test_an_offer_that_stands_no_more_when_its_message_would_go_out_is_told_to_nobody(world, bells, deed):
    offered = offer(world)
    common = {"actor": world.desk, "appointment": offered}
    if deed == "cancelled":
        cancel(world, offered, at("09:00"), by="clinic")
    elif deed == "in error":
        appointments.mark_entered_in_error(**common, reason="wrong patient", now=at("09:00"))
    elif deed == "ran out":
        appointments.expire_offers(now=at("18:00"))
    else:
        appointments.accept_offer(**common, now=at("09:00"))

    assert reminders.deliver_due_reminders(now=lambda: at("09:00")) == 0
    assert run_news(at("09:05")) == run_news(at("18:05")) == 0
    assert (mail.outbox, states()) == ([], ["cancelled"])


@pytest.mark.parametrize("worker", ["before", "after"])
def test_an_offer_moved_before_its_message_went_out_is_told_with_the_new_time_alone(world, bells, worker):
    offered = offer(world)
    moved = move(world, offered, "14:00", 4, at("09:00"))
    if worker == "before":  # it finds the time gone, then the sweep comes; or the sweep comes first
        assert reminders.deliver_due_reminders(now=lambda: at("09:00")) == 0

    assert run_news(at("09:01")) == 1

    assert "we can offer you this time on Friday 6 March 2026:\n\n14:00" in mail.outbox[0].body
    assert run_news(at("09:10")) == 0
    cancel(world, moved, at("09:15"), by="clinic")
    assert run_news(at("09:16")) == 1  # and what was told is taken back
    assert subjects()[1] == "Your appointment on Friday 6 March 2026 is cancelled"


def test_an_offer_cancelled_by_a_slip_and_taken_back_is_told_after_all(world, bells):
    offered = offer(world)
    cancel(world, offered, at("09:00"))
    assert reminders.deliver_due_reminders(now=lambda: at("09:00")) == 0
    appointments.undo_cancel(actor=world.desk, appointment=offered, status="offered", now=at("09:00"))

    assert run_news(at("09:01")) == 1
    assert run_news(at("09:10")) == 0
    assert "we can offer you this time on Thursday 5 March 2026" in mail.outbox[0].body


def test_a_change_that_changes_again_before_its_message_went_out_is_told_as_it_stands(world, bells):
    booked = move(world, visit(world, day_offset=3), "14:00", 4, at("09:00"))
    reminders.queue_message(actor=world.desk, appointment=booked, kind="change", now=at("09:00"))
    move(world, booked, "15:00", 7, at("09:00"))

    assert run_news(at("09:01")) == 1
    assert subjects() == ["Your appointment is now on Monday 9 March 2026"]


def test_a_change_called_off_before_its_message_went_out_is_a_call(world, bells, client):
    booked = move(world, visit(world, day_offset=3), "14:00", 4, at("09:00"))
    reminders.queue_message(actor=world.desk, appointment=booked, kind="change", now=at("09:00"))
    client.force_login(world.desk)
    page = client.get(reverse("sessions:cancel", args=[booked.public_id])).content.decode()
    cancel(world, booked, at("09:00"), by="clinic")

    assert run_news(at("09:01")) == 0
    assert "call whoever does not know yet" in page


@pytest.mark.parametrize(("deed", "said"), [("cancel", "is cancelled"), ("move", "we can offer you")])
def test_what_changes_while_its_message_is_handed_over_is_told(world, bells, monkeypatch, deed, said):
    offered, handed_over = offer(world), EmailMessage.send

    def change_meanwhile(message, *args):
        monkeypatch.setattr(EmailMessage, "send", handed_over)
        if deed == "cancel":
            cancel(world, offered, at("09:00"), by="clinic")
        else:
            move(world, offered, "14:00", 4, at("09:00"))
        return handed_over(message, *args)

    monkeypatch.setattr(EmailMessage, "send", change_meanwhile)
    assert reminders.deliver_due_reminders(now=lambda: at("09:00")) == 1

    assert run_news(at("09:01")) == 1
    assert said in f"{mail.outbox[1].subject} {mail.outbox[1].body}"


@pytest.mark.parametrize(("deed", "said"), [("cancel", "is cancelled"), ("move", "we can offer you")])
def test_what_a_dead_worker_may_have_told_is_taken_back(world, bells, deed, said):
    offered = offer(world)
    delivering._claim_next(at("09:00"))  # handed over to the mail server, perhaps; then the worker was killed
    if deed == "cancel":
        cancel(world, offered, at("09:01"), by="clinic")
    else:
        move(world, offered, "14:00", 4, at("09:01"))

    assert run_news(at("09:06")) + run_news(at("09:11")) == 1
    assert said in f"{mail.outbox[0].subject} {mail.outbox[0].body}"
    assert "Thursday 5 March" in mail.outbox[0].body or deed == "move"


def test_news_go_to_who_is_told_now_in_their_language(world):
    (booked,) = stable_day(world, 1)
    run_outbox(DUE)
    link = PatientParty.objects.get(patient=booked.patient)
    buyer = Party.objects.create(clinic=world.clinic, name="Basile", email="basile@example.org", language="fr")
    PatientParty.objects.filter(pk=link.pk).update(until_on=NOW.date() - timedelta(days=1))
    PatientParty.objects.create(
        patient=booked.patient, party=buyer, role="owner", from_on=NOW.date(), gets_reminders=True
    )
    cancel(world, booked)

    assert run_news(DUE + MINUTE) == 1
    assert mail.outbox[1].to == ["basile@example.org"]
    assert mail.outbox[1].subject == "Votre rendez-vous du mardi 3 mars 2026 est annulé"


def test_nobody_hears_of_an_ended_file(world):
    booked = visit(world)
    run_outbox(DUE)
    cancel(world, booked)
    Patient.objects.update(ended_on=NOW.date(), end_reason="died")

    assert run_news(DUE + MINUTE) == 0


def test_news_that_come_too_late_are_for_a_person_to_tell(world):
    booked = visit(world)
    run_outbox(DUE)
    cancel(world, booked, at("09:58", 1))
    reminders.queue_reminders(now=at("09:59", 1))

    assert reminders.deliver_due_reminders(now=lambda: at("10:01", 1)) == 0
    assert Reminder.objects.get(kind="cancelled").status == "failed"


def test_no_message_of_a_cancellation_is_asked_for_by_hand_while_the_visit_is_on(world):
    booked = visit(world)

    assert reminders.queue_message(actor=world.desk, appointment=booked, kind="cancelled", now=NOW) == []
    with pytest.raises(Refused, match="changed meanwhile"):
        appointments.undo_cancel(actor=world.desk, appointment=booked, now=NOW)
