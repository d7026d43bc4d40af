"""A link as a QR picture, for another phone's camera."""

import io
from math import ceil

import segno

LEAST_PX = 400
QUIET = 4  # modules of white border that ISO/IEC 18004 asks for


def qr_png(link: str) -> bytes:
    """The QR code of `link` as a black and white PNG.

    It is at least 400 pixels wide, so that a phone shows it sharp; about 5 ms of work, 1 kB.

    Raises:
        ValueError: the link is too long for a QR code (2,331 bytes).
    """
    # Quality M, as on the slips: a scratched or shining screen is still read.
    code = segno.make(link, error="m", micro=False, boost_error=False)
    n_modules, _ = code.symbol_size(scale=1, border=QUIET)
    png = io.BytesIO()
    code.save(png, kind="png", scale=ceil(LEAST_PX / n_modules), border=QUIET)
    return png.getvalue()
