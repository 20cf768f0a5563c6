"""What the log says, and how much of it."""

import logging


class RefusalsInOneLine(logging.Filter):
    """Leave the traceback out of what a page refused: nothing broke, and the line names the address."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = record.exc_text = None
        return True
