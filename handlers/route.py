"""From what was said to the handler that answers it: safety first, then one table."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from content.dialogue import Choice, nfc
from content.safety import SECRET_TEXT, Screened, screen
from content.typed import loosely
from content.update import Update
from content.words import Command, code_in, command, politely
from db.session import NewRow
from db.store import Store
from db.store.outbox import Where
from handlers import (
    answers,
    confirm,
    finding,
    first_hour,
    groups,
    joining,
    menu,
    own_words,
    unheard,
)
from handlers.routes import COMMANDS, ROUTES
from handlers.turn import Pending, Turn
from handlers.world import World

Handler = Callable[[Turn], None]

ASKS_A_NAME = frozenset({"relatives.nickname", "lop.whom"})
NOTES = ASKS_A_NAME | {"tally.note"}
LEAVING = frozenset({"dung", "menu", "trogiup", "doinguoi"})  # what a lesson has no meaning for
FOR_ANYBODY = frozenset({"batdau", "ngonngu", "english", "tiengviet"})
HELP = Command("trogiup")
NAMES_TOO = frozenset({"dung", "hoc"})
STALE = "Lựa chọn đó là của câu trước rồi. Câu đang chờ {you} là:"
NOT_UNDERSTOOD = "{Me} chưa hiểu ý {you}. {You} chọn một câu bên dưới, gõ số cũng được nhé."
NOT_UNDERSTOOD_YET = "Dạ, {me} chưa hiểu ạ. Mời chọn một câu bên dưới, gõ số cũng được ạ."
CANNOT_READ = (
    "{Me} chỉ đọc được chữ, chưa xem được hình hay nghe tiếng. {You} gõ chữ giúp {me} nhé."
)


@dataclass(frozen=True, slots=True)
class Committed:
    """What a turn leaves for the edge after its commit.

    Attributes:
        rows: outbox rows to send, in order.
        account: our id of the chat.
        taken: a tapped button belonged to the open question.
        woke: a schedule was set that may be due now.
        outcome: what the counters call it: `done`, `failed`, `flood`.
    """

    rows: tuple[NewRow, ...] = ()
    account: int = 0
    taken: bool = True
    woke: bool = False
    outcome: str = "done"


def take_turn(update: Update, world: World, now: datetime, store: Store) -> Committed:
    """The whole turn, synchronous: no await, no network, nothing caught."""
    seat = store.seat
    if seat is None:
        raise LookupError("a turn needs the place of its chat")
    turn = Turn(world, store, seat, now, update)
    taken = _hear(turn, update)
    rows = [] if seat.is_group and not turn.messages else turn.finish()
    deletions = _delete_secret(turn)
    return Committed((*deletions, *rows), seat.account_id, taken, turn.woke)


def _hear(turn: Turn, update: Update) -> bool:
    """Sort what was said and run the handler; whether a tap belonged to the open question."""
    said = update.said
    if said.kind in {"added", "removed", "moved"}:
        groups.placed(turn)
        return True
    if turn.seat.unreachable_at is not None:
        turn.store.chats.reachable(turn.seat.account_id)
    if said.kind == "tap":
        return _tap(turn, said.text)
    if said.kind == "hidden":
        unheard.hidden(turn)
    elif turn.seat.is_group:
        _in_group(turn, nfc(said.text))
    elif said.kind == "other":
        _end(turn, lambda: _lost(turn, CANNOT_READ))
    else:
        _typed(turn, said.text)
    return True


def _in_group(turn: Turn, text: str) -> None:
    """Talk among the members is left alone; what is said to us passes the gate as privately."""
    if not groups.is_meant(turn, text):
        return
    screened = screen(text)
    if first_hour.answered_in_group(turn, screened):
        return
    if screened.secrets:
        turn.say(SECRET_TEXT(deleted=_can_delete(turn)))
    else:
        groups.heard(turn, text)


def _tap(turn: Turn, token: str) -> bool:
    """A button.

    Of the open question, or an old one, which gets the open question and has no effect.
    """
    seq, _, position = token.partition(".")
    choices = turn.pending.choices
    fresh = seq == str(turn.seat.seq) and position.isdecimal() and int(position) < len(choices)
    if turn.seat.is_group:
        return False
    if fresh:
        _end(turn, lambda: _choose(turn, choices[int(position)]))
    else:
        _end(turn, lambda: _lost(turn, STALE if not turn.idle else ""))
    return fresh


def _typed(turn: Turn, text: str) -> None:
    """Typed text: an answer as it stands, else what must not wait, then a word, a code, the rest.

    What is typed loosely comes last, so that it never swallows a cry for help or a command.
    """
    choice = answers.exactly(turn, text)
    if choice is not None:  # first, since an answer may name the very danger that a lesson is about
        _end(turn, lambda: answers.choose_exactly(turn, text, choice, _choose))
        return
    screened = screen(text)
    if not _asks_how(turn, text) and _endangered(turn, screened):
        return
    turn.text = nfc(screened.text)
    meant = own_words.before_a_word(turn)
    if meant is not None:
        _end(turn, lambda: _choose(turn, meant))
        return
    word = None if _may_be_a_name(turn) else command(turn.text)
    code = code_in(turn.text)
    if word is not None:
        _end(turn, lambda: _command(turn, word))
    elif code is not None:
        turn.argument = code
        _end(turn, lambda: joining.code(turn))
    else:
        _end(turn, lambda: _freely(turn))


def _freely(turn: Turn) -> None:
    """No word and no code: a loosely typed choice, free text where it is wanted, or a search."""
    word = _politely(turn)
    if word is not None and word.name == "dung":
        _command(turn, word)
        return
    if answers.loose(turn, _choose):
        return
    if word is not None:
        _command(turn, word)
    elif turn.pending.at == "lesson.pick" and own_words.taken_kindly(turn):
        return
    elif turn.pending.free:
        turn.data = turn.pending.data
        ROUTES[turn.pending.at](turn)
    else:
        _search(turn)


def _politely(turn: Turn) -> Command | None:
    """A word with polite ones around it, where no choice begins so and nobody's note is asked for.

    Whoever says "dừng ạ" wants no more reminders, as much as who says "dừng".
    """
    at, text = turn.pending.at, turn.text
    if at in NOTES or loosely(text, turn.pending.choices) is not None:
        return None
    word = politely(text)
    if word is not None and at in answers.OWN_WORDS and word.name not in LEAVING:
        return None
    return word


def _asks_how(turn: Turn, text: str) -> bool:
    """Whether "help" is the word for the help text, which names 111 too, and no cry.

    It is where English is spoken, and after a slash, as Telegram's own menu sends it.
    """
    is_plain = text.startswith("/") or turn.language != "vi"
    return is_plain and command(text) == HELP


def _endangered(turn: Turn, screened: Screened) -> bool:
    """A cry for help, fraud, a secret: answered before all else; whether there was one."""
    if not (screened.distress or screened.fraud or screened.secrets):
        return False
    confirm.address_reader(turn)
    helped = first_hour.answered(turn, screened)  # the open question stays open, unshown
    if screened.secrets and not screened.distress:
        secret = SECRET_TEXT(_can_delete(turn), turn.language)
        turn.say(secret) if helped else turn.again(secret)
    if helped:
        first_hour.leads_back(turn, screened)
    return helped or bool(screened.secrets)


def _may_be_a_name(turn: Turn) -> bool:
    """Whether a name was asked for and what was typed may be one.

    "dung" is somebody's name before it is `dừng`; with a slash or its diacritics it is the word.
    """
    return turn.pending.at in ASKS_A_NAME and turn.text.casefold() in NAMES_TOO


def _choose(turn: Turn, choice: Choice) -> None:
    if choice.value.startswith(":"):
        _command(turn, Command(choice.value[1:]))
        return
    turn.picked = choice.value
    turn.data = turn.pending.data
    ROUTES.get(turn.pending.at, menu.show)(turn)


def _command(turn: Turn, word: Command) -> None:
    turn.argument = word.argument
    if word.name in FOR_ANYBODY or turn.seat.person is not None:
        COMMANDS.get(word.name, menu.show)(turn)
    else:
        joining.welcome(turn)


def _search(turn: Turn) -> None:
    """No word, no code, no answer: it may be what somebody wants to know."""
    if not own_words.taken_kindly(turn) and not finding.offer(turn):
        # Who has not joined may be a pupil's grandmother.
        _lost(turn, NOT_UNDERSTOOD if turn.seat.person is not None else NOT_UNDERSTOOD_YET)


def _lost(turn: Turn, why: str) -> None:
    """Nothing to answer with: the open question again, or the menu, or who are you."""
    if not turn.idle:
        confirm.address_reader(turn)
        turn.again(why)
    elif turn.seat.person is None:
        joining.welcome(turn)
    elif why:
        turn.say(why)


def _end(turn: Turn, handle: Callable[[], None]) -> None:
    """Run a handler.

    A turn that asked nothing ends with the menu, so that there is always a next step.
    """
    handle()
    if turn.question is None and not turn.seat.is_group:
        menu.show(turn) if turn.seat.person else joining.welcome(turn)


def _can_delete(turn: Turn) -> bool:
    deletes = turn.world.bots[turn.seat.bot].capabilities.deletes
    return deletes and turn.update is not None and turn.update.said.message != ""


def _delete_secret(turn: Turn) -> list[NewRow]:
    """The wire call that deletes a message with a secret in it, where the platform can."""
    said = turn.update.said if turn.update else None
    if said is None or said.kind != "text" or not _can_delete(turn):
        return []
    # Members tell each other the number of the class's own bank account: that is no slip.
    overheard = turn.seat.is_group and not groups.is_meant(turn, nfc(said.text))
    harmless = {"account"} if overheard else set()
    if not screen(said.text).secrets - harmless:
        return []
    where = Where(turn.seat.account_id, turn.seat.bot)
    return [turn.store.outbox.put(where, "delete", {"message": said.message}, turn.now)]


__all__ = ["NOT_UNDERSTOOD", "STALE", "Committed", "Handler", "Pending", "take_turn"]
