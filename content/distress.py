"""Cries for help in typed text, and "I have been cheated", found by lists of phrases."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from content.heard import Table, Token, found, table, tokens, without
from content.in_english import cheated_in_english, cries_in_english
from content.marked import read_plain
from content.nearby import Rules, near, rules

HERE = Path(__file__).parent
CRIES = HERE / "cries"


class Signs(NamedTuple):
    """What tells one matter: phrases, and words that stand near each other."""

    phrases: Table
    nearby: Rules

    def heard(self, words: Sequence[Token]) -> bool:
        """Whether any of them stands among the words."""
        return any(found(words, self.phrases)) or near(words, self.nearby)


class Lists(NamedTuple):
    """The files `safety.yaml`, `cries/<kind>.yaml`, `fraud.yaml` and `nearby.yaml`, read.

    Attributes:
        cries: all signs of distress of all kinds.
        harmless: what only sounds like one; its words count no further.
        frauds: by id of the help card that fits, in the order in which they are tried.
        told: talk about fraud; its words count no further, but for cries they do.
    """

    cries: Signs
    harmless: Table
    frauds: Mapping[str, Signs]
    told: Table


def distressed(text: str) -> bool:
    """Whether the text sounds like a cry for help: self-harm, violence, abuse, threats, bullying.

    Better once too often than once too seldom; what is known to be harmless stands in the list too.
    Diacritics may be left out, but are minded where they are typed: "sợ" is never "sờ".
    """
    words = tokens(text)
    left = without(words, lists().harmless)
    return lists().cries.heard(left) or cries_in_english(words)


def cheated(text: str) -> str:
    """The id of the help card for whoever has been cheated, or is being cheated right now; or "".

    Talk about fraud ("lừa đảo là gì", "bà không đọc mã cho ai") is none. What is typed as a
    question about it counts if it is about oneself and now.
    """
    words = tokens(text)
    left = without(words, lists().told)
    frauds = lists().frauds.items()
    exact = (card for card, signs in frauds if any(found(left, signs.phrases)))
    loose = (card for card, signs in frauds if near(left, signs.nearby))
    return next(chain(exact, loose), "") or cheated_in_english(words)


@lru_cache(maxsize=1)
def lists() -> Lists:
    """The phrase lists, read once.

    Raises:
        ValueError: a phrase starts or ends with a gap, or names an unknown group.
    """
    safety, fraud = _read("safety.yaml"), _read("fraud.yaml")
    cries = (read_plain(path) for path in sorted(CRIES.glob("*.yaml")))
    nearby = _read("nearby.yaml")
    written = {**safety["groups"], **fraud["groups"], **nearby["groups"]}
    groups = {name: tuple(words.split()) for name, words in written.items()}
    return Lists(
        cries=Signs(
            table(chain.from_iterable(cries), groups),
            # Who is blackmailed gets the card and the numbers to call.
            rules(chain(*nearby["cries"].values(), nearby["fraud"]["bi-doa"]), groups),
        ),
        harmless=table(safety["harmless"], groups),
        frauds={
            card: Signs(table(lines, groups), rules(nearby["fraud"].get(card, ()), groups))
            for card, lines in fraud["fraud"].items()
        },
        told=table(fraud["told"], groups),
    )


def _read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = read_plain(HERE / name)
    return data
