"""The audit log: who did what when, append only and hash-chained.

Each entry holds the sha256 of the one before, so that an edited, deleted or moved line breaks the
chain; a head file holds the newest number and hash, so that a cut tail is found too.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from lakehouse.clock import now

Outcome = Literal["allowed", "refused", "failed"]

_START = "0" * 64
_LONGEST = 2_000


class AuditError(RuntimeError):
    """The entry could not be written, so the action must not be done."""


@dataclass(frozen=True)
class Event:
    """What the log is told.

    Attributes:
        actor: user name, or ``cli:<operating-system user>``, or ``worker``.
        role: the actor's role then; empty where roles do not apply.
        action: verb, such as ``retrain`` or ``sign_in``.
        object: what it was done to, such as ``FD001`` or a run id.
        outcome: allowed, refused (not permitted) or failed (permitted, but it went wrong).
        reason: why, in words.
        request_id: joins the entry with the web server's log.
        before: JSON value that held before a change.
        after: JSON value that holds after it.
    """

    actor: str
    role: str
    action: str
    object: str = ""
    outcome: Outcome = "allowed"
    reason: str = ""
    request_id: str = ""
    before: Any = None
    after: Any = None


@dataclass(frozen=True)
class Entry(Event):
    """An event as it was written: numbered from 1, timed (ISO 8601, UTC) and chained."""

    seq: int = 0
    time: str = ""
    prev: str = _START
    hash: str = ""

    def line(self) -> bytes:
        """The entry as canonical JSON with a line feed."""
        return _canonical(asdict(self)) + b"\n"

    def digest(self) -> str:
        """sha256 of the canonical JSON of everything but the hash itself."""
        values = asdict(self)
        del values["hash"]
        return sha256(_canonical(values)).hexdigest()


@dataclass(frozen=True)
class Verdict:
    """What :meth:`AuditLog.verify` found; ``first_bad`` is the first number that is not whole."""

    ok: bool
    first_bad: int | None = None
    detail: str = ""
    entries: int = 0


@dataclass(frozen=True)
class _Head:
    seq: int
    hash: str
    size: int


class AuditLog:
    """The log in one folder, shared by all processes that use the same home."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "audit.jsonl"
        self._head_file = folder / "head.json"

    def append(self, event: Event) -> Entry:
        """Write one entry; it is on the disk when this returns.

        Raises:
            AuditError: it could not be written; the action must be refused.
        """
        try:
            with self._lock(), _open(self._file) as file:
                head = self._mend(file)
                entry = _chain(event, head)
                size = _write(file, entry.line())
                self._put_head(_Head(entry.seq, entry.hash, size))
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
        parsed = (_parse(line) for line in self._lines())
        found = (entry for entry in parsed if entry is not None and entry.seq > after)
        return list(islice(found, limit))

    def verify(self) -> Verdict:
        """Whether the log is whole, and the first entry that is not."""
        if not self._folder.is_dir():
            return Verdict(ok=True)
        with self._lock():
            head = self._get_head()
            hashes = [_START]
            for line in self._lines():
                if not line.endswith(b"\n") and head is not None and head.seq < len(hashes):
                    break  # a crash left the start of an entry that was never acknowledged
                entry = _parse(line)
                problem = _broken(entry, line, len(hashes), hashes[-1])
                if entry is None or problem:
                    return _bad(len(hashes), problem, len(hashes) - 1)
                hashes.append(entry.hash)
        return _against(head, hashes)

    def held(self) -> contextlib.AbstractContextManager[None]:
        """A block in which nobody adds to the log."""
        return self._lock()

    def _lines(self) -> Iterator[bytes]:
        if self._file.exists():
            with self._file.open("rb") as file:
                yield from file

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _open(self._folder / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _get_head(self) -> _Head | None:
        try:
            return _Head(**json.loads(self._head_file.read_bytes()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def _put_head(self, head: _Head) -> None:
        draft = self._head_file.with_suffix(".new")
        with _open(draft) as file:
            os.ftruncate(file, 0)
            _write(file, _canonical(asdict(head)))
        draft.replace(self._head_file)
        with _opened(os.open(self._folder, os.O_RDONLY)) as folder:
            os.fsync(folder)

    def _mend(self, file: int) -> _Head:
        """The entry to chain to, after what a crash or a stranger left behind is dealt with.

        Whatever was tampered with stays as it is: the chain goes on from the head, so that the
        break can still be found.
        """
        size = os.fstat(file).st_size
        head = self._get_head()
        if head is None:
            # Every log has a head before its first entry; one without has lost it: a new chain.
            seq = sum(1 for _ in self._lines())
            head = _Head(seq, _START, size)
            self._put_head(head)
        tail = os.pread(file, size - head.size, head.size) if size > head.size else b""
        entry = _parse(tail)
        if entry is not None and not _broken(entry, tail, head.seq + 1, head.hash):
            return _Head(entry.seq, entry.hash, size)
        if tail and b"\n" not in tail:
            os.ftruncate(file, head.size)
        elif size and os.pread(file, 1, size - 1) != b"\n":
            _write(file, b"\n")
        return head


def _canonical(values: Any) -> bytes:
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def _chain(event: Event, head: _Head) -> Entry:
    values = {name: _bounded(value) for name, value in vars(event).items()}
    time = now().isoformat(timespec="microseconds").replace("+00:00", "Z")
    entry = Entry(**values, seq=head.seq + 1, time=time, prev=head.hash)
    # Through JSON once, so that what is hashed is what will be read back (tuples, integer keys).
    entry = Entry(**json.loads(_canonical(asdict(entry))))
    return replace(entry, hash=entry.digest())


def _bounded(value: Any) -> Any:
    return value[:_LONGEST] if isinstance(value, str) else value


def _parse(line: bytes) -> Entry | None:
    try:
        values = json.loads(line)
        known = {field.name for field in fields(Entry)}
        whole = set(values) == known and isinstance(values["seq"], int)
        return Entry(**values) if whole else None
    except (ValueError, TypeError, RecursionError):
        return None


def _broken(entry: Entry | None, line: bytes, seq: int, prev: str) -> str:
    """What is wrong with an entry, empty when it is whole."""
    if entry is None:
        return "it cannot be read"
    if entry.seq != seq:
        return f"entry {entry.seq} stands in its place"
    if entry.prev != prev:
        return "it does not follow the entry before it"
    if entry.hash != entry.digest() or entry.line() != line:
        return "it was changed after it was written"
    return ""


def _against(head: _Head | None, hashes: list[str]) -> Verdict:
    """Whether a chain that is whole in itself ends where the head says."""
    seq = len(hashes) - 1
    if head is None:
        return _bad(1, "the head file is missing", seq) if seq else Verdict(ok=True)
    if seq < head.seq:
        return _bad(seq + 1, f"missing, like all up to {head.seq}", seq)
    if hashes[head.seq] != head.hash:
        return _bad(head.seq, "it is not the one that was written", seq)
    # One more is an entry whose writer was killed before it moved the head.
    if seq > head.seq + 1:
        return _bad(head.seq + 1, "it was not written by the log", seq)
    return Verdict(True, entries=seq)


def _bad(seq: int, problem: str, entries: int) -> Verdict:
    return Verdict(False, seq, f"entry {seq}: {problem}", entries)


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
