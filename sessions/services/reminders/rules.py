"""When a clinic reminds and in what words: the writes behind the settings of messages."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import time, timedelta

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import Clinic, User
from mesoclinic.core.refused import Refused
from sessions.models import MessageText, ReminderSettings
from sessions.models.reminders import Channel, ReminderKind

from .shipped import Wording, shipped
from .wording import PLACEHOLDERS, needed, unknown_placeholders

MOST_LEADS = 3
SHORTEST_MIN, LONGEST_MIN = 30, 30 * 24 * 60
LONGEST_NIGHT = timedelta(hours=16)


@transaction.atomic
def change_reminder_settings(
    *,
    actor: User | None,
    clinic: Clinic,
    is_on: bool,
    leads: Sequence[int],
    night_from_time: time,
    night_until_time: time,
    first_channel: str,
) -> ReminderSettings:
    """Say whether, when and by what a clinic reminds; `leads` are minutes before a visit.

    Raises Refused("no-lead" | "bad-lead" | "long-night" | "bad-channel").
    """
    leads = sorted(set(leads), reverse=True)
    if is_on and not leads:
        raise Refused("no-lead", _("Say at least once how long before a visit to remind."), field="count_1")
    if len(leads) > MOST_LEADS or any(not SHORTEST_MIN <= lead <= LONGEST_MIN for lead in leads):
        raise Refused("bad-lead", _("Remind between 1 hour and 30 days before a visit."), field="count_1")
    if _length(night_from_time, night_until_time) > LONGEST_NIGHT:
        words = _("Leave at least eight hours of the day in which messages may go out.")
        raise Refused("long-night", words, field="night_until_time")
    if first_channel not in Channel.values:
        raise Refused("bad-channel", _("Choose one."), field="first_channel")
    Clinic.objects.select_for_update().get(pk=clinic.pk)
    row = ReminderSettings.objects.filter(clinic=clinic).first() or ReminderSettings(clinic=clinic)
    fields = {
        "is_on": is_on,
        "leads": leads,
        "night_from_time": night_from_time,
        "night_until_time": night_until_time,
        "first_channel": first_channel,
    }
    before = {name: getattr(row, name) for name in fields}
    for name, value in fields.items():
        setattr(row, name, value)
    if changes := audit.changed(row, before):
        row.save()
        audit.record(actor=actor, verb="clinic.reminders-set", subject=clinic, clinic=clinic, changes=changes)
    return row


def _length(from_time: time, until_time: time) -> timedelta:
    start, end = (timedelta(hours=one.hour, minutes=one.minute) for one in (from_time, until_time))
    return (end - start) % timedelta(days=1)


@transaction.atomic
def change_message_text(
    *, actor: User | None, clinic: Clinic, kind: str, language: str, subject: str, body: str, short: str
) -> MessageText | None:
    """Say something in the clinic's own words; the shipped words again when that is what was typed.

    Raises Refused("unknown-placeholder" | "placeholder-missing").
    """
    if kind not in ReminderKind.values or language not in dict(settings.LANGUAGES):
        raise Http404
    words = Wording(" ".join(subject.split()), _lines(body), _lines(short))
    check_text(kind, words)
    own = MessageText.objects.filter(clinic=clinic, kind=kind, language=language)
    text = None
    if words == shipped(kind, language):
        own.delete()
    else:
        text, _made = MessageText.objects.update_or_create(
            clinic=clinic, kind=kind, language=language, defaults=asdict(words)
        )
    what = f"{kind} {language}"
    audit.record(actor=actor, verb="clinic.message-text-set", subject=clinic, clinic=clinic, reason=what)
    return text


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def check_text(kind: str, words: Wording) -> None:
    """Raise Refused("unknown-placeholder" | "placeholder-missing") for a text that could not be filled in."""
    for field, text in asdict(words).items():
        if unknown := unknown_placeholders(text):
            known = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            said = _("{%(name)s} stands for nothing. There are: %(known)s.")
            raise Refused("unknown-placeholder", said % {"name": unknown[0], "known": known}, field=field)
    for field, text in (("body", words.body), ("short", words.short)):
        missing = [name for name in needed(kind) if f"{{{name}}}" not in text]
        if missing:
            said = _("The text needs {%(name)s}: else nobody knows when to come, or how to answer.")
            if kind == ReminderKind.CANCELLED:
                said = _("The text needs {%(name)s}: else nobody knows which appointment is meant.")
            raise Refused("placeholder-missing", said % {"name": missing[0]}, field=field)
