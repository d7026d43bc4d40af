"""The relative's side of a guidance: is it true, and a short check that shows the skill.

Two paths, never mixed: `chat`, the relative speaks in a chat of their own; `handed`, the pupil
hands over the phone. Who is meant is read from the guidance at each step, not from the question.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Row

from content import engine
from content.days import day_words
from content.verdicts import verdict_of
from db.store.guidances import Answer, Guidance, Path
from db.store.schedules import Due
from handlers import checking, due, reach
from handlers.acts import (
    REACHED_ASKED,
    kin_name,
    kin_title,
    own_chat,
    pupil_name,
    relative_address,
    taught,
)
from handlers.checking import checked_lesson, valid
from handlers.relations import capital
from handlers.turn import Turn

MOST_AGAIN: Final = 2  # how often a question that was put off is asked again
ASK_WITHIN: Final = timedelta(days=30)  # what lies longer is not brought up any more
AGAIN_AT: Final = time(17, 30)
AGAIN_RULE: Final = MappingProxyType({"hour": 17, "minute": 30})
MOST_KEPT: Final = 20  # put-off claims remembered per chat
REMIND_AFTER: Final = timedelta(days=2)  # an asked claim without an answer; once, never again
NEVER: Final = datetime.max.replace(tzinfo=UTC)

PutOff = Mapping[str, tuple[int, str]]

ASK = "{When} {pupil} đã chỉ {you} {what}. {reached}\nĐúng không ạ?"
ASK_SEVERAL = "Dạ, {pupils} có ghi mấy việc đã chỉ {you}:\n{lines}\nĐúng không ạ?"
LINE = "• {When} {pupil} chỉ {what}. {reached}"
CHANGED = "Dạ, {pupil} vừa sửa lại việc này ạ."
THANKS = "Dạ, {me} cảm ơn {you} ạ."
THANKS_NO = "Dạ, {me} cảm ơn {you} đã nói thật ạ. Không sao đâu, {pupil} chỉ lại {you} sau nhé."
WAITING = (
    "Dạ, hôm trước {me} có hỏi mà {you} chưa trả lời, nên {me} xin hỏi lại một lần ạ.",
    "Dạ, {pupil} đang chờ câu trả lời của {you}, nên {me} xin nhắc ạ.",
    "Dạ, {me} nhắn vì việc này {you} chưa xác nhận. Lúc nào tiện, {you} trả lời giúp {me} ạ.",
    "Dạ, {me} hỏi lại lần này thôi ạ, vì {pupil} vẫn mong {you} xác nhận.",
)
UNCLEAR = "Dạ, {me} chưa hiểu ạ. {You} chọn một câu bên dưới, gõ số cũng được ạ."
GIVE = "Bây giờ {you} đưa máy cho {kin}. Từ đây là phần của {kin}, {you} không trả lời hộ nhé."
MARKED = "— Phần của {kin} —"
NEXT = "Bây giờ mời {you} trả lời {n} câu ngắn. Sai cũng không sao ạ."
NOT_YOURS = "Việc này không còn nữa. {You} xem lại trong “Kết quả của tôi” nhé."
NOT_ASKED = "Việc này không hỏi {kin} trong đây được nữa. {You} không phải đưa máy đâu nhé."
ALL_ANSWERED = "{Kin} đã trả lời việc này rồi. {You} không phải đưa máy nữa."
VERDICTS = (("Đúng", "yes"), ("Chưa đúng", "no"), ("Để sau", "later"))
SEVERAL = (("Đúng cả", "all"), ("Có cái chưa đúng", "some"), ("Để sau", "later"))


def waiting(turn: Turn) -> bool:
    """Ask the speaking relative about all claims that wait for them, as one message.

    Nothing is asked, and False returned, if none waits or something was asked in this turn already.
    What was put off is left out until its time; `open_all` brings it up when the relative wishes.
    """
    put_off = _put_off(turn)
    ready = [each for each in unanswered(turn) if _ask_at(each, put_off) <= turn.now]
    return _ask(turn, ready)


def open_all(turn: Turn) -> bool:
    """As `waiting`, and what was put off too."""
    return _ask(turn, unanswered(turn))


def unanswered(turn: Turn) -> list[Guidance]:
    """The speaking relative's claims without an answer, the oldest day first."""
    if turn.person.kind != "relative":
        return []
    return _unanswered_of(turn, turn.person.id)


