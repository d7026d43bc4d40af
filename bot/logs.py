"""Logging to stderr: lines to read on a terminal, else JSON; names, texts, codes, tokens never."""

import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import Processor
from typing_extensions import override


def set_up(*, verbose: bool = False) -> None:
    """Send structlog's and the libraries' events to stderr.

    The libraries' own records keep their level and place but lose their exception's text and
    arguments: these may hold what a person typed, or a token in an address.
    """
    level = logging.DEBUG if verbose else logging.INFO
    structlog.configure(
        processors=processors(sys.stderr, os.environ),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = _ByPlace()
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("aiohttp.access").disabled = True


def processors(stream: TextIO, environ: Mapping[str, str]) -> list[Processor]:
    """What an event goes through on its way to `stream`.

    On a terminal: local time, coloured unless `NO_COLOR` is set or the terminal is dumb. Elsewhere,
    under systemd or in a file: one line of JSON, with the time in UTC.
    """
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _only_the_kind,
    ]
    if stream.isatty():
        colours = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        shown = structlog.dev.ConsoleRenderer(
            colors=colours, exception_formatter=structlog.dev.plain_traceback, sort_keys=False
        )
        return [*first, structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False), shown]
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    return [*first, stamp, structlog.processors.JSONRenderer(ensure_ascii=False)]


def _only_the_kind(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Of an exception only its kind: its text and its locals may hold what a person typed."""
    error = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event.setdefault("error", type(error).__name__)
    return event


class _ByPlace(logging.Handler):
    """Hands a library's record on as an event that says only where and what kind."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger().warning(
            "library", logger=record.name, place=f"{record.module}:{record.lineno}", error=error
        )
