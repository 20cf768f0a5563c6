"""The settings of reminders with their preview, and the outbox as a list."""

import pytest
from django.urls import reverse

from mesoclinic.core.roles import Role
from sessions.models import MessageText, Reminder, ReminderSettings
from sessions.services import reminders
from sessions.services.reminders.shipped import SHIPPED, shipped
from sessions.services.reminders.wording import needed, unknown_placeholders
from tests.factories import make_user
from tests.sessions.booking_world import NOW, at
from tests.sessions.message_world import open_messaging_clinic, run_outbox, visit
from tests.shared import shared

pytestmark = pytest.mark.django_db
RULES = {
    "is_on": "on",
    "first_channel": "email",
    "night_from_time": "21:00",
    "night_until_time": "07:30",
    "count_1": "2",
    "unit_1": "days",
    "count_2": "3",
    "unit_2": "hours",
    "count_3": "",
    "unit_3": "days",
}
TEXT = {
    "subject": "See you on {day}",
    "body": "Hi {name}\r\n{day}\r\n{times}\r\n{link}",
    "short": "Hi, {day}, {times} {link}",
}


@shared
def world():
    return open_messaging_clinic()


@pytest.fixture
def admin(world, client):
    client.force_login(make_user(world.clinic, Role.ADMIN))
    return client


def text_url(name="message-text", kind="reminder", language="en") -> str:
    return reverse(f"sessions:{name}", kwargs={"kind": kind, "language": language})


def test_the_settings_are_kept_and_shown_again(world, admin):
    answer = admin.post(reverse("sessions:reminder-settings"), RULES)

    rules = ReminderSettings.objects.get()
    assert answer.status_code == 302
    assert (rules.is_on, rules.leads) == (True, [2 * 24 * 60, 180])
    page = admin.get(reverse("sessions:reminder-settings")).content.decode()
    assert 'value="21:00"' in page
    assert 'value="2"' in page


@pytest.mark.parametrize(("backend", "is_said"), [("console", True), ("filebased", True), ("smtp", False)])
def test_mail_that_leaves_the_house_for_nobody_is_said(world, admin, settings, backend, is_said):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"

    page = admin.get(reverse("sessions:reminder-settings")).content.decode()

    assert ("No mail server is set up" in page) is is_said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"count_1": "", "count_2": ""}, "Say at least once"),
        ({"count_1": "31"}, "At most 30 days"),
        ({"count_1": "0"}, "1 or more"),
        ({"count_1": "x"}, "whole number"),
        ({"night_from_time": "08:00", "night_until_time": "07:00"}, "at least eight hours"),
        ({"first_channel": "pigeon"}, "Choose one"),
    ],
    ids=["none", "long", "zero", "letters", "night", "channel"],
)
def test_what_makes_no_sense_is_said_beside_the_field(world, admin, change, words):
    answer = admin.post(reverse("sessions:reminder-settings"), RULES | change)

    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert ReminderSettings.objects.get().leads == [24 * 60]


def test_own_words_are_used_and_the_shipped_ones_come_back(world, admin):
    admin.post(text_url(), TEXT)
    visit(world)
    run_outbox(at("10:30"))

    assert Reminder.objects.get().text.startswith("Hi Ada Lovelace\nTuesday 3 March 2026\n10:00\nhttp")
    again = shipped("reminder", "en")
    admin.post(text_url(), {"subject": again.subject, "body": again.body, "short": again.short})
    assert not MessageText.objects.exists()
    assert again.subject in admin.get(text_url() + "?shipped=").content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"body": "{day} {times} {link} {diagnosis}"}, "{diagnosis} stands for nothing"),
        ({"body": "{day} {times}"}, "The text needs {link}"),
        ({"short": "{day} {times} {why}"}, "{why} stands for nothing"),
        ({"short": "{times} {link}"}, "The text needs {day}"),
        ({"subject": ""}, "Please fill this in"),
        ({"short": ""}, "Please fill this in"),
        ({"body": "{day} {times} {link}" + "x" * 1500}, "at most 1500"),
        ({"short": "{day} {times} {link}" + "x" * 480}, "at most 480"),
    ],
    ids=["unknown", "missing", "short unknown", "short missing", "empty", "short empty", "long", "short long"],
)
def test_a_text_that_could_not_be_filled_in_is_refused_and_the_preview_says_so(world, admin, change, words):
    saved = admin.post(text_url(), TEXT | change)
    preview = admin.post(text_url("message-preview"), TEXT | change, headers={"HX-Request": "true"})

    assert words in saved.content.decode()
    assert words in preview.content.decode()
    assert not MessageText.objects.exists()


