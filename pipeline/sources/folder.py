"""A watched folder as a stream: a file counts when it is complete, and is taken once."""

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import Any

from pipeline.sources.streams import Batch, BatchLog

_SETTLED = 0.5
_UNFINISHED = (".tmp", ".part", ".ok")
_LOOKED_AT_AGAIN = 5_000
_Key = tuple[str, int, int]


class FolderSource:
    """Files of one watched folder, each taken once by its name, size and time of change.

    A file is complete when ``<name>.ok`` that is not older lies beside it, or when two polls at
    least half a second apart saw it alike. Sub-folders, links, and names that begin with a dot or
    underscore or end with .tmp, .part or .ok are left alone. A taken file that is replaced by
    another is a new one; in a folder of many thousands that is noticed some polls later.

    Attributes:
        pending: whether the last poll saw files that are not complete yet.
        left_out: files that are never taken though they may be meant, and why.

    Args:
        folder: the watched folder; made when it is not there.
        log: which batches were planned from it; closed with this source.
        most_files: so many files are in a batch at most.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        folder: Path,
        log: BatchLog,
        most_files: int = 50,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pending = False
        self.left_out: dict[str, str] = {}
        self._folder = folder.absolute()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._log = log
        self._most = most_files
        self._clock = clock
        self._polls = 0
        self._waiting: dict[_Key, float] = {}
        self._taken: set[_Key] = set()
        self._settled: set[str] = set()
        for batch in log.planned():
            self._take(_keys(batch.content))

    def poll(self) -> Batch | None:
        """The open batch again, else the complete new files, by time of change and name.

        Raises:
            StreamError: another process writes the log.
            OSError: the folder cannot be read, or the log not be written.
        """
        if self._log.open is None:
            complete = sorted(self._complete(), key=lambda key: (key[2], key[0]))[: self._most]
            if not complete:
                return None
            self._log.plan({"files": complete})
            self._take(complete)
        return self._batch()

    def commit(self, batch: Batch) -> None:
        """Say that a batch is in the lake.

        Raises:
            StreamError: no such batch was planned, or another process writes the log.
        """
        self._log.done(batch.number)

    def close(self) -> None:
        """Let the log go."""
        self._log.close()

    def _batch(self) -> Batch | None:
        planned = self._log.open
        if planned is None:
            return None
        names = (name for name, *_ in _keys(planned.content))
        return Batch(planned.number, tuple(str(self._folder / name) for name in names))

    def _take(self, keys: list[_Key]) -> None:
        self._taken.update(keys)
        self._settled.update(name for name, *_ in keys)

    def _complete(self) -> list[_Key]:
        now, entries = self._clock(), self._entries()
        complete, waiting = [], {}
        for name in self._due(entries):
            key = _key(entries[name])
            if why := _why_not(entries[name]):
                self.left_out[name] = why
            if key is None or key in self._taken or name in self.left_out:
                continue
            self._settled.discard(name)
            waiting[key] = self._waiting.get(key, now)
            marker = entries.get(f"{name}.ok")
            if now - waiting[key] >= _SETTLED or (marker and _marks(marker, key)):
                complete.append(key)
        self._waiting = waiting
        self.pending = len(complete) < len(waiting)
        return complete

    def _entries(self) -> dict[str, os.DirEntry[str]]:
        try:
            with os.scandir(self._folder) as entries:
                return {entry.name: entry for entry in entries}
        except FileNotFoundError:
            self._folder.mkdir(parents=True, exist_ok=True)
            return {}

    def _due(self, names: Iterable[str]) -> list[str]:
        """New files at every poll; taken ones in turns, so that old files do not slow new ones."""
        self._polls += 1
        turns = 1 + len(self._settled) // _LOOKED_AT_AGAIN
        turn, settled = self._polls % turns, self._settled
        return [
            name
            for name in names
            if (name not in settled or hash(name) % turns == turn)
            and not name.startswith((".", "_"))
            and not name.endswith(_UNFINISHED)
        ]


def _key(entry: os.DirEntry[str]) -> _Key | None:
    """A regular file as it is now; it may be gone since it was listed."""
    with suppress(FileNotFoundError):
        stat = entry.stat(follow_symlinks=False)
        if S_ISREG(stat.st_mode):
            return entry.name, stat.st_size, stat.st_mtime_ns
    return None


def _why_not(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "a symbolic link"
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        return "a name that is no text (UTF-8)"
    return ""


def _marks(marker: os.DirEntry[str], file: _Key) -> bool:
    """A marker that is older than its file tells of what stood there before."""
    key = _key(marker)
    return key is not None and key[2] >= file[2]


def _keys(content: dict[str, Any]) -> list[_Key]:
    return [(name, size, changed) for name, size, changed in content["files"]]
