"""The printed slips: eight to a sheet, every class on its own, names escaped."""

from html.parser import HTMLParser

import pytest

from bot.reports.slips import slips_page
from bot.school_codes import CodeRow

PREFIX = "https://lantoa.truong.vn/v/"
OPENS = "https://bot.zaloplatforms.com/bots/1234567890123456789"


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


def row(
    name: str, label: str = "7A", role: str = "pupil", code: str = "ABCD2345", **ways: str
) -> CodeRow:
    return CodeRow(label, name, role, code, ways.pop("url", f"{PREFIX}{code}"), **ways)


def printed(*rows: CodeRow, school: str = "THCS Dương Quan") -> Sheets:
    return Sheets(slips_page(school, rows))


def ways(page: Sheets) -> str:
    """What the first slip says between its code and its warning."""
    return " ".join(page.sheets[0][0][4:-1])


def test_a_slip_says_who_which_class_the_code_and_how_to_begin():
    ((slip,),) = printed(row("Nguyễn Hoàng Thị Phương Thảo Nguyên")).sheets
    assert slip == [
        "THCS Dương Quan",
        "Nguyễn Hoàng Thị Phương Thảo Nguyên",
        "Lớp 7A",
        "ABCD 2345",
        "Trang web:",
        "quét mã QR, hoặc gõ",
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
    page = printed(row("<script>alert(1)</script>"), school="Trường <u>A & B</u>")
    assert page.sheets[0][0][:2] == ["Trường <u>A & B</u>", "<script>alert(1)</script>"]
    assert "script" not in page.tags
    assert "u" not in page.tags


def test_each_channel_that_there_is_has_one_line():
    page = printed(row("An", telegram="truong_bot", zalo="Bot Lan Tỏa 7A"))
    assert ways(page) == (
        "Trang web: quét mã QR, hoặc gõ lantoa.truong.vn/v/ABCD2345 "
        "Telegram: tìm @truong_bot, rồi gõ mã "
        "Zalo của người lớn: tìm “Bot Lan Tỏa 7A”, rồi gõ mã"
    )
    teacher = printed(row("Cô Hoa", role="homeroom", zalo="Bot Lan Tỏa 7A"))
    assert ways(teacher).endswith("ABCD2345 Zalo: tìm “Bot Lan Tỏa 7A”, rồi gõ mã")


@pytest.mark.parametrize(
    ("url", "first"),
    [
        (
            "https://t.me/truong_bot?start=ABCD2345",
            "Telegram: quét mã QR, hoặc tìm @truong_bot, rồi gõ mã",
        ),
        (OPENS, "Zalo của người lớn: quét mã QR, hoặc tìm “Bot Lan Tỏa 7A”, rồi gõ mã"),
    ],
    ids=["telegram", "zalo"],
)
def test_without_a_page_the_code_opens_the_bot(url: str, first: str):
    telegram = "truong_bot" if "t.me" in url else ""
    page = printed(row("An", url=url, telegram=telegram, zalo="Bot Lan Tỏa 7A"))
    assert ways(page).startswith(first)
    assert "Trang web" not in str(page.sheets)


def test_different_codes_have_different_images():
    one, other = (
        slips_page("A", [row("An", code=code)]).partition("<svg")[2].partition("</svg>")[0]
        for code in ("ABCD2345", "ABCD2346")
    )
    assert one != other


def test_the_page_loads_nothing_from_elsewhere():
    page = printed(row("An"))
    assert not {"img", "link", "script", "iframe"} & set(page.tags)
