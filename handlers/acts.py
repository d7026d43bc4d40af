"""How a guidance is put into words: who, what, when, how far; and the choices for each of them."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row

from content.address import Address, address_in, relation_honorific
from content.competences import SKILLS
from content.days import day_in, day_words
from content.figures import weekday
from content.names import given_name
from db.store.guidances import Guidance
from handlers import unasked
from handlers.reach import chats_of
from handlers.relations import capital, relation_label, relation_of_yours
from handlers.turn import Turn

OLDEST_DAYS = 14  # an act older than this is no longer remembered well enough to be logged
RECENT_LESSONS = 3

DAYS_SHOWN = range(2, 7)  # under "another day"; older ones are typed
DAYS = (("Hôm nay", "today"), ("Hôm qua", "yesterday"), ("Ngày khác", "other"))
OUTCOMES = (("Đã xem", "seen"), ("Làm cùng", "together"), ("Tự làm được", "alone"))
ASK_WHAT = "{You} đã chỉ {kin} việc gì?"
ASK_DAY = "{You} chỉ {kin} hôm nào?"
ASK_OTHER_DAY = "{You} chọn một ngày, hoặc gõ ngày, ví dụ {example} hay “thứ hai” nhé."
ASK_OUTCOME = (
    "{Kin} làm được tới đâu?\n"
    "• Đã xem: {you} làm cho {kin} xem\n"
    "• Làm cùng: {kin} làm, {you} chỉ từng bước\n"
    "• Tự làm được: {kin} tự làm, không cần nhắc"
)
NOT_A_DAY = "{Me} chưa hiểu ngày này. {You} gõ như {example}, hoặc “thứ hai” nhé."
NOT_YET = "Ngày đó chưa tới. {You} chọn hôm nay hoặc ngày trước đó nhé."
TOO_OLD = "Ngày đó lâu quá rồi. {Me} chỉ ghi được từ ngày {first} đến hôm nay."

# What follows "đã chỉ bà": a skill group is a heading, and nobody speaks in headings.
TAUGHT: Mapping[str, str] = MappingProxyType(
    {
        "dien-thoai": "cách dùng điện thoại",
        "dich-vu-cong": "cách làm dịch vụ công trên điện thoại",
        "thanh-toan": "cách thanh toán bằng điện thoại",
        "an-toan": "cách giữ an toàn khi dùng điện thoại",
        "suc-khoe": "cách dùng điện thoại để lo việc sức khỏe",
        "mua-sam": "cách mua sắm trên mạng",
        "hoc-tap-ai": "cách học tập và dùng AI",
        "khac": "một việc trên điện thoại",
    }
)
REACHED: Mapping[str, str] = MappingProxyType(
    {"seen": "đã xem", "together": "đã làm cùng {you}", "alone": "tự làm được"}
)
REACHED_ASKED: Mapping[str, str] = MappingProxyType(
    {
        "seen": "{You} đã xem {pupil} làm.",
        "together": "{You} và {pupil} cùng làm.",
        "alone": "{You} đã tự làm được.",
    }
)


def kin_name(turn: Turn, row: Row[Any] | Guidance) -> str:
    """A relative inside a sentence to their pupil: "cô Sáu", "bà ngoại", "your grandma"."""
    return row.nickname or relation_of_yours(row.relation or "", turn.language)


def kin_title(turn: Turn, row: Row[Any] | Guidance) -> str:
    """A relative where they read it themselves: "cô Sáu", "bà ngoại", "grandma"."""
    return row.nickname or relation_label(row.relation or "", turn.language)


def pupil_name(turn: Turn, guidance: Guidance) -> str:
    """The pupil inside a relative's sentence: "Lan"."""
    return given_name(guidance.pupil_name or "") or turn.translated("học sinh")


def relative_address(guidance: Guidance) -> Address:
    """How the relative is addressed on the pupil's phone, in the relative's own language."""
    guessed = relation_honorific(guidance.relation or "")
    return address_in(guidance.language, guidance.honorific or guessed or "ban")


def taught(turn: Turn, skill: str, lesson_id: str | None) -> str:
    """What was taught: "bài “Mã OTP là chìa khóa nhà”", "cách mua sắm trên mạng"."""
    lesson = turn.world.library.get(lesson_id) if lesson_id else None
    if lesson is not None:
        return turn.words("bài “{title}”", title=lesson.title.in_(turn.language))
    return turn.translated(TAUGHT.get(skill, TAUGHT["khac"]))


