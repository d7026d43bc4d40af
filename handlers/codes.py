"""Personal codes: eight easy characters made from the secret key, a person and a generation."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from content.words import CODE_ALPHABET
from db.store import Store
from db.store.codes import Owner

LENGTH = 8


@dataclass(frozen=True, slots=True)
class Codes:
    """Makes codes and what is stored of them. The secret never leaves this object's methods."""

    secret: bytes = field(repr=False)

    def make(self, purpose: str, owner: int, generation: int) -> str:
        """The code of `owner`: the same again each time, another for the next generation.

        Args:
            purpose: `person`, or `group` for binding a class's group.
            owner: id of the person or of the class.
            generation: counts up each time the code is renewed.

        Returns:
            8 characters of `CODE_ALPHABET`, with a letter and a digit among them, so that it is
            neither a word nor
            a number that somebody types for another reason.
        """
        for salt in range(1000):
            digest = self._digest(f"code/{purpose}/{owner}/{generation}/{salt}")
            number = int.from_bytes(digest[:16])
            letters = []
            for _ in range(LENGTH):
                number, rest = divmod(number, len(CODE_ALPHABET))
                letters.append(CODE_ALPHABET[rest])
            code = "".join(letters)
            if any(c.isdigit() for c in code) and any(c.isalpha() for c in code):
                return code
        raise AssertionError("unreachable: a thousand digests without a letter and a digit")

    def fingerprint(self, code: str) -> str:
        """What the database keeps of a code: a keyed hash, useless without the secret.

        32 hex digits.
        """
        return self._digest(f"fingerprint/{code.upper()}").hex()[:32]

    def hook_secret(self, bot: str) -> str:
        """What a platform must say with each webhook of `bot`, if no setting says it."""
        return self._digest(f"hook/{bot}").hex()

    def _digest(self, text: str) -> bytes:
        return hmac.new(self.secret, text.encode(), sha256).digest()


def issue_code(store: Store, codes: Codes, purpose: str, owner: int, now: datetime) -> str:
    """The code of this owner that is in force; made and remembered if there is none.

    Args:
        store: the transaction.
        codes: what makes codes.
        purpose: `person`, or `group` for binding a class's group.
        owner: id of the person or of the class.
        now: when the code begins, if it is new.
    """
    whose = Owner(purpose, owner)
    known = store.codes.of(whose)
    if known is None:
        return _begin(store, codes, whose, 1, now)
    code = codes.make(purpose, owner, known.generation)
    if codes.fingerprint(code) == known.fingerprint:
        return code
    return _begin(store, codes, whose, known.generation, now)  # the secret key was changed


def renew_code(store: Store, codes: Codes, purpose: str, owner: int, now: datetime) -> str:
    """A new code for this owner: the old one is dead, and whoever came in by it is out.

    A code is renewed since a slip was lost, seen by others, or used up; so the chats that it opened
    ask for the new one. Nothing that was learned is lost.
    """
    whose = Owner(purpose, owner)
    known = store.codes.of(whose)
    if purpose == "person":
        store.people.close_chats(owner)
    return _begin(store, codes, whose, known.generation + 1 if known else 1, now)


def _begin(store: Store, codes: Codes, owner: Owner, generation: int, now: datetime) -> str:
    """Remember the first code from `generation` on that nobody else has."""
    while True:
        code = codes.make(owner.purpose, owner.id, generation)
        taken = store.codes.find(codes.fingerprint(code))
        if taken is None or getattr(taken, owner.column) == owner.id:
            store.codes.set(owner, generation, codes.fingerprint(code), now)
            return code
        generation += 1
