"""Slips with personal codes to print and cut: A4, eight to a page, one HTML file without links."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot.school_codes import Addresses, CodeRow

PER_PAGE = 8
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,  # names come from a list that anybody may have written
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TASKS = {
    "homeroom": "Giáo viên chủ nhiệm lớp {label}",
    "lead": "Phụ trách phong trào",
    "leadership": "Ban giám hiệu",
    "operator": "Người vận hành",
}
SCAN = "Quét mã QR bằng camera hoặc Zalo, hoặc {typed}."
IN_TELEGRAM = "mở Telegram, tìm @{username} rồi gõ mã"
IN_BROWSER = "gõ địa chỉ dưới đây vào trình duyệt"
OWN_PUPIL = "Phiếu này là chìa khóa của riêng em: đừng đưa cho bạn khác."
OWN_STAFF = "Phiếu này là chìa khóa của riêng thầy cô: đừng đưa cho người khác."


@dataclass(frozen=True, slots=True)
class Slip:
    """What one slip shows.

    Attributes:
        part: class of a pupil, task of a teacher.
        qr: an inline SVG image that leads to `url`.
        shown_url: the address without its scheme, as one types it.
    """

    name: str
    part: str
    code: str
    qr: Markup
    shown_url: str
    how: str
    own: str


def slips_page(school: str, rows: Iterable[CodeRow], where: Addresses) -> str:
    """The HTML page: each class begins a sheet of its own, teachers come last on theirs.

    Args:
        school: its name, on every slip.
        rows: in the order to print; see `code_rows`.
        where: what the codes are opened with.
    """
    given = list(rows)
    pupils = [row for row in given if row.role == "pupil"]
    staff = [row for row in given if row.role != "pupil"]
    groups = [list(group) for _, group in groupby(pupils, lambda row: row.label)]
    sheets = [sheet for group in (*groups, staff) for sheet in _sheets(group, where)]
    return TEMPLATES.get_template("slips.html.j2").render(school=school, sheets=sheets)


def _sheets(rows: list[CodeRow], where: Addresses) -> Iterator[list[Slip]]:
    for first in range(0, len(rows), PER_PAGE):
        yield [_slip(row, where) for row in rows[first : first + PER_PAGE]]


def _slip(row: CodeRow, where: Addresses) -> Slip:
    is_pupil = row.role == "pupil"
    part = "Lớp {label}" if is_pupil else TASKS.get(row.role, "")
    typed = IN_TELEGRAM.format(username=where.username) if where.username else IN_BROWSER
    return Slip(
        name=row.name,
        part=part.format(label=row.label),
        code=row.grouped,
        qr=_qr(row.url),
        shown_url=row.url.partition("://")[2],
        how=SCAN.format(typed=typed),
        own=OWN_PUPIL if is_pupil else OWN_STAFF,
    )


def _qr(url: str) -> Markup:
    # Quality M reads through a fold; the white border that scanners need is part of the image.
    image = segno.make(url, error="m", micro=False, boost_error=False)
    return Markup(image.svg_inline(border=4, omitsize=True))  # noqa: S704 - segno draws a path only
