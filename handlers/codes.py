"""Personal codes: eight easy characters made from the secret key, a person and a generation."""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from content.words import CODE_ALPHABET

LENGTH = 8


@dataclass(frozen=True, slots=True)
class Codes:
    """Makes codes and what is stored of them. The secret never leaves this object's methods."""

    secret: bytes

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

    def _digest(self, text: str) -> bytes:
        return hmac.new(self.secret, text.encode(), sha256).digest()
