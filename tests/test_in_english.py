"""Every story once more with everybody reading English: whatever is said is in the catalogue.

The Vietnamese story is played beside it; what is tapped or typed there is picked here by its place.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache, partial
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import update

from content.dialogue import Choice, chosen
from content.loader import Library, load
from content.model import Text
from content.update import ChatAddress, Update
from db import models
from handlers.due import begin_chores
from handlers.turn import Pending
from tests.conversation import MiniSchool, Talk, local, mini_school
from tests.databases import sqlite_database
from tests.golden import TRANSCRIPTS, Direct, play, read_story
from tools.catalogues import LETTER_RE

STORIES = [path for path in sorted(TRANSCRIPTS.glob("*.yaml")) if path.stem != "17-in-english"]
FORM = "joining.form"
# Tallies are the class's and stay Vietnamese, and so are names.
TALLY_RE = re.compile(
    r"(?s)(?:Lớp \w+, tuần|Cả trường, tuần|Tổng kết tuần).*?"
    r"(?=\n\n(?:Not started|Talking|Anything|A text)|$)"
)
NAMES_RE = re.compile(
    r"Lan Tỏa|THCS Dương Quan|(?:Nguyễn|Đỗ|Trần|Lê|Phạm)(?: \w+){2}|Ân\b|[Tt]iếng Việt"
    r"|\((?:cô|dì|chú|bác|cậu|mợ|thím|dượng)\)|\b(?:[Bb]à|[Ôô]ng|[Cc]ô|[Bb]ác) \w+|\[hình\]"
    r"|address: \w+"
)


def without_marks(text: str) -> str:
    """A lesson's text as an English one, names and all."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def translate_lessons(node: object) -> None:
    """Give every text of the lessons an English of its own."""
    if isinstance(node, Text):
        node.root["en"] = without_marks(node.in_("en"))
    elif isinstance(node, BaseModel):
        translate_lessons([getattr(node, name) for name in type(node).model_fields])
    elif is_dataclass(node):
        translate_lessons([getattr(node, each.name) for each in fields(node)])
    elif isinstance(node, Mapping):
        translate_lessons(list(node.values()))
    elif isinstance(node, list | tuple):
        for each in node:
            translate_lessons(each)


@cache
def library() -> Library:
    found = load([], local("2026-11-21 12:00").date())
    translate_lessons(found)
    return found


def reads_english(school: MiniSchool) -> None:
    with school.engine.begin() as connection:
        connection.execute(update(models.person).values(language="en"))


class EnglishTalk(Talk):
    """A chat with somebody who chose English on the way in."""

    def repeats(self, update: Update) -> str:
        said = super().repeats(replace(update, lang="en"))
        reads_english(self.school)  # a relative who was added just now too
        return said


def asked(talk: Talk) -> tuple[str, str, list[Choice]]:
    """The open question of a chat: its number and route, and what may be chosen."""
    for row in talk.school.rows("conversation"):
        if row.sender == talk.address.sender and not talk.group:
            pending = Pending.from_json(row.pending)
            return str(row.seq), pending.at, list(pending.choices)
    return "", "", []


@dataclass
class InEnglish(Direct):
    """Plays the story in English, and beside it as it is written."""

    written: Direct = field(kw_only=True)

    def talk(self, who: str) -> Talk:
        if who not in self.talks and "@" not in who:
            self.talks[who] = EnglishTalk(self.school, ChatAddress("tg", who, who), group=False)
        return super().talk(who)

    async def say(self, who: str, text: str) -> None:
        _, at, choices = asked(self.written.talk(who))
        choice = chosen(text, choices)
        await self.written.say(who, text)
        await self._do(who, at, choices.index(choice) if choice else None, text)

    async def tap(self, who: str, label: str) -> None:
        _, at, choices = asked(self.written.talk(who))
        place = chosen(label, choices)
        await self.written.tap(who, label)
        await self._do(who, at, choices.index(place), label)

    async def _do(self, who: str, at: str, place: int | None, text: str) -> None:
        """The same here, unless only Vietnamese asks: English has no forms of address."""
        seq, here, _ = asked(self.talk(who))
        if at == FORM and here != FORM:
            return
        if place is None:
            await super().say(who, text)
        else:
            self._keep(who, self.talk(who).taps_token(f"{seq}.{place}"))

    async def event(self, who: str, kind: str) -> None:
        await self.written.event(who, kind)
        await super().event(who, kind)

    async def tick(self, to: str) -> None:
        await self.written.tick(to)
        await super().tick(to)

    async def heard(self) -> dict[str, list[str]]:
        await self.written.heard()
        return await super().heard()


@pytest.fixture
def urls():
    for one in sqlite_database():
        for other in sqlite_database():
            yield one, other


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
async def test_a_story_read_in_english_has_no_vietnamese_in_it(path, urls):
    schools = [mini_school(url, library()) for url in urls]
    for school in schools:
        school.store(partial(begin_chores, school.world, school.now))
    reads_english(schools[1])
    player = InEnglish(schools[1], written=Direct(schools[0]))
    played = await play(player, read_story(path))
    for where, text in private(played, player):
        left = NAMES_RE.sub("", TALLY_RE.sub("", text))
        assert not LETTER_RE.search(left), f"{path.name}, step {where}: {left}"
        assert "{" not in text, f"{path.name}, step {where}: {text}"
    for school in schools:
        school.engine.dispose()


def private(played: list[dict[str, Any]], player: Direct) -> Iterator[tuple[int, str]]:
    """What was heard outside groups, with the number of the step."""
    groups = {who.partition("@")[2] for who in player.talks} - {""}
    for number, step in enumerate(played, 1):
        heard = {step.get("who", ""): step.get("heard", ""), **step.get("also", {})}
        yield from (
            (number, text)
            for where, text in heard.items()
            if where.rpartition("@")[2] not in groups
        )
