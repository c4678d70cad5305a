"""`stillwater history` and `stillwater diff`."""

from pathlib import Path

import pytest

from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from tests.lakehouse.frames import part, silver
from tests.pipeline.command import document, quick

NAME = "silver/readings"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with three versions of one table."""
    document(tmp_path / "var", "init")
    lake = Lake(tmp_path / "var" / "lake", LocalEngine())
    lake.append(NAME, silver({"a": 3}), part("one"))
    lake.replace(NAME, silver({"a": 2}, seed=1), {"engine": ["a"]}, part("two"))
    return tmp_path / "var"


def test_history_tells_every_version(home: Path) -> None:
    """With what scripts rely on, and with what can still be read."""
    newest, *_, first = document(home, "history", NAME)
    names = {
        "version", "time", "operation", "run_id", "who",
        "rows_added", "rows_removed", "files_added", "files_removed",
    }  # fmt: skip
    assert names <= newest.keys()
    assert (newest["version"], newest["rows_added"], newest["rows_removed"]) == (2, 2, 3)
    assert (newest["run_id"], newest["who"], newest["readable"]) == ("run", "somebody", True)
    assert first["operation"] == "CREATE TABLE"
    assert document(home, "history", "gold/features") == []


def test_diff_tells_what_changed(home: Path) -> None:
    """Old and new values of changed rows, in both directions."""
    there, back = document(home, "diff", NAME, "1", "2"), document(home, "diff", NAME, "2", "1")
    assert (there["rows_added"], there["rows_removed"], there["rows_changed"]) == (0, 1, 2)
    assert (back["rows_added"], back["rows_removed"], back["rows_changed"]) == (1, 0, 2)
    assert there["engines"] == ["F/a"]
    one = there["changed"][0]
    old, new = one["values"]["sensor_2"]
    assert back["changed"][0]["values"]["sensor_2"] == [new, old]
    assert "silver/readings 1 to 2: +0 -1 ~2 rows" in quick(home, "diff", NAME, "1", "2").stdout
    unknown = quick(home, "diff", NAME, "1", "9")
    assert unknown.exit_code == 2
    assert "silver/readings has no version 9: the newest is 2" in unknown.output
    assert quick(home, "diff", "none", "1", "2").exit_code == 2


def test_diff_says_what_can_no_longer_be_compared(home: Path) -> None:
    """In a sentence, with where to look; not with a library's words."""
    for file in (home / "lake" / NAME).glob("*.parquet"):
        file.unlink()
    gone = quick(home, "diff", NAME, "1", "2", "--json")
    assert gone.exit_code == 2
    assert "between versions 1 and 2 of silver/readings can no longer be read" in gone.stderr
    assert quick(home, "diff", NAME, "1", "2", "--rows", "-1").exit_code == 2
