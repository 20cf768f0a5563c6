"""What a message says: the clinic's words, or the shipped ones, with the times in place of the placeholders."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site
from mesoclinic.core.wording import date_format
from sessions.links import VisitLink, sample_token
from sessions.models import Appointment, MessageText, Reminder
from sessions.models.reminders import ReminderKind

from .shipped import Wording, shipped
from .text_messages import plain

PLACEHOLDER = re.compile(r"\{(\w+)\}")
PLACEHOLDERS = ("name", "day", "times", "clinic", "phone", "link", "until")
NEEDED = ("day", "times", "link")
MOST_IN_SHORT = 3  # visits named one by one in a text message; the link shows them all


@dataclass(frozen=True)
class Written:
    """A message ready to go; `short` is what a telephone gets instead of the other two."""

    subject: str
    body: str
    short: str


@dataclass(frozen=True)
class Values:
    """What stands for the placeholders: in an e-mail, and as short as a text message has it."""

    long: Mapping[str, str]
    short: Mapping[str, str]


def wording(clinic: Clinic, kind: str, language: str) -> Wording:
    """Give a clinic's words for a kind of message. One SQL statement."""
    own = MessageText.objects.filter(clinic=clinic, kind=kind, language=language).first()
    plain_words = shipped(kind, language)
    return Wording(own.subject, own.body, own.short or plain_words.short) if own else plain_words


def needed(kind: str) -> Sequence[str]:
    """Name what a text of this kind cannot do without: nobody answers to a time that is called off."""
    return NEEDED[:2] if kind == ReminderKind.CANCELLED else NEEDED


def unknown_placeholders(text: str) -> list[str]:
    return [name for name in PLACEHOLDER.findall(text) if name not in PLACEHOLDERS]


def fill(words: Wording, values: Values) -> Written:
    """Put the values in place. A value is never read again, so a name in braces stays a name."""
    subject = " ".join(_put(words.subject, values.long).split())  # a header has one line
    short = plain(_put(words.short, values.short))
    return Written(subject, _put(words.body, values.long).strip(), short.strip())


def _put(text: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def values_of(
    rows: Iterable[Reminder], site: Site, clinic: Clinic, *, name: str, link: VisitLink, language: str
) -> Values:
    """Give what stands for each placeholder in the message of these rows, in a language. Nothing in it is medical."""
    rows = list(rows)
    until = min((row.appointment.offered_until for row in rows if row.appointment.offered_until), default=None)
    day = local_day(rows[0].sent_for, site.zone)
    with translation.override(language):
        is_own = link.who == "patient"
        times = [time_words(row.appointment, row.sent_for, site, is_own=is_own) for row in rows]
        return _values(
            day, times, until.astimezone(site.zone) if until else None, name, clinic, site, _address(link.token())
        )


def sample_values(site: Site, kind: str, language: str, now: datetime) -> Values:
    """Give invented values for the preview of a text: nobody's file is opened for it."""
    with translation.override(language):
        day = local_day(now, site.zone) + timedelta(days=1)
        until = datetime.combine(day, time(9), site.zone) if kind == ReminderKind.OFFER else None
        times = ["10:00  Bijou", "10:30  Cassis"]
        return _values(day, times, until, _("Camille Martin"), site.clinic, site, _address(sample_token(day)))


def _values(
    day: date, times: Sequence[str], until: datetime | None, name: str, clinic: Clinic, site: Site, link: str
) -> Values:
    common = {"name": name, "clinic": clinic.name, "phone": site.phone or clinic.phone, "link": link}
    long = {"day": day_words(day), "times": "\n".join(times), "until": moment_words(until) if until else ""}
    brief = {
        "day": date_format(day, "D j N"),
        "times": _few(times),
        "until": date_format(until, "D j N H:i") if until else "",
    }
    return Values(common | long, common | brief)


def _few(times: Sequence[str]) -> str:
    """Name the first visits, and how many more there are."""
    named = [" ".join(one.split()) for one in times]
    if len(named) <= MOST_IN_SHORT:
        return ", ".join(named)
    rest = len(named) - MOST_IN_SHORT + 1
    more = ngettext("and %(count)d more", "and %(count)d more", rest) % {"count": rest}
    return ", ".join([*named[: MOST_IN_SHORT - 1], more])


def _address(token: str) -> str:
    return settings.SITE_ADDRESS.rstrip("/") + reverse("sessions:visit-link", kwargs={"token": token})


def day_words(day: date) -> str:
    return date_format(day, "l j F Y")


def moment_words(local: datetime) -> str:
    return _("%(day)s, %(time)s") % {"day": date_format(local, "l j F"), "time": date_format(local, "H:i")}


def time_words(visit: Appointment, starts_at: datetime, site: Site, *, is_own: bool) -> str:
    """Say one visit in a line: when, who it is for unless it is the reader, and where when not at the clinic."""
    parts = [date_format(starts_at.astimezone(site.zone), "H:i")]
    parts += [] if is_own else [called(visit)]
    parts += [visit.place.name] if visit.place else []
    return "  ".join(parts)


def called(visit: Appointment) -> str:
    """Name an animal by its name, a person by the first name only: a message is read over shoulders."""
    name = visit.patient.name
    return name if visit.patient.species.is_animal else name.split()[0]
