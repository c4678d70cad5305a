"""What files and commits hashed to when they came, so that a flipped byte is found years later."""

import polars as pl

from lakehouse.artifacts import file_sha256
from lakehouse.commits import DeltaLog
from lakehouse.lake import Lake
from lakehouse.tables import FILES, TABLES
from lakehouse.writes import Commit
from pipeline.steps.frames import collect, lazy


def record_files(lake: Lake, commit: Commit) -> int:
    """Hash the files and commits that came since the last time and write them to ops/files.

    Those of the book-keeping too: its own newest file can only be noted the next time.

    Returns:
        How many were hashed.
    """
    known = collect(lake.scan(FILES.name))
    rows = [row for name in TABLES for row in _new_files(lake, name, known)]
    if rows:
        frame = pl.DataFrame(rows, list(FILES.column_names), orient="row")
        lake.append(FILES.name, lazy(frame), commit)
    return len(rows)


def _new_files(lake: Lake, name: str, known: pl.DataFrame) -> list[tuple[str, int, str, int, str]]:
    version = lake.version(name)
    if version is None:
        return []
    mine = known.filter(pl.col("table") == name)
    after = -1 if mine.is_empty() else int(str(mine["version"].max()))
    root, log = lake.path(name), DeltaLog(lake.path(name))
    paths = [(file.version, file.path) for file in lake.added(name, after, version)]
    # A checkpoint may be written long after the commits that it sums up, and there were commits
    # before they were noted.
    told = [(each, file) for each, file in log.commit_files().items() if each <= version]
    told += [(each, file) for each, parts in log.checkpoints().items() for file in parts]
    named = ((each, file.relative_to(root).as_posix()) for each, file in told)
    there = frozenset(mine["path"])
    paths += [(each, path) for each, path in named if path not in there]
    return [
        (name, each, path, (root / path).stat().st_size, file_sha256(root / path))
        for each, path in paths
    ]
