"""Real stores for tests: written by ML Metadata itself, step by step or many rows at once."""

from pathlib import Path
from typing import Any

from lakehouse.metadata import Metadata, pb
from lakehouse.metadata_types import EXECUTION_TYPES
from lakehouse.records import Artifact, Execution, Used

STEPS = ("ExampleGen", "StatisticsGen", "ExampleValidator", "Clean", "BulkInferrer")


def used(table: str, version: int) -> Used:
    """A table's content as a step uses it."""
    known: dict[str, Any] = {"delta_table": table, "delta_version": version}
    known |= {"content_sha256": f"{version:064x}", "row_count": 3}
    name = f"{table}@{version}"
    return Used("examples", Artifact("Examples", name, f"lake/{name}", known))


def of_type(kind: str, name: str) -> Used:
    """A published folder as a step uses it."""
    return Used(kind.lower(), Artifact(kind, name, f"artifacts/{name}", {"sha256": "ab" * 32}))


def step(store: Metadata, run: str, node: str, state: str = "COMPLETE", **told: Any) -> None:
    """One finished step; ``reads`` and ``writes`` among what is told."""
    reads, writes = told.pop("reads", ()), told.pop("writes", ())
    known: dict[str, Any] = {"run_id": run, "who": "cli:ada", "code_version": "0.1", "seconds": 2.5}
    store.record(Execution(node, run, state, known | told), reads, writes)


def chain(file: Path) -> Metadata:
    """Two ingests, a training on the first, and a third run that found its Transform done."""
    store = Metadata(file)
    store.create()
    step(store, "in-1", "ExampleGen", writes=[used("bronze/readings", 1)])
    step(store, "in-1", "Clean", reads=[used("bronze/readings", 1)],
         writes=[used("silver/readings", 1)])  # fmt: skip
    graph, model = of_type("TransformGraph", "t-1"), of_type("Model", "m-1")
    step(store, "train-1", "Transform", reads=[used("silver/readings", 1)], writes=[graph])
    step(store, "train-1", "Trainer", reads=[graph, used("silver/readings", 1)], writes=[model])
    step(
        store, "train-2", "Transform", "CACHED", reads=[used("silver/readings", 1)], writes=[graph]
    )
    step(store, "train-2", "Trainer", reads=[graph], writes=[of_type("Model", "m-2")], rounds=20)
    step(store, "in-2", "ExampleGen", reads=[used("bronze/readings", 1)],
         writes=[used("bronze/readings", 2)])  # fmt: skip
    # Version 3 is a compaction of version 2: no step wrote it.
    step(store, "in-2", "Clean", reads=[used("bronze/readings", 3), used("silver/readings", 1)],
         writes=[used("silver/readings", 2)])  # fmt: skip
    step(store, "in-2", "BulkInferrer", reads=[used("silver/readings", 2), model],
         writes=[used("gold/predictions", 0)])  # fmt: skip
    step(store, "in-3", "ExampleGen", "FAILED", error="OSError: no space left on the disk")
    return store


def large(file: Path, executions: int) -> None:
    """Many runs of five steps, each of which reads what the step before and its like wrote."""
    store = Metadata(file)
    store.create()
    artifacts, steps = [], []
    for place in range(executions):
        run, node = f"ingest-{place // 5:06d}", STEPS[place % 5]
        row = pb.Execution(
            type_id=store._type(EXECUTION_TYPES[node][0]), name=f"{run}.{node}",
            last_known_state=pb.Execution.COMPLETE,
        )  # fmt: skip
        for name, value in (("run_id", run), ("who", "cli:ada"), ("summary", "s" * 800)):
            row.custom_properties[name].string_value = value
        row.custom_properties["seconds"].double_value = 1.5
        steps.append(row)
        for table in (f"silver/part{place % 5}", f"gold/part{place % 5}"):
            artifacts.append(_content(store, table, place // 5))
    made = store._do(lambda s: s.put_artifacts(artifacts))
    done = store._do(lambda s: s.put_executions(steps))
    store._do(lambda s: s.put_events(_events(made, done)))
    runs = [
        pb.Context(type_id=store._type("pipeline_run"), name=f"ingest-{number:06d}")
        for number in range((executions + 4) // 5)
    ]
    within = store._do(lambda s: s.put_contexts(runs))
    links = [
        pb.Association(context_id=within[place // 5], execution_id=number)
        for place, number in enumerate(done)
    ]
    store._do(lambda s: s.put_attributions_and_associations([], links))


def _content(store: Metadata, table: str, version: int) -> Any:
    row = pb.Artifact(
        type_id=store._type("Examples"), name=f"{table}@{version}", state=pb.Artifact.LIVE
    )
    row.custom_properties["delta_table"].string_value = table
    row.custom_properties["delta_version"].int_value = version
    row.custom_properties["content_sha256"].string_value = f"{version:064x}"
    return row


def _events(made: list[int], done: list[int]) -> list[Any]:
    found = []
    for place, number in enumerate(done):
        outputs = [(made[2 * place + k], pb.Event.OUTPUT) for k in range(2)]
        reads = [at for at in (2 * place - 2, 2 * place - 1, 2 * place - 10) if at >= 0]
        for artifact, kind in [*outputs, *((made[at], pb.Event.INPUT) for at in reads)]:
            event = pb.Event(artifact_id=artifact, execution_id=number, type=kind)
            event.path.steps.add().key = "examples"
            event.path.steps.add().index = 0
            found.append(event)
    return found
