"""Classes: their teachers, groups, slots and notes."""

from db.session import Session


class Classes:
    """Reads and writes of this area."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session