def told(turn: Turn, guidance: Guidance) -> str:
    """A guidance in one half-sentence: "hôm nay em chỉ bà ngoại bài “…”, bà ngoại tự làm được"."""
    return turn.words(
        "{when} {you} chỉ {kin} {what}, {kin} {reached}",
        when=day_words(guidance.day, turn.world.day(turn.now), turn.language),
        kin=kin_name(turn, guidance),
        what=taught(turn, guidance.skill, guidance.lesson),
        reached=turn.words(REACHED[guidance.outcome]),
    )


def what_options(turn: Turn) -> list[tuple[str, str]]:
    """What was taught, as choices: the newest finished lessons, then the eight skill groups."""
    lessons = turn.world.library.lessons
    recent = [(lessons[name].title.in_(turn.language), f"lesson:{name}") for name in _recent(turn)]
    return [*recent, *((label, f"skill:{skill}") for skill, label in SKILLS.items())]


def what_picked(turn: Turn) -> tuple[str, str | None] | None:
    """The skill and lesson that were picked; None unless this pupil may log them."""
    kind, _, name = (turn.picked or "").partition(":")
    if kind == "lesson":
        return lesson_skill(turn, name)
    return (name, None) if kind == "skill" and name in SKILLS else None


def lesson_skill(turn: Turn, lesson_id: str) -> tuple[str, str] | None:
    """The skill of a lesson that this person has finished and may teach on, with its id."""
    lesson = turn.world.library.get(lesson_id)
    if lesson is None or not lesson.is_taught_on or lesson_id not in _finished(turn):
        return None
    return lesson.skill, lesson_id


def ask_day(turn: Turn, at: str, data: Mapping[str, Any], kin: str) -> None:
    """Which day: a tap, or typed at once."""
    turn.ask(ASK_DAY, DAYS, at, data, free=True, kin=kin)


def day_picked(turn: Turn) -> date | None:
    """The day that was picked or typed; None: it was asked again, with a reason."""
    today = turn.world.day(turn.now)
    example = (today - timedelta(days=3)).strftime("%d/%m")
    if turn.picked == "other":
        days = [today - timedelta(days=ago) for ago in DAYS_SHOWN]
        options = [
            (f"{turn.translated(weekday(day))} {day:%d/%m}", day.isoformat()) for day in days
        ]
        turn.ask(ASK_OTHER_DAY, options, turn.pending.at, turn.data, free=True, example=example)
        return None
    day = _tapped_day(turn.picked, today) if turn.picked else day_in(turn.text, today)
    first = today - timedelta(days=OLDEST_DAYS)
    if day is not None and first <= day <= today:
        return day
    why = NOT_A_DAY if day is None else NOT_YET if day > today else TOO_OLD
    turn.again(why, example=example, first=first.strftime("%d/%m"))
    return None


def _tapped_day(picked: str, today: date) -> date:
    """The day behind a button; others than the first two carry it, since midnight may pass."""
    ago = {"today": 0, "yesterday": 1}.get(picked)
    return date.fromisoformat(picked) if ago is None else today - timedelta(days=ago)


def may_log(turn: Turn, day: date) -> bool:
    """Whether a day may still be logged; midnight may have passed since it was picked."""
    today = turn.world.day(turn.now)
    return today - timedelta(days=OLDEST_DAYS) <= day <= today


def ask_outcome(turn: Turn, at: str, data: Mapping[str, Any], kin: str) -> None:
    """How far it went."""
    turn.ask(ASK_OUTCOME, OUTCOMES, at, data, kin=kin, Kin=capital(kin))


def own_chat(turn: Turn, relative_id: int) -> int | None:
    """A chat in which the relative can be asked: not the one in which the pupil speaks now.

    None also for a relative who said `dung`, or who is left alone until they speak: they are asked
    nothing of ourselves. A chat in which they would notice comes first.
    """
    relative = turn.store.people.get(relative_id)
    if relative is None or relative.reminders_off:
        return None
    if unasked.hushed(turn.store, turn.world, relative, turn.now):
        return None
    chats = chats_of(turn.store, turn.world, relative_id)
    others = [chat.id for chat in chats if chat.id != turn.seat.account_id]
    return next((one for one in others if turn.store.push.reachable(one)), next(iter(others), None))


def _finished(turn: Turn) -> dict[str, None]:
    """Ids of the lessons this person has finished, the newest first."""
    runs: Sequence[Row[Any]] = turn.store.runs.of_person(turn.person.id)
    ended = sorted(
        (run for run in runs if run.finished_at is not None),
        key=lambda run: run.finished_at,
        reverse=True,
    )
    return dict.fromkeys(run.lesson for run in ended)


def _recent(turn: Turn) -> list[str]:
    known = [(name, turn.world.library.get(name)) for name in _finished(turn)]
    return [name for name, lesson in known if lesson and lesson.is_taught_on][:RECENT_LESSONS]
