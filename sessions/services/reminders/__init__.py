"""Messages to patients and owners: put into the outbox, sent from it; when, and in what words."""

from .delivering import TASK_SECONDS, deliver_due_reminders, retry_message
from .queueing import queue_message, queue_reminders
from .rules import change_message_text, change_reminder_settings

__all__ = [
    "TASK_SECONDS",
    "change_message_text",
    "change_reminder_settings",
    "deliver_due_reminders",
    "queue_message",
    "queue_reminders",
    "retry_message",
]
