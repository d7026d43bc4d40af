"""What an answer in words of one's own means at which question: a yes, a "later", an age.

Words that could do harm count for nothing here: "có" deletes nobody's data, "không" keeps it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from content.dialogue import Choice, bare, nfc
from content.spoken import plain
from content.typed import loosely
from content.verdicts import is_right, meant, offered
from handlers.turn import Turn
from handlers.ways import way_out

# Whether it is they, or once more: a yes and a no.
WHO: Final = frozenset({"joining.confirm", "joining.same", "guidance.twice"})
# The first choice takes up what is offered, another one leaves it.
OFFERS: Final = frozenset(
    {"joining.done", "confirm.offer", "kept.offer", "kept.hand", "kept.teach", "lesson.after"}
    | {"guidance.handed", "left.do", "review.do", "lop.codes", "tally.next"}
)
# Only a no counts: what is done there is not lightly undone.
GRAVE: Final = frozenset(
    {"privacy.menu", "privacy.erase", "privacy.withdraw", "relatives.renew", "relatives.remove"}
    | {"lop.unbind", "lop.renew", "lop.page-renew", "lop.page-end", "speakers.leave", "remind.do"}
    | {"guidance.mend_cancel"}
)
ENDS: Final = frozenset({"later", "none", "done"})  # what a no to an offer comes to
AFTER_YES: Final = ENDS | {":trogiup"}  # what stands second where the first is the yes
ITS_ME_RE: Final = re.compile(
    r"(?:(?:dung|phai|chinh|la) )*(?:toi|tui|minh|em)(?: ma)?"
    r"|(?:(?:dung|phai|chinh|la) )+(?:ba|ong|bo|me|ma|co|chu|bac|di|cau|anh|chi)(?: noi| ngoai)?"
)
CALL_ME_RE: Final = re.compile(
    r"(?:(?:da|cu|thi|chau|con|em) )*(?:goi|xung|keu) (?:(?:toi|tui|minh) )?(?:(?:la|bang) )?"
)
MY_RE: Final = re.compile(r" (?:của )?(?:em|con|cháu|mình|tôi)(?: ạ)?$", re.IGNORECASE)
ADD_RE: Final = re.compile(
    r"^(?:dạ )?(?:(?:em|con|cháu) )?(?:(?:muốn|muon|xin) )?(?:thêm|them) ", re.IGNORECASE
)
AGE_RE: Final = re.compile(r"\b(\d{2,3})\b")
OLDEST: Final = 120
THANKS: Final = frozenset(
    {"cam on", "cam on nhieu", "cam on bot", "cam on nha truong", "thanks", "thank you", "tks"}
)
GREETINGS: Final = frozenset(
    {"chao", "xin chao", "hello", "hi", "alo", "tam biet", "bye", "chao bot", "hen gap lai"}
)
WELCOME: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pupil": "Không có gì đâu nhé!",
        "relative": "Dạ, không có gì ạ!",
        "staff": "Dạ, không có gì ạ!",
    }
)
SIDES: Final = frozenset({"noi", "ngoai"})
# What is a word for everywhere else, at the question whose first choice it means here.
MEANT_HERE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "joining.done": frozenset({"bat dau", "tiep tuc"}),
        "left.do": frozenset({"bat dau", "tiep tuc"}),
    }
)
BINDING: Final = frozenset({"gan nhom", "gannhom"})


def understood(turn: Turn, text: str) -> Choice | None:
    """The choice that words of one's own mean at the open question, or None."""
    at, choices = turn.pending.at, turn.pending.choices
    if at in READ:
        return READ[at](text, choices)
    if at in WHO:
        said = "yes" if ITS_ME_RE.fullmatch(plain(text)) else meant(text)
        return next((each for each in choices if each.value == said), None)
    if at in GRAVE:
        return way_out(at, choices) if offered(text) in {"no", "later"} else None
    return _to_an_offer(at, text, choices) if at in OFFERS else None


def before_a_word(turn: Turn) -> Choice | None:
    """The choice that is meant by what is a word for everywhere else.

    "dung" at "is it you?" is no `dừng`, "tiếp tục" at an unfinished lesson no `tieptuc`.
    """
    at, choices, folded = turn.pending.at, turn.pending.choices, bare(turn.text)
    if at in WHO and is_right(turn.text):
        return next((each for each in choices if each.value == "yes"), None)
    if at == "lop.do" and folded in BINDING:
        return loosely(turn.text, choices)
    return choices[0] if folded in MEANT_HERE.get(at, ()) else None


def taken_kindly(turn: Turn) -> bool:
    """Answer a thanks, a greeting or an "ok" where nothing is asked; the menu follows by itself.

    What a search found is an offer, and no question.
    """
    person, said = turn.seat.person, plain(turn.text)
    if person is None or not (turn.idle or turn.pending.at == "lesson.pick"):
        return False
    if said in THANKS:
        turn.say(WELCOME[person.kind])
    is_end = offered(turn.text) in {"no", "later"}
    return said in THANKS | GREETINGS or is_end or meant(turn.text) is not None


def leaves(turn: Turn, text: str) -> bool:
    """Whether somebody stops in the middle of a lesson: "để mai", where that is no answer."""
    choices = turn.pending.choices
    if turn.pending.at != "lesson.step" or offered(text) != "later":
        return False
    return not any(each.value.endswith(":later") for each in choices) and not loosely(text, choices)


def _to_an_offer(at: str, text: str, choices: Sequence[Choice]) -> Choice | None:
    said = offered(text)
    if said is None or not choices:
        return None
    if said == "yes" and (at != "lesson.after" or plain(text).endswith("roi")):
        return choices[0] if {each.value for each in choices[1:2]} & AFTER_YES else None
    # An "ok" after a lesson takes note that the teaching is to be logged later.
    return next((each for each in choices if each.value in ENDS), None)


def _lesson(text: str, choices: Sequence[Choice]) -> Choice | None:
    """A yes where one lesson is proposed, before groups or others."""
    lessons = [each for each in choices if each.value.startswith("lesson:")]
    return lessons[0] if offered(text) == "yes" and lessons == [*choices[:1]] else None


def _form(text: str, choices: Sequence[Choice]) -> Choice | None:
    """What somebody wants to be called: "cứ gọi là bà", "bà ngoại"."""
    words = nfc(text).split(" ")
    found = CALL_ME_RE.match(" ".join(map(bare, words)) + " ")
    words = words[found[0].count(" ") if found else 0 :]
    return loosely(" ".join(word for word in words if bare(word) not in SIDES), choices)


def _relation(text: str, choices: Sequence[Choice]) -> Choice | None:
    """A relation with "of mine" behind it: "mẹ em", "thêm mẹ của em"."""
    return loosely(MY_RE.sub("", ADD_RE.sub("", nfc(text))), choices)


def _age(text: str, choices: Sequence[Choice]) -> Choice | None:
    """The band of an age in figures: "72 tuổi", "khoảng 60"; of two ages only if they share it."""
    ages = [int(each) for each in AGE_RE.findall(text)]
    bands = {"under-40" if age < 40 else "40-59" if age < 60 else "60-plus" for age in ages}
    if len(bands) != 1 or max(ages) > OLDEST:
        return None
    return next((each for each in choices if each.value in bands), None)


READ: Final[Mapping[str, Callable[[str, Sequence[Choice]], Choice | None]]] = MappingProxyType(
    {
        "joining.form": _form,
        "lesson.pick": _lesson,
        "relatives.age": _age,
        "relatives.relation": _relation,
    }
)
