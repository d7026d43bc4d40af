"""What the database could not take is on the disk, and taken later: all of it, in order, once."""

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot import spool as spool_module
from bot.channels import Unavailable
from bot.clock import SteppedClock
from bot.spool import PART, Spool, SpoolFull
from db.runner import Busy
from tests.telegram_desk import until

START = datetime(2026, 11, 21, tzinfo=UTC)


class Taker:
    """Takes bodies as the database can; `away` is what its health says."""

    def __init__(self) -> None:
        self.clock = SteppedClock(START)
        self.taken: list[bytes] = []
        self.n_tries = 0
        self.refusals = 0
        self.busy = 0
        self.never = b""
        self.away = False

    async def take(self, body: bytes) -> None:
        self.n_tries += 1
        if self.refusals:
            self.refusals -= 1
            raise Unavailable
        if self.busy:
            self.busy -= 1
            raise Busy(1)
        if body == self.never:
            raise Unavailable
        if body == b"bad":
            raise ValueError("a fault of ours")
        self.taken.append(body)

    @asynccontextmanager
    async def replaying(self, spool: Spool) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(spool.replay(self.take, self.clock, lambda: self.away))
            yield
            task.cancel()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "z1"


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


async def test_a_kept_body_is_a_whole_file_that_only_its_owner_reads(folder):
    spool = Spool(folder)
    assert not folder.exists()
    await spool.put(b'{"a": 1}')
    (file,) = files(folder)
    assert file.read_bytes() == b'{"a": 1}'
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder, file)]
    assert modes == [0o700, 0o700, 0o600]
    assert (len(spool), spool.n_open) == (1, 0)


async def test_bodies_are_replayed_in_order_and_erased(folder):
    spool, taker = Spool(folder), Taker()
    bodies = [str(number).encode() for number in range(12)]
    async with taker.replaying(spool):
        await asyncio.gather(*map(spool.put, bodies))
        await until(lambda: len(spool) == 0)
        assert taker.taken == bodies
        assert files(folder) == []
        await spool.put(b"later")
        await until(lambda: taker.taken[12:] == [b"later"])


async def test_the_next_process_takes_what_is_left_before_what_comes_to_it(folder):
    before = Spool(folder)
    for body in (b"one", b"two"):
        await before.put(body)
    (folder / f"00000000000000000003-0000abcd.json{PART}").write_bytes(b"half")
    (folder / "notes.txt").write_text("somebody else's")
    after, taker = Spool(folder), Taker()
    assert len(after) == 2
    await after.put(b"three")
    async with taker.replaying(after):
        await until(lambda: len(after) == 0)
    assert taker.taken == [b"one", b"two", b"three"]
    assert [file.name for file in files(folder)] == ["notes.txt"]


async def test_while_the_database_is_away_it_is_not_tried(folder):
    spool, taker = Spool(folder), Taker()
    taker.away = True
    await spool.put(b"one")
    async with taker.replaying(spool):
        for _ in range(20):
            await asyncio.sleep(0)
            taker.clock.step(1)
        assert taker.n_tries == 0
        taker.away = False
        await asyncio.sleep(0.01)
        taker.clock.step(1)
        await until(lambda: taker.taken == [b"one"])


async def test_a_body_that_is_refused_stays_first_and_is_tried_after_a_wait(folder):
    spool, taker = Spool(folder), Taker()
    taker.refusals = 1
    await spool.put(b"one")
    await spool.put(b"two")
    async with taker.replaying(spool):
        await until(lambda: taker.n_tries == 1)
        await asyncio.sleep(0.02)
        assert (taker.n_tries, len(files(folder))) == (1, 2)
        taker.clock.step(1.9)
        await asyncio.sleep(0.02)
        assert taker.n_tries == 1
        taker.clock.step(0.2)
        await until(lambda: len(spool) == 0)
    assert taker.taken == [b"one", b"two"]


