"""What everybody is told before they join: that this is a machine, and what it keeps."""

from collections.abc import Mapping
from types import MappingProxyType

DISCLOSE: Mapping[str, str] = MappingProxyType(
    {
        "": (
            "Chào bạn! Đây là trợ lý tự động của {school}, không phải người thật.\n"
            "Ở đây chỉ lưu bài đã học và những lần hướng dẫn người thân, giữ đến hết năm học sau.\n"
            "Thầy cô xem kết quả chung của lớp; bạn gõ “dữ liệu” để xem hoặc xóa."
        ),
        "pupil": (
            "Chào em! Mình là trợ lý tự động của {school}, không phải người thật.\n"
            "Khi phụ huynh đã đồng ý, mình lưu bài em học và những lần em hướng dẫn người thân, "
            "đến hết năm học sau.\n"
            "Thầy cô xem kết quả của lớp; em gõ “dữ liệu” để xem hoặc xóa."
        ),
        "relative": (
            "Dạ chào ạ! Đây là trợ lý tự động của {school}, là máy, không phải người thật.\n"
            "Ở đây chỉ lưu quan hệ với cháu, nhóm tuổi, bài đã học và lời xác nhận, "
            "đến hết năm học sau.\n"
            "Nhà trường chỉ xem con số chung; gõ “dữ liệu” để xem hoặc xóa."
        ),
        "staff": (
            "Dạ, đây là trợ lý tự động của {school}, không phải người thật.\n"
            "Ở đây lưu họ tên, nhiệm vụ và các cài đặt của {you}, đến hết năm học sau.\n"
            "Gõ “dữ liệu” để xem những gì được lưu."
        ),
    }
)
"""By the kind of person; "" for whoever has not said who they are."""
