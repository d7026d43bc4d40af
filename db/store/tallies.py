"""A class's week in figures, computed from events; and tallies as they were sent."""

from db.session import Session


class Tallies:
    """Reads and writes of this area."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session
