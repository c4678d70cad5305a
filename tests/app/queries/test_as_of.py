"""A number, a time and a day name the snapshot that was the newest then."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.queries.as_of import resolve
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.snapshots import pin, take
from lakehouse.writes import Commit


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Three snapshots."""
    lake = Lake(tmp_path_factory.mktemp("lake"), LocalEngine())
    for number in range(3):
        take(lake, {}, Commit(f"run-{number}", f"run-{number}", "Snapshot", "me", {}, "snapshot"))
    return lake


def test_nothing_means_now(lake: Lake) -> None:
    """An empty field goes back to now."""
    assert resolve(lake, " ") is None


def test_a_number_is_a_snapshot(lake: Lake) -> None:
    """One that exists."""
    assert resolve(lake, "2") == 2
    with pytest.raises(LookupError, match="no snapshot 99"):
        resolve(lake, "99")


def test_a_time_is_the_newest_snapshot_taken_by_then(lake: Lake) -> None:
    """Exactly when it was taken it was there, a moment before it was not."""
    taken = pin(lake, 2).snapshot.time
    assert taken is not None
    assert resolve(lake, taken.isoformat()) == 2
    assert resolve(lake, (taken - timedelta(microseconds=1)).isoformat()) == 1
    assert resolve(lake, taken.replace(tzinfo=None).isoformat(sep=" ")) == 2
    assert resolve(lake, f"{taken:%Y-%m-%d}") == 3
    # As pages print it: the second in which it was taken is over.
    assert (resolve(lake, f"{taken:%Y-%m-%d %H:%M:%S}") or 0) >= 2


def test_before_the_first_one_is_said_with_its_time(lake: Lake) -> None:
    """Never the first one in its place."""
    with pytest.raises(LookupError, match="the first is of"):
        resolve(lake, "2001-01-01")


@pytest.mark.parametrize("text", ["yesterday", "-1", "2026-13-01", "9" * 40])
def test_anything_else_is_told_what_to_write(lake: Lake, text: str) -> None:
    """With an example of both."""
    with pytest.raises(LookupError, match="such as 42"):
        resolve(lake, text)


def test_the_empty_lake_has_none(tmp_path: Path) -> None:
    """No time finds one."""
    with pytest.raises(LookupError, match="none at all"):
        resolve(Lake(tmp_path, LocalEngine()), "2026-11-20 10:00")
