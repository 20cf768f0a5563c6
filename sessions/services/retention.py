"""Pseudonymise a file past its period: who it was goes, what was signed stays, and so does who did it, when and why."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mesoclinic.core import audit
from mesoclinic.core.localtime import local_day
from mesoclinic.core.models import Site, User
from mesoclinic.core.refused import Refused
from mesoclinic.core.wording import date_format
from patients.models import Patient
from patients.queries.patients import file_ids
from patients.services.pseudonymising import clear_audit, clear_identity
from sessions.queries.retention import held_now
from sessions.services.pseudonymised_rows import clear_sessions


@transaction.atomic
def pseudonymise_patient(
    *, actor: User, patient: Patient, site: Site, reason: str, now: datetime | None = None
) -> Patient:
    """Take the identity out of a file and all merged into it. There is no way back.

    Raises Refused("pseudonymised" | "merged" | "no-period" | "still-kept").
    """
    now = now or timezone.now()
    today = local_day(now, site.zone)
    rows = Patient.objects.select_for_update(of=("self",)).select_related("species", "clinic")
    files = list(rows.filter(pk__in=file_ids(patient)).order_by("pk"))
    kept = next(one for one in files if one.pk == patient.pk)
    if kept.is_pseudonymised:
        raise Refused("pseudonymised", _("This file has been pseudonymised already."))
    if kept.merged_into_id is not None:
        raise Refused("merged", _("This file was merged into another one. Open that one."))
    _refuse_still_kept(kept, site, today)
    keys = [one.pk for one in files]
    clear_identity(files, now, today)
    clear_sessions(keys)
    clear_audit(keys, now)
    audit.record(actor=actor, verb="patient.pseudonymised", subject=kept, patient_id=kept.pk, reason=reason)
    return kept


def _refuse_still_kept(patient: Patient, site: Site, today) -> None:
    held = held_now(patient, site, today)
    if held is None:
        raise Refused("no-period", _("Your clinic has entered no period for such files. Enter one first."))
    if held.until_on > today:
        words = _("This file is kept until %(day)s. Nothing was changed.")
        raise Refused("still-kept", words % {"day": date_format(held.until_on, "j M Y")})
