"""What I did (`toi`): lessons and answers, whom I helped and how far that is confirmed."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import Row

from content.days import day_words
from content.figures import number
from db.store.guidances import Guidance
from handlers import acts, confirm, guidance, mending, progress
from handlers.relations import capital
from handlers.turn import Turn

MOST_LINES = 5
MOST_HANDED = 2

NOT_RECORDED = (
    "Phần học của {you} không được lưu lại, nên ở đây chưa có gì. {You} vẫn học bình thường nhé."
)
KEPT_BEFORE = (
    "Bây giờ {me} không lưu kết quả của {you} nữa. Những gì đã lưu từ trước thì còn: {you} gõ "
    "“dữ liệu” để xem hoặc xóa nhé."
)
WEEK = "Tuần này: học xong {lessons} bài, trả lời {answers} câu."
IN_ALL = "Từ đầu tới nay: {lessons} bài, {answers} câu."
NOBODY = "{You} chưa ghi lần nào hướng dẫn người thân. Học xong bài nào, {you} chỉ lại bài đó nhé."
HELPED = "{You} đã hướng dẫn {times} lần, {people} người:\n{lines}"
LINE = "• {Kin}, {when}: {what} – {state}"
MORE = "và {n} lần trước đó."
WHAT_NEXT = "{You} muốn làm gì nữa không?"
STATES = {
    "claimed": "đã ghi",
    "confirmed": "người thân đã xác nhận",
    "shown": "người thân đã làm được trong phần kiểm tra",
    "kept": "mấy tuần sau người thân vẫn nhớ",
}
DENIED = "người thân chưa xác nhận"
TAKEN = "{You} đã học xong {n} bài:\n{lines}"
TAKEN_NONE = "{You} chưa học xong bài nào. Lúc nào rảnh {you} thử một bài ngắn nhé."
TAKEN_NONE_RELATIVE = "Dạ, {you} chưa học xong bài nào. Lúc nào rảnh {you} thử một bài ngắn nhé ạ."
CONFIRMED = "Dạ, {you} đã xác nhận {n} lần con cháu hướng dẫn ạ."


def show(turn: Turn) -> None:
    """What this person did, in a few lines, by who they are."""
    if turn.person.kind == "relative":
        _relative(turn)
    elif turn.person.kind == "staff":
        _taken(turn, TAKEN_NONE)
    elif turn.person.recorded:
        _pupil(turn)
    else:
        kept = turn.store.privacy.kept(turn.person.id)
        turn.say(KEPT_BEFORE if kept.lessons or kept.answers or kept.guidances else NOT_RECORDED)


def _pupil(turn: Turn) -> None:
    monday = datetime.combine(turn.world.week(turn.now), time(0), turn.world.zone)
    since = monday.astimezone(UTC)
    first = _first_finishes(turn)
    n_all, n_week = turn.store.runs.n_attempts(turn.person.id, since)
    n_lessons = sum(1 for at in first.values() if at >= since)
    turn.say(WEEK, lessons=number(n_lessons), answers=number(n_week))
    turn.say(IN_ALL, lessons=number(len(first)), answers=number(n_all))
    known = turn.store.guidances.with_states(turn.person.id)
    progress.show(turn, [each.day for each in known])
    if not known:
        turn.say(NOBODY)
        return
    lines = [_line(turn, each) for each in known[:MOST_LINES]]
    if len(known) > MOST_LINES:
        lines.append(turn.words(MORE, n=number(len(known) - MOST_LINES)))
    people = number(len({each.relative_id for each in known}))
    turn.say(HELPED, times=number(len(known)), people=people, lines="\n".join(lines))
    _offer(turn, known)


def _offer(turn: Turn, known: Sequence[Guidance]) -> None:
    """Hand over for what nobody could be asked about; correct what was logged today."""
    options: dict[str, str] = {}
    for each in known:
        if each.verdict is None and each.agreed and acts.own_chat(turn, each.relative_id) is None:
            options.setdefault(
                turn.words("Đưa máy cho {kin}", kin=acts.kin_name(turn, each)), str(each.id)
            )
    chosen = list(options.items())[:MOST_HANDED]
    if mending.today(turn):
        chosen.append(guidance.MEND)
    if chosen:
        turn.ask(WHAT_NEXT, [*chosen, ("Không", "none")], "guidance.handed")


def _line(turn: Turn, each: Guidance) -> str:
    state = DENIED if each.verdict == "no" and not each.passed else STATES[each.state]
    return turn.words(
        LINE,
        Kin=capital(acts.kin_title(turn, each)),
        when=day_words(each.day, turn.world.day(turn.now), turn.language),
        what=acts.taught(turn, each.skill, each.lesson),
        state=turn.translated(state),
    )


def _relative(turn: Turn) -> None:
    """Lessons and confirmations; no scores, they shame."""
    _taken(turn, TAKEN_NONE_RELATIVE)
    progress.show(turn, [])
    known = turn.store.guidances.with_relative(turn.person.id)
    confirmed = [each for each in known if each.state != "claimed"]
    if confirmed:
        turn.say(CONFIRMED, n=number(len(confirmed)))
    confirm.open_all(turn)


def _taken(turn: Turn, none: str) -> None:
    names = list(_first_finishes(turn))
    library, lang = turn.world.library, turn.language
    titles = [lesson.title.in_(lang) for name in names if (lesson := library.get(name))]
    if not names:
        turn.say(none)
        return
    lines = [f"• {title}" for title in titles[:MOST_LINES]]
    turn.say(TAKEN, n=number(len(names)), lines="\n".join(lines))


def _first_finishes(turn: Turn) -> dict[str, datetime]:
    """When each lesson was finished for the first time, the newest lesson first."""
    runs: Sequence[Row[Any]] = turn.store.runs.of_person(turn.person.id)
    first: dict[str, datetime] = {}
    for run in runs:
        if run.finished_at is not None:
            first[run.lesson] = min(run.finished_at, first.get(run.lesson, run.finished_at))
    return first
