"""A bot whose month is used up: one last word to each chat, then silence until the next month."""

from collections.abc import Callable, Mapping
from datetime import datetime

from content.safety import screen
from content.update import Update
from db.store import Store
from handlers import budget
from handlers.budget import Level
from handlers.codes import issue_code
from handlers.route import Committed
from handlers.turn import Turn
from handlers.world import World

SPENT = "spent"
USED_UP = (
    "Tháng này {me} đã nhắn hết số tin mà Zalo cho phép. "
    "Đến ngày {day} {me} mới trả lời ở đây được."
)
USED_UP_POLITELY = (
    "Dạ, tháng này {me} đã nhắn hết số tin mà Zalo cho phép rồi ạ. "
    "Đến ngày {day} {me} mới trả lời ở đây được."
)
TO_PUPIL = "Trong lúc chờ, {you} mở trang riêng của {you} để học tiếp nhé: {link}"
TO_RELATIVE = "Trong lúc chờ, {you} mở trang riêng của {you} là học tiếp được ạ: {link}"
TO_STAFF = "Trong lúc chờ, {you} mở trang riêng của {you} là xem và làm tiếp được ạ: {link}"
TO_ANYBODY = "Trong lúc chờ, {you} mở trang này rồi gõ mã trên phiếu để bắt đầu nhé: {link}"
NO_PAGE = "Có việc cần thì {you} hỏi thầy cô chủ nhiệm giúp nhé."
OWN_PAGE: Mapping[str, str] = {"pupil": TO_PUPIL, "relative": TO_RELATIVE, "staff": TO_STAFF}


def within_month(
    update: Update,
    world: World,
    now: datetime,
    take: Callable[[Store], Committed],
    store: Store,
) -> Committed:
    """Count an update, and take it as usual unless its bot's month is used up.

    Then it is remembered, so that it is taken once, and has no other effect. Each private chat
    gets one last word with a way to go on; a group gets none. Who cries for help or has been
    cheated is answered all the same, whatever our count says: it may be the platform's own that
    is right.

    Args:
        update: what came in.
        world: as in a turn.
        now: the present instant.
        take: the turn itself; nothing else happens for a bot without limits.
        store: of the chat's seat.
    """
    bot = update.address.bot
    face = world.bots.get(bot)
    if face is None or face.limits is None:
        return take(store)
    budget.count_in(store, bot, world, now)
    if budget.level(store, face, bot, world, now) < Level.SPENT or _is_cry(update):
        return take(store)
    return _farewell(update, world, now, store)


def _is_cry(update: Update) -> bool:
    if update.said.kind != "text":
        return False
    screened = screen(update.said.text)
    return screened.distress or screened.fraud != ""


def _farewell(update: Update, world: World, now: datetime, store: Store) -> Committed:
    seat = store.seat
    if seat is None:
        raise LookupError("a turn needs the place of its chat")
    store.chats.skip(update.address.bot, update.key, SPENT, now)
    if seat.unreachable_at is not None:
        store.chats.reachable(seat.account_id)
    month = budget.month_of(world, now)
    if update.group or not store.bots.bid_farewell(seat.account_id, month):
        return Committed((), seat.account_id, taken=False, outcome=SPENT)
    turn = Turn(world, store, seat, now, update)
    _say(turn)
    return Committed(tuple(turn.finish()), seat.account_id, taken=False, outcome=SPENT)


def _say(turn: Turn) -> None:
    """Until when, and where to go on; an address of the house alone opens on no phone elsewhere."""
    world, person = turn.world, turn.seat.person
    polite = person is not None and person.kind != "pupil"
    day = f"{budget.first_of_next(world, turn.now):%d/%m}"
    turn.say(USED_UP_POLITELY if polite else USED_UP, day=day)
    if not world.public_url:
        turn.say(NO_PAGE)
    elif person is None:
        turn.say(TO_ANYBODY, link=f"{world.public_url}/")
    else:
        code = issue_code(turn.store, world.codes, "person", person.id, turn.now)
        turn.say(OWN_PAGE[person.kind], link=world.page_of(code))
