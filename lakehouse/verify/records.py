"""Whether run records, ML Metadata and the Delta logs tell the same story."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from lakehouse.commits import Committed
from lakehouse.metadata import Metadata
from lakehouse.metadata_types import EXECUTION_TYPES
from lakehouse.records import Artifact
from lakehouse.requests import REQUESTS
from lakehouse.runs import RunStore
from lakehouse.tables import SNAPSHOTS
from lakehouse.verify.finding import Finding

Commits = Mapping[str, Mapping[int, Committed]]
"""Table to version to commit, of the tables whose log is whole."""


@dataclass(frozen=True)
class Ended:
    """A run that succeeded, the components that its record says it ran, and its snapshot."""

    run_id: str
    kind: str
    nodes: tuple[str, ...]
    took_snapshot: bool = False


@dataclass(frozen=True)
class Runs:
    """The runs that had succeeded when the run records were asked."""

    succeeded: Mapping[str, Ended]


def read_runs(store: RunStore) -> Runs:
    """The runs that succeeded, with the components that they ran."""
    rows = store.client.list_workflows(
        name=list(REQUESTS), status="SUCCESS", load_input=False, load_output=False
    )
    succeeded = {}
    for row in rows:
        steps = store.client.list_workflow_steps(row.workflow_id)
        names = [str(step["function_name"]) for step in steps if step["error"] is None]
        found = tuple(node for node in names if node in EXECUTION_TYPES)
        succeeded[row.workflow_id] = Ended(row.workflow_id, row.name, found, "snapshot" in names)
    return Runs(succeeded)


def step_findings(runs: Runs, metadata: Metadata) -> Iterator[Finding]:
    """Components that a run's record says were run but that ML Metadata does not know."""
    for run in runs.succeeded.values():
        recorded = {step.node for step in metadata.run(run.run_id)}
        for node in run.nodes:
            if node not in recorded:
                detail = "the run's record says that it was done, ML Metadata has no execution"
                yield Finding("unrecorded_step", f"{run.run_id}.{node}", detail)


def snapshot_findings(runs: Runs, taken: Container[str]) -> Iterator[Finding]:
    """Snapshots that runs took, by their records, and that ops/snapshots does not have.

    Args:
        runs: as they were before the table was read.
        taken: the runs that ops/snapshots tells of.
    """
    for run in runs.succeeded.values():
        if run.took_snapshot and run.run_id not in taken:
            detail = f"the record of {run.run_id} says that it took a snapshot; there is none"
            yield Finding("disagreement", SNAPSHOTS.name, detail)


def commit_findings(
    runs: Runs, store: RunStore, metadata: Metadata, commits: Commits
) -> Iterator[Finding]:
    """Commits of runs that no record knows or others asked for, or of steps that are unrecorded.

    Args:
        runs: as they were before anything else was looked at.
        store: the run records, asked once the commits have been read; some may have come since.
        metadata: a copy that was made in between.
        commits: of all tables whose log is whole.
    """
    askers = _askers(store)
    recorded: dict[str, frozenset[str]] = {}
    for table, versions in commits.items():
        for version, commit in versions.items():
            noted = commit.entry.metadata
            run_id, node = str(noted.get("run_id", "")), str(noted.get("node", ""))
            if not run_id:
                continue
            where = f"{table}@{version}"
            if run_id not in askers:
                yield Finding("unknown_run", where, f"there is no record of its run {run_id}")
                continue
            if noted.get("who") not in (None, askers[run_id]):
                detail = f"it says that {noted['who']} asked, the run's record {askers[run_id]}"
                yield Finding("disagreement", where, detail)
            run = runs.succeeded.get(run_id)
            # What the run's own record names has been asked for already.
            if run is None or node in run.nodes or node not in EXECUTION_TYPES:
                continue
            if run_id not in recorded:
                recorded[run_id] = frozenset(step.node for step in metadata.run(run_id))
            if node not in recorded[run_id]:
                detail = f"ML Metadata has no execution {run_id}.{node}"
                yield Finding("unrecorded_step", where, detail)


def _askers(store: RunStore) -> dict[str, str]:
    """All runs that there are, and who asked for each; of a retry its journal says it."""
    rows = store.client.list_workflows(name=list(REQUESTS), load_input=False, load_output=False)
    return {
        row.workflow_id: store.who(row.workflow_id)
        if row.forked_from
        else row.authenticated_user or ""
        for row in rows
    }


def artifact_findings(metadata: Metadata, commits: Commits) -> Iterator[Finding]:
    """Recorded table versions that the log does not have, or that say otherwise."""
    for kind in ("Examples", "InferenceResult"):
        for artifact in metadata.artifacts(kind):
            table = str(artifact.properties.get("delta_table", ""))
            if table in commits:
                yield from _compared(artifact, table, commits[table])


def _compared(artifact: Artifact, table: str, log: Mapping[int, Committed]) -> Iterator[Finding]:
    recorded = artifact.properties
    version = int(recorded["delta_version"])
    where = f"{table}@{version}"
    if version not in log:
        # Older ones may have expired behind what is pinned.
        if version > max(log, default=-1):
            detail = f"recorded as {artifact.name}, but the log does not reach it"
            yield Finding("missing_commit", where, detail)
        return
    noted = log[version].entry.metadata
    for name in ("row_count", "content_sha256"):
        if name in noted and noted[name] != recorded[name]:
            detail = f"{name}: the commit noted {noted[name]}, ML Metadata {recorded[name]}"
            yield Finding("disagreement", where, detail)