def test_the_preview_shows_what_is_typed_with_invented_names(world, admin):
    body = TEXT["body"] + "\n<script>x</script>"

    piece = admin.post(text_url("message-preview"), TEXT | {"body": body}, headers={"HX-Request": "true"})
    page = admin.get(text_url("message-preview", language="fr"))

    assert "Hi Camille Martin" in piece.content.decode()
    assert "&lt;script&gt;" in piece.content.decode()
    assert "<html" not in piece.content.decode()
    assert "Bonjour Camille Martin" in page.content.decode()


@pytest.mark.parametrize(("kind", "language"), [("reminder", "xx"), ("nothing", "en")])
def test_a_text_that_does_not_exist_is_not_found(world, admin, kind, language):
    assert admin.get(text_url(kind=kind, language=language)).status_code == 404


@pytest.mark.parametrize("known", list(SHIPPED), ids=lambda known: f"{known[0]}-{known[1]}")
def test_every_shipped_text_can_be_filled_in(known):
    words = shipped(*known)

    assert unknown_placeholders(words.subject + words.body + words.short) == []
    assert all(f"{{{name}}}" in text for name in needed(known[0]) for text in (words.body, words.short))


def test_the_preview_counts_what_the_text_message_takes(world, admin):
    def preview(short: str) -> str:
        sent = TEXT | {"short": "{day} {times} {link}" + short}
        return admin.post(text_url("message-preview"), sent, headers={"HX-Request": "true"}).content.decode()

    assert "of 160 characters: sent as one message" in preview("")
    assert "sent as 2 messages, each of which is paid for" in preview("x" * 100)
    assert "of 70 characters" not in preview("’")  # written plainly
    assert "ê cannot be sent the short way" in preview("ê")


def test_a_cancellation_needs_no_link(world, admin):
    words = {"subject": "Off", "body": "{day} {times}", "short": "{day} {times}"}

    admin.post(text_url(kind="cancelled"), words)
    without_times = admin.post(text_url(kind="cancelled"), words | {"short": "{day}"})

    assert MessageText.objects.get().kind == "cancelled"
    assert "nobody knows which appointment is meant" in without_times.content.decode()


def test_the_outbox_lists_filters_and_tries_again(world, client):
    visit(world)
    run_outbox(at("10:30"))
    failed = visit(world, "15:00", day_offset=4)
    reminders.queue_message(actor=world.desk, appointment=failed, kind="change", now=NOW)
    Reminder.objects.filter(appointment=failed).update(status="failed", error="OSError: no")
    client.force_login(world.desk)
    outbox = reverse("sessions:outbox")

    everything = client.get(outbox).content.decode()
    only_failed = client.get(outbox, {"status": "failed", "q": "lovel"}).content.decode()
    nothing = client.get(outbox, {"q": "nobody", "from_on": "2026-13-45"}).content.decode()

    assert "ada@example.org" in everything
    assert "2 messages about visits" in everything
    assert "1 message about a visit" in only_failed
    assert "OSError: no" in only_failed
    assert "No message fits" in nothing
    row = Reminder.objects.get(status="failed")
    client.post(reverse("sessions:retry-message", args=[row.public_id]), {"next": outbox})
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("queued", 0)


def test_a_message_shows_what_went_out(world, client):
    visit(world)
    run_outbox(at("10:30"))
    client.force_login(world.desk)

    page = client.get(reverse("sessions:message", args=[Reminder.objects.get().public_id])).content.decode()

    assert "Hello Ada Lovelace" in page
    assert "ada@example.org" in page


def test_the_manager_hears_of_failures_on_today(world, client):
    visit(world)
    run_outbox(at("10:30"))
    Reminder.objects.update(status="failed", error="OSError: no", due_at=NOW)
    client.force_login(make_user(world.clinic, Role.MANAGER))

    assert "Messages that did not go out" not in client.get("/").content.decode()  # long ago
    Reminder.objects.update(due_at=at("08:00", 20_000))
    page = client.get("/").content.decode()

    assert "Messages that did not go out" in page
    assert "Try again" in page
