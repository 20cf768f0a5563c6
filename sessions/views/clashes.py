"""What is said when days are entered for a patient: visits already stand there, or too much was given before them."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.models import Patient
from sessions.models import CompetitionEvent
from sessions.queries.competitions import visits_in_blocked_time
from sessions.queries.given_before import given_before


def say_blocked(request: HttpRequest, patient: Patient, words: str) -> None:
    """Say that days are kept free, and how many visits have lost their time by it: they are to be rebooked."""
    standing = visits_in_blocked_time(patient, timezone.now(), request.site.zone)
    count = sum(not visit.is_on_blocked_day for visit, _why in standing)
    if not count:
        messages.success(request, words)
        return
    lost = ngettext(
        "%(count)d visit already stands in blocked time: it is in the list to rebook.",
        "%(count)d visits already stand in blocked time: they are in the list to rebook.",
        count,
    )
    messages.warning(request, f"{words} {lost % {'count': count}}")


def say_given(request: HttpRequest, event: CompetitionEvent) -> None:
    """Warn when a competition just entered begins too early, by a rule, after what the horse was given already."""
    given = given_before(event.patient, request.site.zone, timezone.localdate())
    if words := given.warning(event.pk):
        messages.warning(request, f"{event.name} {words}.")
    elif given.counts_for(event.body):
        words = _("Rules of %(body)s count what the horse was given already: read them below.")
        messages.warning(request, words % {"body": event.body})
