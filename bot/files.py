"""`/files/<signed>`: what a platform fetches from us, under short-lived addresses nobody can guess.

An address names the outbox row, when it ends, and our signature of both. What it shows (a QR's link
holds a personal code) stands only in the row.
"""

import hmac
import re
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy import Connection, Row

from bot.channels import OutRow, Rejected, Unavailable
from bot.clock import Clock
from bot.rendering import KINDS, render
from db.runner import Database
from db.session import Session
from db.store.outbox import Outbox

LIFE = timedelta(minutes=10)
MOST_BYTES = 8 << 20
SIGNED = re.compile(r"([0-9a-f]{1,15})-([0-9a-f]{8,10})-([0-9a-f]{32})\.([a-z]{3,4})")
HEADERS = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
ENDED = """<!doctype html>
<html lang="vi">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Lan Tỏa</title>
<p>Đường link này đã hết hạn hoặc chưa đúng.</p>
</html>
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FileLinks:
    """Makes and reads the addresses. The secret never leaves this object's methods.

    Attributes:
        secret: the installation's.
        base: the public address, without a slash at the end.
        clock: time.
    """

    secret: bytes = field(repr=False)
    base: str
    clock: Clock

    def address(self, row: OutRow) -> str:
        """Where this row's picture can be fetched, as often as one likes, for the next 10 minutes.

        Args:
            row: of a kind in `bot.rendering.KINDS`.
        """
        until = int((self.clock.now() + LIFE).timestamp())
        named = f"{row.id:x}-{until:x}"
        return f"{self.base}/files/{named}-{self._sign(named)}.{KINDS[row.kind].ending}"

    def row_of(self, signed: str) -> tuple[int, str] | None:
        """The id of the row, and the ending, of an address that is ours and not over; else None."""
        match = SIGNED.fullmatch(signed)
        if match is None:
            return None
        row, until, signature, ending = match.groups()
        right = hmac.compare_digest(signature, self._sign(f"{row}-{until}"))
        if not right or self.clock.now().timestamp() >= int(until, 16):
            return None
        return int(row, 16), ending

    def _sign(self, named: str) -> str:
        # Codes, hooks and cookies are signed with the same secret, each under a name of its own.
        return hmac.new(self.secret, f"files/{named}".encode(), sha256).hexdigest()[:32]


class Files:
    """Serves them, in any process of the installation."""

    def __init__(self, links: FileLinks, database: Database) -> None:
        """Rows are read from `database` when they are asked for."""
        self._links = links
        self._database = database

    def routes(self) -> list[web.RouteDef]:
        """The one route, for GET and HEAD."""
        return [web.get("/files/{signed}", self._serve)]

    async def _serve(self, request: web.Request) -> web.Response:
        found = self._links.row_of(request.match_info["signed"])
        if found is None:
            return _ended()
        number, ending = found
        try:
            row = await self._database.read(partial(_row, number))
        except Unavailable as error:
            after = {"Retry-After": str(error.after_s)}
            return web.Response(status=503, headers=HEADERS | after)
        kind = KINDS.get(row.kind) if row is not None else None
        if row is None or kind is None or kind.ending != ending:
            return _ended()
        try:
            body = render(row.kind, row.body)
        except Rejected:
            return _ended()
        if len(body) > MOST_BYTES:
            log.error("file_too_large", row=number, kind=row.kind, n_bytes=len(body))
            return _ended()
        return web.Response(body=body, content_type=kind.content_type, headers=HEADERS)


def _row(number: int, connection: Connection) -> Row[Any] | None:
    return Outbox(Session(connection)).get(number)


def _ended() -> web.Response:
    """The page of an address that is wrong or over; it does not say which."""
    return web.Response(status=404, text=ENDED, content_type="text/html", headers=HEADERS)
