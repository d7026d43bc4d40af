"""What people do in one sitting, as scripts that say one thing at a time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.demo.phones import Answers, Phone, typed
from content.address import ADDRESSES
from content.update import Said
from handlers import confirm, joining
from handlers.acts import DAYS, OUTCOMES
from handlers.checking import TRY
from handlers.relations import AGE_BANDS, capital, relation_button, relative_name

Script = Iterator[Said]

CODE_RE = re.compile(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b")
TRIES = 0.7  # how many relatives try the check in their own chat
TEACH_NOW, TEACH_LATER = "Dạy ngay cho người thân", "Ghi sau"


@dataclass(slots=True)
class Kin:
    """A relative whom a pupil teaches.

    Attributes:
        relation: a key of `handlers.relations.RELATIONS`.
        band: a key of `handlers.relations.AGE_BANDS`.
        form: how they choose to be addressed.
        nickname: what the pupil calls them; "" for nothing more than the relation.
        skill: how often they answer a check question right, 0 to 1.
        phone: whether they come into a chat of their own.
        answers: how likely they answer when asked there, 0 to 1.
        code: their personal code, once the pupil has invited them.
    """

    relation: str
    band: str
    form: str
    nickname: str = ""
    skill: float = 0.75
    phone: bool = False
    answers: float = 0.8
    code: str = ""

    @property
    def label(self) -> str:
        """The pupil's button for them."""
        return relative_name(self.relation, self.nickname or None, "vi")


@dataclass(frozen=True, slots=True)
class Act:
    """How a teaching went: which day (a position in `DAYS`) and how far (in `OUTCOMES`)."""

    day: int
    outcome: int
    skill: str = ""


def join(phone: Phone, code: str, kind: str) -> Script:
    """Open the personal link and say yes."""
    yield typed(f"/start {code}")
    yield phone.tap(joining.ANSWERS[kind][0][0])  # type: ignore[index]


def begin_page(phone: Phone) -> Script:
    """A teacher has the class's tallies go to its page."""
    yield typed("lớp")
    yield phone.tap("Dùng trang lớp")


def look_in(phone: Phone, word: str, back: str) -> Script:
    """Look at something, and go back to the menu, if it does not come with it."""
    yield typed(word)
    if back:
        yield phone.tap(back)


def learn(phone: Phone, answers: Answers, *, most: int = 40) -> Script:
    """The recommended lesson, to its end, or to where they stop after `most` answers."""
    yield typed("học")
    for _ in range(2):  # the recommended one stands first; when all are done, a group and a lesson
        if answers.pick(phone) is None:
            yield phone.tap(*phone.labels)
    for _ in range(most):
        said = answers.pick(phone)
        if said is None:
            return
        yield said


def review(phone: Phone, answers: Answers) -> Script:
    """What is due, to its end; where nothing is, it stays at the question."""
    yield typed("ôn bài")
    while (said := answers.pick(phone)) is not None:
        yield said


def invite(phone: Phone, kin: Kin) -> Script:
    """Put a relative on the list, and get the code to hand on."""
    yield typed("người thân")
    yield phone.tap("Thêm người thân")
    if not phone.offers(relation_button(kin.relation, "vi")):
        yield phone.tap("Người khác")
    yield phone.tap(relation_button(kin.relation, "vi"))
    yield phone.tap(capital(AGE_BANDS[kin.band]))
    if phone.offers("Bỏ qua"):
        yield typed(kin.nickname) if kin.nickname else phone.tap("Bỏ qua")
    found = CODE_RE.search(phone.text)
    kin.code = found[0] if found else ""
    yield phone.tap("Về mục chính")


def teach(phone: Phone, kin: Kin, act: Act, answers: Answers) -> Script:
    """Log a teaching, of the lesson just finished or of a skill; hand the phone over if asked."""
    yield phone.tap(TEACH_NOW) if phone.offers(TEACH_NOW) else typed("hướng dẫn")
    yield phone.tap(kin.label)
    if not phone.offers(DAYS[act.day][0]):  # asked what it was: the newest, if nothing else
        yield phone.tap(act.skill, *phone.labels)
    yield phone.tap(DAYS[act.day][0])
    yield phone.tap(OUTCOMES[act.outcome][0])
    if phone.offers("Ghi thêm một lần"):
        yield phone.tap("Thôi")
        return
    handed = [label for label in phone.labels if label.startswith("Đưa máy cho")]
    if not handed:
        return
    if phone.chance.random() > kin.answers:
        yield phone.tap("Để sau")
        return
    yield phone.tap(handed[0])
    yield from respond(phone, kin, answers)


def respond(phone: Phone, kin: Kin, answers: Answers) -> Script:
    """The relative's part: is it true, and the check, with the relative's own luck."""
    own, phone.skill = phone.skill, kin.skill
    try:
        yield from _verdicts(phone)
        if phone.offers(TRY[0][0]):
            yield phone.tap(TRY[0 if phone.chance.random() < TRIES else 1][0])
        while (said := answers.pick(phone)) is not None:
            yield said
    finally:
        phone.skill = own


def _verdicts(phone: Phone) -> Script:
    """Yes mostly; sometimes no, sometimes later."""
    several, one = confirm.SEVERAL[0][0], confirm.VERDICTS
    if phone.offers(several):
        yield phone.tap(several)
    while phone.offers(one[1][0]) and phone.offers(one[0][0]):
        luck = phone.chance.random()
        yield phone.tap(one[0 if luck < 0.9 else 1 if luck < 0.94 else 2][0])


def come_in(phone: Phone, kin: Kin, answers: Answers, *, learns: bool) -> Script:
    """A relative opens their link, says how they want to be called, and perhaps learns."""
    yield from join(phone, kin.code.replace("-", ""), "relative")
    if phone.offers(capital(ADDRESSES[kin.form].you)):
        yield phone.tap(capital(ADDRESSES[kin.form].you))
    if learns:
        yield from respond(phone, kin, answers)
    else:
        yield typed("trợ giúp")
