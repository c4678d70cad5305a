"""Upkeep of a real table: what a vacuum lets go, and what it says of it."""

from pathlib import Path

import pytest

from lakehouse.commits import DeltaLog
from lakehouse.engines.local import LocalEngine
from lakehouse.engines.upkeep import vacuum
from lakehouse.lake import Lake
from lakehouse.retention import let_go, missing
from tests.lakehouse.frames import part, silver

NAME = "silver/readings"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Versions 1 and 2 append a and b, 3 replaces a, 4 replaces b."""
    lake = Lake(tmp_path, LocalEngine())
    lake.append(NAME, silver({"a": 2}), part("one"))
    lake.append(NAME, silver({"b": 2}), part("two"))
    lake.replace(NAME, silver({"a": 3}, seed=1), {"engine": ["a"]}, part("three"))
    lake.replace(NAME, silver({"b": 3}, seed=1), {"engine": ["b"]}, part("four"))
    return lake


@pytest.mark.parametrize(
    ("keep", "days", "gone"),
    [((), 0, {1, 2, 3}), ((3,), 0, {1, 2}), ((2,), 0, set()), ((), 1, set())],
)
def test_a_vacuum_says_which_versions_it_let_go(
    lake: Lake, keep: tuple[int, ...], days: int, gone: set[int]
) -> None:
    """Those that need a file which it deleted, whatever it was told to keep; no others."""
    path = lake.path(NAME)
    vacuum(path, keep, days, {"run_id": "r"})
    log = DeltaLog(path)
    said = let_go(log.commits())
    assert {version for version in range(5) if said(version)} == gone
    assert {version for version in range(5) if missing(log, version)} == gone
