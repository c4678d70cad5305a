"""Facts of versions, from the log alone."""

from datetime import timedelta
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest
from deltalake import DeltaTable

from lakehouse.commits import BrokenLogError, DeltaLog
from lakehouse.engines.local import LocalEngine
from lakehouse.history import SchemaChange, table_history
from lakehouse.lake import Lake
from tests.lakehouse.frames import part, rows, silver

NAME = "silver/readings"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path, LocalEngine())
    lake.append(NAME, silver({"a": 3}), part("one"))
    lake.merge(NAME, silver({"a": 5}, seed=1), part("two"))
    lake.replace(NAME, silver({"a": 2}), {"engine": ["a"]}, part("three"))
    return lake


def test_a_version_says_who_made_it_and_what_it_changed(lake: Lake) -> None:
    """Rows added, updated and removed; files; the table then."""
    three, two, one, zero = table_history(lake, NAME)
    assert (zero.operation, zero.rows, zero.files) == ("CREATE TABLE", 0, 0)
    assert (one.run_id, one.node, one.who) == ("run", "Clean", "somebody")
    assert (one.rows, one.rows_added, one.rows_updated, one.rows_removed) == (3, 3, 0, 0)
    assert (two.rows, two.rows_added, two.rows_updated, two.rows_removed) == (5, 5, 3, 3)
    assert (three.rows, three.rows_added, three.rows_removed) == (2, 2, 5)
    assert (three.files, three.files_added, three.files_removed) == (1, 1, 1)
    assert three.bytes == three.bytes_added == two.bytes - three.bytes_removed + three.bytes_added
    assert table_history(lake, NAME, until=1) == (one, zero)


def test_rows_written_again_as_they_were_are_not_counted(lake: Lake) -> None:
    """Of an engine's flights that are replaced only those whose values changed are updated."""
    flights = rows(lake.scan(NAME))
    mended = flights.with_columns(sensor_2=pl.when(cycle=2).then(9.0).otherwise("sensor_2"))
    where = {"engine": ["a"]}
    lake.replace(NAME, nw.from_native(mended.lazy()), where, part("mended"))
    lake.replace(NAME, nw.from_native(mended.lazy()), where, part("again"))
    lake.restore(NAME, 2, part("back"))
    back, again, one, *_ = table_history(lake, NAME)
    assert (one.rows, one.rows_added, one.rows_updated, one.rows_removed) == (2, 1, 1, 1)
    assert (again.rows_added, again.rows_updated, again.rows_removed) == (0, 0, 0)
    assert (back.rows, back.rows_added, back.rows_updated, back.rows_removed) == (5, 5, 2, 2)


def test_rows_are_those_that_the_table_holds(lake: Lake) -> None:
    """Noted by the commit or summed up from the log, it is the same."""
    DeltaTable(lake.path(NAME)).delete("cycle = 1")  # a foreign commit notes nothing
    foreign = table_history(lake, NAME)[0]
    assert (foreign.rows, foreign.run_id) == (1, None)


def test_a_version_says_until_when_it_can_be_read(lake: Lake) -> None:
    """From the commit that replaced its files on; for good while it is pinned or the newest."""
    three, two, one, zero = table_history(lake, NAME, days=10, pinned={1: ("m-1",)})
    assert three.kept_until is None and zero.kept_until is None
    assert two.kept_until == three.time + timedelta(days=10)
    assert (one.kept_until, one.pinned_by) == (None, ("m-1",))
    for file in DeltaLog(lake.path(NAME)).at(2).files.values():
        (lake.path(NAME) / file.file).unlink()
    left = table_history(lake, NAME)
    assert [f.readable for f in left] == [True, False, True, True]
    assert left[1].kept_until is None


def test_a_new_column_is_told_by_the_version_that_brought_it(lake: Lake) -> None:
    """And compaction is told apart from a change."""
    key = {"fleet": ["F"], "engine": ["a"], "cycle": [1], "transform_id": ["t"], "regime": [0]}
    for name in ("x", "y"):
        lake.append("gold/features", nw.from_native(pl.LazyFrame(key | {name: [1.0]})), part(name))
    DeltaTable(lake.path("gold/features")).optimize.z_order(["engine"])
    packed, second, first, _ = table_history(lake, "gold/features")
    assert second.schema_changes == (SchemaChange("y", None, "float"),)
    assert first.schema_changes == (SchemaChange("x", None, "float"),)
    assert packed.moved_only and not second.moved_only
    assert (packed.rows, packed.files) == (2, 1)


def test_it_begins_at_a_checkpoint_where_earlier_commits_have_expired(lake: Lake) -> None:
    """Totals are those of the whole table, what is gone is not told."""
    whole = table_history(lake, NAME)
    DeltaTable(lake.path(NAME), version=2).create_checkpoint()
    for version in (0, 1):
        DeltaLog(lake.path(NAME)).commit_files()[version].unlink()
    left = table_history(lake, NAME)
    assert [fact.version for fact in left] == [3, 2]
    assert [(f.files, f.bytes, f.rows) for f in left] == [
        (f.files, f.bytes, f.rows) for f in whole[:2]
    ]
    assert DeltaLog(lake.path(NAME)).at(3).files.keys()
    with pytest.raises(BrokenLogError):
        DeltaLog(lake.path(NAME)).at(1)


def test_a_broken_log_names_the_commit(lake: Lake) -> None:
    """Empty, missing or unreadable."""
    files = DeltaLog(lake.path(NAME)).commit_files()
    files[2].write_text("")
    with pytest.raises(BrokenLogError, match="commit 2: it is empty"):
        table_history(lake, NAME)
    files[2].unlink()
    with pytest.raises(BrokenLogError, match="commit 2: it is missing"):
        table_history(lake, NAME)
