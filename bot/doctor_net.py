"""The doctor's way over the network, and its checks of the clock and of who answers here."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from bot.clock import Clock
from bot.config import API_BASE
from bot.doctor_data import newest, sqlite_file
from bot.doctor_ground import CALL_S, Finding, Ground, apart
from bot.doctor_home import held

MAX_BYTES = 1 << 18
AGAIN_S = 2.0
LEAST_OFF, FAR_OFF = timedelta(minutes=1), timedelta(minutes=5)
VIETNAM = timedelta(hours=7)
UNREACHED = (aiohttp.ClientError, OSError, TimeoutError)
T = TypeVar("T")


class Lookup(AbstractResolver):
    """Looks names up in threads that nobody waits for at the end."""

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The numeric addresses of a host."""
        ask = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, protocol, _, address in await apart(ask)
        ]

    @override
    async def close(self) -> None:
        """Nothing is held."""


def new_session(proxy: str = "") -> aiohttp.ClientSession:
    """A client session whose calls end in time, with name lookups that cannot hold the command."""
    connector = aiohttp.TCPConnector(resolver=Lookup(), ssl=ssl.create_default_context())
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=proxy or None,
        timeout=aiohttp.ClientTimeout(total=CALL_S),
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer over HTTP: its status, the beginning of its text, where it sends us."""

    status: int
    text: str
    location: str


async def fetch(session: aiohttp.ClientSession, url: str) -> Answer:
    """Get a page without following where it sends us.

    Raises:
        aiohttp.ClientError, OSError, TimeoutError: no answer.
    """
    async with session.get(url, allow_redirects=False) as response:
        body = b""
        async for part in response.content.iter_chunked(1 << 14):
            body += part
            if len(body) > MAX_BYTES:
                break
        location = response.headers.get("Location", "")
        return Answer(response.status, body.decode("utf-8", "replace"), location)


async def unless(errors: tuple[type[BaseException], ...], work: Awaitable[T]) -> T | None:
    """What `work` gives, None if it fails in one of these ways."""
    try:
        return await work
    except errors:
        return None


# The clock


async def clock(ground: Ground) -> Sequence[Finding]:
    """The machine's clock against others, and against what it said before."""
    settings = ground.settings
    apis = {(bot.api_base or API_BASE[bot.channel], bot.proxy) for bot in settings.bots}
    public = [(settings.public_url, "")] if settings.public_url else []
    asked = [_off(ground.clock, *each) for each in (*sorted(apis), *public)]
    offs = await asyncio.gather(*asked)
    known = [off for off in offs[: len(apis)] if off is not None]
    hinted = [off for off in offs[len(apis) :] if off is not None]
    last, now = await apart(partial(newest, settings)), ground.clock.now()
    local = now.astimezone(settings.zone)
    shown = f"{local:%H:%M ngày %d/%m/%Y}, múi giờ {settings.zone.key}"
    found = judge_clock(shown, next(iter(known), None), next(iter(hinted), None))
    if found is None:
        found = judge_past(shown, last - now if last else None)
    if found.level == "ok" and local.utcoffset() != VIETNAM:
        mend = "Đặt LANTOA_TIMEZONE=Asia/Ho_Chi_Minh, nếu trường ở Việt Nam."
        return [Finding(found.name, "look", f"{shown}, không phải giờ Việt Nam", mend)]
    return [found]


async def _off(clock: Clock, url: str, proxy: str) -> timedelta | None:
    """How far the machine's clock is ahead of a server's; None if the server tells no time."""
    async with new_session(proxy) as session:
        before = clock.now()
        try:
            async with session.head(url, allow_redirects=False) as response:
                told = response.headers.get("Date", "")
        except UNREACHED:
            return None
    try:
        return before + (clock.now() - before) / 2 - parsedate_to_datetime(told)
    except (TypeError, ValueError):  # no date, or one without a zone
        return None


