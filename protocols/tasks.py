"""Thin tasks of the protocols: ids in, one service."""

from celery import shared_task
from django.utils import timezone

from protocols.services import lots


@shared_task(name="protocols.expire_lots", time_limit=300)
def expire_lots() -> int:
    """Tell what expires or runs low, by the day of each clinic. Safe twice: notices are keyed by day."""
    return lots.note_stock(now=timezone.now())
