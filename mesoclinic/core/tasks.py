"""Thin tasks of the core."""

from celery import shared_task
from django.utils import timezone

from mesoclinic.core.models import Heartbeat


@shared_task(name="core.beat_heartbeat", time_limit=30)
def beat_heartbeat() -> None:
    """Note that beat rang and a worker answered."""
    Heartbeat.objects.update_or_create(name="beat", defaults={"at": timezone.now()})
