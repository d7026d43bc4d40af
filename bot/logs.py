"""Logging: one line of JSON an event, to stderr; names, texts, codes and tokens never."""

import logging
import sys

import structlog
from typing_extensions import override


def set_up(*, verbose: bool = False) -> None:
    """Send structlog's and the libraries' events to stderr.

    The libraries' own records keep their level and place but lose their exception's text and
    arguments: these may hold what a person typed, or a token in an address.
    """
    level = logging.DEBUG if verbose else logging.INFO
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = _ByPlace()
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("aiohttp.access").disabled = True


class _ByPlace(logging.Handler):
    """Hands a library's record on as an event that says only where and what kind."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger().warning(
            "library", logger=record.name, place=f"{record.module}:{record.lineno}", error=error
        )
