"""A stream's micro-batches: the steps of an ingest for each, written down about once a minute."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from lakehouse import VERSION
from lakehouse.failpoints import failpoint
from lakehouse.journal import Journal
from lakehouse.records import Execution, Used, Value
from lakehouse.requests import StreamRequest
from lakehouse.serving import all_live
from lakehouse.snapshots import take as take_snapshot
from lakehouse.tables import TABLES
from lakehouse.writes import Commit
from pipeline.home import Home
from pipeline.publish_lock import PublishLock
from pipeline.sources.delivered import Delivered
from pipeline.sources.faults import SourceError
from pipeline.sources.files import discover
from pipeline.sources.streams import Batch
from pipeline.step import Run, Step, Summary
from pipeline.steps.files import record_files
from pipeline.steps.inference import bulk_infer
from pipeline.steps.ingest import clean_silver, take
from pipeline.steps.schema import infer
from pipeline.steps.statistics import describe
from pipeline.steps.validation import validate, with_verdict

SECONDS_BETWEEN_RECORDS = 60.0
SECONDS_BETWEEN_SIGNS = 5.0
QUIET_SECONDS = 5.0
NODES = StreamRequest.nodes

Place = tuple[str, str]
"""Where an input or output stands: the type of its artifact, and the table or its name."""


class BatchStep(Step):
    """One component for one micro-batch.

    Its commits are named by the stream and numbered by the batch, so that the log of a table that
    takes a hundred thousand batches keeps one number for each piece of work, not one name a batch.

    Attributes:
        spoke: it took so long that it told how far it was.
    """

    def __init__(
        self, home: Home, run: Run, node: str, at: tuple[str, int], unwritten: Mapping[Place, Used]
    ) -> None:
        self._stream, self._batch = at
        self._unwritten = unwritten
        super().__init__(home, run, node, Journal(home.settings.journals, run.run_id))
        self._quiet_until = time.monotonic() + QUIET_SECONDS
        self.spoke = False

    @property
    def origin(self) -> str:
        """The stream's name and the batch: repeated by any run, it takes in the same."""
        return f"{self._stream}/{self._batch}"

    def commit(self, part: str) -> Commit:
        """Named by stream and part, numbered by batch.

        What inference writes follows from the state of all tables, so that is what numbers it:
        repeated after something else was written, it is done again.
        """
        name = part.partition("@")[0]
        number = sum(self._pins.values()) if self.node == "BulkInferrer" else self._batch
        return replace(super().commit(name), root=self._stream, batch=number)

    def uses(self, kind: str, name: str) -> None:
        """What an earlier step of the last minute published is not in the store yet."""
        published = self._unwritten.get((kind, name))
        if published is None:
            super().uses(kind, name)
        elif published not in self.inputs:
            self.inputs.append(published)

    def progress(self, fraction: float, message: str) -> None:
        """Told only by a batch that takes long."""
        if time.monotonic() >= self._quiet_until:
            self.spoke = True
            super().progress(fraction, message)

    def note(self, message: str, level: str = "info") -> None:
        """What is as it should be is told once a minute for all batches."""
        if level != "info":
            super().note(message, level)

    def _pinned(self) -> dict[str, int]:
        # Not kept for a repetition: each step works out from the tables what is still to do.
        return self.home.lake.versions()


