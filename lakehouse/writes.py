"""What a commit says of itself: who wrote, for which step, from which inputs, and what changed."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lakehouse import VERSION
from lakehouse.content import Content
from lakehouse.engines import Overlap, Write

NOTHING = Overlap()


@dataclass(frozen=True)
class Commit:
    """Who writes, for which run and step, from which inputs.

    Attributes:
        root: the root run, which a retry or fork keeps; it names the work.
        run_id: the run that does it now.
        node: the component.
        who: the person or command that asked for the run.
        inputs: table to version that was read.
        part: tells several writes of one node to one table apart.
        batch: number of a stream's batch: of each piece of work only the newest one is kept.
    """

    root: str
    run_id: str
    node: str
    who: str
    inputs: Mapping[str, int] = field(default_factory=dict)
    part: str = "all"
    batch: int = 0

    def work(self, table: str) -> str:
        """Name of this piece of work on ``table``, the transaction's application id."""
        return f"{self.root}/{self.node}/{table}/{self.part}"


@dataclass(frozen=True)
class Plan:
    """A write about to be done.

    Attributes:
        before: content of the table before it.
        gone: content of the rows that go.
        added: content of the rows that come.
        write: does it.
        overlap: of the rows that go, what comes again.
    """

    before: Content
    gone: Content
    added: Content
    write: Callable[[Write], None]
    overlap: Overlap = NOTHING

    @property
    def after(self) -> Content:
        """Content of the table after it."""
        return self.before - self.gone + self.added

    def told(self, name: str, commit: Commit) -> Write:
        """The write with all that its Delta commit is to say, of table ``name``."""
        note = {
            "run_id": commit.run_id,
            "node": commit.node,
            "who": commit.who,
            "inputs": dict(commit.inputs),
            "code_version": VERSION,
            "work": commit.work(name),
            "rows_added": self.added.rows,
            "rows_removed": self.gone.rows,
            "rows_updated": self.overlap.updated,
            "rows_same": self.overlap.same,
            "row_count": self.after.rows,
            "content_sha256": self.after.sha256,
        } | ({"batch": commit.batch} if commit.batch else {})
        said = json.dumps(note, sort_keys=True)
        return Write(commit.work(name), said, commit.batch, self.added.rows)
