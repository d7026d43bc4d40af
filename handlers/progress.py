"""How far this person has come, as `toi` tells it: weeks in a row, scenes, the map, what is next.

Nothing shames: what is 0 is not shown, and relatives see no scores.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row

from content.figures import number
from content.progress import Domain, domain_map, streak
from db.store.memory import Rates
from handlers import lesson
from handlers.offers import offered
from handlers.turn import Turn

LEAST_WEEKS = 2  # one week is not a row

STREAK: Mapping[str, str] = {
    "pupil": "{You} giữ nhịp được {n} tuần rồi: tuần có học, có ôn hoặc dạy người thân.",
    "relative": "Dạ, {you} học đều được {n} tuần rồi ạ.",
}
FOUND_OUT = "Nhận ra tin giả: {hit}/{all}."
ALARMED = "Nghi nhầm tin thật: {alarm}/{all}."
NOT_ALARMED = "Tin thật thì {you} nhận đúng cả {all}."
MAP = "Bản đồ năng lực số của {you}:\n{lines}"
ALL_DONE = "• {domain}: xong cả {all} bài"
SOME_DONE = "• {domain}: xong {done} trong {all} bài"
NONE_DONE = "• {domain}: {all} bài đang chờ"
NEXT: Mapping[str, str] = {
    "pupil": "Bài tiếp theo cho {you}: “{title}”.",
    "relative": "Dạ, bài tiếp theo cho {you}: “{title}” ạ.",
}


def show(turn: Turn, guided: Sequence[date]) -> None:
    """Say it to a pupil or a relative of whom a record is kept.

    Args:
        turn: the turn.
        guided: the days on which the person guided somebody.
    """
    runs: Sequence[Row[Any]] = turn.store.runs.of_person(turn.person.id)
    kind = turn.person.kind
    _streak(turn, runs, guided)
    if kind == "pupil":
        _scenes(turn, turn.store.memory.rates(turn.person.id))
        _map(turn, runs)
    best = lesson.next_lesson(turn, runs)
    if best is not None:
        turn.say(NEXT[kind], title=best.title.in_(turn.language))


def _streak(turn: Turn, runs: Sequence[Row[Any]], guided: Sequence[date]) -> None:
    reviewed = turn.store.memory.reviewed_at(turn.person.id)
    finished = [run.finished_at for run in runs if run.finished_at is not None]
    days = {turn.world.day(at) for at in (*finished, *reviewed)} | set(guided)
    member = turn.person.membership("pupil")
    label = member.class_label if member else ""
    n = streak(days, turn.world.day(turn.now), turn.world.school.calendar, label)
    if n >= LEAST_WEEKS:
        turn.say(STREAK[turn.person.kind], n=number(n))


def _scenes(turn: Turn, rates: Rates) -> None:
    """Hits and false alarms apart: who suspects everything has learned nothing."""
    told = []
    if rates.n_hit:
        told.append(turn.words(FOUND_OUT, hit=number(rates.n_hit), all=number(rates.n_fake)))
    if rates.n_alarm:
        alarm = number(rates.n_alarm)
        told.append(turn.words(ALARMED, alarm=alarm, all=number(rates.n_genuine)))
    elif rates.n_genuine:
        told.append(turn.words(NOT_ALARMED, all=number(rates.n_genuine)))
    if told:
        turn.say(" ".join(told))


def _map(turn: Turn, runs: Sequence[Row[Any]]) -> None:
    done = {run.lesson for run in runs if run.finished_at is not None}
    found = domain_map(offered(turn), done)
    if any(domain.n_done for domain in found):
        turn.say(MAP, lines="\n".join(_line(turn, domain) for domain in found))


def _line(turn: Turn, domain: Domain) -> str:
    text = NONE_DONE if not domain.n_done else SOME_DONE
    if domain.n_done == domain.n_all:
        text = ALL_DONE
    done, all_ = number(domain.n_done), number(domain.n_all)
    return turn.words(text, domain=turn.translated(domain.name), done=done, all=all_)
