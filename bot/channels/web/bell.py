"""The bell of a page: what a device answers when asked whether it wants to be told of news."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

import structlog

from bot.channels.web.push import Pusher, is_address
from bot.channels.web.push_seal import are_keys
from bot.channels.web.sent import Refused
from bot.clock import Clock
from db.batch import Unit
from db.runner import Database
from db.session import Session
from db.store import Store
from db.store.push import Subscription
from handlers.world import WEB

MOST_ENDPOINT = 2000
SAID = frozenset({"offered", "declined"})

Work = Callable[[Store, int, datetime], None]

log = structlog.get_logger()


class Bell:
    """Keeps what the devices of a chat want."""

    def __init__(self, database: Database, clock: Clock, pusher: Pusher) -> None:
        """`pusher` knows the push services, and has the key that browsers subscribe with."""
        self._database = database
        self._clock = clock
        self._pusher = pusher

    async def key(self) -> str:
        """Our public key, base64url."""
        return await asyncio.to_thread(self._pusher.sealer.public_key)

    async def take(self, chat: str, sent: object) -> None:
        """Keep an answer.

        Args:
            chat: the account's public id.
            sent: {"say": "offered" | "declined"} or {"on": {"endpoint": …, "keys": {"p256dh": …,
                "auth": …}}}, as a browser's PushSubscription is in JSON.

        Raises:
            Refused: it is none of these, or of a push service that we do not call.
        """
        work = await self._work(sent)
        found = await self._database.read(
            lambda connection: Store(Session(connection), None, {}).feed.chat(WEB, chat)
        )
        if found is None:  # nobody has said anything here yet
            raise Refused(404)
        now = self._clock.now()
        unit = Unit(partial(_do, work, found.account, now), now, account=found.account)
        await self._database.run(unit)

    async def _work(self, sent: object) -> Work:
        match sent:
            case {"say": str(said)} if said in SAID:
                return _offered if said == "offered" else _declined
            case {"on": {"endpoint": str(at), "keys": {"p256dh": str(key), "auth": str(auth)}}}:
                given = Subscription(at, key.rstrip("="), auth.rstrip("="))
                await self._check(given)
                return partial(_on, given)
        raise Refused(400)

    async def _check(self, given: Subscription) -> None:
        """Refuse a subscription that could not be used; the operator reads whose service it is."""
        if len(given.endpoint) > MOST_ENDPOINT or not is_address(given.endpoint):
            raise Refused(400, why="address")
        if not self._pusher.takes(given.endpoint):
            log.warning("push_host_unknown", host=_host(given.endpoint))
            raise Refused(400, why="host")
        if not await asyncio.to_thread(are_keys, given.p256dh, given.auth):
            raise Refused(400, why="keys")


def _host(endpoint: str) -> str:
    """The name of the machine, and nothing of the address, which is a secret."""
    return (urlsplit(endpoint).hostname or "")[:100]


def _do(work: Work, account: int, now: datetime, store: Store) -> None:
    work(store, account, now)


def _offered(store: Store, account: int, _now: datetime) -> None:
    store.push.offer(account)


def _declined(store: Store, account: int, _now: datetime) -> None:
    store.push.decline(account)


def _on(given: Subscription, store: Store, account: int, now: datetime) -> None:
    store.push.subscribe(account, given, now)
