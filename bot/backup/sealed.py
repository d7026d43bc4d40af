"""Encryption of a stream: AES-256-GCM in chunks under a key that scrypt makes of a passphrase.

The chunks follow the STREAM construction, as in age: a counter and a mark of the last one are part
of each nonce, so that chunks cannot be left out, moved, or cut off at the end.

File: MAGIC, salt (16 bytes), check (16), nonce prefix (7); then chunks of 64 KiB, each 16 bytes
longer than its text. The check is another part of what scrypt made: it tells a wrong passphrase
from a broken file. Source: Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption
and its Nonce-Reuse Misuse-Resistance" (2015).
"""

import hmac
import os
from io import RawIOBase
from typing import IO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from typing_extensions import Buffer, override

MAGIC = b"LANTOA-SAO-LUU-1\n"
SALT, CHECK, PREFIX, TAG = 16, 16, 7, 16
HEADER = len(MAGIC) + SALT + CHECK + PREFIX
CHUNK = 1 << 16
SCRYPT = {"n": 1 << 15, "r": 8, "p": 1}  # 32 MB and a tenth of a second


class WrongKey(Exception):
    """The passphrase is not the one that the file was sealed with."""


class BrokenSeal(Exception):
    """The file was cut off, or changed after it was written."""


class SealingWriter:
    """Encrypts what is written to it; at its block's end the last chunk goes out."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        """Begin a sealed stream in `file`, which is open for writing."""
        salt, prefix = os.urandom(SALT), os.urandom(PREFIX)
        key, check = _keys(passphrase, salt)
        self._file, self._cipher, self._prefix = file, AESGCM(key), prefix
        self._header = MAGIC + salt + check + prefix
        self._waiting = bytearray()
        self._n = 0
        file.write(self._header)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_more: object) -> None:
        if kind is None:  # else it stays without an end, so that nobody takes it for whole
            self._put(bytes(self._waiting), last=True)

    def write(self, data: bytes) -> int:
        """Take all of `data`. A chunk goes out when more follows it: the last is marked."""
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def flush(self) -> None:
        """Do nothing: a chunk goes out when it is full."""

    def _put(self, text: bytes, *, last: bool) -> None:
        nonce = _nonce(self._prefix, self._n, last=last)
        self._file.write(self._cipher.encrypt(nonce, text, self._header))
        self._n += 1


class SealedReader(RawIOBase):
    """Decrypts a sealed stream, chunk by chunk; nothing is given out that was not verified."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        """Read from `file`, which stands at the start of a sealed stream.

        Raises:
            WrongKey: the passphrase is another one.
            BrokenSeal: the header is cut off.
        """
        self._header = file.read(HEADER)
        if len(self._header) < HEADER:
            raise BrokenSeal
        start = len(MAGIC)
        key, check = _keys(passphrase, self._header[start : start + SALT])
        if not hmac.compare_digest(check, self._header[start + SALT : start + SALT + CHECK]):
            raise WrongKey
        self._file, self._cipher, self._prefix = file, AESGCM(key), self._header[-PREFIX:]
        self._next = file.read(CHUNK + TAG)
        self._open = b""
        self._n = 0
        self._over = False

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        """Fill the buffer as far as this chunk goes; 0 at the end.

        Raises:
            BrokenSeal: a chunk is cut off, changed, or not the next one.
        """
        while not self._open and not self._over:
            self._fetch()
        n = min(memoryview(buffer).nbytes, len(self._open))
        memoryview(buffer)[:n], self._open = self._open[:n], self._open[n:]
        return n

    def _fetch(self) -> None:
        chunk, self._next = self._next, self._file.read(CHUNK + TAG)
        self._over = not self._next
        try:
            nonce = _nonce(self._prefix, self._n, last=self._over)
            self._open = self._cipher.decrypt(nonce, chunk, self._header)
        except (InvalidTag, ValueError):  # ValueError: shorter than a tag
            raise BrokenSeal from None
        self._n += 1


def is_sealed(start: bytes) -> bool:
    """Whether a file that starts so is a sealed stream."""
    return start.startswith(MAGIC)


def _keys(passphrase: str, salt: bytes) -> tuple[bytes, bytes]:
    """The key of the cipher, and the check: two parts of what scrypt makes."""
    made = Scrypt(salt=salt, length=32 + CHECK, **SCRYPT).derive(passphrase.encode())
    return made[:32], made[32:]


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    """Prefix, counter, mark of the last chunk: 12 bytes."""
    return prefix + number.to_bytes(4) + bytes([last])
