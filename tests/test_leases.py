"""Several processes on one PostgreSQL: one holds the bot; others receive for it, and take over."""

import time
from pathlib import Path

from sqlalchemy import Engine, select

from bot.keeping import LEASE
from db import models
from db.engine import open_engine
from tests.databases import postgres_database
from tests.process_bot import Lantoa, SlowFake, pupils, until
from tests.proofs import Told


def holder(engine: Engine) -> int:
    """The process that holds the bot, 0 for none."""
    with engine.connect() as connection:
        found = connection.execute(select(models.lease.c.holder)).scalar()
    return int(found.rpartition(":")[2]) if found else 0


def test_one_process_holds_the_bot_and_another_takes_over(tmp_path: Path, told: Told) -> None:
    for url in postgres_database():
        codes = pupils(url, 2)
        engine = open_engine(url)
        with SlowFake(longest_s=0.01).run_in_thread() as fake:
            first, second = (Lantoa(tmp_path, fake, "webhook", url) for _ in range(2))
            try:
                _first_sends_for_second(first, second, engine, codes[0])
                took_s = _second_takes_over(first, second, engine, codes[1])
                code, _ = second.stop()
            finally:
                first.kill()
                second.kill()
        assert code == 0
        assert holder(engine) == 0, "a process that is stopped gives its lease back at once"
        engine.dispose()
        told(f"the holder killed (-9): another process held and sent after {took_s:.1f} s")


def _first_sends_for_second(first: Lantoa, second: Lantoa, engine: Engine, code: str) -> None:
    first.start()
    until(lambda: first.running and holder(engine), 20, "nobody holds the bot", 0.05)
    second.start()
    second.wait_ready()
    assert holder(engine) == first.running.pid
    time.sleep(0.5)  # both have begun to listen for each other's calls
    fake = first.fake
    fake.hook_to(second.port)
    pupil = fake.user("em")
    pupil.start(code)
    until(lambda: not fake.unacknowledged, 5, "the second process takes no update")
    began = time.monotonic()
    pupil.wait_heard(1, 3)
    assert time.monotonic() - began < 1, "the holder is called, it does not wait for its sweep"
    assert b"bot_held" not in second.log.read_bytes()


def _second_takes_over(first: Lantoa, second: Lantoa, engine: Engine, code: str) -> float:
    first.kill()
    began = time.monotonic()
    pupil = first.fake.user("em")
    pupil.start(code)
    longest_s = LEASE.total_seconds() * 4 / 3 + 2
    until(lambda: holder(engine) == second.running.pid, longest_s, "nobody takes over", 0.05)
    pupil.wait_heard(1, 3)
    return time.monotonic() - began
