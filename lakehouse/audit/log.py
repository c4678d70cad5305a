"""The log itself: a file of one entry a line, appended to by whoever uses the home.

Each entry holds the sha256 of the one before, so that an edited, deleted or moved line breaks the
chain; a head file holds the newest number and hash, so that a cut tail is found too.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from threading import Lock

from lakehouse.audit.chain import Chain, Head, Verdict, head_of
from lakehouse.audit.entries import (
    START,
    Entry,
    Event,
    begun,
    broken,
    canonical,
    chained,
    parse,
)


class AuditError(RuntimeError):
    """The entry could not be written, so the action must not be done."""


class AuditLog:
    """The log in one folder, shared by all processes that use the same home."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "audit.jsonl"
        self._head_file = folder / "head.json"
        self._checking = Lock()
        self._chain = Chain()

    def begin(self) -> None:
        """Make sure that there is a log: from then on a missing one is no empty one."""
        with self._lock():
            if self._get_head() is None and not self._size():
                self._put_head(Head(0, START, 0))

    def append(self, event: Event) -> Entry:
        """Write one entry; it is on the disk when this returns.

        Raises:
            AuditError: it could not be written; the action must be refused.
        """
        try:
            with self._lock(), _open(self._file) as file:
                head = self._mend(file)
                entry = chained(event, head.seq, head.hash)
                before = os.fstat(file).st_size
                size = _write(file, entry.line())
                try:
                    self._put_head(Head(entry.seq, entry.hash, size))
                except OSError:
                    # What is refused must not stand there as done.
                    os.ftruncate(file, before)
                    raise
                return entry
        except (OSError, ValueError, TypeError) as error:
            raise AuditError(f"the audit log cannot be written: {error}") from error

    def check(self) -> None:
        """Try whether an entry could be written now.

        Raises:
            AuditError: it could not.
        """
        try:
            with self._lock(), _open(self._file):
                pass
        except OSError as error:
            raise AuditError(f"the audit log cannot be written: {error}") from error

    def entries(self, after: int = 0, limit: int | None = None) -> list[Entry]:
        """Entries with a number above ``after``, oldest first; unreadable lines are left out."""
        found = (entry for entry in self.read() if entry.seq > after)
        return list(islice(found, limit))

    def read(self) -> Iterator[Entry]:
        """All entries, oldest first, one at a time; unreadable lines are left out."""
        parsed = (parse(line) for line in self._lines())
        return (entry for entry in parsed if entry is not None)

    def verify(self) -> Verdict:
        """Whether the log is whole, and the first entry that is not.

        Every byte is read each time.

        Raises:
            OSError: the log cannot be read.
        """
        return self.proven()[0]

    def proven(self) -> tuple[Verdict, list[Entry]]:
        """The verdict of :meth:`verify`, and all entries that can be read, oldest first.

        Raises:
            OSError: the log cannot be read.
        """
        if not self._folder.exists():
            return Chain().follow((), None), []
        with self._checking:
            # Only the end is asked for under the lock: what stands before it no longer moves.
            with self._lock():
                head, size = self._get_head(), self._size()
            if not self._holds():
                self._chain = Chain()
            verdict = self._chain.follow(self._lines(self._chain.size, size), head)
            found = list(self._chain.entries)
            beyond = self._lines(self._chain.size, size)
        return verdict, found + [entry for entry in map(parse, beyond) if entry is not None]

    def held(self) -> contextlib.AbstractContextManager[None]:
        """A block in which nobody adds to the log."""
        return self._lock()

    def _lines(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The lines between two places of the file, by default all."""
        if not self._file.exists():
            return
        with self._file.open("rb") as file:
            file.seek(start)
            while line := file.readline(-1 if end is None else end - file.tell()):
                yield line

    def _holds(self) -> bool:
        if not self._file.exists():
            return not self._chain.size
        with self._file.open("rb") as file:
            return self._chain.holds(file)

    def _size(self) -> int:
        return self._file.stat().st_size if self._file.exists() else 0

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _open(self._folder / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _get_head(self) -> Head | None:
        try:
            return head_of(json.loads(self._head_file.read_bytes()))
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None

    def _put_head(self, head: Head) -> None:
        draft = self._head_file.with_suffix(".new")
        with _open(draft) as file:
            os.ftruncate(file, 0)
            _write(file, canonical(asdict(head)))
        draft.replace(self._head_file)
        with _opened(os.open(self._folder, os.O_RDONLY)) as folder:
            os.fsync(folder)

    def _mend(self, file: int) -> Head:
        """The entry to chain to, after what a crash or a stranger left behind is dealt with.

        Whatever was tampered with stays as it is: the chain goes on from the head, so that the
        break can still be found.
        """
        size = os.fstat(file).st_size
        head = self._get_head()
        if head is None:
            # Every log has a head before its first entry; one without has lost it: a new chain.
            seq = sum(1 for _ in self._lines())
            head = Head(seq, START, size)
            self._put_head(head)
        tail = os.pread(file, size - head.size, head.size) if size > head.size else b""
        entry = parse(tail)
        if entry is not None and not broken(entry, tail, head.seq + 1, head.hash):
            return Head(entry.seq, entry.hash, size)
        if tail and begun(tail):
            os.ftruncate(file, head.size)
        elif size and os.pread(file, 1, size - 1) != b"\n":
            _write(file, b"\n")
        return head


@contextlib.contextmanager
def _opened(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open(file: Path) -> contextlib.AbstractContextManager[int]:
    return _opened(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600))


def _write(file: int, data: bytes) -> int:
    """Append and force to disk, or leave the file as it was; returns its new size."""
    before = os.fstat(file).st_size
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    except OSError:
        os.ftruncate(file, before)
        raise
    return before + len(data)
