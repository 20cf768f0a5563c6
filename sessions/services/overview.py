"""Write down whose files a list of the overview told of."""

from collections.abc import Iterable

from django.db import transaction

from mesoclinic.core import audit
from mesoclinic.core.models import User
from patients.models import Patient
from sessions.queries.overview_lists import Line


@transaction.atomic
def note_files_opened(*, actor: User, lines: Iterable[Line]) -> None:
    """Write one event for each patient on a page of a list with medical content. Two SQL statements."""
    keys = {line.patient_id for line in lines if line.patient_id is not None}
    rows = Patient.objects.filter(pk__in=keys).order_by("pk")
    audit.record_all(audit.event(actor=actor, verb="overview.opened", subject=one, patient_id=one.pk) for one in rows)
