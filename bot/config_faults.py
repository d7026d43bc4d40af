"""What pydantic finds wrong in a setting, in one sentence for the person who wrote it."""

from collections.abc import Mapping
from typing import Any

KNOWN = {
    "token": "không đúng dạng 123456:ABC… mà @BotFather hay Zalo Bot Manager đưa",
    "year": "phải có dạng 2026-2027",
    "name": "chỉ dùng chữ thường không dấu, số và gạch ngang, như zalo-7a",
    "classes": 'phải là danh sách trong ngoặc vuông, như ["7A", "7B"]',
}


def fault(error: Mapping[str, Any]) -> str:
    """One sentence on one wrong value; never the value itself, which may be a token.

    Args:
        error: one of `pydantic.ValidationError.errors()`.
    """
    where = ".".join(str(part) for part in error["loc"])
    mends = {
        "extra_forbidden": "không có cài đặt này; xóa dòng đó",
        "missing": "còn thiếu",
        "string_type": "phải là chữ trong dấu nháy",
        "greater_than_equal": f"ít nhất là {error.get('ctx', {}).get('ge', '')}",
        "literal_error": f"phải là {error.get('ctx', {}).get('expected', '')}".replace(
            " or ", " hoặc "
        ),
    }
    if error["type"] == "value_error":
        said = str(error["ctx"]["error"])
        return f"{where}: {said}" if where else said
    return f"{where}: {mends.get(error['type']) or KNOWN.get(where, 'giá trị không hợp lệ')}"
