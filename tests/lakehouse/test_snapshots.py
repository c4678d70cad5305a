"""Snapshots of the lake."""

from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.snapshots import pin, take
from tests.lakehouse.frames import part, rows, silver


def test_a_pinned_page_does_not_see_later_writes(tmp_path: Path) -> None:
    """Every read of one snapshot is of the same versions."""
    lake = Lake(tmp_path, LocalEngine())
    assert pin(lake).snapshot.seq == 0
    assert pin(lake).scan("silver/readings").collect("polars").shape[0] == 0
    lake.append("silver/readings", silver({"a": 3}), part("one"))
    first = take(lake, {"F": "f-1"}, part("s1"))
    lake.append("silver/readings", silver({"b": 3}), part("two"))
    assert rows(pin(lake).scan("silver/readings")).height == 3
    second = take(lake, {"F": "f-2"}, part("s2"))
    assert (first.seq, second.seq) == (1, 2)
    assert rows(pin(lake, 1).scan("silver/readings")).height == 3
    assert rows(pin(lake, 2).scan("silver/readings")).height == 6
    assert pin(lake, 1).snapshot.live == {"F": "f-1"}


def test_the_same_work_takes_one_snapshot(tmp_path: Path) -> None:
    """A repeated last act adds nothing."""
    lake = Lake(tmp_path, LocalEngine())
    take(lake, {}, part("s"))
    assert take(lake, {}, replace(part("s"), run_id="again")).seq == 1


def test_a_number_that_was_never_taken_is_refused(tmp_path: Path) -> None:
    """An as-of link to nothing says so."""
    with pytest.raises(LookupError, match="7"):
        pin(Lake(tmp_path, LocalEngine()), 7)
