"""A bot's month: counted once, whatever else happens, by the school's calendar."""

import threading
from datetime import UTC, datetime
from functools import partial

import pytest

from db.batch import Unit, run_batch
from db.store import Store
from db.store.bots import Used
from handlers.budget import (
    Level,
    level_of,
    month_of,
    next_month,
    percent_of,
    reserve,
    spent_of,
)
from handlers.faces import Limits
from tests.conversation import MiniSchool, local

FREE = Limits()


def counted(bot: str, month: str, n_in: int, n_out: int, store: Store) -> Used:
    store.bots.count(bot, month, n_in, n_out)
    return store.bots.used(bot, month)


def test_what_a_batch_counts_is_one_row_a_bot_and_seen_at_once(school: MiniSchool):
    units = [
        Unit(partial(counted, "z2", "2026-11", 1, 0), school.now),
        Unit(partial(counted, "z1", "2026-11", 0, 2), school.now),
        Unit(partial(counted, "z2", "2026-11", 1, 1), school.now),
    ]
    for n in (1, 2):
        with school.engine.begin() as connection:
            seen = run_batch(connection, units)
        assert (seen[2].n_in, seen[2].n_out) == (2 * n, n), "with what the batch has counted"
        rows = [(row.bot, row.n_in, row.n_out) for row in school.rows("bot_month")]
        assert rows == [("z1", 0, 2 * n), ("z2", 2 * n, n)]
    assert school.store(lambda store: dict(store.bots.month("2026-11"))) == {
        "z1": Used(0, 4),
        "z2": Used(4, 2),
    }
    assert school.store(lambda store: store.bots.month("2026-12")) == {}


def test_what_is_rolled_back_is_not_counted(school: MiniSchool):
    def broken(store: Store) -> None:
        store.bots.count("z1", "2026-11", n_in=1)
        store.bots.all()
        raise ArithmeticError

    with pytest.raises(ArithmeticError), school.engine.begin() as connection:
        run_batch(connection, [Unit(broken, school.now)])
    assert school.rows("bot_month") == []


def test_batches_side_by_side_count_everything_and_never_block_each_other(school: MiniSchool):
    """Each names the bots in its own order, with other writes between."""

    def count(names: list[str], store: Store) -> None:
        for name in names:
            store.bots.count(name, "2026-11", n_in=1)
            store.bots.trouble(name, None, school.now)

    def batches(names: list[str]) -> None:
        for _ in range(20):
            with school.engine.begin() as connection:
                run_batch(connection, [Unit(partial(count, names), school.now)])

    names = ["z1", "z2", "z3"]
    threads = [
        threading.Thread(target=batches, args=(order,)) for order in (names, names[::-1], names)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [row.n_in for row in school.rows("bot_month")] == [60, 60, 60]


def test_the_first_time_that_the_operator_was_told_stays(school: MiniSchool):
    later = local("2026-11-18 08:00")
    for at in (school.now, later):
        school.store(lambda store, at=at: store.bots.told("z1", "2026-11", at))
    assert school.rows("bot_month")[0].told_at == school.now


def test_trouble_is_kept_also_of_a_bot_that_was_never_seen(school: MiniSchool):
    school.store(lambda store: store.bots.trouble("z1", "token" * 40, school.now))
    [row] = school.rows("bot")
    assert (len(row.error), row.error_at, row.username) == (80, school.now, "")
    school.store(
        lambda store: store.bots.seen("z1", "zalo", "Bot X", school.now, joins_groups=False)
    )
    school.store(lambda store: store.bots.trouble("z1", None, school.now))
    [row] = school.rows("bot")
    assert (row.channel, row.username, row.joins_groups) == ("zalo", "Bot X", False)
    assert (row.error, row.error_at) == (None, None)


def test_a_month_begins_at_midnight_of_the_school(sqlite_school: MiniSchool):
    world = sqlite_school.world
    assert month_of(world, local("2026-11-30 23:59")) == "2026-11"
    assert month_of(world, local("2026-12-01 00:00")) == "2026-12"
    assert month_of(world, datetime(2026, 11, 30, 17, 0, tzinfo=UTC)) == "2026-12"
    assert next_month(world, local("2026-11-30 23:59")) == local("2026-12-01 06:30")
    assert next_month(world, local("2026-12-31 23:59")) == local("2027-01-01 06:30")


@pytest.mark.parametrize(
    ("spent", "expected"),
    [
        (0, Level.PLENTY),
        (2399, Level.PLENTY),
        (2400, Level.MOST),
        (2849, Level.MOST),
        (2850, Level.CAREFUL),
        (2884, Level.CAREFUL),
        (2885, Level.SPENT),
        (9999, Level.SPENT),
    ],
)
def test_the_levels_of_the_free_plan(spent: int, expected: Level):
    assert level_of(Used(spent - spent // 3, spent // 3), FREE) is expected


def test_the_reserve_has_a_last_word_for_everybody_and_the_groups_tallies():
    assert reserve(FREE) == 50 * 2 + 3 * 5
    assert reserve(Limits(counts_received=False)) == 50 + 3 * 5
    assert reserve(Limits(messages=100)) == 10, "a small plan is not all reserve"
    only_out = Limits(counts_received=False)
    assert spent_of(Used(1000, 7), only_out) == 7
    assert percent_of(Used(1000, 1399), FREE) == 79
