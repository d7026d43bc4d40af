"""The QR picture: the code that the link makes, with its border, big enough, as a PNG."""

import struct
import zlib

import pytest
import segno

from bot.reports.qr import LEAST_PX, QUIET, qr_png

LINKS = ["https://t.me/lantoa_bot?start=ABCD1234", "http://truong.vn/v/ABCD1234", "x" * 300]


def pixels(png: bytes) -> list[str]:
    """The rows of a black and white PNG as "1" for white, read by the PNG standard."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        chunks[kind] = data
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(
            kind + data
        )
        at += 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour) == (1, 0)
    raw, wide = zlib.decompress(chunks[b"IDAT"]), (width + 7) // 8 + 1
    lines = unfiltered([raw[y * wide : (y + 1) * wide] for y in range(height)])
    return ["".join(f"{byte:08b}" for byte in line)[:width] for line in lines]


def unfiltered(lines: list[bytes]) -> list[bytes]:
    """The lines without their filter byte: 0 is as it stands, 2 is the difference to above."""
    above, plain = bytes(len(lines[0]) - 1), []
    for line in lines:
        assert line[0] in {0, 2}
        added = above if line[0] == 2 else bytes(len(above))
        above = bytes((a + b) % 256 for a, b in zip(line[1:], added, strict=True))
        plain.append(above)
    return plain


@pytest.mark.parametrize("link", LINKS)
def test_the_picture_is_the_code_of_the_link_inside_its_border(link: str) -> None:
    rows = pixels(qr_png(link))
    code = segno.make(link, error="m", micro=False, boost_error=False)
    n_modules = len(code.matrix) + 2 * QUIET
    scale = len(rows) // n_modules
    blank = "1" * len(rows)
    margin = [blank] * (QUIET * scale)
    side = "1" * (QUIET * scale)
    inside = [
        side + "".join("01"[not dark] * scale for dark in line) + side
        for line in code.matrix
        for _ in range(scale)
    ]
    assert rows == margin + inside + margin


@pytest.mark.parametrize("link", LINKS)
def test_the_picture_is_big_enough_and_not_huge(link: str) -> None:
    assert LEAST_PX <= len(pixels(qr_png(link))) < 2 * LEAST_PX
    assert len(qr_png(link)) < 10_000


def test_a_link_that_no_code_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        qr_png("x" * 2332)
