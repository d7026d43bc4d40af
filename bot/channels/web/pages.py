"""The page files: templates filled in, assets under names that change with them, the headers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from content.language import LANGUAGES, catalogue, translate

FOLDER = Path(__file__).parent / "page"
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
FOR_EVER = "public, max-age=31536000, immutable"
OTHER: Mapping[str, str] = {"vi": "en", "en": "vi"}
ENGLISH = "english.js"
SOURCE = "bot/channels/web/page/"
COMMENT_RE = re.compile(rb"^ *//.*\n", re.MULTILINE)
TEXTS = frozenset({"text/css", "text/javascript", "image/svg+xml", "text/html"})


def policy(*, framed: bool) -> str:
    """The Content-Security-Policy of every page: our own files and nothing else.

    Args:
        framed: whether pages of our own may show these in a frame.
    """
    own = ["script", "style", "img", "connect", "manifest", "worker", *["frame"] * framed]
    return (
        "default-src 'none'; "
        + "".join(f"{what}-src 'self'; " for what in own)
        + "form-action 'self'; base-uri 'none'; "
        + ("frame-ancestors 'self'" if framed else "frame-ancestors 'none'")
    )


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file as it is served."""

    body: bytes
    content_type: str


@dataclass(slots=True)
class Pages:
    """Makes responses.

    Attributes:
        school: the school's name, shown on every page.
        framed: whether pages of our own may show these in a frame (only the demo does).
    """

    school: str
    framed: bool = False
    folder: Path = FOLDER
    assets: dict[str, Asset] = field(init=False)
    print: str = field(init=False)
    _templates: Mapping[str, Environment] = field(init=False)

    def __post_init__(self) -> None:
        """Read all files once; their common fingerprint is part of their addresses."""
        files = [path for path in sorted(self.folder.iterdir()) if path.suffix in TYPES]
        self.assets = {p.name: Asset(_served(p), TYPES[p.suffix]) for p in files}
        self._templates = {lang: self._environment(lang) for lang in LANGUAGES}
        if (self.folder / f"{ENGLISH}.j2").exists():  # the demo's own pages have none
            english = self._templates["en"].get_template(f"{ENGLISH}.j2")
            body = english.render(words=dict(catalogue("en", SOURCE))).encode()
            self.assets[ENGLISH] = Asset(body, TYPES[".js"])
        digest = sha256(b"".join(a.body for a in self.assets.values()))
        self.print = digest.hexdigest()[:12]

    def _environment(self, lang: str) -> Environment:
        """The templates in one language: what stands in `_('…')` is looked up."""
        made = Environment(
            loader=FileSystemLoader(self.folder), autoescape=True, undefined=StrictUndefined
        )
        made.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
        own = {"school": self.school, "asset": self.address, "lang": lang, "other": ""}
        made.globals |= own | {"_": partial(translate, lang=lang)}
        return made

    def address(self, name: str) -> str:
        """Where an asset is fetched; another address when any of them has changed.

        Raises:
            KeyError: there is no such file.
        """
        if name not in self.assets:
            raise KeyError(name)
        return f"/w/{self.print}/{name}"

    def page(self, name: str, status: int = 200, lang: str = "vi", **values: Any) -> web.Response:
        """An HTML page; a text of ours among `values` is to be translated before."""
        body = self._templates[lang].get_template(name).render(**values)
        return self._text(body, "text/html", status)

    def text(self, name: str, content_type: str, **values: Any) -> web.Response:
        """A filled template of any other type, never kept by a cache."""
        return self._text(self._templates["vi"].get_template(name).render(**values), content_type)

    def _text(self, body: str, content_type: str, status: int = 200) -> web.Response:
        response = web.Response(
            text=body, content_type=content_type, status=status, headers=self.headers()
        )
        response.enable_compression()
        return response

    def headers(self) -> dict[str, str]:
        """The headers of everything that is not an asset."""
        return {
            "Content-Security-Policy": policy(framed=self.framed),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
        }

    async def asset(self, request: web.Request) -> web.Response:
        """`/w/<print>/<name>`: a static file; under an old print today's file, not kept long."""
        name = request.match_info["name"]
        if name not in self.assets:
            return web.Response(status=404, text="not found\n", headers=self.headers())
        return self.file(name, FOR_EVER if request.match_info["print"] == self.print else "")

    def file(self, name: str, kept: str = "") -> web.Response:
        """A static file, kept by browsers as `kept` says; without it they ask each time."""
        found = self.assets[name]
        headers = self.headers() | {"Cache-Control": kept or "no-cache"}
        is_text = found.content_type in TEXTS
        response = web.Response(
            body=found.body,
            content_type=found.content_type,
            charset="utf-8" if is_text else None,
            headers=headers,
        )
        if is_text:
            response.enable_compression()
        return response


def _served(path: Path) -> bytes:
    """A static file without the lines that are comments of a script: phones pay for each byte."""
    body = path.read_bytes()
    return COMMENT_RE.sub(b"", body) if path.suffix == ".js" else body
