"""Persons: pupils, relatives, staff, and how they belong together."""

from db.session import Session


class People:
    """Reads and writes of this area."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session
