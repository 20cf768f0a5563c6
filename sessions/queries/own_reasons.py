"""Reasons the product gives itself, beside those that people type: kept in English, said in the language of who reads them."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

LEFT_OUT = gettext_noop("No longer part of the plan.")
LAPSED = gettext_noop("Lapsed: too long since the last session. Resume, go a phase back, restart or stop.")
WITHDRAWN = gettext_noop("Its record was withdrawn: it was written for the wrong patient.")
OWN = frozenset({LEFT_OUT, LAPSED, WITHDRAWN})


def reason_words(reason: str) -> str:
    """Say why a session is left out or a course stands still. What was typed stays as typed, and so does a reason of the
    product that was kept in another language before.
    """
    return _(reason) if reason in OWN else reason
