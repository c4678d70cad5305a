"""Pinned snapshots are read once and never served out of date."""

from pathlib import Path

import pytest

from app.queries import pins
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.snapshots import take
from lakehouse.writes import Commit


def test_a_new_snapshot_shows_at_once(tmp_path: Path) -> None:
    lake = Lake(tmp_path, LocalEngine())
    assert pins.pinned(lake).snapshot.seq == 0
    for number in (1, 2):
        take(lake, {}, Commit(f"run-{number}", "r", "Snapshot", "cli:test"))
        assert pins.pinned(lake).snapshot.seq == number
    assert pins.pinned(lake, 1).snapshot.seq == 1


def test_a_snapshot_that_does_not_exist_is_refused_until_it_does(tmp_path: Path) -> None:
    lake = Lake(tmp_path, LocalEngine())
    with pytest.raises(LookupError):
        pins.pinned(lake, 1)
    take(lake, {}, Commit("run-1", "r", "Snapshot", "cli:test"))
    assert pins.pinned(lake, 1).snapshot.seq == 1
