"""A Zalo channel at its desk: the fake platform before it, intake behind it, a disk beside it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp

from bot.channels import OutRow
from bot.channels.zalo import Address, ZaloChannel, ZaloSettings
from bot.clock import SteppedClock
from bot.spool import Spool
from tests.serving import served
from tests.telegram_desk import Intake, until
from tests.wires import FakeZalo
from tests.wires_api import SECRET_HEADER
from tests.wires_world import FakeUser

SECRET = "s3cret-of-the-desk"
PATH = "/hooks/zalo/b"
START = datetime(2026, 11, 21, tzinfo=UTC)


class ZaloDesk:
    """One bot named `b`; the platform's clock is the desk's."""

    def __init__(
        self, fake: FakeZalo, folder: Path, mode: str = "polling", address: Address | None = None
    ) -> None:
        self.fake, self.folder, self.intake = fake, folder, Intake()
        self.clock = SteppedClock(START)
        fake.world.now = lambda: self.clock.now().timestamp()
        secret = SECRET if mode == "webhook" else ""
        self.settings = ZaloSettings(
            "b", fake.token, mode, api_base=fake.base_url, webhook_secret=secret
        )
        self.spool = Spool(folder)
        self.channel = ZaloChannel(self.settings, self.clock, self.spool, address)
        self.away = False
        self.url = ""

    @asynccontextmanager
    async def listening(self, *, opens: bool = True) -> AsyncIterator[None]:
        """Open, poll if that is the mode, and replay what is on the disk."""
        if opens:
            await self.channel.open()
        taking = (self.intake.receive, self.intake.skip)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.channel.listen(*taking)),
                group.create_task(self.channel.replay(*taking, lambda: self.away)),
            ]
            yield
            for task in tasks:
                task.cancel()

    @asynccontextmanager
    async def hooked(self) -> AsyncIterator[None]:
        """Serve the webhook, set at the platform; replay what is on the disk."""
        routes = self.channel.routes(self.intake.receive, self.intake.skip)
        async with served(routes) as base:
            self.url = base + PATH
            hook = replace(self.settings, webhook_url=self.url)
            self.channel._settings = hook  # noqa: SLF001 - its port is known only now
            async with self.listening():
                yield

    async def passing(self, done: Callable[[], bool]) -> None:
        """Let time pass until `done()`, a quarter of a second at a time."""
        for _ in range(1000):
            if done():
                return
            self.clock.step(0.25)
            await asyncio.sleep(0.002)
        raise AssertionError("it does not come about")

    async def post(self, body: Any, secret: str | None = SECRET) -> int:
        """Post as Zalo does; the status of the answer."""
        headers = {} if secret is None else {SECRET_HEADER: secret}
        raw = {"data": BytesIO(body)} if isinstance(body, bytes) else {"json": body}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, headers=headers, **raw) as response,
        ):
            return response.status

    async def say(self, chat: str, text: str, kind: str = "say", **body: Any) -> str:
        """Send a row."""
        return await self.channel.send(
            OutRow(7, "b", 1, chat, False, kind, {"text": text, "buttons": []} | body)
        )

    def refuse(self, person: FakeUser, number: str, times: int = 1) -> None:
        """Let the database refuse this message so many times."""
        self.intake.away[f"{person.id}:{number}"] = times

    @property
    def waits(self) -> bool:
        """Whether somebody waits for the clock."""
        return bool(self.clock._sleepers)  # noqa: SLF001 - nobody else needs to know

    @property
    def kept(self) -> list[bytes]:
        """What is on the disk."""
        found = []
        for file in sorted(self.folder.glob("*.json")):
            with suppress(FileNotFoundError):  # a thread may erase it between
                found.append(file.read_bytes())
        return found


def text_update(text: str = "học", number: str = "2d758cb5e222177a4e35", **more: Any) -> Any:
    """The smallest update, without its envelope."""
    who = {"id": "6ede9afa66b88fe6d6a9", "display_name": "Lan", "is_bot": False}
    chat = {"id": who["id"], "chat_type": "PRIVATE"}
    message = {"from": who, "chat": chat, "message_id": number, "date": 1795219200000} | more
    return {"event_name": "message.text.received", "message": message | {"text": text}}


__all__ = ["PATH", "SECRET", "START", "ZaloDesk", "text_update", "until"]
