"""Text messages: their own short words, how long they are on a telephone, and the gateways that take them."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core import mail

from mesoclinic.core import texting
from mesoclinic.core.checks import check_text_messages
from patients.models import Party, Patient
from sessions.models import MessageText, Reminder, ReminderSettings
from sessions.services import appointments, reminders
from sessions.services.reminders.shipped import SHIPPED
from sessions.services.reminders.text_messages import SHORT_ALPHABET, measure, plain
from tests.sessions.booking_world import at
from tests.sessions.message_world import open_messaging_clinic, run_news, run_outbox, stable_day, texts, visit

pytestmark = pytest.mark.django_db
DUE = at("10:30")  # tomorrow's visits at ten are due since half an hour


@pytest.fixture
def world(settings):
    settings.SMS_URL = "memory://"
    texting.MemoryTexts.outbox.clear()
    world = open_messaging_clinic(first_channel="text")
    world.clinic.phone = "+33 1 23 45 67 89"
    world.clinic.save(update_fields=["phone"])
    return world


def test_a_text_has_its_own_short_words_and_goes_out_as_one_message(world):
    visit(world)

    run_outbox(DUE)

    ((to, text),) = texts()
    words, _blank, link = text.rpartition(" ")
    assert to == "+33 6 39 98 00 01"
    assert words == f"{world.clinic}: your appointment on Tue 3 March, 10:00. Please confirm:"
    assert link.startswith("http://testserver/visit/p-")
    assert measure(text).pieces == 1
    assert Reminder.objects.get().text == text
    assert mail.outbox == []


def test_nine_horses_fit_in_a_text_and_the_link_shows_them_all(world, client):
    stable_day(world, 9)
    Party.objects.update(phone="+33 6 39 98 00 02")

    run_outbox(DUE)

    ((_to, text),) = texts()
    assert "Tue 3 March, 09:00 Horse 1, 09:30 Horse 2, and 7 more." in text
    assert measure(text).pieces <= 2


def test_each_kind_has_its_short_words_in_the_language_of_its_reader(world, bells):
    Patient.objects.filter(pk=world.patient.pk).update(language="fr")
    booked = visit(world, day_offset=2)
    run_outbox(at("10:30", 1))
    booked = appointments.move(actor=world.desk, appointment=booked, starts_at=at("11:00", 2), now=at("10:31", 1))
    run_news(at("10:35", 1))
    appointments.cancel(actor=world.desk, appointment=booked, cancelled_by="clinic", reason="ill", now=at("10:40", 1))
    run_news(at("10:45", 1))
    offered = visit(world, "15:00", day_offset=3, offered_until=at("12:00", 1))
    reminders.queue_message(actor=world.desk, appointment=offered, kind="offer", now=at("10:50", 1))
    reminders.deliver_due_reminders(now=lambda: at("10:51", 1))

    said = [text.removeprefix(f"{world.clinic} : ").partition(" : http")[0] for _to, text in texts()]
    assert said == [
        "votre rendez-vous du mer 4 mars, 10:00. Merci de confirmer",
        "votre rendez-vous est désormais le mer 4 mars, 11:00. Merci de confirmer",
        "votre rendez-vous du mer 4 mars, 11:00, est annulé. Pour un autre horaire, appelez-nous. +33 1 23 45 67 89",
        "nous vous proposons le jeu 5 mars, 15:00, réservé jusqu'au mar 3 mars 12:00. Votre réponse",
    ]
    assert [measure(text).wide for _to, text in texts()] == [""] * 4


def test_own_short_words_are_used_and_what_a_word_processor_put_in_is_written_plainly(world):
    MessageText.objects.create(
        clinic=world.clinic, kind="reminder", language="en", subject="s", body="{day} {times} {link}",
        short="Don’t forget – {day} {times}… {link}",
    )  # fmt: skip
    visit(world)

    run_outbox(DUE)

    assert texts()[0][1].startswith("Don't forget - Tue 3 March 10:00... http")


def test_own_words_without_short_ones_leave_the_shipped_short_ones(world):
    MessageText.objects.create(
        clinic=world.clinic, kind="reminder", language="en", subject="s", body="mine {day} {times} {link}"
    )
    visit(world)

    run_outbox(DUE)

    assert "your appointment on Tue 3 March" in texts()[0][1]


def test_nobody_is_texted_while_no_gateway_is_set_up(world, settings):
    settings.SMS_URL = ""
    visit(world)

    run_outbox(DUE)

    assert [sent.to for sent in mail.outbox] == [["ada@example.org"]]


def test_who_may_only_be_texted_is_texted_though_the_clinic_rather_mails(world):
    ReminderSettings.objects.update(first_channel="email")
    Patient.objects.filter(pk=world.patient.pk).update(may_email=False)
    visit(world)

    run_outbox(DUE)

    assert len(texts()) == 1
    assert mail.outbox == []


def test_no_text_at_night_and_those_that_cannot_wait_go_out(world):
    today, tomorrow = visit(world, "08:30", day_offset=2, squeeze_reason="early"), visit(world, "14:00", day_offset=2)
    run_outbox(at("14:30", 1))
    texting.MemoryTexts.outbox.clear()
    for one in (today, tomorrow):
        appointments.cancel(actor=world.desk, appointment=one, cancelled_by="clinic", reason="ill", now=at("22:00", 1))

    assert run_news(at("22:00", 1)) == 1
    assert "08:30" in texts()[0][1]
    assert run_outbox(at("07:59", 2)) == 0
    assert run_outbox(at("08:00", 2)) == 1


# How long a text is


@pytest.mark.parametrize("known", list(SHIPPED), ids=lambda known: f"{known[0]}-{known[1]}")
def test_the_shipped_short_words_need_no_wide_signs(known):
    assert set(SHIPPED[known].short) <= SHORT_ALPHABET


@pytest.mark.parametrize(
    ("text", "pieces", "places"),
    [
        ("", 1, 0),
        ("a" * 160, 1, 160),
        ("a" * 161, 2, 161),
        ("a" * 306, 2, 306),
        ("a" * 307, 3, 307),
        ("é" * 160, 1, 160),
        ("ê" * 70, 1, 70),
        ("ê" * 71, 2, 71),
        ("ê" * 134, 2, 134),
        ("ê" * 135, 3, 135),
        ("€" * 80, 1, 160),
        ("€" * 81, 2, 162),
        ("a" * 152 + "€" * 77, 3, 306),  # the first piece keeps a place free: a sign of two is not parted
        ("🐎" * 35, 1, 70),
        ("🐎" * 36, 2, 72),
        ("a" * 66 + "🐎" * 3, 2, 72),
    ],
)
def test_pieces_of_a_text_message_are_counted_as_the_network_does(text, pieces, places):
    length = measure(text)

    assert (length.pieces, length.places) == (pieces, places)
    assert length.places <= length.room


def test_the_signs_that_make_a_text_long_are_named_once():
    assert measure("fête à l’hôtel").wide == "ê’ô"
    assert measure(plain("fête à l’hôtel")).wide == "êô"


# The gateways


@contextmanager
def gateway(status: int):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.headers["Authorization"], body))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/send", asked
        finally:
            server.shutdown()


def test_the_http_gateway_is_told_whom_and_what(settings):
    settings.SMS_TOKEN, settings.SMS_SENDER = "secret", "Clinic"
    with gateway(202) as (address, asked):
        settings.SMS_URL = address
        texting.backend().send("+33639980001", "Hello")

    assert asked == [("Bearer secret", {"to": "+33639980001", "from": "Clinic", "text": "Hello"})]


@pytest.mark.parametrize("status", [302, 400, 500])
def test_a_gateway_that_says_no_is_a_failure(settings, status):
    with gateway(status) as (address, _asked):
        settings.SMS_URL = address
        with pytest.raises(texting.TextsFailed, match=str(status)):
            texting.backend().send("+33639980001", "Hello")


def test_an_unknown_gateway_is_told_at_the_start(settings):
    settings.SMS_URL = "pigeon://loft"

    assert [fault.id for fault in check_text_messages(None)] == ["mesoclinic.E004"]