def ask_later(turn: Turn, guidance_id: int, relative_id: int) -> bool:
    """Have the relative asked in their own chat, soon.

    Returns:
        False if they have no chat of their own; then the pupil may hand over the phone.
    """
    found = turn.store.guidances.get(guidance_id)
    account = own_chat(turn, relative_id)
    if found is None or found.relative_id != relative_id or account is None:
        return False
    key = f"ask:{account}"
    known = turn.store.schedules.get(key)
    data = known.data if known is not None else None
    soon = Due(key, "ask", turn.now, person_id=relative_id, account_id=account, data=data)
    turn.store.schedules.set(soon, earliest=True)
    turn.woke = True
    return True


def fired(turn: Turn, row: Row[Any]) -> datetime | None:  # noqa: ARG001 - the form of `Fired`
    """An "ask" is due: ask whoever speaks there now, if claims of theirs wait.

    Which person the schedule was set for does not matter: a phone that several relatives share has
    one schedule, and what it asks is read from the claims.
    """
    put_off = _put_off(turn)
    times = {
        person: [_ask_at(each, put_off) for each in _unanswered_of(turn, person)]
        for person in turn.seat.persons
    }
    coming = [at for found in times.values() for at in found if at < NEVER]
    if not coming or min(coming) > turn.now:
        return min(coming, default=None)
    person = turn.seat.person
    if person is None or min(times[person.id], default=NEVER) > turn.now:
        return turn.now + due.WHEN_SOMEONE_ELSE
    later = due.allowed(turn, person.id)
    if later is not None:
        return later
    if waiting(turn):
        _asked(turn)
    return min((at for at in coming if at > turn.now), default=None)


def _asked(turn: Turn) -> None:
    """A request goes out: what must hold when it is sent, and the one look back after two days."""
    ids = [str(row) for row in turn.question.data["ids"]] if turn.question else []
    turn.sense = {"kind": "ask", "ids": ids}
    key, at = f"waiting:{turn.person.id}", turn.now + REMIND_AFTER
    known = turn.store.schedules.get(key)
    data = _looking_back(known)
    new = {row: at.isoformat() for row in ids if row not in {*data["ids"], *data["done"]}}
    if not new:
        return
    if known is not None and known.next_at is not None:
        at = min(at, known.next_at)
    data["ids"].update(new)
    account, person = turn.seat.account_id, turn.person.id
    turn.store.schedules.set(
        Due(key, "waiting", at, person_id=person, account_id=account, data=data)
    )


def _looking_back(known: Row[Any] | None) -> dict[str, Any]:
    """The claims to look back at, each with the time; those that were; the newest wording.

    `last`: those that the newest look back was about.
    """
    data = (known.data if known is not None else None) or {}
    said = data.get("said", known.person_id if known is not None else 0)
    done = data.get("done", [])[-MOST_KEPT:]
    last = [*data.get("last", ())]
    return {"ids": dict(data.get("ids", {})), "done": [*done], "said": said, "last": last}


def fired_waiting(turn: Turn, row: Row[Any]) -> datetime | None:
    """Two days after a request without an answer: ask once more, and never again."""
    data, put_off = _looking_back(row), _put_off(turn)
    now = [claim for claim, at in data["ids"].items() if datetime.fromisoformat(at) <= turn.now]
    if reach.tried(row):  # what it said last has arrived nowhere
        now = [*dict.fromkeys((*data["last"], *now))]
    open_ = _unanswered_of(turn, row.person_id)
    ready = [each for each in open_ if str(each.id) in now and str(each.id) not in put_off]
    if ready:
        later = due.allowed(turn, row.person_id)
        turn.late = not turn.page_open and turn.now - (row.next_at or turn.now) > due.TOO_LATE
        if turn.late and later is None:
            later = due.next_time(AGAIN_RULE, turn.now, turn.world.zone)
        if later is not None:
            return later
        data["said"] = (data["said"] + 1) % len(WAITING)
        turn.say(WAITING[data["said"]], pupil=_pupils(turn, ready))
        _ask(turn, ready)
        turn.sense = {"kind": "ask", "ids": [str(each.id) for each in ready]}
    left = {claim: at for claim, at in data["ids"].items() if claim not in now}
    done = [*dict.fromkeys((*data["done"], *now))]
    turn.store.schedules.note(row.id, {**data, "ids": left, "done": done, "last": now})
    return min(map(datetime.fromisoformat, left.values()), default=None)