class Feed:
    """Takes the micro-batches of one run of a stream into the lake.

    Attributes:
        batches: how many were taken.
        deliveries: deliveries by state.
        rows: records that went to bronze.
        seq: the newest snapshot, 0 before the first batch.
    """

    def __init__(self, home: Home, run: Run, lock: PublishLock, request: StreamRequest) -> None:
        self.batches = 0
        self.rows = 0
        self.deliveries: dict[str, int] = {}
        self.seq = 0
        self._home, self._run, self._lock, self._request = home, run, lock, request
        self._journal = Journal(home.settings.journals, run.run_id)
        self._inputs: dict[str, dict[Place, Used]] = {node: {} for node in NODES}
        self._outputs: dict[str, dict[Place, Used]] = {node: {} for node in NODES}
        self._seconds = dict.fromkeys(NODES, 0.0)
        self._unwritten: list[int] = []
        self._written = time.monotonic()
        self._untold: int | None = None
        self._told = -SECONDS_BETWEEN_SIGNS

    def take(self, batch: Batch) -> None:
        """One batch into bronze, silver and predictions, ended by a snapshot."""
        failpoint("stream.before_batch")
        with (
            self._lock.held(self._run.run_id),
            self._home.lake.job(self._run.run_id, self._run.cancelled),
        ):
            taken = self._step("ExampleGen", batch.number, partial(self._take_in, batch))
            rows = taken["deliveries"]
            self._step("StatisticsGen", batch.number, partial(describe, rows))
            self._step("SchemaGen", batch.number, partial(infer, rows))
            verdict = self._step("ExampleValidator", batch.number, partial(validate, rows))
            ids = [row["delivery_id"] for row in rows]
            cleaned = self._step("Clean", batch.number, partial(clean_silver, ids))
            fleets = sorted({*cleaned["fleets"], *verdict["blocked"]})
            self._step("BulkInferrer", batch.number, partial(bulk_infer, fleets))
            self._snapshot(batch.number)
        self._count(batch, with_verdict(rows, verdict, cleaned["states"]))
        failpoint("stream.after_batch")
        self.write_down_if_due()

    def write_down_if_due(self) -> None:
        """Record what the last minute's batches did, if it is over; tell how far the stream is."""
        self._tell_if_due()
        if time.monotonic() - self._written >= SECONDS_BETWEEN_RECORDS:
            self.write_down()

    def _tell_if_due(self) -> None:
        """One line every few seconds while batches come: what watches the run sees it live."""
        if self._untold is None or time.monotonic() - self._told < SECONDS_BETWEEN_SIGNS:
            return
        self._journal.write(NODES[0], "progress", message=f"batch {self._untold}")
        self._untold, self._told = None, time.monotonic()

    def write_down(self) -> None:
        """Record the steps since the last time: once each, for all batches together."""
        self._written = time.monotonic()
        if not self._unwritten:
            return
        first, last = self._unwritten[0], self._unwritten[-1]
        with self._lock.held(self._run.run_id):
            commit = self._commit(last)
            for table in TABLES:
                self._home.lake.compact(table, replace(commit, part="compact"))
            record_files(self._home.lake, replace(commit, part="files"))
        for node in NODES:
            self._record(node, first, last)
        batches = f"batch {last}" if first == last else f"batches {first}–{last}"
        states = ", ".join(f"{count:,} {state}" for state, count in self.deliveries.items())
        words = f"{batches}: {self.rows:,} records so far, deliveries: {states or 'none'}"
        self._journal.write("", "log", message=words, level="info")
        self._unwritten.clear()

    def _take_in(self, batch: Batch, step: Step) -> Summary:
        found, skipped = self._found(batch)
        for name, why in skipped:
            step.note(f"skipped {name}: {why}", "warning")
        # The place in the batch names the work: of one batch the files and their order are fixed.
        rows = [take(step, delivered, part=str(place)) for place, delivered in enumerate(found)]
        return {"deliveries": rows}

    def _found(self, batch: Batch) -> tuple[list[Delivered], list[tuple[str, str]]]:
        found: list[Delivered] = []
        skipped: list[tuple[str, str]] = []
        for path in batch.files:
            try:
                here = discover([path], self._request.fleet, self._request.kind)
            except SourceError as error:  # one bad file never stops the others
                skipped.append((path, str(error)))
            else:
                found += here.deliveries
                skipped += here.skipped
        return found, skipped

    def _step(self, node: str, batch: int, work: Callable[[Step], Summary]) -> Summary:
        began = time.monotonic()
        unwritten = {
            place: used for outputs in self._outputs.values() for place, used in outputs.items()
        }
        step = BatchStep(self._home, self._run, node, (self._request.name, batch), unwritten)
        if not self.batches:
            self._journal.write(node, "step", state="RUNNING", message=f"{node} streams")
        summary = work(step)
        failpoint(f"{node}.after_batch")
        if not self.batches or step.spoke:
            self._journal.write(
                node, "progress", message=f"batch {batch}", reads=step.reads, writes=step.writes
            )
        self._seconds[node] += time.monotonic() - began
        for used in step.inputs:
            self._inputs[node].setdefault(_place(used), used)
        written = [*step.table_outputs(), *step.outputs]
        self._outputs[node].update((_place(used), used) for used in written)
        return summary

    def _snapshot(self, batch: int) -> None:
        serving = all_live(self._home.settings.serving)
        live = {fleet: entry.model_id for fleet, entry in serving.items()}
        self.seq = take_snapshot(self._home.lake, live, self._commit(batch)).seq

    def _commit(self, batch: int) -> Commit:
        run = self._run
        return Commit(self._request.name, run.run_id, "snapshot", run.who, {}, batch=batch)

    def _count(self, batch: Batch, deliveries: Sequence[Mapping[str, Any]]) -> None:
        self.batches += 1
        self.rows += sum(row["accepted"] for row in deliveries)
        self._unwritten.append(batch.number)
        self._untold = batch.number
        for row in deliveries:
            self.deliveries[row["state"]] = self.deliveries.get(row["state"], 0) + 1

    def _record(self, node: str, first: int, last: int) -> None:
        run, seconds = self._run, round(self._seconds[node], 3)
        inputs, outputs = self._inputs[node], self._outputs[node]
        properties: dict[str, Value] = {
            "run_id": run.run_id, "root": self._request.name, "who": run.who,
            "code_version": VERSION, "seconds": seconds,
            "summary": json.dumps({"first_batch": first, "last_batch": last}),
        }  # fmt: skip
        execution = Execution(node, run.run_id, "COMPLETE", properties, part=f"{first}-{last}")
        self._home.metadata.record(execution, [*inputs.values()], [*outputs.values()])
        reads, writes = _versions(inputs), _versions(outputs)
        # Not into the log: one line there tells of all steps.
        self._journal.write(
            node, "progress", state="RUNNING", message=f"batch {last}", seconds=seconds,
            reads=reads, writes=writes,
        )  # fmt: skip
        inputs.clear()
        outputs.clear()
        self._seconds[node] = 0.0


def _place(used: Used) -> Place:
    """A table once whatever its version, anything else by itself."""
    table = used.artifact.properties.get("delta_table")
    return (used.artifact.type, used.artifact.name if table is None else str(table))


def _versions(used: Mapping[Place, Used]) -> dict[str, int]:
    properties = (entry.artifact.properties for entry in used.values())
    return {
        str(values["delta_table"]): int(values["delta_version"])
        for values in properties
        if "delta_table" in values
    }
