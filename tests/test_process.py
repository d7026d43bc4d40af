"""`lantoa run` by its command line: killed at any moment, stopped, and what it leaves behind."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from socket import create_connection

import pytest
from sqlalchemy import delete
from typing_extensions import override

from db import models
from db.engine import open_engine
from tests.databases import postgres_database
from tests.process_bot import HOOK_SECRET, Lantoa, SlowFake, pupils, until
from tests.process_client import (
    Client,
    open_rows,
    outcome,
    repeats_in_order,
    scripted,
    undisturbed,
)
from tests.proofs import Told

SEED = 20261122


@pytest.fixture
def fake() -> Iterator[SlowFake]:
    with SlowFake(SEED).run_in_thread() as found:
        yield found


@dataclass
class Killer:
    """Kills the bot at random moments, most of them with much under way; counts what was."""

    bot: Lantoa
    fake: SlowFake
    client: Client
    chance: random.Random
    kills: list[tuple[int, int]] = field(default_factory=list)

    def life(self, left: int, *, blindly: bool) -> None:
        """One life of the process: start, its share of the turns, SIGKILL; `left` lives remain."""
        share = self.client.left // left
        self.bot.start()
        if blindly:
            self.client.speak(share)
            time.sleep(self.chance.uniform(0.1, 1.6))
            assert self.bot.running
        else:
            if self.fake.unacknowledged < 12:
                self.client.speak(share - 13)
                share = 13
            self._wait_until_it_sends()
            self.client.speak(share)
            time.sleep(self.chance.uniform(0, 0.012))
        self.kills.append((self.fake.unacknowledged, self.fake.sending))
        self.bot.kill()

    def _wait_until_it_sends(self) -> None:
        """Much is in flight, and some of it is answered; on a slow machine it may never be much."""
        enough = self.fake.answered + self.chance.randrange(5)
        with suppress(AssertionError):
            until(
                lambda: (
                    self.bot.running and self.fake.sending >= 6 and self.fake.answered >= enough
                ),
                8,
                "the bot sends little at once",
            )

    @property
    def n_in_the_thick(self) -> int:
        """Kills with 10 updates unacknowledged and 5 sends in flight."""
        return sum(updates >= 10 and sends >= 5 for updates, sends in self.kills)


def run_until_quiet(bot: Lantoa, fake: SlowFake, client: Client) -> None:
    """One more life, undisturbed, until all is said, acknowledged and sent."""
    bot.start()
    client.speak(client.left)
    while client.left:
        client.speak(50)
    until(lambda: bot.running and not fake.unacknowledged, 20, "updates are left")
    engine = open_engine(bot.url)
    until(lambda: not open_rows(engine), 30, "rows are left", 0.1)
    engine.dispose()


@dataclass(frozen=True)
class Plan:
    """How one crash proof is run."""

    mode: str
    kills: int
    n_pupils: int
    n_turns: int
    least_in_the_thick: int
    name: str


def check_through_kills(bot: Lantoa, fake: SlowFake, plan: Plan) -> str:
    """Kill the bot through all the turns of its pupils, then compare; what was done, in a line."""
    client = scripted(fake, pupils(bot.url, plan.n_pupils), plan.n_turns, SEED)
    pupils(f"sqlite:///{bot.home}/undisturbed.db", plan.n_pupils)
    if plan.mode == "webhook":
        fake.hook_to(bot.port)
    killer = Killer(bot, fake, client, random.Random(SEED))  # noqa: S311 - repeatable
    began = time.monotonic()
    try:
        for number in range(plan.kills):
            killer.life(plan.kills - number, blindly=number % 6 == 5)
        run_until_quiet(bot, fake, client)
        code, _ = bot.stop()
    finally:
        bot.kill()
    took_s = time.monotonic() - began
    engine = open_engine(bot.url)
    found, wanted = outcome(engine), undisturbed(bot.home / "undisturbed.db", client.sent)
    engine.dispose()
    assert code == 0
    assert len(client.sent) == plan.n_pupils * plan.n_turns
    assert found.keys == sorted(str(update["update_id"]) for update in client.sent)
    assert {chat: seq for chat, (seq, _, _) in found.conversations.items()} == {
        str(pupil.user.id): plan.n_turns for pupil in client.pupils
    }
    assert found == wanted
    n_attempts = sum(len(attempts) for attempts in found.attempts.values())
    assert n_attempts >= plan.n_pupils * (plan.n_turns - 3)
    repeats = repeats_in_order(found.rows, fake.taken)
    assert killer.n_in_the_thick >= plan.least_in_the_thick
    return (
        f"{plan.name}: killed {len(killer.kills)} times in {took_s:.0f} s (seed {SEED}), "
        f"{killer.n_in_the_thick} with 10 unacknowledged and 5 in flight; {len(client.sent)} "
        f"turns, {n_attempts} answers recorded: 0 lost, 0 repeated; "
        f"{fake.lost} messages died on their way and were sent again, {repeats} came twice"
    )


@pytest.mark.parametrize("mode", ["polling", "webhook"])
def test_killed_again_and_again_it_loses_no_turn_and_repeats_none(
    mode: str, tmp_path: Path, fake: SlowFake, told: Told
) -> None:
    bot = Lantoa(tmp_path, fake, mode)
    told(check_through_kills(bot, fake, Plan(mode, 20, 50, 10, 5, f"{mode}, SQLite")))


def test_killed_on_postgresql_it_loses_no_turn_and_repeats_none(
    tmp_path: Path, fake: SlowFake, told: Told
) -> None:
    for url in postgres_database():
        bot = Leased(tmp_path, fake, "webhook", url)
        told(check_through_kills(bot, fake, Plan("webhook", 6, 40, 5, 2, "webhook, PostgreSQL")))


class Leased(Lantoa):
    """A bot whose lease ends as soon as it is killed; 15 s of waiting are not the point."""

    @override
    def kill(self) -> None:
        """SIGKILL, and the dead process's lease ends."""
        super().kill()
        engine = open_engine(self.url)
        with engine.begin() as connection:
            connection.execute(delete(models.lease))
        engine.dispose()