def hand_over(turn: Turn, guidance_id: int) -> None:
    """On the pupil's phone: from here on the relative answers, addressed as they are."""
    found = turn.store.guidances.get(guidance_id)
    if found is None or found.pupil_id != turn.person.id or found.cancelled_at is not None:
        turn.say(NOT_YOURS)
        return
    if not found.agreed:
        turn.say(NOT_ASKED, kin=kin_name(turn, found))
        return
    kin, lesson = kin_name(turn, found), checked_lesson(turn, found)
    if found.verdict == "no" or (found.verdict == "yes" and (found.passed or lesson is None)):
        turn.say(ALL_ANSWERED, Kin=capital(kin))
        return
    turn.say(GIVE, kin=kin)
    turn.address_as = relative_address(found)
    turn.say(MARKED, kin=kin_title(turn, found))
    if found.verdict == "yes" and lesson is not None:
        checking.start(turn, found, lesson, "handed")
    else:
        _ask_one(turn, "handed", [found])


def address_reader(turn: Turn) -> None:
    """While the pupil's phone is in the relative's hands, what is said is said to the relative."""
    data = turn.pending.data
    if data.get("path") != "handed" or turn.seat.person is None:
        return
    row = data.get("guidance") or next(iter(data.get("ids", ())), 0)
    found = turn.store.guidances.get(int(row))
    if found is not None and found.pupil_id == turn.person.id:
        turn.address_as = relative_address(found)


def several(turn: Turn) -> None:
    """The answer to several claims at once."""
    said = turn.picked or verdict_of(turn.text, turn.pending.choices)
    asked = [each for row in turn.data["ids"] if (each := valid(turn, row, "chat"))]
    if said is None:
        turn.again(UNCLEAR)
    elif said == "later":
        _later(turn, asked)
    elif said in {"some", "no"}:
        _go_on(turn, "chat", asked, [])
    elif any(each.mark != turn.data["marks"].get(str(each.id)) for each in asked):
        turn.say(CHANGED, pupil=_pupils(turn, asked))
        _ask(turn, asked)
    else:
        for each in asked:
            _answer(turn, each, "chat", "yes")
        turn.say(THANKS if asked else checking.GONE)
        checking.offer_one(turn, asked)


def verdict(turn: Turn) -> None:
    """The answer to one claim, in the relative's own chat or on the pupil's phone."""
    path: Path = turn.data["path"]
    found = valid(turn, turn.data["ids"][0], path, say=True)
    rest = [each for row in turn.data["ids"][1:] if (each := valid(turn, row, path))]
    said = turn.picked or verdict_of(turn.text, turn.pending.choices)
    if found is None:
        turn.address_as = None  # the phone is the pupil's again
        _go_on(turn, path, rest, turn.data["yes"])
    elif said is None:
        turn.again(UNCLEAR)
    elif said == "later" and path == "handed":
        checking.give_back(turn, found, checking.LATER)
    elif said == "later":
        _later(turn, [found, *rest])
    elif found.mark != turn.data["marks"].get(str(found.id)):
        turn.say(CHANGED, pupil=pupil_name(turn, found))
        _ask_one(turn, path, [found, *rest], turn.data["yes"])
    else:
        _answer(turn, found, path, said)
        _answered(turn, found, said, rest)


def _ask(turn: Turn, found: Sequence[Guidance]) -> bool:
    if not found or turn.question is not None:
        return False
    if len(found) == 1:
        _ask_one(turn, "chat", found)
        return True
    lines = "\n".join(_told(turn, LINE, each) for each in found)
    data = {"ids": [each.id for each in found], "marks": {str(e.id): e.mark for e in found}}
    values = {"lines": lines, "pupils": _pupils(turn, found)}
    turn.ask(ASK_SEVERAL, SEVERAL, "confirm.several", data, free=True, **values)
    return True


def _ask_one(turn: Turn, path: Path, found: Sequence[Guidance], yes: Sequence[int] = ()) -> None:
    """Ask about the first; the others follow one by one. `yes`: ids that were confirmed before."""
    data = {
        "path": path,
        "ids": [each.id for each in found],
        "marks": {str(each.id): each.mark for each in found},
        "yes": list(yes),
    }
    turn.ask(_told(turn, ASK, found[0]), VERDICTS, "confirm.verdict", data, free=True)


