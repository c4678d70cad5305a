"""Files that can be ingested: what the landing folder holds, and what a file's name says."""

import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SUFFIXES = (".txt", ".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".zip")
SETTLED = 3.0
MOST_FILES = 500
_SELF_NAMED = re.compile(r"(train|test|final_test|RUL)(_FD\d+)?(_5digits|_truncated)?\.txt(\.gz)?")


@dataclass(frozen=True)
class LandingFile:
    """One file of the landing folder.

    Attributes:
        name: its name, without a folder.
        bytes: its size.
        modified: when it was last written to.
        complete: nobody has written to it for a few seconds, or its ``.ok`` marker is there.
    """

    name: str
    bytes: int
    modified: datetime
    complete: bool


def landing_files(folder: Path) -> tuple[LandingFile, ...]:
    """Regular files of the landing folder that can be ingested, by name; links are left out."""
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if entry.is_file(follow_symlinks=False)]
            names = {entry.name for entry in found}
            files = [_file(entry, names) for entry in found if ingestible(entry.name)]
    except OSError:
        return ()
    return tuple(sorted(files, key=lambda file: file.name)[:MOST_FILES])


def ingestible(name: str) -> bool:
    """Whether a file of this name is of a kind that a reader knows."""
    plain = name.lower().removesuffix(".gz")
    return not name.startswith(".") and plain.endswith(SUFFIXES)


def says_fleet_and_kind(name: str) -> bool:
    """Whether the name alone says fleet and kind; an archive's members say it themselves."""
    return name.lower().endswith(".zip") or _SELF_NAMED.fullmatch(name) is not None


def _file(entry: os.DirEntry[str], names: set[str]) -> LandingFile:
    stat = entry.stat(follow_symlinks=False)
    settled = time.time() - stat.st_mtime >= SETTLED
    return LandingFile(
        entry.name,
        stat.st_size,
        datetime.fromtimestamp(stat.st_mtime, UTC),
        settled or f"{entry.name}.ok" in names,
    )
