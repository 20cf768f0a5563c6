"""A task that only leaves a row behind, to see that another process works on the database of the test."""

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone


@shared_task(name="tests.ping")
def ping(key):
    Session.objects.update_or_create(session_key=key, defaults={"session_data": "", "expire_date": timezone.now()})
