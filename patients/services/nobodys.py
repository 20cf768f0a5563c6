"""A pseudonymised file is nobody's any more: every service that would add to one asks here first."""

from django.utils.translation import gettext as _

from mesoclinic.core.refused import Refused
from patients.models import Patient


def refuse_pseudonymised(patient: Patient) -> None:
    """Raises Refused("pseudonymised")."""
    if patient.pseudonymised_at is not None:
        raise Refused("pseudonymised", _("This file has been pseudonymised: nothing is added to it any more."))
