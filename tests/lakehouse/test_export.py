"""Rows of a table as files for others."""

import io
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from deltalake import DeltaTable

from lakehouse.commits import DeltaLog
from lakehouse.engines.local import LocalEngine
from lakehouse.export import (
    GoneError,
    NotThereError,
    Selection,
    SelectionError,
    chunks,
    engine_of,
    origin,
    page,
    resolved,
    selected,
    write,
)
from lakehouse.lake import Lake
from lakehouse.row_files import Format
from lakehouse.snapshots import take
from tests.lakehouse.frames import part, rows, silver

NAME = "silver/readings"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake", LocalEngine())
    lake.append(NAME, silver({"a": 3, "b": 2}), part("one"))
    lake.append(NAME, silver({"c": 2}), part("two"))
    return lake


def test_a_version_some_columns_and_one_engine(lake: Lake, tmp_path: Path) -> None:
    """Parquet holds exactly what the table holds."""
    assert write(lake, Selection(NAME, 1), tmp_path / "all.parquet", "parquet")
    whole = pl.read_parquet(tmp_path / "all.parquet").sort("fleet", "engine", "cycle")
    assert whole.equals(rows(lake.scan(NAME, 1)))
    some = Selection(NAME, None, ("cycle", "sensor_2"), "F", "c")
    assert selected(lake, some).collect().columns == ["cycle", "sensor_2"]
    assert selected(lake, some).collect().height == 2


def test_what_is_not_there_is_named(lake: Lake, tmp_path: Path) -> None:
    """Table, version, column; and no file is written over."""
    take(lake, {}, part("snapshot"))
    for what, told in (
        (Selection("silver/none"), "is no table"),
        (Selection(NAME, 9), "the newest is 2"),
        (Selection("gold/predictions", 0), "does not exist yet"),
        (Selection(NAME, columns=("nothing",)), "no column 'nothing'"),
        (Selection("ops/snapshots", engine="a"), "no column 'engine'"),
    ):
        with pytest.raises(SelectionError, match=told):
            selected(lake, what)
    (tmp_path / "there").write_text("mine")
    with pytest.raises(FileExistsError):
        write(lake, Selection(NAME), tmp_path / "there", "csv")
    assert (tmp_path / "there").read_text() == "mine"


def features(transform: str, cycles: int) -> nw.LazyFrame[Any]:
    """Rows of gold/features, which lies in a folder a transform."""
    frame = pl.DataFrame({"cycle": range(1, cycles + 1)}, schema={"cycle": pl.Int64})
    keys = {"fleet": "F", "engine": "a", "transform_id": transform, "regime": 0}
    wide = frame.with_columns(**{name: pl.lit(value) for name, value in keys.items()})
    return nw.from_native(wide.with_columns(mean=pl.col("cycle").cast(pl.Float32)).lazy())


@pytest.mark.parametrize("name", [NAME, "gold/features"])
@pytest.mark.parametrize("limit", [1, 3, 4, 100])
def test_pages_hold_every_row_once_in_the_order_of_the_whole(
    lake: Lake, name: str, limit: int
) -> None:
    """Over several files and folders, wherever a page ends."""
    for transform, cycles in (("t2", 4), ("t1", 5), ("t3", 2)):
        lake.append("gold/features", features(transform, cycles), part(transform))
    what = resolved(lake, Selection(name))
    whole = selected(lake, what).collect()
    assert whole.height > 6
    got = [page(lake, what, first, limit) for first in range(0, whole.height + limit, limit)]
    assert [one.height for one in got if one.height > limit] == []
    assert got[-1].is_empty()
    assert pl.concat(got).equals(whole)


def test_the_order_of_a_version_is_not_that_of_its_log(lake: Lake) -> None:
    """A checkpoint lists the files in another order; a page that comes later fits still."""
    for number in range(9):
        lake.append(NAME, silver({f"e{number}": 2}), part(f"e{number}"))
    what = resolved(lake, Selection(NAME))
    before = selected(lake, what).collect()
    listed = list(DeltaLog(lake.path(NAME)).at(11).files)
    DeltaTable(lake.path(NAME)).create_checkpoint()
    for version in range(11):
        (lake.path(NAME) / "_delta_log" / f"{version:020d}.json").unlink()
    assert list(DeltaLog(lake.path(NAME)).at(11).files) != listed
    assert selected(lake, what).collect().equals(before)


def test_rows_of_one_engine_come_in_the_order_of_its_cycles(lake: Lake) -> None:
    """Whichever file holds which of them."""
    for first in (31, 11, 21):
        lake.append(NAME, silver({"late": 10}, first=first), part(f"from {first}"))
    found = selected(lake, Selection(NAME, columns=("cycle",), fleet="F", engine="late"))
    assert found.collect()["cycle"].to_list() == list(range(11, 41))
    assert page(lake, Selection(NAME, engine="late"), 9, 2)["cycle"].to_list() == [20, 21]


def test_a_version_that_was_let_go_is_told_from_one_that_never_was(lake: Lake) -> None:
    """By a missing file as by a missing commit; other versions stay readable."""
    files = {path.name for path in lake.path(NAME).glob("*.parquet")}
    lake.replace(NAME, silver({"a": 1}), {"engine": ["a", "b", "c"]}, part("three"))
    for name in files:
        (lake.path(NAME) / name).unlink()
    for read in (lambda what: selected(lake, what), lambda what: page(lake, what, 0, 1)):
        with pytest.raises(GoneError, match="1 of its 1 data files are gone; the table's history"):
            read(Selection(NAME, 1))
        with pytest.raises(NotThereError, match="the newest is 3"):
            read(Selection(NAME, 4))
        with pytest.raises(NotThereError):
            read(Selection(NAME, -1))
    assert selected(lake, Selection(NAME)).collect().height == 1


def test_a_parquet_file_says_where_its_rows_came_from(lake: Lake, tmp_path: Path) -> None:
    """Table, version and content hash stand in the file itself, as the commit noted them."""
    what = Selection(NAME, 1, ("cycle",))
    assert write(lake, what, tmp_path / "some.parquet", "parquet")
    told = pl.read_parquet_metadata(tmp_path / "some.parquet")
    assert told["stillwater.table"] == NAME
    assert told["stillwater.version"] == "1"
    assert told["stillwater.content_sha256"] == lake.content(NAME, 1).sha256
    assert origin(lake, resolved(lake, Selection(NAME)))["version"] == "2"


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_large_table_comes_in_small_parts(lake: Lake, form: Format) -> None:
    """200,000 rows are never held at once: parts are as large as 10,000 rows, from the first on."""
    engines = {f"e{number:03d}": 500 for number in range(400)}
    lake.append(NAME, silver(engines), part("large"))
    rows = selected(lake, Selection(NAME, columns=("engine", "cycle", "sensor_2")))
    told = list(chunks(rows, form, {"table": NAME, "version": "2"}))
    assert len(told) > 20
    assert max(map(len, told)) < 10_000 * 60
    file = io.BytesIO(b"".join(told))
    found = pl.read_csv(file) if form == "csv" else pl.read_parquet(file)
    assert found.height == 200_007
    assert found.equals(rows.collect())


def test_an_engine_is_named_with_or_without_its_fleet() -> None:
    """Half a name is a mistake, not every row."""
    assert engine_of("") == (None, None)
    assert engine_of("a") == (None, "a")
    assert engine_of("F/a") == ("F", "a")
    for text in ("/", "/a", "F/"):
        with pytest.raises(SelectionError, match="FLEET/ENGINE"):
            engine_of(text)
