"""Backups: the database and the secret key in one file, and back from it into an empty place."""

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Told what is being done, in words for the person who waits, and which part of it is done, 0-1."""


class BackupError(Exception):
    """No backup was made, or none can be put back; the text is a sentence for a person.

    Attributes:
        reason: one word for the log, such as `no_room`.
    """

    def __init__(self, text: str, reason: str = "failed") -> None:
        super().__init__(text)
        self.reason = reason


def unheard(_what: str, _part: float) -> None:
    """The progress that nobody looks at."""
