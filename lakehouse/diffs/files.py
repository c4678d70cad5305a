"""Which data files hold the rows in which two versions of a table differ.

Two exact answers, and the one with fewer bytes is taken. The *state*: files of one version that are
not among those of the other. The *log*: files that data-changing commits between them added or
removed, which leaves out whatever a compaction only moved (Delta marks it ``dataChange`` false).
Files of equal content and partition on both sides cancel out.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehouse.commits import DataFile, DeltaLog

Hashes = Mapping[str, str]
"""Path of a data file to the sha256 that was noted of it."""


@dataclass(frozen=True)
class FileDiff:
    """Files whose rows went and files whose rows came; a row in both has not changed.

    Attributes:
        gone: files that hold rows of the earlier version.
        came: files that hold rows of the later version.
        shared: files that both versions have.
    """

    gone: tuple[DataFile, ...]
    came: tuple[DataFile, ...]
    shared: int = 0

    @property
    def bytes(self) -> int:
        """Bytes to read."""
        return sum(file.bytes for file in (*self.gone, *self.came))

    @property
    def reversed(self) -> "FileDiff":
        """The way back."""
        return FileDiff(self.came, self.gone, self.shared)


def file_diff(log: DeltaLog, before: int, after: int, hashes: Hashes) -> FileDiff:
    """The files to read for a diff of two versions, in either order.

    Raises:
        BrokenLogError: the log does not reach one of the versions.
    """
    if before > after:
        return file_diff(log, after, before, hashes).reversed
    old, new = log.at(before).files, log.at(after).files
    shared = len(old.keys() & new.keys())
    by_state = _without_copies(
        [file for path, file in old.items() if path not in new],
        [file for path, file in new.items() if path not in old],
        hashes,
    )
    ways = [by_state, _by_log(log, before, after, hashes)]
    readable = [way for way in ways if way is not None and _all_there(log.path, way)]
    best = min(readable, key=lambda way: sum(f.bytes for f in (*way[0], *way[1])), default=by_state)
    return FileDiff(tuple(best[0]), tuple(best[1]), shared)


_Way = tuple[list[DataFile], list[DataFile]]
_Mark = tuple[object, ...]
_Marks = Callable[[DataFile], _Mark]


def _by_log(log: DeltaLog, before: int, after: int, hashes: Hashes) -> _Way | None:
    """Net of what data-changing commits added and removed; None where it does not add up."""
    net: Counter[str] = Counter()
    files: dict[str, DataFile] = {}
    for commit in log.commits(before, after):
        for sign, changes in ((-1, commit.removed), (1, commit.added)):
            for change in changes:
                # What a later action says of a file without a row count must not hide it.
                known = files.get(change.file.path)
                if known is None or known.rows is None:
                    files[change.file.path] = change.file
                net[change.file.path] += sign if change.data else 0
    if any(abs(count) > 1 for count in net.values()):
        return None
    gone = [files[path] for path, count in net.items() if count < 0]
    return _without_copies(gone, [files[p] for p, n in net.items() if n > 0], hashes)


def _without_copies(gone: list[DataFile], came: list[DataFile], hashes: Hashes) -> _Way:
    """Without pairs of files that hold the very same bytes for the same partition."""

    def mark(file: DataFile) -> _Mark:
        return hashes.get(file.path, file.path), *sorted(file.partitions.items())

    left = Counter(mark(file) for file in gone)
    both = left & Counter(mark(file) for file in came)
    return _less(gone, both, mark), _less(came, both, mark)


def _less(files: Iterable[DataFile], both: Counter[_Mark], mark: _Marks) -> list[DataFile]:
    rest, kept = Counter(both), []
    for file in files:
        key = mark(file)
        if rest[key]:
            rest[key] -= 1
        else:
            kept.append(file)
    return kept


def _all_there(folder: Path, way: _Way) -> bool:
    return all((folder / file.file).is_file() for file in (*way[0], *way[1]))
