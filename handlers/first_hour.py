"""The safety path: a cry for help, or "I have been cheated", answered before all else."""

from content.safety import SAFETY_TEXT, Screened
from handlers.answers import KEPT
from handlers.turn import Turn

BLACKMAIL = "bi-doa"  # the card that goes with 111 and 113: being threatened is both
MONEY = "Còn chuyện tiền: gọi ngân hàng theo số in trên thẻ. Gõ “lỡ bị lừa”, {me} chỉ từng việc."
IN_GROUP = (
    "Dừng lại ngay: không chuyển thêm tiền, không đọc mã cho ai. Gọi ngân hàng theo số điện thoại "
    "in trên thẻ, và báo một người nhà.\n"
    "Nhắn riêng cho {me} “lỡ bị lừa”, {me} chỉ từng việc."
)


def answered(turn: Turn, screened: Screened) -> bool:
    """Answer a cry for help with 111 and 113, fraud with its help card; whether there was any.

    Nothing is asked: a question that is open stays so, and the next message may answer it.
    """
    card = turn.world.library.cards.get(screened.fraud)
    danger = _in_danger(screened)
    if danger:
        turn.say(SAFETY_TEXT)
    if card is not None and (not screened.distress or card.id == BLACKMAIL):
        turn.say(card.text.in_(turn.language))
        return True
    if card is not None:
        turn.say(MONEY)
    return danger


def leads_back(turn: Turn, screened: Screened) -> None:
    """Say that a lesson has not gone, where no buttons of it stand above; in danger say nothing.

    The card has numbers of its own: one that is typed now must not answer the lesson's question.
    """
    if not turn.has_buttons and turn.pending.at == "lesson.step" and not _in_danger(screened):
        turn.ask(KEPT, (), "menu")


def _in_danger(screened: Screened) -> bool:
    return screened.distress or screened.fraud == BLACKMAIL


def answered_in_group(turn: Turn, screened: Screened) -> bool:
    """The same before others, shortly: what to do in the first minute, the rest in private."""
    if screened.distress:
        turn.say(SAFETY_TEXT)
    elif screened.fraud:
        turn.say(IN_GROUP)
    return screened.distress or screened.fraud != ""