def judge_clock(shown: str, known: timedelta | None, hinted: timedelta | None) -> Finding | None:
    """What the offsets say; None if they say nothing.

    Args:
        shown: the present time in words.
        known: how far the clock is ahead of a foreign server's.
        hinted: the same of the public address, which may be this machine itself: only a
            difference means something.
    """
    off = known if known is not None else hinted
    if off is None or (known is None and abs(off) < LEAST_OFF):
        return None
    if abs(off) < LEAST_OFF:
        return Finding("Đồng hồ", "ok", f"{shown}, đúng với máy chủ bên ngoài")
    way = "nhanh" if off > timedelta() else "chậm"
    text = f"{shown}, {way} {abs(off).total_seconds() / 60:.0f} phút"
    mend = "Chạy bằng quyền root: `timedatectl set-ntp true`."
    return Finding("Đồng hồ", "broken" if abs(off) > FAR_OFF else "look", text, mend)


def judge_past(shown: str, ahead: timedelta | None) -> Finding:
    """What the stored instants say; `ahead`: how far the newest is after now, None without any."""
    if ahead is None:
        mend = "So với đồng hồ điện thoại; lệch quá một phút thì chạy `timedatectl set-ntp true`."
        return Finding("Đồng hồ", "look", f"{shown}, chưa có gì để so", mend)
    if ahead > LEAST_OFF:
        mend = "Chạy bằng quyền root: `timedatectl set-ntp true`; đúng giờ rồi hãy chạy lantoa."
        return Finding("Đồng hồ", "broken", f"{shown}, đi sau dữ liệu đã ghi", mend)
    return Finding("Đồng hồ", "ok", f"{shown}, không đi sau dữ liệu đã ghi")


# Who answers on this machine


async def running(ground: Ground) -> Sequence[Finding]:
    """Whether a `lantoa run` answers where it should listen."""
    host, port = ground.settings.listen
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - asked, not opened
    place = f"[{near}]:{port}" if ":" in near else f"{near}:{port}"
    answer, is_held = await _readiness(place), await apart(partial(held, ground))
    if answer is None and is_held:  # it may have just begun
        await ground.clock.sleep(AGAIN_S)
        answer = await _readiness(place)
    if answer is None:
        return [judge_silence(place, held=is_held)]
    shared = sqlite_file(ground.settings) is None
    return [judge_readiness(place, answer, ours=is_held or shared)]


async def _readiness(place: str) -> Answer | None:
    async with new_session() as session:
        return await unless(UNREACHED, fetch(session, f"http://{place}/readyz"))


def judge_silence(place: str, *, held: bool) -> Finding:
    """What it means that nobody answers; `held`: somebody holds the data folder all the same."""
    if held:
        mend = "Khởi động lại lantoa; nếu vẫn vậy, xem LANTOA_LISTEN."
        return Finding("Đang chạy", "broken", f"lantoa chạy, nhưng không nghe ở {place}", mend)
    mend = "Chạy `lantoa run`, hoặc bằng quyền root: `systemctl start lantoa`."
    return Finding("Đang chạy", "look", "lantoa chưa chạy", mend)


def judge_readiness(place: str, answer: Answer, *, ours: bool) -> Finding:
    """What `/readyz` says; other programs say something else.

    Args:
        place: host and port.
        answer: what was answered there.
        ours: whether who answers can be a process with these data.
    """
    if (answer.status, answer.text) == (200, "ready\n") and not ours:
        mend = "Dừng lantoa kia (có khi là `make demo`), hoặc đổi LANTOA_LISTEN."
        return Finding("Đang chạy", "broken", f"ở {place} là một lantoa với dữ liệu khác", mend)
    if (answer.status, answer.text) == (200, "ready\n"):
        return Finding("Đang chạy", "ok", f"lantoa chạy và nghe ở {place}")
    if (answer.status, answer.text) == (503, "not ready\n"):
        mend = "Đợi một phút rồi chạy lại lệnh này."
        return Finding("Đang chạy", "look", f"lantoa ở {place} đang khởi động hoặc đang dừng", mend)
    if answer.status >= 500:
        mend = "Xem dòng “Cơ sở dữ liệu”, rồi xem nhật ký: `journalctl -u lantoa -n 50`."
        return Finding("Đang chạy", "broken", f"lantoa ở {place} trả lời lỗi", mend)
    mend = "Đổi LANTOA_LISTEN, ví dụ 127.0.0.1:8081, và sửa cổng trong Caddyfile."
    return Finding("Đang chạy", "broken", f"{place} là của chương trình khác", mend)
