"""Runs through lessons, and the attempts in them."""

from db.session import Session


class Runs:
    """Reads and writes of this area."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session
