"""Web Push: a neutral word to the browsers of a chat that nobody looks at, by their services.

Sources: RFC 8030 (the call), RFC 8291 (its encryption), RFC 8292 (who we are: VAPID), read 2026-11.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
)

from bot.channels import DeliveryError, OutRow, Rejected, RetryLater, Unavailable, Uncertain
from bot.channels.web.push_seal import Sealer
from bot.clock import Clock
from db.batch import Unit
from db.runner import Database
from db.store import Store
from db.store.push import Subscription
from handlers.page_opened import read_notice, until_night

HOSTS = (
    "https://fcm.googleapis.com",  # Chrome, and most browsers that are made of it
    "https://*.push.services.mozilla.com",  # Firefox: updates.…
    "https://*.push.apple.com",  # Safari: web.…
    "https://*.notify.windows.com",  # Edge: wns2-….…
)
# What two readers of addresses could read differently is none, nor what PostgreSQL cannot keep.
ADDRESS_RE = re.compile(r"https?://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]{1,5})?(/[!-~]*)?")
MOST_TTL = timedelta(hours=4)
CALL_S, CONNECT_S = 15.0, 5.0
AWAY_S, BUSY_S, MOST_WAIT_S = 5.0, 60.0, 600.0
TAKEN, GONE = frozenset({200, 201, 202, 204}), frozenset({404, 410})
TOPIC = "tin"  # what waits for a phone to be switched on is replaced by the next
BY_WEIGHT = (RetryLater, Uncertain, Rejected)


@dataclass(frozen=True, slots=True)
class PushSettings:
    """Web Push of an installation.

    Attributes:
        secret: the installation's key, from which the key pair is made.
        base: the address of the web chat, by which a push service knows whom to ask.
        hosts: push services besides `HOSTS`: `push.example.org`, `*.example.org`, or for tests
            `http://127.0.0.1:8099`.
    """

    secret: bytes = field(repr=False)
    base: str
    hosts: tuple[str, ...] = ()


def is_address(text: str) -> bool:
    """Whether a browser could have said this of its push service, wherever that is."""
    try:
        return ADDRESS_RE.fullmatch(text) is not None and urlsplit(text).port != 0
    except ValueError:  # no port that there is
        return False


def is_known(endpoint: str, hosts: Sequence[str] = ()) -> bool:
    """Whether this is an address at a push service that we call.

    It comes from a browser, and we post to it: any other would let a stranger make us post into
    the network that we stand in.
    """
    if not is_address(endpoint):
        return False
    where = urlsplit(endpoint)
    port = "" if where.port is None else f":{where.port}"
    name = where.hostname or ""
    parts = name.split(".")
    names = [name, *("*." + ".".join(parts[at:]) for at in range(1, len(parts)))]
    known = {host if "://" in host else f"https://{host}" for host in (*HOSTS, *hosts)}
    return not known.isdisjoint(f"{where.scheme}://{one}{port}" for one in names)


class Pusher:
    """Tells a chat's browsers that there is news."""

    def __init__(
        self, settings: PushSettings, database: Database, clock: Clock, zone: ZoneInfo
    ) -> None:
        """Nothing is opened, and no library for it imported, before the first call."""
        self.sealer = Sealer(settings.secret, settings.base)
        self._hosts = settings.hosts
        self._database, self._clock, self._zone = database, clock, zone
        self._session: ClientSession | None = None

    def takes(self, endpoint: str) -> bool:
        """Whether we would send there."""
        return is_known(endpoint, self._hosts)

    async def tell(self, row: OutRow) -> None:
        """Tell the chat's browsers of this row; where there is none, it lies in the letter box.

        One that has heard is enough: the person has been told.

        Raises:
            RetryLater: no push service was reached, or none had time; or the database is away.
            Uncertain: one may have heard us; a repeat replaces the first on the phone.
            Rejected: none would have it.
        """
        now = self._clock.now()
        ttl = min(until_night(now, self._zone), MOST_TTL)  # what is read next morning is stale
        if ttl <= timedelta(0):
            return
        try:
            found = await self._database.read(partial(read_notice, row.account, row.id))
        except Unavailable:
            raise RetryLater(AWAY_S, reason="database") from None
        if found is None:
            return
        told = [await self._told(found.text, device, ttl) for device in found.devices]
        errors = [each for each in told if isinstance(each, DeliveryError)]
        if errors and True not in told:
            raise next(error for kind in BY_WEIGHT for error in errors if isinstance(error, kind))

    async def _told(
        self, text: str, device: tuple[int, Subscription], ttl: timedelta
    ) -> DeliveryError | bool:
        """Whether a device was told: False if it is gone, and no longer kept; or what failed."""
        row, given = device
        if not self.takes(given.endpoint):
            return Rejected("push host")
        now = self._clock.now()
        sealed = await asyncio.to_thread(self.sealer.seal, given, text, now)
        how = {"TTL": str(int(ttl.total_seconds())), "Urgency": "normal", "Topic": TOPIC}
        try:
            status = await self._post(given.endpoint, sealed.body, sealed.headers | how)
        except DeliveryError as error:
            return error
        if status in GONE:
            with suppress(Unavailable):  # the next reminder finds it gone again
                await self._database.run(Unit(partial(_remove, row), now))
        return status in TAKEN

    async def _post(self, endpoint: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of an answer that needs no more of us.

        Redirects are not followed: they may lead anywhere. Nothing of an error is kept but its
        kind, since aiohttp's texts hold the address.
        """
        try:
            async with self._open().post(
                endpoint, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return _understood(answer)
        except ValueError:  # of a host's name that the library of names cannot read
            raise Rejected("push address") from None
        except (ClientConnectorError, ConnectionTimeoutError):
            raise RetryLater(BUSY_S, reason="push unreached") from None
        except (ClientError, TimeoutError, OSError):
            raise Uncertain from None

    def _open(self) -> ClientSession:
        if self._session is None:
            timeout = ClientTimeout(total=CALL_S, connect=CONNECT_S)
            self._session = ClientSession(cookie_jar=DummyCookieJar(), timeout=timeout)
        return self._session

    async def close(self) -> None:
        """End the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def _understood(answer: ClientResponse) -> int:
    """The status, if it says that the browser was told or is gone.

    Raises:
        RetryLater: the service has no time for us.
        Rejected: it will never take this.
    """
    if answer.status in TAKEN | GONE:
        return answer.status
    if answer.status in {408, 429} or answer.status >= 500:
        asked = answer.headers.get("Retry-After", "")
        wait_s = (
            float(asked) if asked.isdecimal() else BUSY_S
        )  # a date, from some: a minute will do
        raise RetryLater(min(max(wait_s, 1.0), MOST_WAIT_S), reason=f"push {answer.status}")
    raise Rejected(f"push {answer.status}")


def _remove(row: int, store: Store) -> None:
    store.push.remove(row)
