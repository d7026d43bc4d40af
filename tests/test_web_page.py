"""The page files as they stand: small, old-browser safe, without inline code, readable by all."""

import json
import re
import struct
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from bot.channels.web.pages import ENGLISH, FOLDER, Pages
from content.language import translate
from tests.zalo_school import zalo_bot
from tools.catalogues import LETTER_RE

LIMIT, ALL = 40 * 1024, 52 * 1024
LATER = {"bell.js"}  # fetched after the first finished lesson
PAGES = Pages("THCS Dương Quan")
CASES = {
    "home.html.j2": {"error": "Mã này không đúng."},
    "door.html.j2": {
        "code": "ABCD2345",
        "key": "0" * 32,
        "paragraphs": ["Chào em!"],
        "question": "Đúng là em chứ?",
        "answers": [("Đúng là em", "yes"), ("Không phải em", "no")],
        "telegram": "https://t.me/lantoa_bot?start=ABCD2345",
        "zalo": zalo_bot(),
        "adult": True,
        "error": "",
    },
    "chat.html.j2": {"id": "0" * 20},
    "lost.html.j2": {"text": "Hãy nhập mã.", "error": ""},
    "class.html.j2": {
        "label": "7A",
        "tallies": [{"text": "Lớp 7A", "day": "Chủ nhật 22/11/2026"}],
        "empty": "",
        "moment": "10:00 Thứ Hai 23/11/2026",
    },
}
SCRIPTS = sorted(FOLDER.glob("*.js"))
# Pages of a class are Vietnamese; the worker says what the server sends it.
VIETNAMESE = {"class.html.j2", "class_lost.html.j2", "sw.js"}
FILES = [*SCRIPTS, *sorted(FOLDER.glob("*.j2"))]
TRANSLATED = [path for path in FILES if path.name not in VIETNAMESE]
SHARED = [FOLDER / name for name in ("chat.html.j2", "look.html.j2", "code.html.j2")]
# What Chrome 80 does not know, and what would show a stranger's text as markup.
NOT_IN_SCRIPTS = {
    "newer than Chrome 80": r"replaceAll|\?\?=|\|\|=|&&=|\.at\(|hasOwn\(|structuredClone|randomUUID"
    r"|replaceChildren|Promise\.any|WeakRef|findLast|toSorted|toReversed|\d_\d|\.#|static \{"
    r"|Array\.fromAsync|AbortSignal\.(?:timeout|any)|inert\b",
    "text as markup or code": r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\("
    r"|new Function|setAttribute\(['\"](?:style|on)",
}
NOT_IN_STYLES = (
    r":is\(|:where\(|:has\(|(?<![\w-])inset(?![\w-])|\d(?:dvh|svh|lvh)|aspect-ratio|(?<!grid-)gap:"
    r"|color-mix|@layer|@container|accent-color|@import|url\("
)
TEXT = {"--ink", "--soft", "--brand", "--bad"}


class Tags(HTMLParser):
    """Every tag of a page, and the text inside scripts, styles, buttons and links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while tag in self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.inside += [(tag, data) for tag in self._open if data.strip()]


def rendered(name: str) -> str:
    return PAGES.page(name, **CASES[name]).text


def styles() -> str:
    return re.sub(
        r"/\*.*?\*/", "", (FOLDER / "chat.css").read_text(encoding="utf-8"), flags=re.DOTALL
    )


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
@pytest.mark.parametrize("why", NOT_IN_SCRIPTS)
def test_scripts_run_in_chrome_80_and_never_make_markup_of_text(path, why):
    found = re.findall(NOT_IN_SCRIPTS[why], path.read_text(encoding="utf-8"))
    assert not found, why


def test_the_style_sheet_needs_nothing_newer_than_chrome_80():
    assert not re.findall(NOT_IN_STYLES, styles())


@pytest.mark.parametrize("name", CASES)
def test_no_page_holds_inline_code_or_another_sites_file(name):
    page = Tags(rendered(name))
    assert not [text for tag, text in page.inside if tag in {"script", "style"}]
    for tag, attrs in page.tags:
        assert tag != "style"
        assert not [key for key in attrs if key == "style" or key.startswith("on")]
        for key in ("src", "href", "action"):
            address = attrs.get(key) or "/"
            assert address.startswith("/") or tag == "a" or (tag, key) == ("link", "href"), address


@pytest.mark.parametrize("name", CASES)
def test_every_page_can_be_read_aloud_and_zoomed(name):
    page = Tags(rendered(name))
    attrs_of = dict(page.tags)
    assert attrs_of["html"]["lang"] == "vi"
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert [tag for tag, _ in page.tags].count("main") == 1
    labelled = {attrs.get("for") for tag, attrs in page.tags if tag == "label"}
    for tag, attrs in page.tags:
        assert tag != "img" or "alt" in attrs
        is_field = tag in {"input", "textarea"} and attrs.get("type") != "hidden"
        assert not is_field or attrs["id"] in labelled
        assert "maximum-scale" not in (attrs.get("content") or "")
        assert "user-scalable" not in (attrs.get("content") or "")


def test_a_chat_opens_with_less_than_40_kilobytes_of_page():
    html = rendered("chat.html.j2")
    names = set(re.findall(r"(?:src|href)=\"/w/\w+/([\w.-]+\.(?:js|css))", html)) | {"sw.js"}
    assert {path.name for path in SCRIPTS} | {"chat.css"} == names | LATER
    size = len(html.encode()) + sum(len(PAGES.assets[name].body) for name in names)
    assert size < LIMIT


def test_all_page_files_together_stay_under_a_limit_too():
    kinds = {".css", ".js", ".j2"}
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.suffix in kinds) < ALL


@pytest.mark.parametrize("path", TRANSLATED, ids=lambda path: path.name)
def test_every_text_of_a_page_goes_through_the_catalogue(path):
    source = re.sub(r"\{#.*?#\}|(?m:(^|  )//.*)", "", path.read_text(encoding="utf-8"))
    source = re.sub(r"\b(?:t|_)\('[^']*'(?:\s*\+ '[^']*')*\)|/\(https.*|Tiếng Việt", "", source)
    assert not LETTER_RE.search(re.sub(r"Lan(?: |&nbsp;)Tỏa", "", source))


def test_english_is_fetched_only_for_those_who_speak_it():
    html, script = rendered("chat.html.j2"), PAGES.assets[ENGLISH].body.decode()
    assert f'data-english="{PAGES.address(ENGLISH)}"' in html
    assert f'src="{PAGES.address(ENGLISH)}"' not in html
    assert '"Đang gửi…": "Sending…"' in script
    assert not [why for why, known in NOT_IN_SCRIPTS.items() if re.search(known, script)]
    assert len(script.encode()) < 6 * 1024


def test_a_page_reads_in_the_language_that_was_asked_for():
    page = PAGES.page("home.html.j2", 200, "en", error="", other="vi").text
    assert '<html lang="en">' in page
    assert translate("Nhập mã trên phiếu", "en") in page
    assert '<a href="?lang=vi" lang="vi">Tiếng Việt</a>' in page
    assert "lang=" not in rendered("home.html.j2").partition("<body")[2]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_in_its_first_line_what_it_is_for(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert re.match(r"// [A-ZĐ].+\.$", lines[0])
    assert len(lines) <= 400
    assert max(map(len, lines)) <= 140


@pytest.mark.parametrize("path", [*SCRIPTS, *SHARED], ids=lambda path: path.name)
def test_fixed_words_suit_the_pupil_and_the_grandmother(path):
    code = re.sub(r"(?m)(^|  )//.*", "", path.read_text(encoding="utf-8"))
    spoken = " ".join(re.findall(r"'[^'\n]*'|>[^<]+<|\"[^\"\n]*\"", code))
    assert spoken
    assert not re.findall(r"(?i)(?<!\w)(em|bà|ông|cháu|bạn|cô|chú|con)(?!\w)", spoken)


def test_text_stands_out_from_every_ground_in_light_and_dark():
    looks = {name: dict(re.findall(r"(--\w+): (#\w+)", body)) for name, body in themes()}
    assert looks[":root.dark"] == looks[":root:not(.light)"]
    for name, look in looks.items():
        for ground in ("--bg", "--card", "--mine"):
            for text in TEXT - ({"--brand", "--bad"} if ground == "--mine" else set()):
                assert contrast(look[text], look[ground]) >= 4.5, (name, text, ground)
        assert contrast(look["--on"], look["--brand"]) >= 4.5
        for ground in ("--bg", "--card"):
            for edge in ("--edge", "--brand", "--focus"):
                assert contrast(look[edge], look[ground]) >= 3, (name, edge, ground)
    assert contrast("#0b5d3b", "#fff") >= 7


def themes() -> list[tuple[str, str]]:
    found = re.findall(r"(:root[^ ,{]*) \{([^}]*--bg[^}]*)\}", styles())
    assert [name for name, _ in found] == [":root", ":root.dark", ":root:not(.light)"]
    return found


def contrast(one: str, other: str) -> float:
    """Source: w3.org/TR/WCAG22/#dfn-contrast-ratio, read 2026-11."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at:end], 16) / 255 for at, end in pairwise((0, 2, 4, 6))]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_manifest_lets_a_phone_install_the_chat():
    manifest = json.loads(PAGES.text("app.webmanifest.j2", "application/manifest+json").text)
    assert manifest["name"] == "Lan Tỏa · THCS Dương Quan"
    assert manifest["display"] == "standalone"
    assert (manifest["start_url"], manifest["scope"]) == ("./", "./")
    for icon in manifest["icons"]:
        body = PAGES.assets[icon["src"].rpartition("/")[2]].body
        width, height = struct.unpack(">II", body[16:24])
        assert icon["sizes"] == f"{width}x{height}"


def test_what_people_wrote_is_shown_as_text():
    html = PAGES.page("home.html.j2", error="<b>x</b>").text
    assert "&lt;b&gt;x&lt;/b&gt;" in html
