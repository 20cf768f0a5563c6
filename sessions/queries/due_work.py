"""Rows that a worker should have taken up: what the readiness page asks of this app."""

from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext_noop

from mesoclinic.core.queries import readiness
from sessions.models import Course, Reminder, ReportBatch
from sessions.models.reminders import ReminderStatus


def announce() -> None:
    readiness.DUE_WORK[gettext_noop("a course waits for its plan")] = oldest_plan_to_make
    readiness.DUE_WORK[gettext_noop("a reminder waits to be sent")] = oldest_reminder_to_send
    readiness.DUE_WORK[gettext_noop("reports wait to be printed")] = oldest_batch_to_print


def oldest_plan_to_make(before: datetime) -> datetime | None:
    """Give when the oldest plan nobody has made was asked for, if before an instant. One SQL statement."""
    return readiness.oldest(Course.objects.filter(plan_made__lt=F("plan_wanted")), "plan_wanted_at", before)


def oldest_reminder_to_send(before: datetime) -> datetime | None:
    """Give when the oldest reminder nobody has sent was due, if before an instant. One SQL statement."""
    unsent = [ReminderStatus.QUEUED, ReminderStatus.SENDING]
    return readiness.oldest(Reminder.objects.filter(status__in=unsent), "due_at", before)


def oldest_batch_to_print(before: datetime) -> datetime | None:
    """Since when a batch of reports has been in no worker's hands. One SQL statement."""
    return readiness.oldest(ReportBatch.objects.at_work(), "free_from", before)