async def test_a_body_that_breaks_us_is_dropped_and_told_without_its_text(folder):
    spool, taker = Spool(folder), Taker()
    with capture_logs() as logs:
        async with taker.replaying(spool):
            await spool.put(b"bad")
            await spool.put(b"good")
            await until(lambda: len(spool) == 0)
    assert taker.taken == [b"good"]
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["spool_broke"]
    assert "a fault of ours" not in str(logs)
    assert files(folder) == []


async def test_a_body_that_is_refused_for_ever_is_left_behind_by_the_others(folder, monkeypatch):
    monkeypatch.setattr(spool_module, "MOST_TRIES", 4)
    spool, taker = Spool(folder), Taker()
    taker.never = b"poison"
    taker.busy = 3  # which says nothing of the body
    for body in (b"poison", b"one", b"two"):
        await spool.put(body)
    with capture_logs() as logs:
        async with taker.replaying(spool):
            for _ in range(400):
                taker.clock.step(1)
                await asyncio.sleep(0.002)
                if not len(spool):
                    break
            await spool.put(b"three")
            await until(lambda: len(taker.taken) == 3)
    assert taker.taken == [b"one", b"two", b"three"]
    assert taker.n_tries == 3 + 4 + 3
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["spool_stuck"]
    assert [file.read_bytes() for file in files(folder)] == [b"poison"]
    assert len(Spool(folder)) == 1  # of the next process


async def test_what_is_kept_at_once_comes_in_its_turn(folder):
    spool, taker = Spool(folder), Taker()
    await spool.put(b"one")
    spool.put_at_once(b"two")
    await spool.put(b"three")
    async with taker.replaying(spool):
        await until(lambda: len(spool) == 0)
        spool.put_at_once(b"four")
        await until(lambda: len(spool) == 0)
    assert taker.taken == [b"one", b"two", b"three", b"four"]


async def test_a_body_that_another_process_took_away_is_passed_over(folder):
    spool, taker = Spool(folder), Taker()
    await spool.put(b"one")
    await spool.put(b"two")
    files(folder)[0].unlink()
    async with taker.replaying(spool):
        await until(lambda: len(spool) == 0)
    assert taker.taken == [b"two"]


async def test_a_file_that_cannot_be_read_is_left_for_the_next_start(folder):
    spool, taker = Spool(folder), Taker()
    await spool.put(b"one")
    await spool.put(b"two")
    first = files(folder)[0]
    first.unlink()
    first.mkdir()  # reading it is an error of the disk's, also for root
    async with taker.replaying(spool):
        await until(lambda: len(spool) == 0)
    assert taker.taken == [b"two"]
    assert files(folder) == [first]


async def test_it_is_bounded_in_number_and_in_bytes_and_has_room_again(folder):
    spool, taker = Spool(folder, most=2, most_bytes=10), Taker()
    await spool.put(b"12345")
    with pytest.raises(SpoolFull):
        await spool.put(b"123456")
    await spool.put(b"12345")
    with pytest.raises(SpoolFull):
        await spool.put(b"")
    async with taker.replaying(spool):
        await until(lambda: len(spool) == 0)
    await spool.put(b"1234567890")
    assert taker.taken == [b"12345", b"12345"]


async def test_a_disk_that_refuses_keeps_nothing_and_says_so(tmp_path):
    (tmp_path / "spool").write_text("in the way")
    spool = Spool(tmp_path / "spool" / "z1")
    with capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(SpoolFull):
                await spool.put(b"text")
    assert [each["event"] for each in logs] == ["spool_refused"]
    assert (len(spool), spool.n_open, spool._n_bytes) == (0, 0, 0)  # noqa: SLF001 - else it fills
    (tmp_path / "spool").unlink()
    await spool.put(b"text")
    assert len(spool) == 1


async def test_two_processes_in_one_folder_write_over_nothing(folder):
    one, two = Spool(folder), Spool(folder)
    await one.put(b"one")
    await two.put(b"two")
    assert sorted(file.read_bytes() for file in files(folder)) == [b"one", b"two"]
