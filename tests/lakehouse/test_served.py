"""Which model served when, from the snapshots alone."""

from pathlib import Path

import pytest

from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.served import periods, served_before
from lakehouse.snapshots import Snapshot, take
from lakehouse.writes import Commit


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path, LocalEngine())


def lived(lake: Lake, *lives: dict[str, str]) -> list[Snapshot]:
    """A snapshot each."""
    return [
        take(lake, live, Commit(f"run-{at}", f"run-{at}", "snapshot", "me"))
        for at, live in enumerate(lives)
    ]


def test_each_fleet_has_its_own_periods_and_unchanged_snapshots_make_none(lake: Lake) -> None:
    """A model that nothing replaces ends where no snapshot names it any more."""
    taken = lived(lake, {}, {"F": "a"}, {"F": "a"}, {"F": "a", "G": "x"}, {"F": "b"}, {"F": "a"})
    found = [(one.fleet, one.model_id, one.seq, one.run_id) for one in periods(lake)]
    assert found == [("F", "a", 2, "run-1"), ("G", "x", 4, "run-3"), ("F", "b", 5, "run-4"),
                     ("F", "a", 6, "run-5")]  # fmt: skip
    ends = [one.end for one in periods(lake)]
    assert ends == [taken[4].time, taken[4].time, taken[5].time, None]


def test_as_of_a_snapshot_what_came_later_is_not_known(lake: Lake) -> None:
    lived(lake, {"F": "a"}, {"F": "b"})
    assert [(one.model_id, one.end) for one in periods(lake, 1)] == [("a", None)]
    assert periods(lake, 0) == ()


def test_a_roll_back_leads_to_the_model_before_whatever_came_before_that(lake: Lake) -> None:
    lived(lake, {"F": "a"}, {"F": "b"}, {"F": "c"}, {"F": "b"})
    served = periods(lake)
    assert served_before(served, "F", "b") == "c"
    assert served_before(served[:1], "F", "a") is None
