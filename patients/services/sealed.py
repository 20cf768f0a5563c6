"""A pseudonymised file is nobody's, a restricted one is only kept: every service that would add to one asks here first."""

from django.utils.translation import gettext as _

from mesoclinic.core.refused import Refused
from patients.models import Patient


def refuse_sealed(patient: Patient) -> None:
    """Raises Refused("pseudonymised" | "restricted")."""
    if patient.pseudonymised_at is not None:
        raise Refused("pseudonymised", _("This file has been pseudonymised: nothing is added to it any more."))
    if patient.restricted_at is not None:
        raise Refused(
            "restricted",
            _("Somebody asked for this file to be erased: it is only kept. A manager can lift the restriction."),
        )
