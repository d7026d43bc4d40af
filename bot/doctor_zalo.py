"""The doctor's checks of Zalo bots over the network: the token, what a bot may do, its webhook."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.channels import DeliveryError, Rejected
from bot.channels.zalo_wire import ZaloWire
from bot.config import API_BASE, BotSettings
from bot.doctor_ground import CALL_S, Finding, Ground
from bot.doctor_net import new_session

RESTART_MEND = "Khởi động lại lantoa: lúc khởi động nó đặt lại webhook."


async def bot(ground: Ground, settings: BotSettings) -> list[Finding]:
    """One Zalo bot: who it is, and where its updates go."""
    base = settings.api_base or API_BASE["zalo"]
    name = f"Bot {settings.name}"
    wire = ZaloWire(base, settings.token, lambda: new_session(settings.proxy))
    try:
        me = await wire.call("getMe", {}, CALL_S / 2)
        url = await wire.webhook_url()
    except DeliveryError as error:
        return [judge_refusal(name, urlsplit(base).hostname or base, error)]
    finally:
        await wire.close()
    hook, public = f"Webhook {settings.name}", ground.settings.public_url
    wanted = f"{public}/hooks/zalo/{settings.name}" if public else ""
    by_hook = settings.mode == "webhook"
    return [
        judge_me(name, me if isinstance(me, Mapping) else {}),
        judge_hook(hook, url, wanted) if by_hook else judge_polling(hook, url),
    ]


def judge_refusal(name: str, host: str, error: DeliveryError) -> Finding:
    """What it means that Zalo does not tell who the bot is."""
    if isinstance(error, Rejected) and error.reason == "token":
        mend = "Lấy lại mã bot ở Zalo Bot Manager rồi đặt vào cài đặt."
        return Finding(name, "broken", "Zalo không nhận mã bot này", mend)
    mend = "Xem mạng của máy, lát nữa chạy lại lệnh này; trang web vẫn chạy như thường."
    return Finding(name, "broken", f"không tới được {host}", mend)


def judge_me(name: str, me: Mapping[str, Any]) -> Finding:
    """What `getMe` says; that a bot may not join groups is a fact of its plan, and no fault.

    Source: bot.zaloplatforms.com/docs/apis/getMe, read by notes of 2026-10.
    """
    who = str(me.get("display_name") or me.get("account_name") or "không có tên")
    if me.get("can_join_groups") is False:
        text = f"{who}, mã bot đúng; Zalo không cho vào nhóm, tổng kết gửi riêng cho giáo viên"
        return Finding(name, "ok", text)
    return Finding(name, "ok", f"{who}, mã bot đúng")


def judge_polling(name: str, url: str) -> Finding:
    """A bot that polls: while a webhook is set Zalo answers no poll."""
    if not url:
        return Finding(name, "ok", "không đặt, đúng với polling")
    text = f"còn đặt tới {_host(url)}, mà cài đặt là polling"
    mend = "Chạy `lantoa run`, nó tự gỡ; còn trở lại thì có máy khác đang dùng mã bot này."
    return Finding(name, "look", text, mend)


def judge_hook(name: str, url: str, wanted: str) -> Finding:
    """A bot that is posted to; Zalo tells the address alone, no errors and nothing that waits.

    Args:
        name: of the finding.
        url: what Zalo has; "" for none.
        wanted: where updates should be posted; "" if somebody else sets it.
    """
    if not url:
        return Finding(name, "look", "chưa đặt", "Chạy `lantoa run`: lúc khởi động nó tự đặt.")
    if wanted and url != wanted:
        text = f"đặt tới {_host(url)}, không đúng địa chỉ công khai"
        return Finding(name, "broken", text, RESTART_MEND)
    if urlsplit(url).scheme != "https":
        mend = "Đặt LANTOA_PUBLIC_URL là địa chỉ https://, hoặc đổi mode của bot thành polling."
        return Finding(name, "broken", "Zalo chỉ gửi tới địa chỉ https://", mend)
    return Finding(name, "ok", "đặt đúng địa chỉ công khai")


def _host(url: str) -> str:
    """The rest of somebody's address may hold their token."""
    return urlsplit(url).hostname or "nơi khác"
