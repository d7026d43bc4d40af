"""Consent, what is kept about a person, withdrawal and erasure."""

from db.session import Session


class Privacy:
    """Reads and writes of this area."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session
