"""The daily cleaning: what has served goes, events and tallies stay."""

from datetime import timedelta

from handlers.due import begin_chores
from tests.conversation import local


def test_old_keys_texts_and_unfinished_unrecorded_runs_go_and_the_rest_stays(school):
    talk = school.joined("dung")
    talk.says("hoc")
    talk.says("1")
    lan = school.joined("lan")
    lan.says("hoc")
    lan.says("1")
    school.chat("stranger").says("AAAA2222")
    with school.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET done_at = created_at, outcome = 'sent'")
    assert len(school.rows("run")) == 2
    school.now = local("2026-12-20 12:00")
    lan.says("trợ giúp")
    school.store(lambda store: begin_chores(school.world, school.now, store))
    school.tick("2026-12-21 04:00")
    assert [row.recorded for row in school.rows("run")] == [True]
    assert len(school.rows("attempt")) == 1
    assert len(school.rows("inbox")) == 1
    assert len(school.rows("outbox")) == 1
    assert school.rows("code_try") == []


def test_the_cleaning_comes_again_every_night_and_is_set_once(school):
    for _ in range(2):
        school.store(lambda store: begin_chores(school.world, school.now, store))
    first = school.rows("schedule")[0].next_at
    assert len(school.rows("schedule")) == 1
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
