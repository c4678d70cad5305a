"""The home's own store, joined with what only the lake knows."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from lakehouse.engines.local import LocalEngine, no_rows
from lakehouse.lake import Lake
from lakehouse.lineage.graph import Graph
from lakehouse.lineage.own import delivery_key, own_graph, walked_through
from lakehouse.lineage.starts import resolve, step_of
from lakehouse.lineage.store import StoreFile
from lakehouse.lineage.walk import Reach, walk
from lakehouse.metadata import Metadata
from lakehouse.records import Execution
from lakehouse.snapshots import Pinned, Snapshot
from lakehouse.tables import DELIVERIES
from lakehouse.writes import Commit
from tests.lakehouse.lineage.stores import chain, used


def delivery(name: str, run: str, received: datetime) -> pl.DataFrame:
    """One row of bronze/deliveries."""
    told = {
        "delivery_id": name, "run_id": run, "received_at": received, "sha256": name * 8,
        "source": f"/in/{name}.csv", "member": "", "state": "accepted", "kind": "history",
    }  # fmt: skip
    row = pl.DataFrame([told], schema_overrides={"received_at": pl.Datetime("us", "UTC")})
    return pl.concat([no_rows(DELIVERIES), row], how="diagonal_relaxed")


def lake_with(folder: Path, *rows: pl.DataFrame) -> Pinned:
    """A lake with these deliveries."""
    lake = Lake(folder / "lake", LocalEngine())
    rows_ = nw.from_native(pl.concat(rows).lazy())
    version = lake.append(DELIVERIES.name, rows_, Commit("r", "r", "ExampleGen", "cli:test"))
    return Pinned(lake, Snapshot(1, versions={DELIVERIES.name: version or 0}))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Graph, Pinned]:
    """The store of six runs, two of which took a file in."""
    folder = tmp_path_factory.mktemp("home")
    chain(folder / "metadata.sqlite")
    began = datetime(2026, 1, 1, tzinfo=UTC)
    pinned = lake_with(folder, delivery("d1", "in-1", began), delivery("d2", "in-2", began))
    return own_graph(StoreFile(folder / "metadata.sqlite").read(), pinned), pinned


def test_a_delivery_leads_to_the_step_that_took_it_in(home: tuple[Graph, Pinned]) -> None:
    graph, _ = home
    (edge,) = graph.out_of(delivery_key("d1"))
    step = graph.nodes[edge.target]
    assert (step.label, step.run, edge.role) == ("ExampleGen", "in-1", "delivered")
    node = graph.nodes[delivery_key("d1")]
    assert node.label == "d1.csv" and node.properties["sha256"] == "d1" * 8
    assert "/in/" not in node.text + node.uri, "where it lay is nobody's business"


def test_a_version_that_no_step_wrote_hangs_on_the_one_before(home: tuple[Graph, Pinned]) -> None:
    """So the way back goes through a compaction."""
    graph, pinned = home
    compacted = next(n.key for n in graph.nodes.values() if n.label == "bronze/readings@3")
    (edge,) = graph.into(compacted)
    assert graph.nodes[edge.source].label == "bronze/readings@2" and edge.role == "version"
    start = resolve("silver/readings@2", graph, pinned)
    found = walk(graph, start.begins, Reach(forward=False, steps=None)).nodes
    assert {delivery_key("d1"), delivery_key("d2")} <= set(found)


def test_of_a_stream_the_first_step_that_ended_after_it(tmp_path: Path) -> None:
    """Its steps are written down about once a minute, many in one run."""
    store = Metadata(tmp_path / "metadata.sqlite")
    store.create()
    for part in ("1-5", "6-9"):
        step = Execution("ExampleGen", "s", "COMPLETE", {"run_id": "s", "seconds": 1.0}, part=part)
        store.record(step, [], [used("bronze/readings", int(part[0]))])
        time.sleep(0.01)  # the store counts milliseconds, and one must lie between the two
    first, second = (n for n in StoreFile(tmp_path / "metadata.sqlite").read().nodes.values()
                     if n.kind == "execution")  # fmt: skip
    times = [datetime.fromtimestamp(n.created / 1000, UTC) for n in (first, second)]
    long_ago, later = times[0] - timedelta(hours=1), times[1] + timedelta(hours=1)
    between = times[0] + (times[1] - times[0]) / 2
    rows = [delivery(f"d{n}", "s", at) for n, at in enumerate((long_ago, between, later))]
    pinned = lake_with(tmp_path, *rows)
    graph = own_graph(StoreFile(tmp_path / "metadata.sqlite").read(), pinned)
    ends = [graph.out_of(delivery_key(f"d{number}"))[0].target for number in range(3)]
    assert ends == [first.key, second.key, second.key]
    assert step_of(graph, "s", "ExampleGen", second.created) == second


def test_a_walk_does_not_go_on_from_book_keeping(home: tuple[Graph, Pinned]) -> None:
    graph, _ = home
    names = {node.label: walked_through(node) for node in graph.nodes.values()}
    assert names["silver/readings@1"] and names["m-1"] and names["Trainer"]
    kept = replace(graph.nodes["a1"], label="gold/engine_status@3")
    assert not walked_through(kept)
