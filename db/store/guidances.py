"""Guidances with their confirmations and checks; their state is computed, never stored."""

from db.session import Session


class Guidances:
    """Reads and writes of this area."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session
