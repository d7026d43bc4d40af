"""Web Push: where a closed page of the web chat may be told of news, and who cannot be reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from db.models import account, consent, membership, push_subscription, run, speaker
from db.session import Session

WEB = "web"  # `handlers.world.WEB`: the one bot whose chats are silent while nobody looks
MOST_OF_ACCOUNT = 5

OFFERED, ON, DECLINED = "offered", "on", "declined"
NOT_YET, ASK, LOST = "not yet", "ask", "lost"

SUBSCRIBED = exists().where(push_subscription.c.account_id == account.c.id)
CAN_BE_WRITTEN_TO = and_(account.c.unreachable_at.is_(None), or_(account.c.bot != WEB, SUBSCRIBED))
REACHABLE = select(account.c.id).where(account.c.id == bindparam("row"), CAN_BE_WRITTEN_TO)
FINISHED = exists().where(
    speaker.c.account_id == account.c.id,
    speaker.c.current,
    run.c.person_id == speaker.c.person_id,
    run.c.finished_at.is_not(None),
)
WISH: ColumnElement[str] = case(
    (account.c.push == ON, case((SUBSCRIBED, ON), else_=LOST)),
    (account.c.push == DECLINED, DECLINED),
    (FINISHED, func.coalesce(account.c.push, ASK)),
    else_=NOT_YET,
)
"""What a chat's page is told, one of the words above: `ask` comes after the first finished lesson,
and `offered` from then on until it is answered."""

OF_ACCOUNT = (
    select(push_subscription)
    .where(push_subscription.c.account_id == bindparam("row"))
    .order_by(push_subscription.c.created_at.desc(), push_subscription.c.id.desc())
)
SET = update(account).where(account.c.id == bindparam("row")).values(push=bindparam("state"))
TO_TELL = OF_ACCOUNT.join(account, account.c.id == push_subscription.c.account_id).where(
    or_(account.c.hidden_to.is_(None), account.c.hidden_to < bindparam("outbox"))
)
OFFER = (
    update(account)
    .where(account.c.id == bindparam("row"), account.c.push.is_(None))
    .values(push=OFFERED)
)
GET = select(account.c.push).where(account.c.id == bindparam("row"))
REMOVE = delete(push_subscription).where(push_subscription.c.id == bindparam("row"))
REMOVE_ALL = delete(push_subscription).where(push_subscription.c.account_id == bindparam("row"))
ROWS: BindParameter[Any] = bindparam("rows", expanding=True)
FORGET = delete(push_subscription).where(
    push_subscription.c.account_id.in_(ROWS),
    ~exists().where(speaker.c.account_id == push_subscription.c.account_id),
)
ASK_ANEW = (
    update(account)
    .where(
        account.c.id.in_(ROWS),
        account.c.push == ON,
        ~exists().where(speaker.c.account_id == account.c.id),
    )
    .values(push=None)
)
UNREACHED = select(func.count(membership.c.person_id.distinct())).where(
    membership.c.class_id == bindparam("class"),
    membership.c.role == "pupil",
    membership.c.left_at.is_(None),
    exists().where(
        consent.c.person_id == membership.c.person_id,
        consent.c.purpose == "learning",
        consent.c.withdrawn_at.is_(None),
    ),
    ~exists().where(
        speaker.c.person_id == membership.c.person_id,
        speaker.c.account_id == account.c.id,
        account.c.is_group.is_(False),
        CAN_BE_WRITTEN_TO,
    ),
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a browser gives away so that it may be told of news (W3C Push API, `toJSON`).

    Attributes:
        endpoint: the address at the browser's push service; whoever knows it and signs with our
            key may send there, so it is never logged.
        p256dh: the browser's public key, base64url: what is sent is encrypted for it.
        auth: 16 bytes that only the browser and we know, base64url.
    """

    endpoint: str
    p256dh: str
    auth: str


class Push:
    """Reads and writes of subscriptions, and of what a chat said when it was asked for one."""

    def __init__(self, session: Session) -> None:
        """Work in `session`'s transaction."""
        self._session = session

    def reachable(self, account_id: int) -> bool:
        """Whether a message that nobody waits for would be noticed there.

        On the web a closed page hears nothing, so only with a subscription; elsewhere always,
        until the platform says that it cannot be written to.
        """
        return self._session.one(REACHABLE, {"row": account_id}) is not None

    def unreached(self, class_id: int) -> int:
        """How many pupils of the class who may be written to have no chat that would notice."""
        return int(self._session.read(UNREACHED, {"class": class_id}).scalar_one())

    def state(self, account_id: int) -> str | None:
        """What the chat said: `offered` (asked), `on`, `declined`; None: it was never asked."""
        row = self._session.one(GET, {"row": account_id})
        return None if row is None else row.push

    def of_account(self, account_id: int) -> Sequence[Row[Any]]:
        """The chat's subscriptions, the newest first: id, endpoint, p256dh, auth."""
        return self._session.all(OF_ACCOUNT, {"row": account_id})

    def to_tell(self, account_id: int, outbox_row: int) -> Sequence[Row[Any]]:
        """The subscriptions to tell of a message; none of one that is hidden there by now.

        It was for whoever had the phone before.
        """
        return self._session.all(TO_TELL, {"row": account_id, "outbox": outbox_row})

    def subscribe(self, account_id: int, given: Subscription, now: datetime) -> None:
        """Keep a browser's subscription; one that another chat had moves here.

        A chat keeps its newest five.
        """
        values = {
            "account_id": account_id,
            "p256dh": given.p256dh,
            "auth": given.auth,
            "created_at": now,
        }
        statement = self._session.upsert(push_subscription).values(
            endpoint=given.endpoint, **values
        )
        self._session.read(
            statement.on_conflict_do_update(index_elements=["endpoint"], set_=values)
        )
        for row in self.of_account(account_id)[MOST_OF_ACCOUNT:]:
            self.remove(row.id)
        self._session.read(SET, {"row": account_id, "state": ON})

    def offer(self, account_id: int) -> None:
        """The chat was asked; what it has answered before stays."""
        self._session.read(OFFER, {"row": account_id})

    def decline(self, account_id: int) -> None:
        """The chat wants to be told nothing; it is not asked again by itself.

        All its subscriptions go: an older one of the same browser, found gone later, would count as
        lost, and the page would subscribe again by itself.
        """
        self._session.read(REMOVE_ALL, {"row": account_id})
        self._session.read(SET, {"row": account_id, "state": DECLINED})

    def remove(self, row: int) -> None:
        """A subscription that its push service no longer knows."""
        self._session.read(REMOVE, {"row": row})

    def forget_empty(self, account_ids: Sequence[int]) -> None:
        """Somebody left these chats: where nobody is left, nothing more is told.

        Whoever comes next is asked anew, but not where the last one has declined.
        """
        for statement in (FORGET, ASK_ANEW):
            self._session.read(statement, {"rows": list(account_ids)})
