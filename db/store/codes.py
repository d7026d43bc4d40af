"""Codes: fingerprints, renewal, wrong tries."""

from db.session import Session


class CodeRows:
    """Reads and writes of this area."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session
