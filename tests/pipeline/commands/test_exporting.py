"""`stillwater export` writes rows of a table to a file."""

from pathlib import Path

import polars as pl
import pytest

from lakehouse.audit import AuditLog
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from tests.lakehouse.frames import part, silver
from tests.pipeline.command import document, quick

NAME = "silver/readings"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two versions of one table."""
    document(tmp_path / "var", "init")
    lake = Lake(tmp_path / "var" / "lake", LocalEngine())
    lake.append(NAME, silver({"a": 3}), part("one"))
    lake.append(NAME, silver({"b": 2}), part("two"))
    return tmp_path / "var"


def test_the_document_says_what_was_written(home: Path, tmp_path: Path) -> None:
    """As of a version, some columns, one engine; the format follows the file's name."""
    file = tmp_path / "some.csv"
    words = ("--version", "1", "--columns", "cycle,sensor_2", "--engine", "F/a")
    told = document(home, "export", NAME, str(file), *words)
    assert (told["version"], told["rows"], told["columns"]) == (1, 3, ["cycle", "sensor_2"])
    assert (told["format"], told["bytes"]) == ("csv", file.stat().st_size)
    assert pl.read_csv(file).height == 3
    whole = document(home, "export", NAME, str(tmp_path / "all.parquet"))
    assert (whole["version"], whole["rows"], whole["format"]) == (2, 5, "parquet")
    entry = AuditLog(home / "audit").entries()[-1]
    assert (entry.action, entry.object) == ("export", f"{NAME}@2")


def test_version_0_is_not_the_newest(home: Path, tmp_path: Path) -> None:
    """It holds nothing, and the audit log and the document say so."""
    told = document(home, "export", NAME, str(tmp_path / "none.csv"), "--version", "0")
    assert (told["version"], told["rows"]) == (0, 0)
    assert AuditLog(home / "audit").entries()[-1].object == f"{NAME}@0"


def test_a_commit_meanwhile_changes_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version that is told is the one whose rows were written."""

    def commit(*_: object) -> None:
        Lake(home / "lake", LocalEngine()).append(NAME, silver({"c": 9}), part("three"))

    monkeypatch.setattr("pipeline.commands.exporting.audited", commit)
    told = document(home, "export", NAME, str(tmp_path / "all.csv"))
    assert (told["version"], told["rows"]) == (2, 5)
    assert pl.read_csv(tmp_path / "all.csv").height == 5


def test_what_is_not_there_is_wrong_usage(home: Path, tmp_path: Path) -> None:
    """Exit code 2, a message, no file."""
    file = tmp_path / "file.csv"
    for words in (("none", str(file)), (NAME, str(file), "--columns", "none"),
                  (NAME, str(file), "--version", "7"),
                  (NAME, str(file), "--engine", "F/")):  # fmt: skip
        assert quick(home, "export", *words).exit_code == 2
    assert not file.exists()
    file.write_text("mine")
    assert quick(home, "export", NAME, str(file)).exit_code == 2
    assert file.read_text() == "mine"
