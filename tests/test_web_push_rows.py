"""Subscriptions of the web chat: whose they are, when they go, and who cannot be reached."""

from datetime import timedelta

from db.store.push import WEB as LETTER_BOX
from db.store.push import Subscription
from handlers.codes import renew_code
from handlers.world import WEB
from tests.conversation import MiniSchool


def on_web(school: MiniSchool, alias: str, chat: str = "") -> int:
    """A web chat in which somebody speaks; its account."""
    name = chat or f"web-{alias}"
    account = school.store(lambda store: store.chats.find(WEB, name))
    row = (
        account.id
        if account
        else school.insert(
            "account", bot=WEB, external_id=name, is_group=False, created_at=school.now
        )
    )
    school.store(lambda store: store.chats.speak(row, school.person[alias], school.now))
    return row


def subscribe(school: MiniSchool, account: int, endpoint: str) -> None:
    school.now += timedelta(minutes=1)
    given = Subscription(f"https://push.example/{endpoint}", "key", "auth")
    school.store(lambda store: store.push.subscribe(account, given, school.now))


def kept(school: MiniSchool) -> list[tuple[int, str]]:
    return [
        (row.account_id, row.endpoint.rpartition("/")[2])
        for row in school.rows("push_subscription")
    ]


def state(school: MiniSchool, account: int) -> str | None:
    return school.store(lambda store: store.push.state(account))


def test_the_two_names_of_the_web_chat_are_one():
    assert LETTER_BOX == WEB


def test_a_web_chat_is_reachable_with_a_subscription_any_other_always(sqlite_school):
    web = on_web(sqlite_school, "lan")
    sqlite_school.joined("an")
    telegram = sqlite_school.rows("account")[-1].id

    def reached(account: int) -> bool:
        return sqlite_school.store(lambda store: store.push.reachable(account))

    assert (reached(web), reached(telegram), reached(999)) == (False, True, False)
    subscribe(sqlite_school, web, "a")
    sqlite_school.store(lambda store: store.chats.unreachable(telegram, sqlite_school.now))
    assert (reached(web), reached(telegram)) == (True, False)


def test_a_chat_keeps_its_newest_five_devices(sqlite_school):
    web = on_web(sqlite_school, "lan")
    for name in "abcde":
        subscribe(sqlite_school, web, name)
    subscribe(sqlite_school, web, "a")
    subscribe(sqlite_school, web, "f")
    assert sorted(name for _, name in kept(sqlite_school)) == ["a", "c", "d", "e", "f"]


def test_a_browser_that_subscribes_elsewhere_moves_there(school):
    first, second = on_web(school, "lan"), on_web(school, "an")
    subscribe(school, first, "a")
    subscribe(school, second, "a")
    assert kept(school) == [(second, "a")]


def test_a_chat_that_declined_is_not_offered_again(sqlite_school):
    web = on_web(sqlite_school, "lan")
    sqlite_school.store(lambda store: store.push.offer(web))
    assert state(sqlite_school, web) == "offered"
    sqlite_school.store(lambda store: store.push.decline(web))
    sqlite_school.store(lambda store: store.push.offer(web))
    assert state(sqlite_school, web) == "declined"


def test_who_wants_no_more_is_told_nothing_however_often_they_subscribed(school):
    web, other = on_web(school, "lan"), on_web(school, "an")
    for account, name in ((web, "a"), (web, "b"), (other, "c")):
        subscribe(school, account, name)
    school.store(lambda store: store.push.decline(web))
    assert state(school, web) == "declined"
    assert kept(school) == [(other, "c")]


def leave(school: MiniSchool, account: int, alias: str) -> None:
    school.store(lambda store: store.chats.leave(account, school.person[alias]))


def test_a_chat_that_everybody_has_left_is_told_nothing(school):
    web = on_web(school, "lan")
    on_web(school, "an", "web-lan")
    subscribe(school, web, "a")
    leave(school, web, "lan")
    assert kept(school) == [(web, "a")], "somebody else still uses this chat"
    leave(school, web, "an")
    assert kept(school) == []
    assert state(school, web) is None, "who comes next is asked anew"


def test_a_renewed_code_ends_the_subscriptions_of_the_lost_phone(sqlite_school):
    web = on_web(sqlite_school, "lan")
    subscribe(sqlite_school, web, "a")
    person = sqlite_school.person["lan"]
    codes, now = sqlite_school.codes, sqlite_school.now
    sqlite_school.store(lambda store: renew_code(store, codes, "person", person, now))
    assert kept(sqlite_school) == []


def test_pupils_that_nothing_reaches_are_counted_for_their_class(school):
    def unreached(label: str = "7A") -> int:
        return school.store(lambda store: store.push.unreached(school.class_id[label]))

    assert (unreached("7A"), unreached("7B")) == (2, 1), "Dung has no consent, nobody may write"
    school.joined("an")
    assert unreached() == 1
    web = on_web(school, "lan")
    assert unreached() == 1, "a page that is closed hears nothing"
    subscribe(school, web, "a")
    assert unreached() == 0
    school.store(lambda store: store.chats.unreachable(web, school.now))
    assert unreached() == 1
