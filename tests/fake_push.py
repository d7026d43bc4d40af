"""A browser's push service at the wire, and the browsers that have subscribed there.

It reads what it gets as a browser does: it checks who has signed (RFC 8292) and decrypts with the
browser's private key (RFC 8291), both by cryptography alone and not by what the product uses.
"""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.clock import Clock
from tests.serving import served

DAY_S = 24 * 3600
HEADER = 16 + 4 + 1 + 65  # salt, record size, length of the key, the sender's key


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def letters(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass
class Device:
    """One browser: its secrets, and what it was shown."""

    name: str
    base: str
    key: ec.EllipticCurvePrivateKey
    auth: bytes
    shown: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"{self.base}/push/{self.name}?secret=of-{self.name}"

    def to_json(self) -> dict[str, Any]:
        """What `PushSubscription.toJSON` gives to the page."""
        keys = {"p256dh": letters(point(self.key.public_key())), "auth": letters(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def open(self, body: bytes) -> str:
        """Decrypt a message of one record."""
        salt, their_key = body[:16], body[21:HEADER]
        assert body[20] == 65
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), their_key)
        shared = self.key.exchange(ec.ECDH(), theirs)
        info = b"WebPush: info\0" + point(self.key.public_key()) + their_key
        seed = derived(self.auth, shared, info, 32)
        content_key = derived(salt, seed, b"Content-Encoding: aes128gcm\0", 16)
        nonce = derived(salt, seed, b"Content-Encoding: nonce\0", 12)
        padded = AESGCM(content_key).decrypt(nonce, body[HEADER:], None).rstrip(b"\0")
        assert padded.endswith(b"\2"), "the last record ends so"
        return padded[:-1].decode()


def derived(salt: bytes, key: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length=length, salt=salt, info=info).derive(key)


@dataclass
class FakePush:
    """The service: 201 to what is right, or the answer that was planned for a device."""

    clock: Clock
    base: str = ""
    sender: str = ""  # the key that browsers subscribed with; others may not send
    devices: dict[str, Device] = field(default_factory=dict)
    planned: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    claims: list[dict[str, Any]] = field(default_factory=list)
    elsewhere: int = 0

    def device(self, name: str) -> Device:
        """A browser that subscribes; the same for the same name."""
        if name not in self.devices:
            auth = name.encode().ljust(16, b".")
            self.devices[name] = Device(
                name, self.base, ec.generate_private_key(ec.SECP256R1()), auth
            )
        return self.devices[name]

    def plan(self, name: str, status: int, **headers: str) -> None:
        """Answer a device's next message so; 0: cut the line instead of answering."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        self.planned.setdefault(name, []).append((status, named))

    async def take(self, request: web.Request) -> web.Response:
        device = self.devices.get(request.match_info["name"])
        if device is None or request.query.get("secret") != f"of-{device.name}":
            return web.Response(status=404)
        if not self._is_signed(request.headers.get("Authorization", "")):
            return web.Response(status=403)
        if not request.headers.get("TTL", "").isdecimal():
            return web.Response(status=400)
        status, headers = (self.planned.get(device.name) or [(201, {})]).pop(0)
        body = await request.read()
        if status == 0:
            assert request.transport is not None
            request.transport.close()
        elif status < 300:
            assert request.headers["Content-Encoding"] == "aes128gcm"
            device.shown.append(device.open(body))
            device.headers.append(dict(request.headers))
        return web.Response(status=status or 500, headers=headers)

    def _is_signed(self, said: str) -> bool:
        parts = dict(part.strip().split("=", 1) for part in said.removeprefix("vapid ").split(","))
        if not said.startswith("vapid ") or parts["k"] != self.sender:
            return False
        signed, _, mark = parts["t"].rpartition(".")
        number = [int.from_bytes(half, "big") for half in (raw(mark)[:32], raw(mark)[32:])]
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(parts["k"]))
        key.verify(encode_dss_signature(*number), signed.encode(), ec.ECDSA(SHA256()))
        claims = json.loads(raw(signed.split(".")[1]))
        self.claims.append(claims)
        left_s = claims["exp"] - self.clock.now().timestamp()
        return claims["aud"] == self.base and 0 < left_s <= DAY_S

    async def trap(self, _request: web.Request) -> web.Response:
        self.elsewhere += 1
        return web.Response(status=201)


@asynccontextmanager
async def fake_push(clock: Clock) -> AsyncIterator[FakePush]:
    """The service, on a free port; `/trap` counts who goes where a redirect leads."""
    made = FakePush(clock)
    routes = [web.post("/push/{name}", made.take), web.route("*", "/trap", made.trap)]
    async with served(routes) as made.base:
        yield made
