"""Where an issued prediction comes from: the commit that wrote it, and what that one had read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lakehouse.commits import BrokenLogError, Committed
from lakehouse.proof.chain import Said
from lakehouse.proof.evidence import Evidence
from lakehouse.snapshots import Snapshot
from lakehouse.tables import PREDICTIONS, READINGS, SILVER

NODE = "BulkInferrer"


@dataclass(frozen=True)
class Origin:
    """What a prediction was made from; None where nothing tells any more.

    Attributes:
        said: the prediction.
        version: version of gold/predictions that brought it.
        inputs: table to version that the commit of that version had read.
        snapshot: the first that showed it.
        bronze: version of bronze/readings that its silver was made from.
    """

    said: Said
    version: int | None = None
    inputs: Mapping[str, int] = field(default_factory=dict)
    snapshot: Snapshot | None = None
    bronze: int | None = None

    @property
    def features(self) -> int | None:
        """Version of gold/features."""
        return self.said.features_version

    @property
    def silver(self) -> int | None:
        """Version of silver/readings."""
        return self.of(SILVER.name)

    def of(self, table: str) -> int | None:
        """Version of a table that inference read, or that belonged to it."""
        shown = self.snapshot.versions.get(table) if self.snapshot else None
        return self.inputs.get(table, shown)


def origin(evidence: Evidence, said: Said) -> Origin:
    """Where a prediction comes from, as its commit and the snapshots tell it."""
    snapshot = evidence.shown(said.predicted_at)
    commit = _commit(evidence, said)
    version = None if commit is None else commit.version
    inputs: Mapping[str, int] = {} if commit is None else commit.entry.metadata.get("inputs", {})
    found = Origin(said, version, inputs, snapshot)
    return Origin(said, version, inputs, snapshot, _bronze(evidence, found))


def _commit(evidence: Evidence, said: Said) -> Committed | None:
    """The commit that issued it; a stream's run has many, of which it is the first one since."""
    since = int(said.predicted_at.timestamp() * 1000)
    found = evidence.once("issued", (said.run_id, said.fleet), lambda: _issued(evidence, said))
    return next((commit for commit in found if commit.entry.time >= since), None)


def _issued(evidence: Evidence, said: Said) -> tuple[Committed, ...]:
    try:
        commits = evidence.versions.log(PREDICTIONS.name).commits()
    except BrokenLogError:
        return ()
    return tuple(commit for commit in commits if _brings(commit, said))


def _brings(commit: Committed, said: Said) -> bool:
    note = commit.entry.metadata
    part = str(note.get("work", "")).rpartition("/")[2].partition("@")[0]
    return (note.get("run_id"), note.get("node"), part) == (said.run_id, NODE, said.fleet)


def _bronze(evidence: Evidence, found: Origin) -> int | None:
    note = {} if found.silver is None else evidence.versions.note(SILVER.name, found.silver)
    inputs: Mapping[str, int] = note.get("inputs", {})  # type: ignore[assignment]
    return inputs.get(READINGS.name, found.of(READINGS.name))
