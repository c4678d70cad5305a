"""What stands in the audit log: events as they were told, entries as they were written."""

import json
import secrets
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from typing import Any, Literal

from lakehouse.clock import now

Outcome = Literal["allowed", "refused", "failed"]

START = "0" * 64
FIRST_START = "first start"
"""Who asks for what a new home begins with: nobody in person, by whoever's command starts it."""
_LONGEST = 2_000


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
        request_id: joins the entry with others of the same request, and the web server's log.
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


def new_request() -> str:
    """A number for a request that nobody else has."""
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Entry(Event):
    """An event as it was written: numbered from 1, timed (ISO 8601, UTC) and chained."""

    seq: int = 0
    time: str = ""
    prev: str = START
    hash: str = ""

    def line(self) -> bytes:
        """The entry as canonical JSON with a line feed."""
        return canonical(vars(self)) + b"\n"

    def digest(self) -> str:
        """sha256 of the canonical JSON of everything but the hash itself."""
        values = dict(vars(self))
        del values["hash"]
        return sha256(canonical(values)).hexdigest()


COLUMNS = tuple(field.name for field in fields(Entry))
TEXTS = tuple(name for name in COLUMNS if name not in ("seq", "before", "after"))
_KNOWN = frozenset(COLUMNS)
_MOST = 2**53
_BEGIN = b'{"' + min(COLUMNS).encode() + b'":'


def canonical(values: Any) -> bytes:
    """JSON with sorted keys, no spaces and nothing but ASCII: the same bytes for the same values.

    Raises:
        ValueError: a number is not finite.
        TypeError: JSON has no word for a value.
    """
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def chained(event: Event, seq: int, prev: str) -> Entry:
    """The event as the entry after number ``seq``, whose hash is ``prev``."""
    values = {name: _bounded(value) for name, value in vars(event).items()}
    time = now().isoformat(timespec="microseconds").replace("+00:00", "Z")
    entry = Entry(**values, seq=seq + 1, time=time, prev=prev)
    # Through JSON once, so that what is hashed is what will be read back (tuples, integer keys).
    entry = Entry(**json.loads(canonical(vars(entry))))
    return replace(entry, hash=entry.digest())


def parse(line: bytes) -> Entry | None:
    """The entry that a line holds, None when it holds none."""
    try:
        values = json.loads(line)
        seq = values["seq"]
        whole = values.keys() == _KNOWN and type(seq) is int and 0 < seq < _MOST
        texts = whole and all(isinstance(values[name], str) for name in TEXTS)
        return Entry(**values) if texts else None
    except (LookupError, ValueError, TypeError, RecursionError):
        return None


def begun(tail: bytes) -> bool:
    """Whether bytes without an end of line may be what a crash left of an entry."""
    return b"\n" not in tail and (tail.startswith(_BEGIN) or _BEGIN.startswith(tail))


def broken(entry: Entry | None, line: bytes, seq: int, prev: str) -> str:
    """What is wrong with an entry in the place ``seq``, empty when it is whole."""
    if entry is None:
        return "it cannot be read"
    if entry.seq != seq:
        return f"entry {entry.seq} stands in its place"
    if entry.prev != prev:
        return "it does not follow the entry before it"
    if entry.hash != entry.digest() or entry.line() != line:
        return "it was changed after it was written"
    return ""


def readable(text: str) -> str:
    """The text without half characters, which names of files can hold and nobody can show."""
    return text.encode("utf-8", "backslashreplace").decode()


def _bounded(value: Any) -> Any:
    return readable(value)[:_LONGEST] if isinstance(value, str) else value
