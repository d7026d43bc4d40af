"""What proves a web account: signed cookies, ids made of a form's key, addresses as hashes."""

import hmac
import re
from dataclasses import dataclass, field
from hashlib import sha256

ID_RE = re.compile(r"[0-9a-f]{20}")
KEY_RE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Keys:
    """Signs and checks; nothing of it is stored. The secret never leaves this object's methods."""

    secret: bytes = field(repr=False)

    def account(self, form_key: str) -> str:
        """The public id of the account that a form makes: 20 hex digits.

        A form that is sent twice makes one account.
        """
        return self._digest(f"web/account/{form_key}")[:20]

    def token(self, account: str) -> str:
        """What the cookie of an account holds."""
        return self._digest(f"web/cookie/{account}")

    def proves(self, account: str, token: str) -> bool:
        """Whether this cookie is the account's."""
        return _same(token, self.token(account))

    def door(self, code: str, account: str) -> str:
        """What the cookie of a personal link holds: which account it opened on this device."""
        return f"{account}.{self._digest(f'web/door/{code}/{account}')}"

    def opened(self, code: str, cookie: str) -> str | None:
        """The account that this personal link opened on this device; None if the cookie is not."""
        account = cookie.partition(".")[0]
        return account if _same(cookie, self.door(code, account)) else None

    def source(self, address: str) -> str:
        """A network address as it may be stored: 32 hex digits."""
        return self._digest(f"web/source/{address}")[:32]

    def _digest(self, text: str) -> str:
        return hmac.new(self.secret, text.encode(), sha256).hexdigest()


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), right.encode())
