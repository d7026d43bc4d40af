"""A message that came without its content: one hint a day, and the page where we do hear.

Zalo withholds what a child's account writes, and videos and documents of anybody's; the two look
alike, so the hint must be right for both.
"""

from handlers.codes import issue_code
from handlers.turn import Turn

HINT = (
    "{Me} chưa xem được tin vừa rồi. Zalo không chuyển cho {me} video, tệp, "
    "và mọi tin của tài khoản trẻ em."
)
ON_PAGE = "{You} thử gõ chữ nhé. Nếu {me} vẫn im lặng thì {you} mở trang này, {me} ở đó: {link}"
ON_FIRST_PAGE = (
    "{You} thử gõ chữ nhé. Nếu {me} vẫn im lặng thì {you} mở trang này, "
    "rồi nhập mã trên phiếu: {link}"
)
NO_PAGE = "{You} thử gõ chữ nhé. Nếu {me} vẫn im lặng thì {you} hỏi thầy cô chủ nhiệm giúp nhé."


def hidden(turn: Turn) -> None:
    """Say once a day why there is no answer. What was asked stays open; a group hears nothing."""
    seat, store = turn.seat, turn.store
    last = store.places.hinted_at(seat.account_id)
    told_today = last is not None and turn.world.day(last) == turn.world.day(turn.now)
    if seat.is_group or told_today:
        return
    store.places.hint(seat.account_id, turn.now)
    turn.say(HINT)
    if not turn.world.public_url:
        turn.say(NO_PAGE)
    elif seat.person is None:
        turn.say(ON_FIRST_PAGE, link=f"{turn.world.public_url}/")
    else:
        code = issue_code(store, turn.world.codes, "person", seat.person.id, turn.now)
        turn.say(ON_PAGE, link=turn.world.page_of(code))
