"""Tables as TFDV reads them, and clear words where one cannot be read."""

import gzip
from pathlib import Path

import polars as pl
import pytest

from pipeline.sources.faults import Reason, SourceError, UnreadableError
from pipeline.sources.table_csv import read_table, tables


def table(folder: Path, content: str | bytes, name: str = "t.csv") -> pl.DataFrame:
    data = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return read_table(folder / name)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["1", "-2", "+3"], pl.Int64),
        (["1", "2.5"], pl.Float32),
        (["1e3", "nan", "inf"], pl.Float32),
        (["1", "x"], pl.String),
        (["2.5", "x"], pl.String),
        (["1", "99999999999999999999"], pl.String),
        (["", ""], pl.String),
        (["", "7"], pl.Int64),
        (["true", "false"], pl.String),
    ],
)
def test_a_column_has_the_widest_type_of_its_values(
    tmp_path: Path, values: list[str], dtype: pl.DataType
) -> None:
    """Integer, float, text; an empty field is missing and has no type."""
    frame = table(tmp_path, "x,y\n" + "".join(f"{value},1\n" for value in values))
    assert frame.schema == {"x": dtype, "y": pl.Int64}
    assert frame["x"].null_count() == values.count("")


def test_quotes_blank_lines_and_gzip(tmp_path: Path) -> None:
    """A quoted separator is text, a line without anything is none."""
    frame = table(tmp_path, 'line,b\n1,"a, ""b"""\n\n2,\n', "t.csv.gz")
    assert frame.to_dict(as_series=False) == {"line": [1, 2], "b": ['a, "b"', None]}


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    """Its columns are known."""
    assert table(tmp_path, "a,b\n").columns == ["a", "b"]


def test_nasa_s_files_are_known_by_their_names(tmp_path: Path) -> None:
    """Numbers between blanks get the columns of the profile."""
    frame = table(tmp_path, "1 1 " + " ".join(["0.5"] * 24) + "\n", "train_FD001.txt")
    assert frame.columns[:3] == ["engine", "cycle", "setting_1"]
    assert frame.width == 26
    assert table(tmp_path, "112\n98\n", "RUL_FD001.txt")["remaining"].to_list() == [112, 98]


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (b"", Reason.EMPTY, "empty"),
        (b"a,b\n1,2\n3\n", Reason.FIELD_COUNT, "line 3: 2 fields expected, 1 found"),
        (b"a,b\n1,2,3\n4\n", Reason.FIELD_COUNT, r"line 2: .* \(and 1 more lines\)"),
        (b'a,b\n1,"2\n', Reason.FIELD_COUNT, "line 2: quotes"),
        (b"a,a\n1,2\n", Reason.REPEATED_COLUMN, "line 1: twice in the header: 'a'"),
        (b"a,b\n\xff\xfe,2\n", Reason.NOT_TEXT, "UTF-8"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, content: bytes, reason: Reason, words: str
) -> None:
    """File, line, and what was expected."""
    with pytest.raises(UnreadableError, match=words) as caught:
        table(tmp_path, content)
    assert caught.value.fault.reason == reason
    assert "t.csv" in caught.value.fault.detail


def test_a_truncated_gzip_is_named(tmp_path: Path) -> None:
    """Nothing of it is taken for a table."""
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n" * 99)[:-9])
    with pytest.raises(UnreadableError, match=r"t\.csv\.gz"):
        read_table(tmp_path / "t.csv.gz")


def test_a_folder_stands_for_its_tables(tmp_path: Path) -> None:
    """In the order of their names; other files are left alone."""
    for name in ("b.csv", "a.csv.gz", "train_FD001.txt", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    found = tables([tmp_path])
    assert [path.name for path in found] == ["a.csv.gz", "b.csv", "train_FD001.txt"]
    with pytest.raises(SourceError, match="no such file"):
        tables([tmp_path / "gone.csv"])
