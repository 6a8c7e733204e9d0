"""Errors of this project in Luigi's log: their four sentences, without a traceback."""

from __future__ import annotations

import logging

from pipeline.errors import AuscultError


class PlainErrors(logging.Filter):
    """Replace the traceback of an AuscultError by the error's own sentences."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, AuscultError):
            record.msg = f"{record.getMessage()}\n{type(error).__name__}\n{error}"
            record.args = ()
            record.exc_info = record.exc_text = None
        return True


def show_plain_errors() -> None:
    """Install the filter on Luigi's logger, once."""
    logger = logging.getLogger("luigi-interface")
    if not any(isinstance(one, PlainErrors) for one in logger.filters):
        logger.addFilter(PlainErrors())
