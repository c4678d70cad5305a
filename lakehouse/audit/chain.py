"""Whether the log is whole: the chain followed entry by entry, and where it must end."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from lakehouse.audit.entries import START, Entry, begun, broken, parse

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Verdict:
    """What :meth:`AuditLog.verify` found.

    Attributes:
        ok: the log is whole.
        first_bad: the first number that is not.
        detail: what is wrong with it, in words.
        entries: how many entries are whole, from the first on.
        newest: hash of the last of them, empty while there is none.
    """

    ok: bool
    first_bad: int | None = None
    detail: str = ""
    entries: int = 0
    newest: str = ""


@dataclass(frozen=True)
class Head:
    """Where the log ended when it was last written: number and hash of the entry, bytes of all."""

    seq: int
    hash: str
    size: int


def head_of(values: dict[str, int | str]) -> Head:
    """The head that a head file holds.

    Raises:
        TypeError: it holds none.
    """
    seq, digest, size = values["seq"], values["hash"], values["size"]
    if not (isinstance(seq, int) and isinstance(digest, str) and isinstance(size, int)):
        raise TypeError("no head")
    return Head(seq, digest, size)


class Chain:
    """The entries that were found whole, and what the bytes that hold them hash to.

    Taking an entry apart takes far longer than hashing its bytes. So what was found whole once is
    only hashed again, every byte of it: as long as that gives the same, nothing was changed.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.size = 0
        self._bytes = sha256()

    def holds(self, file: BinaryIO) -> bool:
        """Whether ``file`` still begins with the same bytes, all of them read again."""
        file.seek(0)
        again, left = sha256(), self.size
        while left and (block := file.read(min(left, _BLOCK))):
            again.update(block)
            left -= len(block)
        return not left and again.digest() == self._bytes.digest()

    def follow(self, lines: Iterable[bytes], head: Head | None) -> Verdict:
        """Go on with the lines after those that hold already, as far as they are whole."""
        for line in lines:
            seq = len(self.entries) + 1
            if begun(line) and head is not None and head.seq < seq:
                break  # a crash left the start of an entry that was never acknowledged
            entry = parse(line)
            problem = broken(entry, line, seq, self._newest)
            if entry is None or problem:
                return self._bad(seq, problem)
            self.entries.append(entry)
            self.size += len(line)
            self._bytes.update(line)
        return self._against(head)

    @property
    def _newest(self) -> str:
        return self.entries[-1].hash if self.entries else START

    def _against(self, head: Head | None) -> Verdict:
        """Whether a chain that is whole in itself ends where the head says."""
        seq = len(self.entries)
        if head is None:
            lost = "the head file is missing or cannot be read"
            return self._bad(1, lost if seq else "there is no log")
        if seq < head.seq:
            return self._bad(seq + 1, f"missing, like all up to {head.seq}")
        if (self.entries[head.seq - 1].hash if head.seq > 0 else START) != head.hash:
            return self._bad(head.seq, "it is not the one that was written")
        # One more is an entry whose writer was killed before it moved the head.
        if seq > head.seq + 1:
            return self._bad(head.seq + 1, "it was not written by the log")
        return Verdict(True, entries=seq, newest=self._newest if seq else "")

    def _bad(self, seq: int, problem: str) -> Verdict:
        whole = len(self.entries)
        newest = self._newest if whole else ""
        return Verdict(False, seq, f"entry {seq}: {problem}", whole, newest)
