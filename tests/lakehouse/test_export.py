"""Rows of a table as files for others."""

import csv
import io
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.engines.local import LocalEngine
from lakehouse.export import Selection, SelectionError, csv_chunks, selected, write
from lakehouse.lake import Lake
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
    assert write(selected(lake, Selection(NAME, 1)), tmp_path / "all.parquet", "parquet")
    whole = pl.read_parquet(tmp_path / "all.parquet").sort("fleet", "engine", "cycle")
    assert whole.equals(rows(lake.scan(NAME, 1)))
    some = Selection(NAME, None, ("cycle", "sensor_2"), "F", "c")
    assert selected(lake, some).collect().columns == ["cycle", "sensor_2"]
    assert selected(lake, some).collect().height == 2


def test_what_is_not_there_is_named(lake: Lake, tmp_path: Path) -> None:
    """Table, version, column; and no file is written over."""
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
        write(selected(lake, Selection(NAME)), tmp_path / "there", "csv")
    assert (tmp_path / "there").read_text() == "mine"


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5), st.floats(allow_nan=False))
def test_no_cell_of_a_csv_is_a_formula(texts: list[str], number: float) -> None:
    """Text comes back as it was, or with one apostrophe in front; numbers stay numbers."""
    texts = [text.replace("\0", "") for text in texts]
    frame = pl.LazyFrame({"text": texts, "number": [number] * len(texts)})
    told = b"".join(csv_chunks(frame)).decode()
    found = list(csv.reader(io.StringIO(told, newline="")))[1:]
    for text, (cell, value) in zip(texts, found, strict=True):
        assert cell in (text, f"'{text}")
        assert float(value) == number
        if cell and cell[0] in "=+-@\t\r\n":
            float(cell)  # only a plain number may begin with a sign


def test_formulas_are_disarmed_and_numbers_are_not(lake: Lake) -> None:
    """The classic ones, in a real table."""
    texts = ["=1+1", "+SUM(A1)", "-2+3", "@cmd", "\t=x", "-5.2", "plain", None]
    frame = pl.LazyFrame({"delivery_id": [f"d{i}" for i in range(8)], "reason": texts})
    lake.append("bronze/deliveries", nw.from_native(frame), part("d"))
    what = Selection("bronze/deliveries", columns=("reason",))
    lines = b"".join(csv_chunks(selected(lake, what))).decode().splitlines()
    assert lines[0] == "reason"
    assert lines[1:5] == ['"\'=1+1"', '"\'+SUM(A1)"', '"\'-2+3"', '"\'@cmd"']
    assert lines[5:] == ['"\'\t=x"', '"-5.2"', '"plain"', '""'] or lines[8] == ""
