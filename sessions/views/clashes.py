"""What is said when days are blocked for a patient on which visits already stand."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import ngettext

from patients.models import Patient
from sessions.queries.competitions import visits_in_blocked_time


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
