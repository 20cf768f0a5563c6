"""Thin tasks: ids in, one service each, safe to run twice or to be killed."""

from celery import shared_task
from django.utils import timezone

from sessions.services import appointments, batches, extending, figures, leaving, plans, reminders


@shared_task(name="sessions.generate_schedule", time_limit=120)
def generate_schedule(course_id: int) -> None:
    """Make the plan of a course that was just prescribed or must be planned again."""
    plans.plan_sessions(course_id, now=timezone.now())


@shared_task(name="sessions.extend_schedules", time_limit=3000)
def extend_schedules() -> None:
    """Keep open-ended phases planned 26 weeks ahead; nightly."""
    extending.extend_schedules(now=timezone.now())


@shared_task(name="sessions.count_courses", time_limit=3000)
def count_courses() -> None:
    """Count what each course came to, for the overview; nightly."""
    figures.count_courses(now=timezone.now())


@shared_task(name="sessions.flag_overdue", time_limit=1200)
def flag_overdue() -> None:
    """Plan again what was missed, pause what lapsed, end the sign-ins whose last day is over; hourly."""
    plans.flag_overdue(now=timezone.now())
    leaving.end_sign_ins(now=timezone.now())


@shared_task(name="sessions.sweep", time_limit=300)
def sweep() -> None:
    """Find what the bell missed; every 30 seconds."""
    plans.sweep(now=timezone.now())
    appointments.expire_offers(now=timezone.now())


@shared_task(name="sessions.print_batch", time_limit=600)
def print_batch(batch_id: int) -> None:
    """Print the reports that were asked for together."""
    batches.print_batch(batch_id)


@shared_task(name="sessions.print_left_batches", time_limit=600)
def print_left_batches() -> None:
    """Go on with the batches no worker holds, and delete those whose time is over; every minute."""
    batches.sweep()
    batches.expire()


@shared_task(name="sessions.queue_reminders", time_limit=240)
def queue_reminders() -> None:
    """Put the reminders that are due into the outbox; every 5 minutes."""
    reminders.queue_reminders(now=timezone.now())


@shared_task(name="sessions.deliver_due_reminders", time_limit=reminders.TASK_SECONDS)
def deliver_due_reminders() -> None:
    """Send what is due; every minute, and when the bell rings."""
    reminders.deliver_due_reminders()
