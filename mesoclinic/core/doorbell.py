"""Ring a worker after the commit. A bell nobody hears costs nothing: the sweep finds the row."""

import logging
from functools import partial

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)


def ring(task_name: str, *ids: int) -> None:
    """Ask a worker to run the named task with these ids once the current transaction has committed.

    Never raises: a dead broker is logged, and what must happen is a row that the sweep finds within 30 seconds.
    """
    transaction.on_commit(partial(send, task_name, *ids), robust=True)


def send(task_name: str, *ids: int) -> None:
    try:
        current_app.send_task(task_name, args=ids, retry=False)
    except Exception:  # every broker library raises its own
        logger.exception("doorbell: %s%r was not heard; the sweep will find it", task_name, ids)
