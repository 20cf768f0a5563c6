"""Reads of the clinic's techniques."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from mesoclinic.core.models import Clinic
from protocols.models import Technique


def techniques(clinic: Clinic, also: int | None = None) -> QuerySet[Technique]:
    """The techniques on offer, and one that a draft names `also`, by name. One statement."""
    return all_techniques(clinic).filter(Q(is_archived=False) | Q(pk=also))


def all_techniques(clinic: Clinic) -> QuerySet[Technique]:
    """Every technique, those no longer offered too, by name. One statement."""
    return Technique.objects.filter(clinic=clinic)


def get_or_404(clinic: Clinic, public_id: UUID) -> Technique:
    return get_object_or_404(all_techniques(clinic), public_id=public_id)
