"""Mesoclinic: clinics that give mesotherapy, to people and to horses."""

from mesoclinic.celery import app as celery_app

__all__ = ["celery_app"]