def _told(turn: Turn, text: str, each: Guidance) -> str:
    pupil = pupil_name(turn, each)
    return turn.words(
        text,
        When=capital(day_words(each.day, turn.world.day(turn.now), turn.language)),
        pupil=pupil,
        what=taught(turn, each.skill, each.lesson),
        reached=turn.words(REACHED_ASKED[each.outcome], pupil=pupil),
    )


def _pupils(turn: Turn, found: Sequence[Guidance]) -> str:
    between = f" {turn.translated('và')} "
    return between.join(dict.fromkeys(pupil_name(turn, each) for each in found))


def _unanswered_of(turn: Turn, relative_id: int) -> list[Guidance]:
    since = turn.now - ASK_WITHIN
    return [
        each
        for each in turn.store.guidances.with_relative(relative_id)
        if each.verdict is None and each.agreed and each.claimed_at >= since
    ]


def _answer(turn: Turn, found: Guidance, path: Path, said: str) -> None:
    answer = Answer(found.id, checking.told_on(turn, found, path), found.relative_id)
    turn.store.guidances.confirm(answer, said, turn.now)


def _answered(turn: Turn, found: Guidance, said: str, rest: Sequence[Guidance]) -> None:
    """What follows a verdict: thanks, and the next claim, the check, or the end."""
    path: Path = turn.data["path"]
    yes = [*turn.data["yes"], *([found.id] if said == "yes" else [])]
    lesson = checked_lesson(turn, found)
    if path == "handed":
        if said == "yes" and lesson is not None:
            turn.say(THANKS)
            turn.say(NEXT, n=len(engine.check_questions(lesson)))
            checking.start(turn, found, lesson, path)
        else:
            checking.give_back(turn, found, THANKS if said == "yes" else THANKS_NO)
        return
    turn.say(THANKS if said == "yes" else THANKS_NO, pupil=pupil_name(turn, found))
    _go_on(turn, path, rest, yes)


def _go_on(turn: Turn, path: Path, rest: Sequence[Guidance], yes: Sequence[int]) -> None:
    """The next claim; after the last one the check of what was confirmed."""
    if rest:
        _ask_one(turn, path, rest, yes)
    else:
        found = [each for row in yes if (each := valid(turn, row, path, answered=True))]
        checking.offer_one(turn, found)


def _put_off(turn: Turn) -> PutOff:
    """How often each claim was put off in this chat, and until when, by its id."""
    known = turn.store.schedules.get(f"ask:{turn.seat.account_id}")
    found: PutOff = (known.data or {}).get("put_off", {}) if known is not None else {}
    return found


def _ask_at(each: Guidance, put_off: PutOff) -> datetime:
    """From when on a claim may be asked about."""
    times, at = put_off.get(str(each.id), (0, ""))
    if times > MOST_AGAIN:
        return NEVER
    return datetime.fromisoformat(at) if at else each.claimed_at


def _later(turn: Turn, asked: Sequence[Guidance]) -> None:
    """Put off: asked again on the next day, twice at most."""
    turn.say(checking.LATER)
    if not asked:
        return
    tomorrow = turn.world.day(turn.now) + timedelta(days=1)
    at = datetime.combine(tomorrow, AGAIN_AT, turn.world.zone).astimezone(UTC)
    counts: dict[str, tuple[int, str]] = dict(_put_off(turn))
    for each in asked:
        row = str(each.id)
        counts[row] = (counts.get(row, (0, ""))[0] + 1, at.isoformat())
    newest = sorted(counts, key=int)[-MOST_KEPT:]
    account, person = turn.seat.account_id, turn.person.id
    data = {"put_off": {row: counts[row] for row in newest}}
    # The woken schedule finds out by itself that nothing is to be asked any more.
    again = Due(f"ask:{account}", "ask", at, person_id=person, account_id=account, data=data)
    turn.store.schedules.set(again)


ROUTES: Mapping[str, Callable[[Turn], None]] = MappingProxyType(
    {
        "confirm.several": several,
        "confirm.verdict": verdict,
        **checking.ROUTES,
    }
)
FIRED: Mapping[str, due.Fired] = MappingProxyType({"ask": fired, "waiting": fired_waiting})
