"""The doctor's checks of the public address: it answers, it is us, and its certificate lasts."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from html import unescape
from urllib.parse import urlsplit

import aiohttp

from bot.doctor_ground import CALL_S, Finding, Ground, apart
from bot.doctor_net import Answer, fetch, new_session
from bot.school_codes import opens_on_phones

NAME, CERTIFICATE = "Địa chỉ công khai", "Chứng chỉ"
SOON = timedelta(days=21)
LONG_LIFE = 5  # a fifth of its life is left: whoever renews it by itself would have done so
BEHIND = (502, 503, 504, 530)  # what Caddy, nginx and Cloudflare say when nobody is behind them
OUR_MARK = "Lan Tỏa"
BEHIND_MEND = "Xem dòng “Đang chạy”, và cổng trong Caddyfile hoặc đường hầm có đúng không."
THERE_MEND = "Xem tên miền hoặc đường hầm có trỏ về máy này không."
CADDY_MEND = "Khởi động lại Caddy để nó xin lại, rồi xem `journalctl -u caddy -n 50`."

# Why a certificate is refused (OpenSSL's numbers), and the mend.
REFUSALS = {
    9: ("chưa tới ngày có hiệu lực", "Xem dòng “Đồng hồ”."),
    10: ("đã hết hạn", CADDY_MEND),
    62: ("của tên miền khác", THERE_MEND),
}


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when a certificate holds."""

    begins: datetime
    ends: datetime


async def public(ground: Ground) -> Sequence[Finding]:
    """The address that is printed on the slips, and its certificate."""
    url, school = ground.settings.public_url, ground.settings.school.name
    if not url:
        mend = "Đặt LANTOA_PUBLIC_URL (HUONG-DAN.md, mục “Địa chỉ công khai”)."
        text = "chưa có; điện thoại của các em chưa mở được trang web"
        return [Finding(NAME, "look", text, mend)]
    certificate, page = await asyncio.gather(_certificate(url), _page(url))
    found = []
    # A bad certificate is told once, by its own line.
    if not isinstance(page, aiohttp.ClientSSLError):
        found.append(judge_page(url, school, page))
    if certificate is not None:
        found.append(judge_certificate(certificate, ground.clock.now()))
    return found


async def _page(url: str) -> Answer | Exception:
    """The first page, if the health page answers well; else what went wrong."""
    try:
        async with new_session() as session:
            health, home = await asyncio.gather(
                fetch(session, f"{url}/healthz"), fetch(session, f"{url}/")
            )
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return error
    return home if (health.status, health.text) == (200, "ok\n") else health


def judge_page(url: str, school: str, page: Answer | Exception) -> Finding:
    """What the public address answers.

    Args:
        url: the address.
        school: the school's name, which stands on our first page.
        page: the first page; the health page if that was bad; or the error.
    """
    if isinstance(page, Exception):
        return Finding(NAME, "broken", f"{url}: {_why(page)}", _mend(page))
    if 300 <= page.status < 400:
        return _sent_away(url, page)
    if page.status in BEHIND:
        text = f"{url} mở, nhưng lantoa không trả lời sau nó ({page.status})"
        return Finding(NAME, "broken", text, BEHIND_MEND)
    text = unescape(page.text)
    if page.status != 200 or OUR_MARK not in text:
        return Finding(NAME, "broken", f"{url} không phải trang Lan Tỏa", THERE_MEND)
    if school not in text:
        return Finding(NAME, "look", f"{url} là Lan Tỏa của máy khác hay trường khác", THERE_MEND)
    return judge_address(url)


def judge_address(url: str) -> Finding:
    """An address that answers as it should: whether phones can open it, and nobody can listen."""
    parts = urlsplit(url)
    if parts.path:
        mend = "Đặt LANTOA_PUBLIC_URL chỉ gồm https:// và tên miền."
        return Finding(NAME, "broken", f"{url} có phần sau tên miền", mend)
    if not opens_on_phones(parts.hostname or ""):
        mend = "Dùng tên miền thật nếu muốn các em học ở nhà."
        return Finding(NAME, "look", f"{url} chỉ mở được trong mạng trường", mend)
    if parts.scheme != "https":
        mend = "Đặt LANTOA_PUBLIC_URL là địa chỉ https://."
        return Finding(NAME, "look", f"{url} không mã hóa, người khác nghe được mã của em", mend)
    return Finding(NAME, "ok", f"{url} trả lời, đúng là trang của trường")


def _sent_away(url: str, page: Answer) -> Finding:
    secure = page.location.startswith("https://") and url.startswith("http://")
    if secure and urlsplit(page.location).hostname == urlsplit(url).hostname:
        mend = "Đổi http:// thành https:// trong LANTOA_PUBLIC_URL."
        return Finding(NAME, "look", f"{url} tự chuyển sang https", mend)
    mend = "Tắt trang chuyển hướng hoặc đăng nhập đứng trước địa chỉ này."
    return Finding(NAME, "broken", f"{url} chuyển sang trang khác", mend)


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "không tìm thấy tên miền"
    return "không trả lời" if isinstance(error, TimeoutError) else "không mở được từ máy này"


def _mend(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "Xem lại tên miền trong LANTOA_PUBLIC_URL, và bản ghi DNS ở nơi mua tên miền."
    return "Xem Caddy hoặc đường hầm có chạy không, và cổng 80, 443 có mở không."


# The certificate


async def _certificate(url: str) -> Validity | ssl.SSLError | None:
    """How long the certificate of an https address holds, or why it is refused; None if unknown."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return None
    look = partial(validity, parts.hostname or "", parts.port or 443)
    try:
        return await asyncio.wait_for(apart(look), CALL_S)  # a name server may be silent
    except ssl.SSLError as error:
        return error
    except (OSError, TimeoutError):
        return None  # told by the line of the address


def validity(host: str, port: int) -> Validity:
    """How long the certificate holds that a server shows; blocks for some seconds at most.

    Raises:
        ssl.SSLError: it is refused, or there is none.
        OSError: nobody answers.
    """
    with (
        socket.create_connection((host, port), timeout=CALL_S / 2) as plain,
        ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secure,
    ):
        shown = secure.getpeercert() or {}
    begins, ends = (
        datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown[each])), UTC)
        for each in ("notBefore", "notAfter")
    )
    return Validity(begins, ends)


def judge_certificate(found: Validity | ssl.SSLError, now: datetime) -> Finding:
    """Whether phones take the certificate, and whether it is renewed in time."""
    if isinstance(found, ssl.SSLError):
        code = found.verify_code if isinstance(found, ssl.SSLCertVerificationError) else 0
        why, mend = REFUSALS.get(code, ("điện thoại không tin", CADDY_MEND))
        return Finding(CERTIFICATE, "broken", why, mend)
    left = found.ends - now
    shown = f"{left.days} ngày" if left.days else f"{left.seconds // 3600} giờ"
    text = f"còn {shown}, đến {found.ends:%d/%m/%Y}"
    if left < min(SOON, (found.ends - found.begins) / LONG_LIFE):
        return Finding(CERTIFICATE, "look", text, CADDY_MEND)
    return Finding(CERTIFICATE, "ok", text)
