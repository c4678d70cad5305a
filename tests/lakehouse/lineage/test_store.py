"""A metadata store as nodes and edges."""

import sqlite3
from pathlib import Path

import pytest

from lakehouse.lineage.graph import Graph
from lakehouse.lineage.reading import SCHEMA_VERSION, StoreError
from lakehouse.lineage.store import StoreFile, document
from lakehouse.metadata import Metadata
from tests.lakehouse.lineage.stores import chain, step, used


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of six runs."""
    found = tmp_path_factory.mktemp("store") / "metadata.sqlite"
    chain(found)
    return found


def test_steps_artifacts_and_events_are_read_with_their_runs_and_states(file: Path) -> None:
    store = StoreFile(file).read()
    told = document(store)
    assert (told["artifacts"], told["executions"]) == (9, 10)
    assert told["events"] == len(store.edges)
    assert store.runs == ("in-1", "train-1", "train-2", "in-2", "in-3")
    assert told["states"] == {"COMPLETE": 8, "CACHED": 1, "FAILED": 1}
    assert "Examples" in told["types"] and not any(t.startswith("mlmd.") for t in told["types"])
    failed = next(node for node in store.nodes.values() if node.state == "FAILED")
    assert (failed.label, failed.run) == ("ExampleGen", "in-3")
    assert failed.properties["error"] == "OSError: no space left on the disk"


def test_edges_point_the_way_the_data_went(file: Path) -> None:
    graph = StoreFile(file).read().graph()
    model = next(node for node in graph.nodes.values() if node.label == "m-1")
    (made,) = graph.into(model.key)
    assert graph.nodes[made.source].label == "Trainer" and made.role == "output"
    read = {graph.nodes[edge.source].label for edge in graph.into(made.source)}
    assert read == {"t-1", "silver/readings@1"}
    assert isinstance(graph, Graph) and graph.out_of(model.key)[0].role == "input"


def test_only_what_was_added_is_read_again(tmp_path: Path) -> None:
    """And a row that changed is brought up to date, not taken twice."""
    file = tmp_path / "metadata.sqlite"
    assert not StoreFile(file).read().nodes
    writer = Metadata(file)
    writer.create()
    step(writer, "r", "Clean", "FAILED", reads=[used("bronze/readings", 1)])
    reader = StoreFile(file)
    before = reader.read()
    assert reader.read() is before
    step(writer, "r", "Clean", reads=[used("bronze/readings", 1)],
         writes=[used("silver/readings", 1)])  # fmt: skip
    step(writer, "r", "BulkInferrer", reads=[used("silver/readings", 1)])
    after = reader.read()
    assert [node.state for node in before.nodes.values() if node.kind == "execution"] == ["FAILED"]
    steps = {node.label: node.state for node in after.nodes.values() if node.kind == "execution"}
    assert steps == {"Clean": "COMPLETE", "BulkInferrer": "COMPLETE"}
    fresh = StoreFile(file).read()
    assert after.nodes == fresh.nodes and after.edges == fresh.edges


def test_a_store_that_does_not_answer_is_shown_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "metadata.sqlite"
    reader = StoreFile(file)
    chain(file)
    nodes = reader.read().nodes
    file.write_bytes(b"gone" + file.read_bytes()[4:])
    store = reader.read()
    assert store.nodes == nodes and "not a database" in store.problem
    with pytest.raises(StoreError, match="not a database"):
        StoreFile(file).read()


def test_the_schema_version_is_that_of_the_installed_library(file: Path) -> None:
    with sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True) as store:
        assert store.execute("SELECT schema_version FROM MLMDEnv").fetchone() == (SCHEMA_VERSION,)
