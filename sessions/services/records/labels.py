"""Print the labels of the syringes drawn up for a session; that they were printed is written down."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.models import User
from mesoclinic.core.refused import Refused
from sessions.models import SessionRecord
from sessions.printing.labels import labels_data
from sessions.printing.pdf import print_data
from sessions.queries.labels import label_words, syringe_labels


def print_labels(*, actor: User, record: SessionRecord, now: datetime | None = None) -> bytes:
    """Print one label for each syringe, in one PDF. Raises Refused("not-whole" | "no-mix")."""
    now = now or timezone.now()
    if record.draft:
        raise Refused("not-whole", _("Some of the mix cannot be read yet. Look at the marked fields first."))
    labels = syringe_labels(record, printed_by=actor, now=now)
    if not labels:
        raise Refused("no-mix", _("There is no mix to label."))
    with transaction.atomic():
        audit.record(actor=actor, verb="record.label-printed", subject=record, patient_id=record.patient_id)
    language = (get_language() or "en").split("-")[0]
    data = labels_data(labels, language=language, size_mm=record.clinic.label_mm, **label_words())
    return print_data(data, now, template="label.typ")
