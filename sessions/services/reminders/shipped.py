"""The shipped words of every kind of message: an e-mail with subject and body, and a short one for telephones.

The short ones hold only signs of the short alphabet of text messages: any other sign makes all of them twice as long.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """What a kind of message says in a language; `short` goes out as a text message."""

    subject: str
    body: str
    short: str


SHIPPED = {
    ("reminder", "en"): Wording(
        "Your appointment on {day}",
        "Hello {name},\n\nthis is a reminder of your appointment on {day}:\n\n{times}\n\n"
        "Please confirm it, or ask for another time:\n{link}\n\n{clinic}\n{phone}",
        "{clinic}: your appointment on {day}, {times}. Please confirm: {link}",
    ),
    ("offer", "en"): Wording(
        "A time for you on {day}",
        "Hello {name},\n\nwe can offer you this time on {day}:\n\n{times}\n\nIt is kept for you until {until}. "
        "Take it, or ask for another one:\n{link}\n\n{clinic}\n{phone}",
        "{clinic}: we can offer you {day}, {times}. Kept for you until {until}. Take it or not: {link}",
    ),
    ("change", "en"): Wording(
        "Your appointment is now on {day}",
        "Hello {name},\n\nyour appointment is now on {day}:\n\n{times}\n\n"
        "Please confirm it, or ask for another time:\n{link}\n\n{clinic}\n{phone}",
        "{clinic}: your appointment is now on {day}, {times}. Please confirm: {link}",
    ),
    ("cancelled", "en"): Wording(
        "Your appointment on {day} is cancelled",
        "Hello {name},\n\nyour appointment on {day} is cancelled:\n\n{times}\n\n"
        "For another time, please call us.\n\n{clinic}\n{phone}",
        "{clinic}: your appointment on {day}, {times}, is cancelled. For another time, please call us. {phone}",
    ),
    ("reminder", "fr"): Wording(
        "Votre rendez-vous du {day}",
        "Bonjour {name},\n\nnous vous rappelons votre rendez-vous du {day} :\n\n{times}\n\n"
        "Merci de le confirmer, ou de demander un autre horaire :\n{link}\n\n{clinic}\n{phone}",
        "{clinic} : votre rendez-vous du {day}, {times}. Merci de confirmer : {link}",
    ),
    ("offer", "fr"): Wording(
        "Un horaire pour vous le {day}",
        "Bonjour {name},\n\nnous pouvons vous proposer cet horaire le {day} :\n\n{times}\n\nIl vous est réservé "
        "jusqu’au {until}. Acceptez-le, ou demandez-en un autre :\n{link}\n\n{clinic}\n{phone}",
        "{clinic} : nous vous proposons le {day}, {times}, réservé jusqu'au {until}. Votre réponse : {link}",
    ),
    ("change", "fr"): Wording(
        "Votre rendez-vous est désormais le {day}",
        "Bonjour {name},\n\nvotre rendez-vous est désormais le {day} :\n\n{times}\n\n"
        "Merci de le confirmer, ou de demander un autre horaire :\n{link}\n\n{clinic}\n{phone}",
        "{clinic} : votre rendez-vous est désormais le {day}, {times}. Merci de confirmer : {link}",
    ),
    ("cancelled", "fr"): Wording(
        "Votre rendez-vous du {day} est annulé",
        "Bonjour {name},\n\nvotre rendez-vous du {day} est annulé :\n\n{times}\n\n"
        "Pour un autre horaire, appelez-nous.\n\n{clinic}\n{phone}",
        "{clinic} : votre rendez-vous du {day}, {times}, est annulé. Pour un autre horaire, appelez-nous. {phone}",
    ),
}


def shipped(kind: str, language: str) -> Wording:
    """Give the shipped words; English ones for a language nobody has written them in."""
    return SHIPPED.get((kind, language)) or SHIPPED[kind, "en"]
