"""Files that can be ingested: what the landing folder offers."""

import os
import time
from pathlib import Path

import pytest

from app.queries.deliverable import ingestible, landing_files, says_fleet_and_kind


def old(file: Path) -> None:
    os.utime(file, (time.time() - 60,) * 2)


def test_only_complete_regular_files_of_known_kinds_are_offered(tmp_path: Path) -> None:
    for name in ("a.csv", "b.txt.gz", "c.zip", "d.exe", ".hidden.csv", "new.csv", "marked.csv"):
        (tmp_path / name).write_text("x")
        old(tmp_path / name)
    for name in ("new.csv", "marked.csv"):
        os.utime(tmp_path / name)
    (tmp_path / "marked.csv.ok").touch()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    found = {file.name: file.complete for file in landing_files(tmp_path)}
    assert found == {
        "a.csv": True,
        "b.txt.gz": True,
        "c.zip": True,
        "marked.csv": True,
        "new.csv": False,
    }


def test_a_missing_folder_offers_nothing(tmp_path: Path) -> None:
    assert landing_files(tmp_path / "absent") == ()
    (tmp_path / "file").touch()
    assert landing_files(tmp_path / "file") == ()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("train_FD001.txt", True),
        ("final_test.txt", True),
        ("test_FD002_5digits.txt.gz", True),
        ("RUL_FD004.txt", True),
        ("anything.zip", True),
        ("train_FD001.csv", False),
        ("readings.parquet", False),
        ("xtrain_FD001.txt", False),
    ],
)
def test_what_a_name_says(name: str, says: bool) -> None:
    assert says_fleet_and_kind(name) is says
    assert ingestible(name)
