"""A part of a graph as OpenLineage events: for each step a START and what became of it.

The events are those of the spec's own classes (``openlineage-python``); nothing is sent anywhere.
Step and run ids are UUIDs worked out from the store's names, so the same step has the same id in
every export.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    DatasetFacet,
    OutputDatasetFacet,
    RunFacet,
    dataset_version_dataset,
    datasource_dataset,
    error_message_run,
    execution_parameters_run,
    job_type_job,
    output_statistics_output_dataset,
    parent_run,
    processing_engine_run,
    schema_dataset,
    tags_dataset,
    tags_run,
)
from openlineage.client.serde import Serde

from lakehouse import VERSION
from lakehouse.clock import moment
from lakehouse.lineage.graph import Edge, Graph, Node, table_version
from lakehouse.tables import TABLES

PRODUCER = f"urn:stillwater:{VERSION}"
SOURCE = "STILLWATER"
_ENDS = {
    "COMPLETE": RunState.COMPLETE,
    "CACHED": RunState.COMPLETE,
    "FAILED": RunState.FAIL,
    "CANCELED": RunState.ABORT,
}
# What a run facet of its own tells, and what no parameter is.
_TOLD = frozenset({"run_id", "root", "summary", "error", "who", "code_version", "seconds"})


def lines(graph: Graph, steps: Iterable[Node], namespace: str) -> Iterator[str]:
    """The events of some executions as JSON lines, oldest step first.

    Args:
        graph: that they belong to; each comes with all that it read and wrote.
        steps: nodes; what is no execution is skipped.
        namespace: of jobs and datasets: ``stillwater``, or the name of a foreign store.
    """
    chosen = (node for node in steps if node.kind == "execution")
    for step in sorted(chosen, key=lambda node: (_began(node), node.key)):
        for event in _events(graph, step, namespace):
            yield json.dumps(Serde.to_dict(event), sort_keys=True)


def run_uuid(namespace: str, name: str) -> str:
    """The UUID that stands for a run, or for a step of it."""
    return str(uuid5(NAMESPACE_URL, f"urn:stillwater:{namespace}/{name}"))


def _events(graph: Graph, step: Node, namespace: str) -> Iterator[RunEvent]:
    job = Job(namespace, step.label, {"jobType": _job_type()})
    run = Run(run_uuid(namespace, f"{step.run}/{step.key}"), _run_facets(step, namespace))
    inputs = [
        InputDataset(*_named(graph, edge.source, namespace), facets=facets)
        for edge, facets in _datasets(graph, graph.into(step.key), namespace, _source)
    ]
    outputs = [
        OutputDataset(
            *_named(graph, edge.target, namespace),
            facets=facets,
            outputFacets=_written(graph.nodes[edge.target]),
        )
        for edge, facets in _datasets(graph, graph.out_of(step.key), namespace, _target)
    ]
    both: dict[str, Any] = {"run": run, "job": job, "producer": PRODUCER}
    yield RunEvent(eventType=RunState.START, eventTime=_iso(_began(step)), inputs=inputs, **both)
    ended = _ENDS.get(step.state)
    if ended is not None:
        both |= {"inputs": inputs, "outputs": outputs, "eventType": ended}
        yield RunEvent(eventTime=_iso(_ended(step)), **both)


def _source(edge: Edge) -> str:
    return edge.source


def _target(edge: Edge) -> str:
    return edge.target


def _datasets(
    graph: Graph, edges: Iterable[Edge], namespace: str, end: Callable[[Edge], str]
) -> Iterator[tuple[Edge, dict[str, DatasetFacet]]]:
    for edge in edges:
        node = graph.nodes[end(edge)]
        if node.kind in ("artifact", "delivery"):
            yield edge, _dataset_facets(node, namespace)


def _named(graph: Graph, key: str, namespace: str) -> tuple[str, str]:
    node = graph.nodes[key]
    version = table_version(node)
    if version is not None:
        return namespace, version[0]
    kind = "deliveries" if node.kind == "delivery" else node.type
    return namespace, f"{kind}/{node.label}"


def _dataset_facets(node: Node, namespace: str) -> dict[str, DatasetFacet]:
    version, known = table_version(node), node.properties
    source = datasource_dataset.DatasourceDatasetFacet(
        name=namespace, uri=f"urn:{quote(namespace)}:{quote(node.key)}", producer=PRODUCER
    )
    found: dict[str, DatasetFacet] = {"dataSource": source}
    digest = known.get("content_sha256") or known.get("sha256")
    named = version[1] if version is not None else digest
    if named is not None:
        found["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(
            datasetVersion=str(named), producer=PRODUCER
        )
    if version is not None and version[0] in TABLES:
        found["schema"] = _schema(version[0])
    if digest is not None:
        kind = "content_sha256" if version is not None else "sha256"
        tag = tags_dataset.TagsDatasetFacetFields(kind, str(digest), SOURCE)
        found["tags"] = tags_dataset.TagsDatasetFacet([tag], producer=PRODUCER)
    return found


def _schema(table: str) -> schema_dataset.SchemaDatasetFacet:
    fields = [
        schema_dataset.SchemaDatasetFacetFields(
            column.name, column.type, column.description, ordinal_position=place
        )
        for place, column in enumerate(TABLES[table].columns, start=1)
    ]
    return schema_dataset.SchemaDatasetFacet(fields, producer=PRODUCER)


def _written(node: Node) -> dict[str, OutputDatasetFacet]:
    rows = node.properties.get("row_count")
    if not isinstance(rows, int):
        return {}
    statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
        rowCount=rows, producer=PRODUCER
    )
    return {"outputStatistics": statistics}


def _run_facets(step: Node, namespace: str) -> dict[str, RunFacet]:
    known = step.properties
    found: dict[str, RunFacet] = {}
    if step.run:
        found["parent"] = parent_run.ParentRunFacet(
            run=parent_run.Run(runId=run_uuid(namespace, step.run)),
            job=parent_run.Job(namespace=namespace, name=_workflow(step.run)),
            producer=PRODUCER,
        )
    if "code_version" in known:
        found["processing_engine"] = processing_engine_run.ProcessingEngineRunFacet(
            version=str(known["code_version"]), name="stillwater", producer=PRODUCER
        )
    if step.state == "FAILED":
        found["errorMessage"] = error_message_run.ErrorMessageRunFacet(
            message=str(known.get("error") or "the store does not say why"),
            programmingLanguage="PYTHON", producer=PRODUCER,
        )  # fmt: skip
    parameters = [
        execution_parameters_run.ExecutionParameter(key=name, name=name, value=str(value))
        for name, value in known.items()
        if name not in _TOLD
    ]
    if parameters:
        found["executionParameters"] = execution_parameters_run.ExecutionParametersRunFacet(
            parameters, producer=PRODUCER
        )
    return found | _tags(step, known)


def _tags(step: Node, known: Mapping[str, Any]) -> dict[str, RunFacet]:
    """Who asked for it, the run's own name, and whether it was done before."""
    told = {"run": step.run, "who": known.get("who"), "cached": "true" if step.cached else None}
    tags = [
        tags_run.TagsRunFacetFields(name, str(value), SOURCE)
        for name, value in told.items()
        if value
    ]
    return {"tags": tags_run.TagsRunFacet(tags, producer=PRODUCER)} if tags else {}


def _job_type() -> job_type_job.JobTypeJobFacet:
    return job_type_job.JobTypeJobFacet(
        processingType="BATCH", integration=SOURCE, jobType="TASK", producer=PRODUCER
    )


def _workflow(run: str) -> str:
    """``retrain`` of ``retrain-20261123T050000-c0ffee``; the whole name where it is built else."""
    return run.partition("-")[0] if run[:1].isalpha() else "pipeline"


def _began(step: Node) -> int:
    """When it began: a step of ours is recorded when it ends, and says how long it took."""
    seconds = step.properties.get("seconds")
    # Others may mean something else by the name: nothing began before 1970.
    if isinstance(seconds, float) and 0 <= 1000 * seconds <= step.created:
        return step.created - round(1000 * seconds)
    return step.created


def _ended(step: Node) -> int:
    # The store changes a row of ours later only to let its fingerprint go.
    return step.created if "seconds" in step.properties else max(step.created, step.updated)


def _iso(milliseconds: int) -> str:
    time = moment(milliseconds)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
