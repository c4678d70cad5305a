"""A part of a graph as OpenLineage events, as Mermaid and as CSV."""

import io
import json
from typing import Any
from uuid import UUID

import polars as pl
import pytest
from openlineage.client import event_v2, facet_v2
from openlineage.client.event_v2 import RunEvent

from lakehouse.lineage import openlineage, told
from lakehouse.lineage.graph import Edge, Graph, Node
from lakehouse.lineage.store import StoreFile
from lakehouse.lineage.walk import Part, Reach, walk
from tests.lakehouse.lineage.stores import chain


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """The store of six runs."""
    file = tmp_path_factory.mktemp("store") / "metadata.sqlite"
    chain(file)
    return StoreFile(file).read().graph()


@pytest.fixture(scope="module")
def events(graph: Graph) -> list[dict[str, Any]]:
    """All its steps as OpenLineage tells them."""
    lines = openlineage.lines(graph, graph.nodes.values(), "stillwater")
    return [json.loads(line) for line in lines]


def facet(told: dict[str, Any]) -> Any:
    """The facet's own class, filled with what an export says; it raises where that is wrong."""
    name = told["_schemaURL"].rpartition("/")[2]
    modules = (getattr(facet_v2, each) for each in facet_v2.__all__)
    kind = next(getattr(m, name) for m in modules if hasattr(m, name))
    made = kind(**{k.lstrip("_"): v for k, v in told.items() if k != "_schemaURL"})
    assert made._schemaURL == told["_schemaURL"]
    return made


def test_every_line_is_one_of_the_specs_own_events(events: list[dict[str, Any]]) -> None:
    for told_ in events:
        told = json.loads(json.dumps(told_))
        assert told.pop("schemaURL") == RunEvent._get_schema()
        for part in ("run", "job"):
            for each in told[part]["facets"].values():
                facet(each)
        for each in (*told["inputs"], *told["outputs"]):
            assert each["namespace"] == "stillwater" and each["name"]
            for one in (*each["facets"].values(), *each.get("outputFacets", {}).values()):
                facet(one)
        run, job = event_v2.Run(**told.pop("run")), event_v2.Job(**told.pop("job"))
        inputs = [event_v2.InputDataset(**each) for each in told.pop("inputs")]
        outputs = [event_v2.OutputDataset(**each) for each in told.pop("outputs")]
        kind = event_v2.RunState(told.pop("eventType"))
        event = RunEvent(run=run, job=job, inputs=inputs, outputs=outputs, eventType=kind, **told)
        assert UUID(event.run.runId) and event.eventTime.endswith("Z")


def test_each_step_starts_and_ends_once_in_its_run(events: list[dict[str, Any]]) -> None:
    ends: dict[str, list[str]] = {}
    for event in events:
        ends.setdefault(event["run"]["runId"], []).append(event["eventType"])
    assert len(ends) == 10
    assert sorted(tuple(kinds) for kinds in ends.values()) == [
        *[("START", "COMPLETE")] * 9, ("START", "FAIL"),
    ]  # fmt: skip
    train = [e for e in events if "run_id" not in e and e["job"]["name"] == "Transform"]
    assert len({e["run"]["facets"]["parent"]["run"]["runId"] for e in train}) == 2
    start, end = (e["eventTime"] for e in events if e["job"]["name"] == "BulkInferrer")
    assert start < end, "a step of ours says how long it took"


def test_datasets_carry_version_schema_and_hash(events: list[dict[str, Any]]) -> None:
    (end,) = [e for e in events if e["job"]["name"] == "BulkInferrer" and e["outputs"]]
    (out,) = end["outputs"]
    assert out["name"] == "gold/predictions"
    assert out["facets"]["version"]["datasetVersion"] == "0"
    assert "probability" in {field["name"] for field in out["facets"]["schema"]["fields"]}
    assert out["facets"]["tags"]["tags"][0]["key"] == "content_sha256"
    assert out["outputFacets"]["outputStatistics"]["rowCount"] == 3
    model = next(e for e in end["inputs"] if e["name"] == "Model/m-1")
    assert model["facets"]["version"]["datasetVersion"] == "ab" * 32


def test_errors_parameters_and_cached_steps_are_told(events: list[dict[str, Any]]) -> None:
    failed = next(e for e in events if e["eventType"] == "FAIL")
    assert "no space left" in failed["run"]["facets"]["errorMessage"]["message"]
    tags = [{t["key"]: t["value"] for t in e["run"]["facets"]["tags"]["tags"]} for e in events]
    assert {t["run"] for t in tags if t.get("cached") == "true"} == {"train-2"}
    given = [e["run"]["facets"].get("executionParameters") for e in events]
    assert any(
        p["parameters"][0] == {"key": "rounds", "name": "rounds", "value": "20"} for p in given if p
    )


def test_mermaid_draws_every_node_and_edge_and_marks_the_start(graph: Graph) -> None:
    start = next(n.key for n in graph.nodes.values() if n.label == "m-2")
    part = walk(graph, [start], Reach(steps=None))
    text = told.mermaid(part)
    assert text.startswith("flowchart LR\n") and text.count(" --> ") == len(part.edges)
    assert '"Transform (cached)"' in text and "class n0 start" in text


def test_mermaid_cannot_be_broken_out_of() -> None:
    name = 'x"]\nclick n0 "javascript:alert(1)"<b>`'
    part = Part({"a": Node("a", "artifact", "t", name)}, (), ("a",))
    (line,) = [line for line in told.mermaid(part).splitlines() if "javascript" in line]
    assert line.startswith('  n0(["x#quot;] click n0 #quot;') and "<b>" not in line


def test_csv_has_a_row_for_each_node_and_no_formula() -> None:
    """Spreadsheets take text that begins with an equals sign for a formula."""
    nodes = {
        "a": Node("a", "artifact", "t", "=cmd()", text='{"row_count": 5, "sha256": "ff"}'),
        "e": Node("e", "execution", "t", "Trainer", run="r", created=1_000, text='{"seconds": 2}'),
    }
    part = Part(nodes, (Edge("e", "a", "output"),), ("a",))
    rows = pl.read_csv(io.BytesIO(told.csv(part)))
    assert rows["name"].to_list() == ["'=cmd()", "Trainer"]
    assert rows.row(0, named=True) | {"from": "e", "rows": 5, "sha256": "ff"} == rows.row(
        0, named=True
    )
    assert rows["time"].to_list() == ["", "1970-01-01T00:00:01Z"]
