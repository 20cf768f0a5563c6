"""How names, numbers, phones and dates become the words a patient is found by, and how typed text is read.

Pure: no database, no clock.
"""

import re
from collections.abc import Iterable
from datetime import date

import phonenumbers

from patients.sounds import sound
from protocols.folding import fold

LONGEST_WORD = 32
LONGEST_NAME = 60
MOST_WORDS = 60
MOST_NAME_WORDS = 15
MOST_TYPED_WORDS = 8
SPOKEN = "~"  # before every sound; no typed word begins so
APOSTROPHES = re.compile(r"['’ʼ`´]")
BREAKS = re.compile(r"[\W_]+")
# Three numbers, unless they are the middle of a telephone number.
DATE = re.compile(
    r"(?<!\d)(?<!\d[-/.\s])(\d{1,4})\s*[-/.\s]\s*(\d{1,2})\s*[-/.\s]\s*(\d{1,4})(?!\d)(?!\s*[-/.\s]\s*\d{1,3}(?!\d))"
)
DIGITS_APART = re.compile(r"(?<=\d)[\s().+/-]+(?=\d)")


def name_words(text: str) -> list[str]:
    """The words of a name, each once, in order; "O'Brien" is found as obrien and as brien."""
    folded = fold(text)
    whole = BREAKS.sub(" ", APOSTROPHES.sub("", folded)).split()
    parts = BREAKS.sub(" ", folded).split()
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in [*whole, *parts]))


def whole_name(text: str) -> str:
    """A name folded, in the order typed, "d'Or" as one word: for measuring how alike two names are."""
    return " ".join(BREAKS.sub(" ", APOSTROPHES.sub("", fold(text))).split())


def spoken_words(names: Iterable[str]) -> list[str]:
    """How folded words of a name sound, each once: what `sound_words` of such a name begin with."""
    return list(dict.fromkeys(f"{SPOKEN}{key[:LONGEST_WORD]} " for name in names if (key := sound(name))))


def sound_words(text: str) -> list[str]:
    """The sounds of the words of a name, each with the whole folded name behind it: found, it need not be read."""
    whole = whole_name(text)[:LONGEST_NAME]
    return [spoken + whole for spoken in spoken_words(name_words(text)[:MOST_NAME_WORDS])]


def code_word(text: str) -> str:
    """An identifier as one word: without blanks, dashes or case."""
    return BREAKS.sub("", fold(text))[:LONGEST_WORD]


def birth_word(birth_on: date) -> str:
    return birth_on.strftime("%Y%m%d") if birth_on.year >= 1000 else ""


def phone_digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isascii() and sign.isdigit())


def phone_words(text: str, country: str) -> list[str]:
    """A phone number by its national and its international digits; what cannot be read, by its digits alone."""
    digits = phone_digits(text).lstrip("0")
    found = [digits] if len(digits) >= 3 else []
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return [word[:LONGEST_WORD] for word in found]
    national = str(number.national_number)
    return list(dict.fromkeys([national, f"{number.country_code}{national}", *found]))


def phone_key(text: str, country: str) -> str:
    """The one form two ways of writing a phone number share, for finding duplicates."""
    words = phone_words(text, country)
    return words[0][:40] if words else ""


def typed_groups(text: str, month_names: Iterable[str] = ()) -> list[list[str]]:
    """Read what was typed: all groups must be found, a group by any of its words, each the beginning of a word.

    A date is read in every order it allows; digits typed in groups are one number. `month_names` are January to
    December in the reader's language, perhaps twelve short ones after them.
    """
    text = _with_numbered_months(fold(text), [fold(name).rstrip(".") for name in month_names])
    groups: list[list[str]] = []

    def keep_date(found: re.Match[str]) -> str:
        days = _dates(*found.groups())
        if not days:
            return found[0]
        groups.append([*(birth_word(day) for day in days), *_readings("".join(found.groups()))])
        return " "

    text = DIGITS_APART.sub("", DATE.sub(keep_date, text))
    typed = BREAKS.sub(" ", APOSTROPHES.sub("", text)).split()
    groups += [_readings(word[:LONGEST_WORD]) for word in typed]
    return groups[:MOST_TYPED_WORDS]


def _with_numbered_months(text: str, names: list[str]) -> str:
    for index, name in sorted(enumerate(names), key=lambda pair: -len(pair[1])):
        month = index % 12 + 1
        text = re.sub(rf"(\d)\s*\.?\s*{re.escape(name)}\.?,?\s*(?=\d)", rf"\1-{month}-", text)
        text = re.sub(rf"\b{re.escape(name)}\.?\s+(\d{{1,2}}),?\s+(\d{{4}})\b", rf"\2-{month}-\1", text)
    return text


def _dates(first: str, month: str, last: str) -> list[date]:
    """The days three numbers can mean: year first, day first, month first."""
    if len(first) > 2:
        orders = [(first, month, last)]
    else:
        year = last if len(last) > 2 else _century(last)
        orders = [(year, month, first), (year, first, month)]
    days = [_day(*order) for order in orders]
    return list(dict.fromkeys(day for day in days if day))


def _century(two_digits: str) -> str:
    """The shorter of two lives: 00 to 29 are the 2000s."""
    return f"{20 if int(two_digits) < 30 else 19}{int(two_digits):02}"


def _day(year: str, month: str, day: str) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if found.year >= 1000 else None


def _readings(word: str) -> list[str]:
    if not word.isdecimal():
        return [word]
    readings = [word, word.lstrip("0") or word]
    if len(word) == 8:
        readings += [birth_word(day) for day in _dates(word[:2], word[2:4], word[4:])]
    return list(dict.fromkeys(readings))