def test_sigterm_ends_it_within_five_seconds_and_what_is_in_flight_arrives(
    tmp_path: Path, told: Told
) -> None:
    with SlowFake(longest_s=1.5, poll_s=60).run_in_thread() as fake:
        bot = Lantoa(tmp_path, fake)
        [code] = pupils(bot.url, 1)
        try:
            bot.start()
            bot.wait_ready()
            with idle_connection(bot.port):
                fake.user("em").start(code)
                until(lambda: fake.sending, 10, "nothing is sent")
                exit_code, took_s = bot.stop()
        finally:
            bot.kill()
        assert exit_code == 0
        assert took_s < 5
        engine = open_engine(bot.url)
        assert open_rows(engine) == 0
        engine.dispose()
        assert len(fake.taken) == 1
    told(f"SIGTERM with a long poll, a keep-alive and a send open: ended in {took_s:.1f} s, sent")


def test_sigterm_ends_it_within_five_seconds_also_if_nobody_answers(
    tmp_path: Path, told: Told
) -> None:
    with SlowFake(longest_s=200).run_in_thread() as fake:
        bot = Lantoa(tmp_path, fake, "webhook")
        [code] = pupils(bot.url, 1)
        try:
            bot.start()
            bot.wait_ready()
            fake.hook_to(bot.port)
            with idle_connection(bot.port), half_a_post(bot.port):
                fake.user("em").start(code)
                until(lambda: fake.sending, 10, "nothing is sent")
                exit_code, took_s = bot.stop()
        finally:
            bot.kill()
        assert exit_code == 0
        assert took_s < 5
    told(f"SIGTERM with a send that hangs and half a webhook's body: ended in {took_s:.1f} s")


@contextmanager
def idle_connection(port: int) -> Iterator[None]:
    """A keep-alive connection on which nothing is asked any more."""
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/healthz")
    assert connection.getresponse().read() == b"ok\n"
    yield
    connection.close()


@contextmanager
def half_a_post(port: int) -> Iterator[None]:
    """A webhook's post whose body does not come to its end."""
    head = (
        "POST /hooks/telegram/telegram HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n"
        f"X-Telegram-Bot-Api-Secret-Token: {HOOK_SECRET}\r\n\r\n{{"
    )
    with create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode())
        time.sleep(0.1)
        yield
