"""Which tables of a snapshot can no longer be read."""

import shutil
from pathlib import Path

from app.queries.let_go import let_go
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.snapshots import pin


def test_a_table_of_which_a_file_is_gone_is_named_with_its_version(
    tmp_path: Path, small_lake: Path
) -> None:
    """Only those that were asked about, all of them by default."""
    folder = Path(shutil.copytree(small_lake, tmp_path / "lake"))
    pinned = pin(Lake(folder, LocalEngine()), 1)
    assert let_go(pinned) == ()
    next((folder / "gold" / "engine_status").rglob("*.parquet")).unlink()
    version = pinned.version("gold/engine_status")
    assert let_go(pinned) == (f"gold/engine_status v{version}",)
    assert let_go(pinned, ["silver/readings", "gold/never"]) == ()


def test_a_log_that_no_longer_reaches_a_version_counts_as_gone(
    tmp_path: Path, small_lake: Path
) -> None:
    """As when its first commits have expired."""
    folder = Path(shutil.copytree(small_lake, tmp_path / "lake"))
    pinned = pin(Lake(folder, LocalEngine()), 1)
    for commit in (folder / "silver" / "readings" / "_delta_log").glob("*.json"):
        commit.unlink()
    assert let_go(pinned, ["silver/readings"]) != ()
