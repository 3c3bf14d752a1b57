"""How a line of the log looks."""

import logging
from copy import copy


class Plain(logging.Formatter):
    """One line for a request that was refused: who was refused asked for it, and nothing here is to be mended."""

    def format(self, record: logging.LogRecord) -> str:
        if getattr(record, "status_code", 500) < 500:
            record = copy(record)
            record.exc_info = record.exc_text = None
        return super().format(record)
