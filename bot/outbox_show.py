"""What waits in the outbox, or failed, in words and as JSON: ids only, never a text or a name."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

STATES = {
    "open": "đang chờ",
    "rejected": "bị từ chối",
    "gone": "không nhận tin nữa",
    "uncertain": "không rõ đã tới chưa",
    "dropped": "đã bỏ",
}
RANKS = {"answer": "trả lời", "tally": "tổng kết", "reminder": "nhắc"}
REASONS = {
    "too fast": "nền tảng bảo gửi chậm lại",
    "quota": "nền tảng không nhận thêm: gửi quá nhanh, hoặc hết số tin của tháng",
    "busy": "nền tảng đang bận",
    "no connection": "không kết nối được tới nền tảng",
    "no answer": "nền tảng không trả lời",
    "webhook is set": "có nơi khác vừa đặt webhook cho bot này",
    "another process polls": "có máy khác đang dùng mã bot này",
    "portal": "có trang đăng nhập mạng chặn ở giữa",
    "bad picture": "nền tảng không nhận hình này",
    "pictures": "nền tảng không tải được hình từ trang của trường; xem địa chỉ https mở từ ngoài",
    "picture is gone": "bản này không còn hình ấy",
    "token": "nền tảng không nhận mã bot (token)",
    "uncertain": "gửi rồi nhưng không thấy trả lời",
    "push host": "trang báo tin của trình duyệt này không nằm trong danh sách được gửi",
    "push address": "địa chỉ báo tin của trình duyệt này không dùng được",
    "push unreached": "không kết nối được tới trang báo tin của trình duyệt",
    "database": "không đọc được cơ sở dữ liệu",
    "too old": "chờ quá lâu nên thôi gửi",
    "operator": "người vận hành bỏ",
    "not judged": "không đọc được cơ sở dữ liệu",
    "not marked": "không ghi được cơ sở dữ liệu",
    "error": "lỗi của chương trình, xem nhật ký",
    "moves in circles": "nhóm đổi địa chỉ liên tục",
    "answered": "đã có câu trả lời",
    "finished": "đã học xong bài",
    "resumed": "người nhận đã tự quay lại",
    "reviewed": "không còn gì tới lúc ôn",
    "not kept": "người nhận không cho lưu việc học",
    "guided": "tuần này đã hướng dẫn rồi",
    "stopped": "người nhận đã chọn dừng nhắn",
    "erased": "người nhận đã xóa dữ liệu",
    "left the chat": "người nhận không còn dùng chat này",
    "someone else": "người khác đang dùng chat này",
    "unbound": "nhóm không còn gắn với lớp",
    "bound": "lớp nay đã có nhóm, tổng kết gửi vào nhóm",
    "night": "đang đêm, đợi đến sáng",
    "late": "đã trễ hơn một giờ",
    "resting": "đang nghỉ học hoặc tạm dừng",
    "soon": "mới nhắn cho người này gần đây",
    "used up": "tuần này đã nhắn đủ số tin",
    "budget": "bot gần hết số tin của tháng nên để dành",
    "unanswered": "đã nhắc nhiều lần không trả lời",
}
"""Our own codes; the words of a platform are shown as they are."""


def reason(stored: str | None) -> str:
    """Why a row waits or ended so, for the operator."""
    if not stored:
        return ""
    if stored.startswith("trouble ("):
        return f"nền tảng đang trục trặc {stored.removeprefix('trouble ')}"
    if stored.startswith("push ") and stored not in REASONS:
        return f"trang báo tin của trình duyệt không nhận ({stored.removeprefix('push ')})"
    return REASONS.get(stored, stored)


def lines(row: Row[Any], zone: ZoneInfo) -> list[str]:
    """One row for people, times on the school's clock.

    "1234  trả lời, telegram, riêng: đang chờ từ 22/11 19:05; đã thử 3 lần, thử lại 22/11 19:30",
    and under it why.
    """
    chat = "nhóm" if row.is_group else "riêng"
    state = STATES.get(row.outcome or "open", row.outcome or "")
    text = f"{row.id}  {RANKS.get(row.rank, row.rank)}, {row.bot}, {chat}: {state}"
    text += f" từ {_clock(row.done_at or row.created_at, zone)}"
    if row.tries:
        text += f"; đã thử {row.tries} lần"
    if row.outcome is None and row.retry_at is not None:
        text += (
            f", thử lại {_clock(row.retry_at, zone)}"
            if row.tries
            else (f"; gửi lúc {_clock(row.retry_at, zone)}")
        )
    why = reason(row.reason)
    return [text, f"      {why}"] if why else [text]


def _clock(at: datetime, zone: ZoneInfo) -> str:
    """Day and minute: "22/11 19:05"."""
    return at.astimezone(zone).strftime("%d/%m %H:%M")


def plain(row: Row[Any]) -> dict[str, Any]:
    """One row as JSON; instants in UTC, `reason` as it is stored."""
    return {
        "id": row.id,
        "state": row.outcome or "open",
        "rank": row.rank,
        "bot": row.bot,
        "chat": "group" if row.is_group else "private",
        "since": row.created_at.isoformat(),
        "ended_at": _instant(row.done_at),
        "retry_at": _instant(row.retry_at),
        "tries": row.tries,
        "reason": row.reason,
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
