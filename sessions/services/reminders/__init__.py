"""Messages to patients and owners: put into the outbox, sent from it, answered by the link in them."""

from .delivering import TASK_SECONDS, deliver_due_reminders, retry_message
from .queueing import queue_message, queue_reminders
from .replying import ask_for_another_time, confirm_visits, settle_reply
from .rules import change_message_text, change_reminder_settings

__all__ = [
    "TASK_SECONDS",
    "ask_for_another_time",
    "change_message_text",
    "change_reminder_settings",
    "confirm_visits",
    "deliver_due_reminders",
    "queue_message",
    "queue_reminders",
    "retry_message",
    "settle_reply",
]
