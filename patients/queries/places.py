"""Find the stables and homes of a clinic; a stranger's are not found."""

from uuid import UUID

from django.db.models import Count, QuerySet
from django.shortcuts import get_object_or_404

from mesoclinic.core.models import Clinic
from patients.models import Place


def place_or_404(clinic: Clinic, public_id: UUID) -> Place:
    return get_object_or_404(Place, clinic=clinic, public_id=public_id)


def places_of(clinic: Clinic) -> QuerySet[Place]:
    """List the places, those in use first, with `patient_count`. One SQL statement."""
    return Place.objects.filter(clinic=clinic).annotate(patient_count=Count("patients")).order_by("is_archived", "name")
