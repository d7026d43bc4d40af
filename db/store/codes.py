"""Codes: fingerprints, renewal, wrong tries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, select

from db.models import code, code_try
from db.session import Session

FIND = select(code).where(code.c.fingerprint == bindparam("print"))
LOCK = FIND.with_for_update()
OF_PERSON = select(code).where(code.c.person_id == bindparam("owner"))
OF_CLASS = select(code).where(
    code.c.class_id == bindparam("owner"), code.c.purpose == bindparam("why")
)
DROP_PERSON = delete(code).where(code.c.person_id == bindparam("owner"))
DROP_CLASS = delete(code).where(
    code.c.class_id == bindparam("owner"), code.c.purpose == bindparam("why")
)
TRIES = (
    select(code_try.c.at)
    .where(code_try.c.account_id == bindparam("account"), code_try.c.at > bindparam("since"))
    .order_by(code_try.c.at.desc(), code_try.c.id.desc())
)
TRIES_FROM = (
    select(code_try.c.at)
    .where(code_try.c.source == bindparam("source"), code_try.c.at > bindparam("since"))
    .order_by(code_try.c.at.desc(), code_try.c.id.desc())
)
N_TRIES = select(func.count()).where(code_try.c.at > bindparam("since"))


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose code: a person's, or a class's for its group (`group`) or its page (`page`).

    Attributes:
        purpose: `person`, `group` or `page`.
        id: of the person, or of the class.
    """

    purpose: str
    id: int

    @property
    def column(self) -> str:
        """Where the code's row keeps the owner."""
        return "person_id" if self.purpose == "person" else "class_id"

    @property
    def values(self) -> dict[str, Any]:
        """What the statements on the owner's code ask for."""
        of_class = {} if self.purpose == "person" else {"why": self.purpose}
        return {"owner": self.id, **of_class}


class CodeRows:
    """Reads and writes of codes' fingerprints and of wrong tries; a code itself is never here."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def find(self, fingerprint: str) -> Row[Any] | None:
        """The row of a code that is in force: purpose, person_id, class_id, generation."""
        return self._session.one(FIND, {"print": fingerprint})

    def lock(self, fingerprint: str) -> Row[Any] | None:
        """The same, held until the commit, so that two chats cannot both be the last allowed."""
        return self._session.one(LOCK, {"print": fingerprint})

    def of(self, owner: Owner) -> Row[Any] | None:
        """The row of the owner's code."""
        statement = OF_PERSON if owner.purpose == "person" else OF_CLASS
        return self._session.one(statement, owner.values)

    def set(self, owner: Owner, generation: int, fingerprint: str, now: datetime) -> None:
        """The owner's code from now on; the one before is dead."""
        self.drop(owner)
        self._session.read(
            code.insert().values(
                fingerprint=fingerprint,
                purpose=owner.purpose,
                generation=generation,
                created_at=now,
                **{owner.column: owner.id},
            )
        )

    def drop(self, owner: Owner) -> None:
        """The owner has no code any more."""
        statement = DROP_PERSON if owner.purpose == "person" else DROP_CLASS
        self._session.read(statement, owner.values)

    def count_try(self, account: int | None, now: datetime, source: str | None = None) -> None:
        """Remember a wrong try of this chat and of this network address (its keyed hash)."""
        self._session.add(code_try, account_id=account, source=source, at=now)

    def tries(self, account: int, since: datetime) -> Sequence[datetime]:
        """When this chat tried wrong codes after `since`, the latest first."""
        found = self._session.all(TRIES, {"account": account, "since": since})
        return [row.at for row in found]

    def tries_from(self, source: str, since: datetime) -> Sequence[datetime]:
        """When wrong codes came from this network address after `since`, the latest first."""
        found = self._session.all(TRIES_FROM, {"source": source, "since": since})
        return [row.at for row in found]

    def n_tries(self, since: datetime) -> int:
        """How many wrong codes were tried after `since`, everywhere together."""
        return int(self._session.read(N_TRIES, {"since": since}).scalar_one())
