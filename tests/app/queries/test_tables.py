"""The data catalogue on real Delta tables."""

from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from app.queries.tables import LAYERS, Entry, catalogue
from lakehouse.commits import DeltaLog
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.owners import OWNERS
from lakehouse.snapshots import Pinned, Snapshot, pin
from lakehouse.tables import TABLES
from tests.lakehouse.frames import part, silver

NAME = "silver/readings"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path, LocalEngine())
    lake.append(NAME, silver({"a": 3}), part("one"))
    lake.append(NAME, silver({"b": 2}), part("two"))
    return lake


def entry(pinned: Pinned, name: str, as_of: int | None = None) -> Entry:
    return next(each for each in catalogue(pinned, as_of) if each.table.name == name)


def test_every_table_has_an_owner_and_a_layer_that_is_explained() -> None:
    """A new table says who answers for it."""
    assert OWNERS.keys() == TABLES.keys()
    assert {name.partition("/")[0] for name in TABLES} == LAYERS.keys()


def test_a_table_says_how_it_stands(lake: Lake) -> None:
    """Rows, size, files, versions, and who wrote the newest one."""
    found = entry(pin(lake), NAME)
    assert found.newest
    assert (found.newest.version, found.versions, found.newest.rows) == (2, 3, 5)
    assert (found.newest.files, found.newest.run_id, found.newest.node) == (2, "run", "Clean")
    files = DeltaLog(lake.path(NAME)).at(2).files.values()
    assert found.newest.bytes == sum((lake.path(NAME) / f.file).stat().st_size for f in files)
    assert found.layer == "silver"


def test_every_table_is_there_whether_written_or_not(lake: Lake) -> None:
    """In the order of the contracts."""
    every = catalogue(pin(lake), None)
    assert [each.table.name for each in every] == list(TABLES)
    assert [each.table.name for each in every if each.newest] == [NAME]


def test_a_snapshot_shows_the_version_that_it_names(lake: Lake) -> None:
    """What it does not name was not there; ops/* stand in no snapshot."""
    pinned = Pinned(lake, Snapshot(1, versions={NAME: 1}))
    found = entry(pinned, NAME, as_of=1)
    assert found.newest
    assert (found.newest.version, found.newest.rows, found.versions) == (1, 3, 2)
    assert entry(Pinned(lake, Snapshot(1)), NAME, as_of=1).newest is None
    newest = entry(pinned, NAME).newest
    assert newest is not None and newest.version == 2


def test_columns_beyond_the_contract_are_counted(lake: Lake) -> None:
    """A model's features."""
    key = {"fleet": ["F"], "engine": ["a"], "cycle": [1], "transform_id": ["t"], "regime": [0]}
    frame = nw.from_native(pl.LazyFrame(key | {"x": [1.0], "y": [2.0]}))
    lake.append("gold/features", frame, part("one"))
    assert entry(pin(lake), "gold/features").more_columns == 2


def test_a_broken_log_is_told_at_its_table_and_the_others_stand(lake: Lake) -> None:
    lake.append("bronze/truth", silver({"a": 1}).select("fleet", "engine", "cycle"), part("t"))
    DeltaLog(lake.path(NAME)).commit_files()[1].write_text("")
    pinned = Pinned(Lake(lake.path(NAME).parent.parent, LocalEngine()), Snapshot())
    assert "commit 1: it is empty" in entry(pinned, NAME).problem
    newest = entry(pinned, "bronze/truth").newest
    assert newest is not None and newest.rows == 1
