"""Slips with personal codes to print and cut: A4, eight to a page, one HTML file without links."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot.school_codes import CodeRow

PER_PAGE = 8
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,  # names come from a list that anybody may have written
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Way:
    """One line of a slip: a channel, and how one gets in by it.

    Attributes:
        address: what is typed, without its scheme; "" where it is a name.
    """

    name: str
    how: str
    address: str = ""


TASKS = {
    "homeroom": "Giáo viên chủ nhiệm lớp {label}",
    "lead": "Phụ trách phong trào",
    "leadership": "Ban giám hiệu",
    "operator": "Người vận hành",
}
SCAN = "quét mã QR, hoặc {how}"
PAGE = Way("Trang web", "gõ")
TELEGRAM = Way("Telegram", "tìm @{bot}, rồi gõ mã")
ZALO = Way("Zalo", "tìm “{bot}”, rồi gõ mã")
ZALO_PUPIL = Way("Zalo của người lớn", ZALO.how)  # a child's own account is not heard there
OWN_PUPIL = "Phiếu này là chìa khóa của riêng em: đừng đưa cho bạn khác."
OWN_STAFF = "Phiếu này là chìa khóa của riêng thầy cô: đừng đưa cho người khác."


@dataclass(frozen=True, slots=True)
class Slip:
    """What one slip shows.

    Attributes:
        part: class of a pupil, task of a teacher.
        qr: an inline SVG image of the address.
        ways: one for each channel that there is; the first is what the QR code opens.
    """

    name: str
    part: str
    code: str
    qr: Markup
    ways: tuple[Way, ...]
    own: str


def slips_page(school: str, rows: Iterable[CodeRow]) -> str:
    """The HTML page: each class begins a sheet of its own, teachers come last on theirs.

    Args:
        school: its name, on every slip.
        rows: in the order to print; see `code_rows` and `with_zalo`.
    """
    given = list(rows)
    pupils = [row for row in given if row.role == "pupil"]
    staff = [row for row in given if row.role != "pupil"]
    groups = [list(group) for _, group in groupby(pupils, lambda row: row.label)]
    sheets = [sheet for group in (*groups, staff) for sheet in _sheets(group)]
    return TEMPLATES.get_template("slips.html.j2").render(school=school, sheets=sheets)


def _sheets(rows: list[CodeRow]) -> Iterator[list[Slip]]:
    for first in range(0, len(rows), PER_PAGE):
        yield [_slip(row) for row in rows[first : first + PER_PAGE]]


def _slip(row: CodeRow) -> Slip:
    is_pupil = row.role == "pupil"
    part = "Lớp {label}" if is_pupil else TASKS.get(row.role, "")
    return Slip(
        name=row.name,
        part=part.format(label=row.label),
        code=row.grouped,
        qr=_qr(row.url),
        ways=_ways(row),
        own=OWN_PUPIL if is_pupil else OWN_STAFF,
    )


def _ways(row: CodeRow) -> tuple[Way, ...]:
    """The ways in; our own page is one if the QR code opens it."""
    ways = []
    if row.url.endswith(f"/v/{row.code}"):
        ways.append(replace(PAGE, address=row.url.partition("://")[2]))
    if row.telegram:
        ways.append(Way(TELEGRAM.name, TELEGRAM.how.format(bot=row.telegram)))
    if row.zalo:
        zalo = ZALO_PUPIL if row.role == "pupil" else ZALO
        ways.append(Way(zalo.name, zalo.how.format(bot=row.zalo)))
    first, *others = ways
    return (replace(first, how=SCAN.format(how=first.how)), *others)


def _qr(url: str) -> Markup:
    # Quality M reads through a fold; the white border that scanners need is part of the image.
    image = segno.make(url, error="m", micro=False, boost_error=False)
    return Markup(image.svg_inline(border=4, omitsize=True))  # noqa: S704 - segno draws a path only
