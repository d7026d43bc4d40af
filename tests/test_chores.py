"""The daily cleaning: what has served goes, events and tallies stay."""

from dataclasses import replace
from datetime import timedelta

from db.models import conversation
from db.session import Session
from db.store import Store
from handlers.due import begin_chores
from tests.conversation import MiniSchool, local

SENT = "UPDATE outbox SET done_at = created_at, outcome = 'sent', reason = 'ok', sense = '{}'"


def all_sent(school: MiniSchool) -> None:
    with school.engine.begin() as connection:
        connection.exec_driver_sql(SENT)


def cleaned(school: MiniSchool, now: str) -> None:
    """The cleaning of the first night after `now`."""
    school.now = local(now)
    school.store(lambda store: begin_chores(school.world, school.now, store))
    school.tick((school.now + timedelta(days=1)).isoformat()[:10] + " 12:00")


def test_old_keys_texts_and_unfinished_unrecorded_runs_go_and_the_rest_stays(school):
    talk = school.joined("dung")
    talk.says("hoc")
    talk.says("1")
    lan = school.joined("lan")
    lan.says("hoc")
    lan.says("1")
    school.chat("stranger").says("AAAA2222")
    all_sent(school)
    assert len(school.rows("run")) == 2
    n_sent = len(school.rows("outbox"))
    school.now = local("2026-12-20 12:00")
    lan.says("trợ giúp")
    cleaned(school, "2026-12-20 12:01")
    assert [row.recorded for row in school.rows("run")] == [True]
    assert len(school.rows("attempt")) == 1
    assert len(school.rows("inbox")) == 1
    assert school.rows("code_try") == []
    *old, new = school.rows("outbox")
    assert len(old) == n_sent
    assert {(row.body["text"], row.sense, row.reason) for row in old} == {("", None, None)}
    assert new.body["text"]


def test_how_long_texts_and_keys_are_kept_is_a_setting(school):
    school.joined("lan").says("trợ giúp")
    all_sent(school)
    school.world = replace(school.world, keep_days=40)
    cleaned(school, "2026-12-20 12:00")
    assert school.rows("outbox")[0].body["text"]
    assert len(school.rows("inbox")) == 1
    cleaned(school, "2026-12-28 12:00")
    assert school.rows("outbox")[0].body["text"] == ""
    assert school.rows("inbox") == []


def test_a_text_is_emptied_once_and_its_row_goes_after_a_year(school):
    lan = school.joined("lan")
    lan.says("hoc")
    lan.says("1")
    all_sent(school)
    with school.engine.begin() as connection:  # would be written again if the row were
        store = Store(Session(connection), None, {})
        store.chores.clean(local("2026-12-20 12:00"), 30)
        connection.exec_driver_sql("UPDATE outbox SET reason = 'after'")
        store.chores.clean(local("2026-12-21 12:00"), 30)
    assert {row.reason for row in school.rows("outbox")} == {"after"}
    school.now = local("2027-11-10 12:00")
    lan.says("trợ giúp")
    cleaned(school, "2027-11-10 12:01")
    assert len(school.rows("outbox")) == 3
    cleaned(school, "2027-11-20 12:00")
    assert len(school.rows("outbox")) == 1


def test_a_tally_stays_as_it_was_sent_and_what_is_not_sent_keeps_its_words(school):
    group, account = school.group("nhom"), "SELECT max(id) FROM account"
    group.says("tongket")
    school.joined("lan").says("trợ giúp")
    all_sent(school)
    tally, other = school.rows("outbox")
    with school.engine.begin() as connection:
        asked = connection.exec_driver_sql(account).scalar_one()
        connection.execute(conversation.delete())
    school.insert(
        "tally",
        class_id=school.class_id["7A"],
        account_id=asked,
        week_start=local("2026-11-16 12:00").date(),
        figures={},
        as_of=school.now,
        created_at=school.now,
        outbox_id=tally.id,
    )
    waiting = school.insert(
        "outbox",
        bot="tg",
        account_id=asked,
        kind="say",
        body={"text": "Còn chờ."},
        harmless=True,
        created_at=school.now,
    )
    cleaned(school, "2026-12-20 12:00")
    texts = {row.id: row.body["text"] for row in school.rows("outbox")}
    assert texts == {tally.id: tally.body["text"], other.id: "", waiting: "Còn chờ."}
    assert tally.body["text"]


def test_a_deletion_keeps_the_number_of_its_message(school):
    school.joined("lan").says("trợ giúp")
    with school.engine.begin() as connection:
        connection.exec_driver_sql(
            """UPDATE outbox SET kind = 'delete', body = '{"message":"7"}'"""
        )
    all_sent(school)
    cleaned(school, "2026-12-20 12:00")
    assert school.rows("outbox")[0].body == {"message": "7"}


def test_the_cleaning_comes_again_every_night_and_is_set_once(school):
    for _ in range(2):
        school.store(lambda store: begin_chores(school.world, school.now, store))
    first = school.rows("schedule")[0].next_at
    assert [row.kind for row in school.rows("schedule")] == ["clean", "tally", "tally"]
    assert first == local("2026-11-18 03:30")
    school.tick("2026-11-18 05:00")
    assert school.rows("schedule")[0].next_at == first + timedelta(days=1)


def test_what_was_said_to_a_pupil_without_consent_is_emptied_the_next_night(school):
    for alias in ("dung", "lan"):
        talk = school.joined(alias)
        talk.says("hoc")
        talk.says("1")
    with school.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET done_at = created_at, outcome = 'sent'")
    school.store(lambda store: begin_chores(school.world, school.now, store))
    school.tick("2026-11-19 04:00")
    (dung, lan) = [row.id for row in school.rows("account")]
    texts = [(row.account_id, row.body["text"]) for row in school.rows("outbox")]
    assert [text for account, text in texts if account == dung] == ["", ""]
    assert all(text for account, text in texts if account == lan)
