"""Back-off: counted before a try is looked at, so that many at once gain nothing."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import time_machine

from app.security.throttle import (
    FREE_PER_ADDRESS,
    FREE_PER_USER,
    LONGEST_WAIT,
    Pace,
    begin_try,
    forgive,
)
from lakehouse.users import UserStore

START = 1_800_000_000


def test_many_tries_at_once_are_counted_one_by_one(tmp_path: Path) -> None:
    users = UserStore(tmp_path / "users.sqlite")
    with ThreadPoolExecutor(8) as pool:
        tries = list(pool.map(lambda _: begin_try(users, "ada", "10.0.0.1"), range(24)))
    looked_at = [one for one in tries if one.number is not None]
    assert len(looked_at) == FREE_PER_USER
    assert len({one.number for one in looked_at}) == FREE_PER_USER


def test_the_wait_has_an_end_and_old_tries_are_forgotten(tmp_path: Path) -> None:
    users = UserStore(tmp_path / "users.sqlite")
    with time_machine.travel(START, tick=False) as clock:
        for _ in range(40):
            tried = begin_try(users, "ada", "10.0.0.1")
            assert tried.wait <= LONGEST_WAIT
            clock.shift(tried.wait)
        clock.shift(901)
        free = [begin_try(users, "ada", "10.0.0.1").number for _ in range(FREE_PER_USER)]
        assert None not in free
        rows = users.database.execute("SELECT count(*) FROM tries").fetchone()[0]
        assert rows == FREE_PER_USER


def test_a_right_try_clears_the_name_but_not_the_address(tmp_path: Path) -> None:
    users = UserStore(tmp_path / "users.sqlite")
    with time_machine.travel(START, tick=False):
        for _ in range(FREE_PER_ADDRESS // 4):
            for _ in range(FREE_PER_USER - 1):
                begin_try(users, "ada", "10.0.0.1")
            forgive(users, "ada", begin_try(users, "ada", "10.0.0.1"))
        assert begin_try(users, "bob", "10.0.0.1").number is None
        assert begin_try(users, "bob", "10.0.0.2").number is not None


def test_a_pace_lets_a_minutes_worth_through_and_then_one_at_a_time() -> None:
    with time_machine.travel(START, tick=False) as clock:
        pace = Pace(7)
        assert [pace.wait("a") for _ in range(7)] == [0.0] * 7
        early = pace.wait("a")
        assert 8.5 < early < 8.6
        assert pace.wait("a") == early  # what was refused does not count
        assert pace.wait("b") == 0.0
        clock.shift(early)
        assert [pace.wait("a") > 0 for _ in range(2)] == [False, True]
        clock.shift(3600)
        assert [pace.wait("a") > 0 for _ in range(8)] == [False] * 7 + [True]


def test_a_pace_counts_many_at_once_one_by_one() -> None:
    with time_machine.travel(START, tick=False), ThreadPoolExecutor(8) as pool:
        pace = Pace(5)
        waits = list(pool.map(lambda _: pace.wait("a"), range(24)))
    assert waits.count(0.0) == 5
