"""The doctor's checks of the bots: their tokens, what they may do, and their webhooks."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from bot import doctor_zalo
from bot.channels import DeliveryError, Rejected
from bot.channels.telegram_wire import Wire
from bot.config import API_BASE, BotSettings
from bot.doctor_ground import CALL_S, Finding, Ground
from bot.doctor_net import new_session

MANY_WAITING = 100
RECENT = timedelta(hours=1)
ADDRESS_MEND = "Xem dòng “Địa chỉ công khai”, sửa xong đợi vài phút rồi chạy lại lệnh này."
RESTART_MEND = "Khởi động lại lantoa: lúc khởi động nó đặt lại webhook."

# What Telegram says of its last try to reach us: a part of its words, ours, the mend.
HOOK_ERRORS = (
    ("resolve host", "không tìm thấy tên miền", ADDRESS_MEND),
    ("certificate", "chứng chỉ không hợp lệ", "Xem dòng “Chứng chỉ”."),
    ("ssl", "chứng chỉ không hợp lệ", "Xem dòng “Chứng chỉ”."),
    ("refused", "địa chỉ công khai không mở", ADDRESS_MEND),
    ("timed out", "địa chỉ công khai không trả lời kịp", ADDRESS_MEND),
    ("timeout", "địa chỉ công khai không trả lời kịp", ADDRESS_MEND),
    ("403", "lantoa không nhận ra Telegram", RESTART_MEND),
    ("wrong response", "địa chỉ công khai trả lời lỗi", ADDRESS_MEND),
)


async def bots(ground: Ground) -> Sequence[Finding]:
    """Each bot's token and webhook, side by side."""
    if not ground.settings.bots:
        return [Finding("Bot", "ok", "không có bot nào; các em vào bằng trang web")]
    found = await asyncio.gather(*(_bot(ground, bot) for bot in ground.settings.bots))
    return [each for of_bot in found for each in of_bot]


async def _bot(ground: Ground, bot: BotSettings) -> list[Finding]:
    if bot.channel == "zalo":
        return await doctor_zalo.bot(ground, bot)
    base = bot.api_base or API_BASE[bot.channel]
    wire = Wire(base, bot.token, lambda: new_session(bot.proxy))
    try:
        me = await _told(wire, "getMe")
        if not isinstance(me, Mapping):
            return [judge_refusal(f"Bot {bot.name}", urlsplit(base).hostname or base, me)]
        info = await _told(wire, "getWebhookInfo")
    finally:
        await wire.close()
    found = [judge_me(f"Bot {bot.name}", me)]
    if isinstance(info, Mapping):
        url = ground.settings.public_url
        wanted = f"{url}/hooks/telegram/{bot.name}" if url else ""
        name, now = f"Webhook {bot.name}", ground.clock.now()
        found.append(
            judge_hook(name, info, wanted, now)
            if bot.mode == "webhook"
            else judge_polling(name, info)
        )
    return found


async def _told(wire: Wire, method: str) -> object:
    """What the platform answers, or its refusal."""
    try:
        return await wire.call(method, {}, CALL_S / 2)
    except DeliveryError as error:
        return error


def judge_refusal(name: str, host: str, error: object) -> Finding:
    """What it means that the platform does not tell who the bot is."""
    if isinstance(error, Rejected) and error.reason == "token":
        mend = "Lấy lại mã bot ở @BotFather rồi đặt vào cài đặt."
        return Finding(name, "broken", "Telegram không nhận mã bot này", mend)
    mend = "Xem mạng của máy; nơi chặn Telegram thì đặt LANTOA_TELEGRAM_PROXY hoặc bỏ bot này."
    return Finding(name, "broken", f"không tới được {host}", mend)


def judge_me(name: str, me: Mapping[str, Any]) -> Finding:
    """What `getMe` says of what the bot may do.

    Source: core.telegram.org/bots/api#user, read 2026-11.
    """
    who = f"@{me.get('username', '')}"
    if me.get("can_join_groups") is False:
        mend = "Nhắn @BotFather: /setjoingroups, chọn bot, bấm Enable."
        return Finding(name, "look", f"{who} không vào được nhóm lớp", mend)
    if me.get("can_read_all_group_messages") is True:
        mend = "Nhắn @BotFather: /setprivacy, chọn bot, bấm Enable."
        return Finding(name, "look", f"{who} đang đọc mọi tin trong nhóm, không cần vậy", mend)
    return Finding(name, "ok", f"{who}, mã bot đúng")


def judge_polling(name: str, info: Mapping[str, Any]) -> Finding:
    """A bot that polls: a webhook would keep its updates from it."""
    if info.get("url"):
        host = urlsplit(str(info["url"])).hostname  # the rest may hold somebody's token
        mend = "Chạy `lantoa run`, nó tự gỡ; còn trở lại thì có máy khác đang dùng mã bot này."
        return Finding(name, "look", f"còn đặt tới {host}, mà cài đặt là polling", mend)
    return judge_waiting(name, info, "không đặt, đúng với polling")


def judge_hook(name: str, info: Mapping[str, Any], wanted: str, now: datetime) -> Finding:
    """A bot that is posted to.

    Args:
        name: of the finding.
        info: the answer of `getWebhookInfo`.
        wanted: where updates should be posted; "" if somebody else sets it.
        now: the present instant; errors of an hour ago are forgotten.

    Source: core.telegram.org/bots/api#webhookinfo, read 2026-11.
    """
    url = str(info.get("url", ""))
    if not url:
        return Finding(name, "look", "chưa đặt", "Chạy `lantoa run`: lúc khởi động nó tự đặt.")
    if wanted and url != wanted:
        text = f"đặt tới {urlsplit(url).hostname}, không đúng địa chỉ công khai"
        return Finding(name, "broken", text, RESTART_MEND)
    failed_at = datetime.fromtimestamp(int(info.get("last_error_date", 0)), UTC)
    if now - failed_at < RECENT:
        return _failed(name, str(info.get("last_error_message", "")).casefold())
    return judge_waiting(name, info, "đặt đúng địa chỉ công khai")


def _failed(name: str, described: str) -> Finding:
    known = ((ours, mend) for theirs, ours, mend in HOOK_ERRORS if theirs in described)
    why, mend = next(known, ("lỗi khác", ADDRESS_MEND))
    return Finding(name, "look", f"một giờ qua Telegram có lần không gửi tới được: {why}", mend)


def judge_waiting(name: str, info: Mapping[str, Any], text: str) -> Finding:
    """How many updates wait; while nothing runs they gather at the platform."""
    n_waiting = int(info.get("pending_update_count", 0))
    if n_waiting < MANY_WAITING:
        return Finding(name, "ok", text)
    mend = "Xem dòng “Đang chạy”; tin sẽ được trả lời dần khi lantoa chạy."
    return Finding(name, "look", f"{n_waiting} tin đang chờ", mend)
