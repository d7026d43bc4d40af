"""Whether the database answers: one word in the log when it goes, one when it is back."""

import threading
import time
from collections.abc import Callable
from typing import Literal

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError

QUIET_S = 60.0
"""One that comes and goes is told once a minute at most."""

CONTENDED = frozenset({"40001", "40P01", "55P03"})
REFUSING = frozenset(
    (
        *("57P01", "57P02", "57P03", "57P05", "25P03", "25006"),
        *("53100", "53200", "53300", "53400", "58030"),
    )
)
CONTENDED_SQLITE = ("SQLITE_LOCKED",)
REFUSING_SQLITE = (
    *("SQLITE_BUSY", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN"),
    *("SQLITE_PROTOCOL", "SQLITE_NOMEM"),
)

Kind = Literal["reads", "writes"]

log = structlog.get_logger()


class Health:
    """What the threads of a `Database` have found out; any thread may tell and ask.

    Reads and writes go and come back apart: a full disk can still be read.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        """`steady`: seconds of a clock that never goes back."""
        self.went: Callable[[], None] = _nobody  # called, in the thread that found it, when it goes
        self._steady = steady
        self._lock = threading.Lock()
        self._kinds: set[Kind] = set()
        self._since = 0.0
        self._told = False
        self._quiet_until = float("-inf")

    @property
    def away(self) -> bool:
        """Whether the last try to read or to write was refused."""
        return bool(self._kinds)

    def refused(self, kind: Kind, error: Exception) -> None:
        """The database did not do it, for no fault of the work."""
        with self._lock:
            first = not self._kinds
            self._kinds.add(kind)
            if not first:
                return
            self._since = self._steady()
            told = self._told = self._since >= self._quiet_until
        if told:
            log.error("database_away", kind=kind, error=_name(error))
        self.went()

    def answered(self, kind: Kind) -> None:
        """The database did something of this kind."""
        if kind not in self._kinds:
            return
        with self._lock:
            if kind not in self._kinds:
                return  # another thread was first
            self._kinds.discard(kind)
            if self._kinds:
                return
            now, since, told = self._steady(), self._since, self._told
            if told:
                self._quiet_until = now + QUIET_S
        if told:
            log.warning("database_back", away_s=round(now - since, 1))


def is_away(error: Exception) -> bool:
    """Whether the database as a whole refuses: gone, full, read-only, locked by somebody."""
    if not isinstance(error, DBAPIError):
        return False
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        return str(name).startswith(REFUSING_SQLITE)
    state = getattr(error.orig, "sqlstate", None)
    lost = isinstance(error, OperationalError) and state is None  # no answer from the server at all
    return bool(
        error.connection_invalidated or lost or state in REFUSING or str(state).startswith("08")
    )


def is_transient(error: Exception) -> bool:
    """Whether the same work may succeed a moment later: a lock, a deadlock, a database away."""
    if not isinstance(error, DBAPIError):
        return False
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    state = getattr(error.orig, "sqlstate", None)
    return is_away(error) or state in CONTENDED or name.startswith(CONTENDED_SQLITE)


def is_locked(error: Exception) -> bool:
    """Whether another process holds SQLite's lock."""
    cause = getattr(error, "orig", None)
    return str(getattr(cause, "sqlite_errorname", "")).startswith("SQLITE_BUSY")


def _name(error: Exception) -> str:
    """The driver's name of an error, without its text."""
    cause = getattr(error, "orig", None)
    named = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return str(named or type(cause or error).__name__)


def _nobody() -> None:
    """Nobody wants to know at once."""
