"""Nothing that people wrote, no name, code or token gets into the logs, whatever goes wrong."""

import json
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import delete, text, update

from db import models
from db.engine import open_engine
from tests.fake_telegram import Failure, FakeTelegram
from tests.process_bot import HOOK_SECRET, SECRET, Lantoa, pupils, until
from tests.proofs import Told

TOKEN = "700000001:AAmarkedTokenZQX_0123456789abcdefghi"
NAME = "Zquynh Đánhdấu"
TEXT = "câu nói zqx đánh dấu"
NICKNAME = "bà Zqtư"
WRONG_CODE = "ZQX7ZQX7"
MARKS = (TEXT, NAME, "Zquynh", "zqx", NICKNAME, WRONG_CODE, TOKEN.partition(":")[2])
MARKS += (SECRET, HOOK_SECRET)


def unreadable() -> Iterator[object]:
    """Updates of odd shapes, each with the marked text in it."""
    yield {"message": {"message_id": 1, "text": TEXT, "chat": TEXT, "from": {"first_name": NAME}}}
    yield {"message": {"message_id": 1, "text": [TEXT], "chat": {"id": TEXT, "type": "private"}}}
    yield {"callback_query": {"id": TEXT, "from": {"first_name": NAME}, "message": {}, "data": 3}}
    yield {"message": TEXT}


def test_no_text_name_code_or_token_gets_into_the_logs(tmp_path: Path, told: Told) -> None:
    with FakeTelegram(token=TOKEN).run_in_thread() as fake:
        bot = Lantoa(tmp_path, fake)
        bot.token = TOKEN
        codes = pupils(bot.url, 2, NAME)
        fake.fail_next("getMe", Failure(drop=True))
        fake.fail_next("setMyCommands", Failure(500, description=TEXT))
        fake.fail_next("getUpdates", Failure(400, description=TEXT))
        first_start(bot)
        try:
            bot.start("--verbose")
            bot.wait_ready()
            walk(bot, fake, codes)
            code, _ = bot.stop()
            assert code == 0
            refused(bot)
        finally:
            bot.kill()
        assert fake.unused() == {}
    logged = bot.log.read_text(encoding="utf-8")
    found = [mark for mark in (*MARKS, *codes) if mark.casefold() in logged.casefold()]
    events = {json.loads(line)["event"] for line in logged.splitlines() if line.startswith("{")}
    assert found == []
    assert {"update_done", "update_failed", "update_unreadable", "not_sent", "sent"} <= events
    assert {"bot_unreachable", "poll_failed", "rejected", "commands_not_published"} <= events
    told(f"{len(logged.splitlines())} lines of log, {len(events)} kinds of events: no mark in them")


def walk(bot: Lantoa, fake: FakeTelegram, codes: list[str]) -> None:
    """Joining, a wrong code, a nickname, sends that fail, updates and turns that fail."""
    pupil, other = fake.user(NAME), fake.user(NAME)
    fake.fail_next("sendMessage", Failure(400, description=f"Bad Request: {TEXT}"))
    fake.fail_next("sendMessage", Failure(drop=True))
    joining = (f"/start {WRONG_CODE}", f"/start {codes[0]}", "1", "người thân", "1", "1", "3")
    for word in (*joining, NICKNAME, TEXT):
        pupil.say(word)
    other.start(codes[1])
    for odd in unreadable():
        fake.post_raw({"update_id": fake.world.number("update")} | odd)
    until(lambda: not fake.world.updates and not fake.unused(), 20, "it does not go on", 0.05)
    pupil.wait_heard(1)
    break_the_database(bot)
    pupil.say(f"7 {TEXT}")
    until(lambda: "update_failed" in bot.log.read_text(encoding="utf-8"), 10, "no turn failed")
    until(lambda: not fake.world.updates, 10, "updates are left")
    until(lambda: other.heard, 10, "the dropped send is not repeated")


def first_start(bot: Lantoa) -> None:
    """The commands are not yet published."""
    engine = open_engine(bot.url)
    with engine.begin() as connection:
        connection.execute(delete(models.bot))
    engine.dispose()


def break_the_database(bot: Lantoa) -> None:
    """The open questions are such that a handler fails, with marked words in its error."""
    engine = open_engine(bot.url)
    with engine.begin() as connection:
        question = {"at": "lesson.step", "data": {"run": TEXT}, "text": TEXT, "free": True}
        connection.execute(update(models.conversation).values(pending=question))
        connection.execute(text("DROP TABLE code_try"))
    engine.dispose()


def refused(bot: Lantoa) -> None:
    """Telegram does not know the token: an alarm, or at a first start one sentence, without it."""
    bot.token = TOKEN + "ZQX"
    bot.start("--verbose")
    until(lambda: "token_refused" in bot.log.read_text(encoding="utf-8"), 20, "no alarm")
    code, _ = bot.stop()
    assert code == 0
    first_start(bot)
    bot.start("--verbose")
    assert bot.process is not None
    assert bot.process.wait(20) == 1
    bot.process = None
