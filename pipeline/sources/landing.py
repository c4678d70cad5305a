"""The landing folder: which of its files are complete, and the path of one that was chosen.

It knows nothing of the pipeline: a name is only ever compared with what the folder lists, so no
text from outside becomes a path.
"""

import os
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

READY = ".ok"
PAUSE_SECONDS = 1.0
_HIDDEN = (".", "~")
_GROWING = (".part", ".tmp", ".crdownload", READY)


class NotInLandingError(LookupError):
    """The folder lists no complete file of that name."""


@dataclass(frozen=True)
class Seen:
    """One file at one look.

    Attributes:
        size: in bytes.
        mtime_ns: last change, in nanoseconds.
        identity: device and inode: a file that was replaced is another one.
        ready: a marker ``<name>.ok`` beside it says that it is complete.
    """

    size: int
    mtime_ns: int
    identity: tuple[int, int]
    ready: bool


Look = Mapping[str, Seen]


def look(folder: Path) -> dict[str, Seen]:
    """The regular files of a folder by name; links, hidden and growing files are left out.

    A folder that is not there has no files.
    """
    try:
        with os.scandir(folder) as entries:
            stats = {entry.name: _stat(entry) for entry in entries}
    except FileNotFoundError:
        return {}
    return {
        name: Seen(
            found.st_size,
            found.st_mtime_ns,
            (found.st_dev, found.st_ino),
            f"{name}{READY}" in stats,
        )
        for name, found in stats.items()
        if found is not None and stat.S_ISREG(found.st_mode) and _counts(name)
    }


def complete(before: Look, now: Look) -> list[str]:
    """Names of the files that did not change between two looks, or whose marker is there."""
    return sorted(name for name, seen in now.items() if seen.ready or before.get(name) == seen)


def listing(
    folder: Path,
    pause: float = PAUSE_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Names of the complete files, by two looks with a pause between them."""
    before = look(folder)
    if any(not seen.ready for seen in before.values()):
        sleep(pause)
    return complete(before, look(folder))


def chosen(folder: Path, name: str, listed: list[str]) -> Path:
    """The path of a listed file.

    Raises:
        NotInLandingError: the name is not among the listed ones, or the file is gone.
    """
    for known in listed:
        if known == name and known in look(folder):
            return folder / known
    raise NotInLandingError(f"the landing folder lists no file {name!r}")


def _counts(name: str) -> bool:
    return not name.startswith(_HIDDEN) and not name.endswith(_GROWING)


def _stat(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None
