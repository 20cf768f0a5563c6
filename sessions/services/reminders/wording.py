"""What a message says: the clinic's words, or the shipped ones, with the times in place of the placeholders."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Clinic, Site
from sessions.links import VisitLink
from sessions.models import Appointment, MessageText

PLACEHOLDER = re.compile(r"\{(\w+)\}")
PLACEHOLDERS = ("name", "day", "times", "clinic", "phone", "link", "until")
# What a text message holds at one byte a sign; any other sign makes all of them two. Source: GSM 03.38.
GSM_SIGNS = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
NEEDED = ("day", "times", "link")

SHIPPED = {
    ("reminder", "en"): (
        "Your appointment on {day}",
        "Hello {name},\n\nthis is a reminder of your appointment on {day}:\n\n{times}\n\n"
        "Please confirm it, or ask for another time:\n{link}\n\n{clinic}\n{phone}",
    ),
    ("offer", "en"): (
        "A time for you on {day}",
        "Hello {name},\n\nwe can offer you this time on {day}:\n\n{times}\n\nIt is kept for you until {until}. "
        "Take it, or ask for another one:\n{link}\n\n{clinic}\n{phone}",
    ),
    ("change", "en"): (
        "Your appointment has moved to {day}",
        "Hello {name},\n\nyour appointment has a new time, on {day}:\n\n{times}\n\n"
        "Please confirm it, or ask for another one:\n{link}\n\n{clinic}\n{phone}",
    ),
    ("reminder", "fr"): (
        "Votre rendez-vous du {day}",
        "Bonjour {name},\n\nnous vous rappelons votre rendez-vous du {day} :\n\n{times}\n\n"
        "Merci de le confirmer, ou de demander un autre horaire :\n{link}\n\n{clinic}\n{phone}",
    ),
    ("offer", "fr"): (
        "Un horaire pour vous le {day}",
        "Bonjour {name},\n\nnous pouvons vous proposer cet horaire le {day} :\n\n{times}\n\nIl vous est réservé "
        "jusqu’au {until}. Acceptez-le, ou demandez-en un autre :\n{link}\n\n{clinic}\n{phone}",
    ),
    ("change", "fr"): (
        "Votre rendez-vous est déplacé au {day}",
        "Bonjour {name},\n\nvotre rendez-vous a un nouvel horaire, le {day} :\n\n{times}\n\n"
        "Merci de le confirmer, ou d’en demander un autre :\n{link}\n\n{clinic}\n{phone}",
    ),
}


@dataclass(frozen=True)
class Wording:
    subject: str
    body: str


@dataclass(frozen=True)
class Written:
    """A message ready to go; a text message has no subject."""

    subject: str
    body: str


def wording(clinic: Clinic, kind: str, language: str) -> Wording:
    """Give a clinic's words for a kind of message. One SQL statement."""
    own = MessageText.objects.filter(clinic=clinic, kind=kind, language=language).first()
    return Wording(own.subject, own.body) if own else shipped(kind, language)


def shipped(kind: str, language: str) -> Wording:
    return Wording(*(SHIPPED.get((kind, language)) or SHIPPED[kind, "en"]))


def unknown_placeholders(text: str) -> list[str]:
    return [name for name in PLACEHOLDER.findall(text) if name not in PLACEHOLDERS]


def fill(words: Wording, values: dict[str, str]) -> Written:
    """Put the values in place. A value is never read again, so a name in braces stays a name."""

    def put(text: str) -> str:
        return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)

    subject = " ".join(put(words.subject).split())  # a header has one line
    return Written(subject, put(words.body).strip())


def values_of(visits: Iterable[Appointment], site: Site, clinic: Clinic, *, name: str, link: VisitLink, language: str):
    """Give what stands for each placeholder, in a language. Nothing in it is medical."""
    visits = list(visits)
    until = min((visit.offered_until for visit in visits if visit.offered_until), default=None)
    with translation.override(language):
        return {
            "name": name,
            "day": day_words(local_day(visits[0].starts_at, site.zone)),
            "times": "\n".join(time_words(visit, site, is_own=link.who == "patient") for visit in visits),
            "clinic": clinic.name,
            "phone": site.phone or clinic.phone,
            "link": address(link),
            "until": moment_words(until, site) if until else "",
        }


def sample_values(site: Site, kind: str, language: str, now: datetime) -> dict[str, str]:
    """Give invented values for the preview of a text: nobody's file is opened for it."""
    with translation.override(language):
        day = local_day(now, site.zone) + timedelta(days=1)
        until = date_format(day, "l j F") if kind == "offer" else ""
        return {
            "name": _("Camille Martin"),
            "day": day_words(day),
            "times": "10:00  Bijou\n10:30  Cassis",
            "clinic": site.clinic.name,
            "phone": site.phone or site.clinic.phone,
            "link": settings.SITE_ADDRESS.rstrip("/") + "/visit/…",
            "until": _("%(day)s, %(time)s") % {"day": until, "time": "09:00"} if until else "",
        }


def text_parts(text: str) -> int:
    """Count how many text messages a text is sent as: longer ones are cut in pieces, and each is paid for."""
    single, several = (160, 153) if not set(text) - GSM_SIGNS else (70, 67)
    return 1 if len(text) <= single else -(-len(text) // several)


def address(link: VisitLink) -> str:
    path = reverse("sessions:visit-link", kwargs={"token": link.token()})
    return settings.SITE_ADDRESS.rstrip("/") + path


def day_words(day: date) -> str:
    return date_format(day, "l j F Y")


def moment_words(at: datetime, site: Site) -> str:
    local = at.astimezone(site.zone)
    return _("%(day)s, %(time)s") % {"day": date_format(local, "l j F"), "time": date_format(local, "H:i")}


def time_words(visit: Appointment, site: Site, *, is_own: bool) -> str:
    """Say one visit in a line: when, who it is for unless it is the reader, and where when not at the clinic."""
    parts = [date_format(visit.starts_at.astimezone(site.zone), "H:i")]
    parts += [] if is_own else [called(visit)]
    parts += [visit.place.name] if visit.place else []
    return "  ".join(parts)


def called(visit: Appointment) -> str:
    """Name an animal by its name, a person by the first name only: a message is read over shoulders."""
    name = visit.patient.name
    return name if visit.patient.species.is_animal else name.split()[0]
