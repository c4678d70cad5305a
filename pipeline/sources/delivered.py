"""One delivered file or archive member: what it is called, what it holds, how it is read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.sources import archives
from pipeline.sources.faults import LIMITS, Fault, Limits, Reason, UnreadableError

Kind = Literal["history", "in_service", "truth"]
KINDS: tuple[Kind, ...] = ("history", "in_service", "truth")
Layout = Literal["numbered", "separated", "json_lines", "parquet"]


@dataclass(frozen=True)
class Delivered:
    """One file that was found; every field is text, so that a run record can keep it.

    Attributes:
        source: the file, as it was named.
        member: its name inside an archive, empty otherwise.
        fleet: the engines' fleet; empty where an unreadable archive does not say.
        kind: history, in_service or truth; empty likewise.
        sha256: of what it holds, out of gzip or zip, so that a file and its gzip are the same
            delivery; of the file as it lies there where nothing could be taken out.
        layout: how records stand in it.
        prefix: what the reader puts before an engine's number (numbered layout only).
        simulated: made by the built-in simulator.
        reason: reason code when it could not be read, empty otherwise.
        detail: what is wrong then.
    """

    source: str
    member: str
    fleet: str
    kind: str
    sha256: str
    layout: Layout
    prefix: str = ""
    simulated: bool = False
    reason: str = ""
    detail: str = ""

    @property
    def fault(self) -> Fault | None:
        """Why it could not be read, found when it was discovered."""
        return Fault(Reason(self.reason), self.detail) if self.reason else None

    @property
    def label(self) -> str:
        """Source and member as one text, for messages."""
        return f"{self.source}/{self.member}" if self.member else self.source

    def read(self, limits: Limits = LIMITS) -> bytes:
        """What it holds.

        Raises:
            UnreadableError: broken, gone, or not what was discovered.
        """
        if self.fault is not None:
            raise UnreadableError(self.fault.reason, self.fault.detail)
        try:
            content = archives.content(Path(self.source), self.member, limits)
        except OSError as error:
            raise UnreadableError(Reason.BROKEN_FILE, error.strerror or str(error)) from None
        if archives.sha256(content) != self.sha256:
            raise UnreadableError(Reason.CHANGED, "the file changed after it was found")
        return content
