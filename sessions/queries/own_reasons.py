"""Reasons the product gives itself, beside those that people type: kept in English, said in the language of who reads them."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

LEFT_OUT = gettext_noop("No longer part of the plan.")
LAPSED = gettext_noop("Lapsed: too long since the last session. Resume, go a phase back, restart or stop.")
WITHDRAWN = gettext_noop("Its record was withdrawn: it was written for the wrong patient.")
WALK_IN = gettext_noop("walk-in")
CAME_AFTER_ALL = gettext_noop("came after all")
MOVED_ALONG = gettext_noop("moved along with another session")
AGREED_ON = gettext_noop("Agreed on with the whole series.")
RAN_OUT = gettext_noop("The offer ran out.")
NOT_NEEDED = gettext_noop("Not needed any more.")
OTHER_OFFERED = gettext_noop("Another time was offered.")
NOT_WANTED = gettext_noop("Does not want that time.")
OF_PLANS = {LEFT_OUT, LAPSED, WITHDRAWN}
OF_VISITS = {WALK_IN, CAME_AFTER_ALL, MOVED_ALONG, AGREED_ON, RAN_OUT, NOT_NEEDED, OTHER_OFFERED, NOT_WANTED}
OWN = frozenset(OF_PLANS | OF_VISITS)
BETWEEN = " · "


def reason_words(reason: str) -> str:
    """Say why a session is left out, a course stands still or a visit is booked all the same. A visit may have several
    reasons. What was typed stays as typed, and so does a reason of the product that was kept in another language before.
    """
    return BETWEEN.join(_(one) if one in OWN else one for one in reason.split(BETWEEN))
