"""Micro-batches for a stream: what each one holds is on the disk before it is given out."""

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lakehouse.failpoints import failpoint

_LOG = "batches.jsonl"


class StreamError(RuntimeError):
    """A stream that cannot go on without a person; the message says what is wrong."""


@dataclass(frozen=True)
class Batch:
    """One micro-batch: its number, from 0 without a gap, and its complete files, in order."""

    number: int
    files: tuple[str, ...]


class Source(Protocol):
    """Where batches come from; one is out at a time, and given out again until it is committed."""

    @property
    def pending(self) -> bool:
        """Whether the last poll saw something that is not complete yet."""
        ...

    def poll(self) -> Batch | None:
        """The next batch; None when nothing complete is there."""
        ...

    def commit(self, batch: Batch) -> None:
        """Say that a batch is in the lake and must not come again."""
        ...

    def close(self) -> None:
        """Let files and connections go; the log stays as it is."""
        ...


@dataclass(frozen=True)
class Planned:
    """One planned batch: its number, from 0, and what its source has to know to repeat it."""

    number: int
    content: dict[str, Any]


class BatchLog:
    """Which batches of a stream were planned, and which of them are done, in one folder.

    One append-only file with a line for each event, so that planning the 100,000th batch costs
    what the first one did: the file is read when the log is opened and never again. A line that a
    crash tore was never acted upon; it is cut off at the next opening.

    Attributes:
        last: the newest planned batch, None before the first.
        open: the batch that was planned and is not done; it must be given out again.

    Args:
        folder: the stream's own folder; made when it is not there.
        source: what the stream reads, in words; a log goes on with the source it began with.

    Raises:
        StreamError: the log is of another source, or broken otherwise than by a crash.
    """

    def __init__(self, folder: Path, source: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / _LOG
        self.last: Planned | None = None
        self.open: Planned | None = None
        self._source: str | None = None
        self._size = 0
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._recover()
            self._belong_to(source)
        except BaseException:
            self.close()
            raise

    def planned(self) -> Iterator[Planned]:
        """Every planned batch from the first on, read from the disk."""
        with self._path.open("rb") as lines:
            for line in lines:
                record = json.loads(line)
                if "plan" in record:
                    yield Planned(record["plan"], record["content"])

    def plan(self, content: dict[str, Any]) -> Planned:
        """Write down the next batch; once this returns, a crash does not change it any more.

        Raises:
            StreamError: the batch before it is not done yet, or another process writes the log.
            OSError: it could not be written; the log is closed, open it anew.
        """
        if self.open is not None:
            raise StreamError(f"batch {self.open.number} of {self._path} is not done yet")
        batch = Planned(0 if self.last is None else self.last.number + 1, content)
        self._append({"plan": batch.number, "content": content})
        self.last = self.open = batch
        failpoint("stream.planned")
        return batch

    def done(self, number: int) -> None:
        """Write down that a batch was committed; saying it twice is no error.

        Raises:
            StreamError: no such batch was planned, or another process writes the log.
            OSError: it could not be written; the log is closed, open it anew.
        """
        newest = -1 if self.last is None else self.last.number
        if not 0 <= number <= newest:
            raise StreamError(f"batch {number} of {self._path} was never planned")
        if self.open is None or number < self.open.number:
            return
        failpoint("stream.before_done")
        self._append({"done": number})
        self.open = None

    def close(self) -> None:
        """Let the file go; nothing is lost by not doing so."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _recover(self) -> None:
        """Read what is there and cut off the line that a crash tore."""
        with self._path.open("rb") as lines:
            for line in lines:
                record = _record(line)
                if record is None:
                    # Only the newest line can be torn: each was synced before the next began.
                    if lines.read(1):
                        raise StreamError(f"{self._path}: broken at byte {self._size}")
                    break
                self._take(record)
                self._size += len(line)
        os.ftruncate(self._file, self._size)

    def _take(self, record: dict[str, Any]) -> None:
        number = -1 if self.last is None else self.last.number
        if "source" in record and self._size == 0:
            self._source = record["source"]
        elif self.open is None and record.get("plan") == number + 1:
            self.last = self.open = Planned(number + 1, record["content"])
        elif self.open is not None and record.get("done") == number:
            self.open = None
        else:
            raise StreamError(f"{self._path}: not in order at byte {self._size}")

    def _belong_to(self, source: str) -> None:
        if self._source is None:
            self._append({"source": source})
            _sync(self._path.parent)
        elif self._source != source:
            raise StreamError(
                f"{self._path} is the log of {self._source}, not of {source}: a stream keeps its "
                "source; start another stream, or name the source that it began with"
            )

    def _append(self, record: dict[str, Any]) -> None:
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        if self._file < 0:
            raise StreamError(f"{self._path}: the log is closed")
        if os.fstat(self._file).st_size != self._size:
            raise StreamError(f"{self._path}: another process writes it")
        try:
            if os.write(self._file, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
            os.fsync(self._file)
        except OSError:
            # How much of it is on the disk is not known: the next opening finds out.
            self.close()
            raise
        self._size += len(line)


def _record(line: bytes) -> dict[str, Any] | None:
    """An event; None for a line that was not written whole."""
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def land(path: Path, content: bytes) -> None:
    """Put a file into a watched folder: nobody ever sees a part of it."""
    aside = path.with_name(f".{path.name}.part")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    _sync(path.parent)
