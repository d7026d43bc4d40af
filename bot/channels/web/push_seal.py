"""Web Push messages: encrypted for one browser, and signed by the school's own key pair."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from db.store.push import Subscription

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

# cryptography, and pywebpush above it, are imported where they are used: they take 14 MB and 0.16 s
# that a school whose pupils never ask to be told does not need.

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
SIGNED_FOR = timedelta(hours=12)  # RFC 8292 allows 24
N_POINT, N_AUTH = 65, 16


@dataclass(frozen=True, slots=True)
class Sealed:
    """One message as it is posted."""

    body: bytes
    headers: dict[str, str]


class Sealer:
    """Encrypts and signs. All of it is work for a thread: the first call imports its libraries."""

    def __init__(self, secret: bytes, base: str) -> None:
        """Note the secret that the key pair is made of, and the address we are asked at."""
        self._secret = secret
        host = urlsplit(base).hostname or ""
        # A push service that has trouble with us wants somebody to ask; Apple's takes no bare name.
        self._subject = f"https://{host if '.' in host else 'localhost'}"
        self._made: EllipticCurvePrivateKey | None = None

    def public_key(self) -> str:
        """What browsers subscribe with, so that only we can send: base64url of 65 bytes."""
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - see above
            Encoding,
            PublicFormat,
        )

        public = self._key().public_key()
        point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).decode().rstrip("=")

    def _key(self) -> "EllipticCurvePrivateKey":
        """The same in each process, and after a restore: made of the installation's secret key.

        48 bytes for a number below 2**256, so that none is likelier (FIPS 186-5, A.2.1).
        """
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - see above
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - see above
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 - see above

        if self._made is None:
            seed = HKDF(SHA256(), length=48, salt=None, info=b"web/push").derive(self._secret)
            number = int.from_bytes(seed, "big") % (ORDER - 1) + 1
            self._made = ec.derive_private_key(number, ec.SECP256R1())
        return self._made

    def seal(self, given: Subscription, text: str, now: datetime) -> Sealed:
        """The message for one browser, to be posted to its endpoint.

        pywebpush would post it too, but follows redirects and knows no clock but the machine's.
        """
        from pywebpush import Vapid, WebPusher  # noqa: PLC0415 - see above

        keys = {"p256dh": given.p256dh, "auth": given.auth}
        pusher: Any = WebPusher({"endpoint": given.endpoint, "keys": keys})
        where = urlsplit(given.endpoint)
        claims = {
            "aud": f"{where.scheme}://{where.netloc}",
            "sub": self._subject,
            "exp": int((now + SIGNED_FOR).timestamp()),
        }
        headers: dict[str, str] = Vapid(self._key()).sign(claims)
        encoding = {"Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream"}
        return Sealed(bytes(pusher.encode(text.encode())["body"]), headers | encoding)


def are_keys(p256dh: str, auth: str) -> bool:
    """Whether a message can be encrypted with what a browser gave."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - see above

    try:
        point, secret = _decoded(p256dh), _decoded(auth)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:  # letters of another alphabet, no point of the curve
        return False
    return (len(point), len(secret)) == (N_POINT, N_AUTH)


def _decoded(text: str) -> bytes:
    return base64.b64decode(
        text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True
    )
