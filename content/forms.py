"""Faults of a form, as pydantic finds them in a marked file, in sentences for its author."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from content.marked import Path

REASONS = {
    "invalid_key": "Tên mục phải là chữ.",
    "string_type": "Chỗ này phải là chữ; nếu là số, hãy đặt trong ngoặc kép.",
    "string_too_short": "Chỗ này không được để trống.",
    "int_type": "Chỗ này phải là một số nguyên.",
    "bool_type": "Chỗ này phải là true hoặc false.",
    "date_type": "Chỗ này phải là một ngày, viết như 2026-11-21.",
    "tuple_type": "Chỗ này phải là một danh sách.",
    "too_short": "Danh sách này thiếu phần tử.",
    "too_long": "Danh sách này thừa phần tử.",
    "model_type": "Chỗ này phải là các mục “tên: giá trị”.",
    "model_attributes_type": "Chỗ này phải là các mục “tên: giá trị”.",
}


@dataclass(frozen=True, slots=True)
class Form:
    """What is particular to one kind of file.

    Attributes:
        keys: all keys that it knows, to guess what a wrong one meant.
        reasons: its own sentences by the kind of error; "missing KEY" for one missing key.
    """

    keys: Sequence[str]
    reasons: Mapping[str, str] = field(default_factory=dict)


def form_fault(error: Mapping[str, Any], form: Form) -> tuple[Path, str]:
    """Where in the file an error is, and a Vietnamese sentence on it.

    Args:
        error: one of `pydantic.ValidationError.errors()`; its message counts where its type is
            `lantoa`.
        form: what is particular to this file.
    """
    path = tuple(part for part in error["loc"] if not str(part).startswith("<"))
    key = str(path[-1]) if path else ""
    return path, _reason(error["type"], key, error["msg"], form)


def _reason(kind: str, key: str, message: str, form: Form) -> str:
    if kind == "lantoa":
        return message
    if kind == "missing":
        return form.reasons.get(f"missing {key}", f"Thiếu mục “{key}”.")
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(key, form.keys, 1)
        return f"Không có mục “{key}” ở đây." + (f" Có phải “{near[0]}”?" if near else "")
    known = form.reasons.get(kind) or REASONS.get(kind)
    return known or f"Giá trị này không dùng được ({message})."
