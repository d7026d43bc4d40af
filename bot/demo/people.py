"""Who the made-up school consists of: two classes, their teachers and the lead, as a list.

All names are made up, of kinds that stand in real lists all over the country.
"""

from bot.roster_model import Role, Roster, RosterPupil, RosterStaff, Title
from content.names import parse_class

SCHOOL, KIND, YEAR = "THCS Hoa Mai", "THCS", "2026-2027"
LAN, TEACHER = "Nguyễn Thị Lan", "Trần Thị Hoa"

CLASS_7A = """
Nguyễn Thị Lan, Hoàng Đức Anh, Nguyễn Ngọc Quỳnh Anh, Vũ Ngọc Ánh, Lê Hoàng Bảo Châu, Đỗ Thị Dung,
Nguyễn Tiến Dũng, Phan Thị Mỹ Duyên, Võ Thành Đạt, Bùi Thị Thu Hà, Đoàn Văn Hiếu, Phạm Gia Huy,
Đặng Quốc Khánh, Phùng Đăng Khoa, Ngô Phương Linh, Lý Thị Mai, Trịnh Nhật Minh, Cao Thảo My,
Trương Bảo Ngọc, Đinh Thị Hồng Nhung, Lương Thị Kim Oanh, Nguyễn Hữu Phước, Trần Minh Quân,
Nông Thị Sen, Vi Văn Thắng, Hồ Ngọc Trâm, Mai Xuân Trường, Dương Văn Tú, Tạ Quang Vinh,
Nguyễn Khánh Vy
"""
CLASS_7B = """
Ân, Ngô Gia Bảo, Hà Văn Cường, Tô Ngọc Diệp, Hoàng Thùy Dương, Đỗ Hải Đăng, Trần Thị Ngọc Hân,
Nguyễn Việt Hoàng, Lê Quang Huy, Quách Tuấn Kiệt, Nguyễn Phúc Lâm, Bùi Khánh Linh, Huỳnh Tấn Lộc,
Vũ Thị Tuyết Mai, Chu Đức Mạnh, Trần Văn Minh, Đặng Thị Diễm My, Nguyễn Trọng Nghĩa,
Lê Thị Bích Ngọc, Trần Khôi Nguyên, Nguyễn Thị Yến Nhi, Giàng A Páo, Nguyễn Đình Phúc,
Nguyễn Thị Thanh Tâm, Thạch Minh Tâm, Đào Minh Thư, Phạm Thị Hương Trà, Phan Anh Tuấn,
Lê Nguyễn Tường Vy, Lò Thị Xuân
"""
CLASSES = {"7A": CLASS_7A, "7B": CLASS_7B}
NO_FORM_YET = frozenset(
    {"Đỗ Thị Dung", "Dương Văn Tú", "Hà Văn Cường", "Giàng A Páo", "Chu Đức Mạnh", "Tô Ngọc Diệp"}
)
"""Whose guardians have not handed in the consent form."""

STAFF: tuple[tuple[str, Role, str, Title], ...] = (
    ("Trần Thị Hoa", "homeroom", "7A", "co"),
    ("Nguyễn Văn Bình", "homeroom", "7B", "thay"),
    ("Lê Văn Nam", "lead", "", "thay"),
)


def names(label: str) -> list[str]:
    """The pupils of a class, in the order of its list."""
    return [" ".join(name.split()) for name in CLASSES[label].strip().split(",")]


def roster(most: int | None = None) -> Roster:
    """The school's list, as `bot.roster` reads it from a file.

    Args:
        most: only so many pupils of each class, for tests.
    """
    pupils = [
        RosterPupil(label, row, name, parse_class(label, KIND), consent=_consent(name))
        for label in CLASSES
        for row, name in enumerate(names(label)[:most], 2)
    ]
    staff = [
        RosterStaff("GV", row, name, role, parse_class(label, KIND) if label else None, title)
        for row, (name, role, label, title) in enumerate(STAFF, 2)
    ]
    classes = tuple(parse_class(label, KIND) for label in CLASSES)
    return Roster(tuple(pupils), tuple(staff), classes, ())


def _consent(name: str) -> bool | None:
    return None if name in NO_FORM_YET else True
