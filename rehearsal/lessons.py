"""How anybody plays a lesson: answers by what is known, stumbles, leaves in the middle."""

from collections.abc import Generator

from rehearsal.hearing import (
    ANSWER_RE,
    MENU,
    REVIEWING_RE,
    STALE,
    Choice,
    choices,
    find,
    verdict,
)
from rehearsal.phone import Act, Lore, Phone, Say, Tap
from rehearsal.terms import Heard

REVIEW = "Ôn bài"
END = ("Dạy ngay cho người thân", "Ghi việc đã dạy")
PICKING = (
    "hoặc chọn một nhóm bài nhé",
    "học bài này nhé?",
    "chọn bài nhé.",
    "muốn học lại bài nào?",
)
NONSENSE = ("không biết", "alo", "ơ sao thế", "???", "hihi", "em chịu", "cái này là gì vậy ạ")
RELATIVE_RIGHT = ("Dạ đúng rồi ạ!", "Dạ chính xác ạ!", "Dạ phải ạ.", "Dạ đúng vậy ạ.")
MOST_STEPS = 40

Part = Generator[Act, Heard, Heard]
"""A part of a play: what is done, what is heard, and the message it ends with."""


def learn(phone: Phone, lore: Lore, heard: Heard) -> Part:
    """Play on from a message of the lesson until its end, a menu, or the wish to stop."""
    asked: tuple[tuple[str, ...], str] | None = None
    for _ in range(MOST_STEPS):
        if asked is not None:
            _remember(lore, heard, *asked)
        if MENU in heard.text or not heard.buttons or find(heard, *END):
            break
        asked, act = _answer(phone, lore, heard)
        if act is None:
            break
        heard = yield act
    return heard


def review(phone: Phone, lore: Lore) -> Part:
    """`onbai`: by the button if there is one, by a word else; then its questions."""
    opened = phone.option(REVIEW)
    heard = yield opened or Say(phone.chance.choice(("onbai", "ôn bài", "/onbai", "Ôn bài")))
    return (yield from learn(phone, lore, heard)) if REVIEWING_RE.search(heard.text) else heard


def start(phone: Phone, heard: Heard | None) -> Part:
    """Into a lesson: by the button if there is one, by a word else; picking one where asked."""
    opened = phone.option("Vào bài đầu tiên", "Học bài") if heard is None else None
    words = phone.chance.choice(("hoc", "học bài", "Học", "/hoc"))
    heard = yield opened or Say(words)
    for _ in range(4):
        if not _picking(heard):
            break
        choice = phone.chance.choice(_lessons(heard))
        heard = yield phone.take(heard, choice)
    return heard


def _picking(heard: Heard) -> bool:
    return any(words in heard.text for words in PICKING) and bool(heard.buttons)


def _lessons(heard: Heard) -> list[Choice]:
    """What is picked from: mostly the first offer, which is the recommended one."""
    offered = [each for each in choices(heard) if each.label not in {"Nhóm khác", "Bài khác"}]
    new = [each for each in offered if not each.label.endswith("✓")] or offered
    return [new[0]] * 3 + new


def _answer(
    phone: Phone, lore: Lore, heard: Heard
) -> tuple[tuple[tuple[str, ...], str] | None, Act | None]:
    """What to do at a question of a lesson, and what it was an answer to; None: leave."""
    habit, chance = phone.habit, phone.chance
    if chance.random() < habit.stops:
        return None, None
    if chance.random() < habit.slips:
        return None, _slip(phone)
    offered = tuple(each for each in choices(heard) if each.label != "Bài khác")
    labels = tuple(each.label for each in offered)
    known = lore.right.get(labels)
    sure = known in labels and chance.random() < habit.knows
    choice = offered[labels.index(known)] if sure and known else chance.choice(offered)
    return (labels, choice.label), phone.take(heard, choice)


def _slip(phone: Phone) -> Act:
    """Words that mean nothing, or a button of the question before."""
    before = phone.before
    if before is not None and not before.numbered and phone.chance.random() < 0.5:
        return Tap(before, phone.chance.choice(choices(before)))
    return Say(phone.chance.choice(NONSENSE))


def _remember(lore: Lore, heard: Heard, labels: tuple[str, ...], said: str) -> None:
    """Learn the right answer from what the answer got."""
    if heard.text.startswith(STALE):
        return
    if verdict(heard.text) or heard.text.startswith(RELATIVE_RIGHT):
        lore.right[labels] = said
    told = ANSWER_RE.search(heard.text)
    if told is not None:
        lore.right[labels] = next((each for each in labels if each.startswith(told[1])), told[1])
