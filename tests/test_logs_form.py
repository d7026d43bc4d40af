"""The form of the log: to be read on a terminal, JSON elsewhere, and of an error only its kind."""

import io
import json
import re

import pytest
import structlog

from bot.logs import processors

MARK = "câu nói zqx đánh dấu"
COLOUR = "\x1b["


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def fails(said: str) -> None:
    """An error with the text in its words, and in a local that a traceback would show."""
    raise ValueError(said)


def logged(stream: io.StringIO, **environ: str) -> str:
    """One event with an error, as it stands in the stream."""
    log = structlog.wrap_logger(
        structlog.PrintLogger(stream), processors=processors(stream, environ)
    )
    try:
        fails(MARK)
    except ValueError:
        log.exception("update_failed", bot="telegram", took_ms=41)
    return stream.getvalue()


def test_elsewhere_an_event_is_one_line_of_json():
    (line,) = logged(io.StringIO()).splitlines()
    event = json.loads(line)
    assert (event["event"], event["bot"], event["took_ms"]) == ("update_failed", "telegram", 41)
    assert (event["level"], event["error"]) == ("error", "ValueError")
    assert event["timestamp"].endswith("Z")


def test_on_a_terminal_an_event_is_a_line_to_read():
    (line,) = logged(Terminal(), NO_COLOR="1").splitlines()
    assert re.match(r"\d\d:\d\d:\d\d \[error *\] update_failed", line)
    assert "took_ms=41" in line
    assert "error=ValueError" in line


@pytest.mark.parametrize(
    ("stream", "environ", "coloured"),
    [
        (Terminal, {"TERM": "xterm"}, True),
        (Terminal, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Terminal, {"TERM": "dumb"}, False),
        (io.StringIO, {"TERM": "xterm"}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(stream, environ, coloured):
    assert (COLOUR in logged(stream(), **environ)) == coloured


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_neither_text_nor_locals_of_an_error_are_in_it(stream):
    shown = logged(stream(), NO_COLOR="1")
    assert "zqx" not in shown
    assert "Traceback" not in shown
