"""The pictures (later the files) that outbox rows stand for, made when they are sent or fetched."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.channels import Rejected
from bot.reports.qr import qr_png
from content import pictures

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """How rows of one kind become bytes.

    Attributes:
        ending: of an address or a file's name, without a dot.
        content_type: what a browser is told.
        make: the bytes, of a row's body; raises what `render` does, or KeyError.
    """

    ending: str
    content_type: str
    make: Callable[[Body], bytes]


def render(kind: str, body: Body) -> bytes:
    """The bytes that a row of a kind in `KINDS` stands for.

    Args:
        kind: the row's.
        body: the row's; see `bot.channels.OutRow`.

    Raises:
        Rejected: there is no such picture in this release, or the body has been emptied.
    """
    try:
        return KINDS[kind].make(body)
    except KeyError:
        raise Rejected("picture is gone") from None


def _qr(body: Body) -> bytes:
    return qr_png(body["link"])


def _picture(body: Body) -> bytes:
    found = pictures.find(body["picture"])
    if found is None:
        raise Rejected("picture is gone")
    return found.png


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "qr": Kind("png", "image/png", _qr),
        "picture": Kind("png", "image/png", _picture),
    }
)
