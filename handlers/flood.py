"""Too much at once from one sender: one calm sentence, and no other effect."""

from datetime import datetime

from content.safety import screen
from content.update import Update
from db.store import Store
from handlers.route import Committed, take_turn
from handlers.turn import Turn
from handlers.world import World

FLOOD = "flood"
SLOWLY = (
    "{You} gửi nhanh quá, {me} đọc chưa kịp. {You} nghỉ tay một chút, rồi gửi lại giúp {me} nhé."
)


def slow_down(update: Update, world: World, now: datetime, first: bool, store: Store) -> Committed:
    """Remember the update as part of a flood; the open question stays as it is.

    Who cries for help, has been cheated or sends a secret is heard all the same.

    Args:
        update: what came in.
        world: as in a turn.
        now: the present instant.
        first: whether the sentence is still to be said; in a group it never is.
        store: of the chat's seat.
    """
    if store.seat is None:
        raise LookupError("a turn needs the place of its chat")
    screened = screen(update.said.text) if update.said.kind == "text" else None
    if screened is not None and (screened.distress or screened.fraud or screened.secrets):
        return take_turn(update, world, now, store)
    store.chats.skip(update.address.bot, update.key, FLOOD, now)
    turn = Turn(world, store, store.seat, now, update)
    if first and not update.group:
        turn.say(SLOWLY)
    rows = tuple(turn.finish()) if turn.messages else ()
    return Committed(rows, store.seat.account_id, taken=False, outcome=FLOOD)
