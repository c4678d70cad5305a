"""Which recorded artifact stands for a version of a table."""

from dataclasses import replace
from pathlib import Path

from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.lineage.graph import Graph, Node
from lakehouse.lineage.table_versions import artifact_at, made_with
from lakehouse.snapshots import Pinned, Snapshot
from tests.lakehouse.frames import part, silver

NAME = "silver/readings"


def test_a_version_on_the_way_belongs_to_what_its_step_wrote_in_the_end(tmp_path: Path) -> None:
    """A step may commit several times; only the last version is recorded."""
    lake = Lake(tmp_path, LocalEngine())
    lake.append(NAME, silver({"a": 3}), part("one"))
    lake.append(NAME, silver({"b": 3}), part("two"))
    other = replace(part("three"), run_id="later")
    lake.append(NAME, silver({"c": 3}), other)
    lake.append(NAME, silver({"d": 3}), replace(other, part="four"))
    nodes = {key: Node(key, "artifact", "Examples", f"{NAME}@{key[1]}") for key in ("a2", "a4")}
    graph, pinned = Graph.of(nodes, ()), Pinned(lake, Snapshot())
    made = [made_with(pinned, graph, NAME, version) for version in (0, 1, 2, 3, 4)]
    assert [node and node.key for node in made] == [None, "a2", "a2", "a4", "a4"]
    before = [artifact_at(graph, NAME, version) for version in (0, 1, 2, 3)]
    assert [node and node.key for node in before] == [None, None, "a2", "a2"]
    assert made_with(pinned, graph, NAME, None) is None
