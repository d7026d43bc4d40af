"""The printed slips: eight to a sheet, every class on its own, names escaped."""

from html.parser import HTMLParser

import pytest

from bot.reports.slips import slips_page
from bot.school_codes import Addresses, CodeRow

WHERE = Addresses("https://lantoa.truong.vn/v/", "truong_bot")


class Sheets(HTMLParser):
    """The texts of each slip of each sheet, and how many tags of each kind there are."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sheets: list[list[list[str]]] = []
        self.tags: dict[str, int] = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - the parser's own signature
        self.tags[tag] = self.tags.get(tag, 0) + 1
        if tag == "section":
            self.sheets.append([])
        elif tag == "article":
            self.sheets[-1].append([])

    def handle_data(self, data):
        if self.sheets and self.sheets[-1] and data.strip():
            self.sheets[-1][-1].append(data.strip())

    def names(self) -> list[list[str]]:
        return [[slip[1] for slip in sheet] for sheet in self.sheets]


def row(name: str, label: str = "7A", role: str = "pupil", code: str = "ABCD2345") -> CodeRow:
    return CodeRow(label, name, role, code, f"{WHERE.prefix}{code}")


def printed(*rows: CodeRow, where: Addresses = WHERE, school: str = "THCS Dương Quan") -> Sheets:
    return Sheets(slips_page(school, rows, where))


def test_a_slip_says_who_which_class_the_code_and_how_to_begin():
    ((slip,),) = printed(row("Nguyễn Hoàng Thị Phương Thảo Nguyên")).sheets
    assert slip == [
        "THCS Dương Quan",
        "Nguyễn Hoàng Thị Phương Thảo Nguyên",
        "Lớp 7A",
        "ABCD 2345",
        "Quét mã QR bằng camera hoặc Zalo, hoặc mở Telegram, tìm @truong_bot rồi gõ mã.",
        "lantoa.truong.vn/v/ABCD2345",
        "Phiếu này là chìa khóa của riêng em: đừng đưa cho bạn khác.",
    ]


@pytest.mark.parametrize(("n", "sheets"), [(1, [1]), (8, [8]), (9, [8, 1]), (17, [8, 8, 1])])
def test_a_sheet_holds_eight(n, sheets):
    page = printed(*(row(f"Em {i}") for i in range(n)))
    assert [len(sheet) for sheet in page.sheets] == sheets
    assert page.tags["svg"] == n


def test_each_class_begins_a_sheet_and_teachers_come_last():
    page = printed(
        row("Thầy Nam", "", "lead"),
        row("Cô Hoa", "7A", "homeroom"),
        row("An", "7A"),
        row("GVCN lớp 7B", "7B", "homeroom"),
        row("Bình", "7B"),
    )
    assert page.names() == [["An"], ["Bình"], ["Thầy Nam", "Cô Hoa", "GVCN lớp 7B"]]
    parts = [slip[2] for slip in page.sheets[-1]]
    assert parts == [
        "Phụ trách phong trào",
        "Giáo viên chủ nhiệm lớp 7A",
        "Giáo viên chủ nhiệm lớp 7B",
    ]
    assert "của riêng thầy cô" in page.sheets[-1][0][-1]


def test_names_cannot_bring_markup():
    page = printed(row("<script>alert(1)</script>"), school="Trường <b>A & B</b>")
    assert page.sheets[0][0][:2] == ["Trường <b>A & B</b>", "<script>alert(1)</script>"]
    assert "script" not in page.tags
    assert "b" not in page.tags


def test_without_a_known_bot_the_address_is_typed():
    ((slip,),) = printed(row("An"), where=Addresses(WHERE.prefix, "")).sheets
    assert slip[4] == (
        "Quét mã QR bằng camera hoặc Zalo, hoặc gõ địa chỉ dưới đây vào trình duyệt."
    )


def test_different_codes_have_different_images():
    one, other = (
        slips_page("A", [row("An", code=code)], WHERE).partition("<svg")[2].partition("</svg>")[0]
        for code in ("ABCD2345", "ABCD2346")
    )
    assert one != other


def test_the_page_loads_nothing_from_elsewhere():
    page = printed(row("An"))
    assert not {"img", "link", "script", "iframe"} & set(page.tags)
