"""Walking a graph back and forth, and runs in the place of their steps."""

import pytest

from lakehouse.lineage.collapse import by_run
from lakehouse.lineage.graph import Edge, Graph, Node
from lakehouse.lineage.store import StoreFile
from lakehouse.lineage.walk import Part, Reach, after, walk
from tests.lakehouse.lineage.stores import chain


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Two ingests, two trainings and a prediction."""
    file = tmp_path_factory.mktemp("store") / "metadata.sqlite"
    chain(file)
    return StoreFile(file).read().graph()


def key(graph: Graph, label: str, run: str = "") -> str:
    return next(n.key for n in graph.nodes.values() if n.label == label and run in ("", n.run))


def names(part: Part) -> set[str]:
    return {f"{node.run}.{node.label}".strip(".") for node in part.nodes.values()}


def test_backwards_goes_to_all_that_it_came_from_and_nothing_else(graph: Graph) -> None:
    part = walk(graph, [key(graph, "m-2")], Reach(forward=False, steps=None))
    assert names(part) == {
        "m-2", "train-2.Trainer", "t-1", "train-1.Transform", "train-2.Transform",
        "silver/readings@1", "in-1.Clean", "bronze/readings@1", "in-1.ExampleGen",
    }  # fmt: skip
    assert not part.more and not part.full


def test_a_cached_step_shows_only_in_its_own_run(graph: Graph) -> None:
    """What m-1 was made of was not made by a run that found it done later."""
    part = walk(graph, [key(graph, "m-1")], Reach(forward=False, steps=None))
    assert "train-2.Transform" not in names(part) and "train-1.Transform" in names(part)
    after = walk(graph, [key(graph, "silver/readings@1")], Reach(back=False, steps=None))
    assert {"m-1", "m-2", "gold/predictions@0", "train-2.Transform"} <= names(after)


def test_a_walk_ends_after_its_steps_and_says_where_more_lies(graph: Graph) -> None:
    part = walk(graph, [key(graph, "gold/predictions@0")], Reach(steps=1))
    assert names(part) == {"gold/predictions@0", "in-2.BulkInferrer", "silver/readings@2", "m-1"}
    assert part.more == {key(graph, "silver/readings@2"): 1, key(graph, "m-1"): 1}


def test_too_many_nodes_are_cut_nearest_first(graph: Graph) -> None:
    part = walk(graph, [key(graph, "bronze/readings@1")], Reach(steps=None, most=4))
    assert len(part.nodes) == 4 and part.full and part.more
    assert next(iter(part.nodes)) == key(graph, "bronze/readings@1")
    assert all(edge.source in part.nodes and edge.target in part.nodes for edge in part.edges)


def test_what_is_not_walked_through_still_shows(graph: Graph) -> None:
    through = Reach(forward=False, steps=None, through=lambda node: node.type != "TransformGraph")
    part = walk(graph, [key(graph, "m-2")], through)
    assert names(part) == {"m-2", "train-2.Trainer", "t-1"}
    assert part.more == {key(graph, "t-1"): 2}


def test_nothing_later_than_a_moment_shows(graph: Graph) -> None:
    start = key(graph, "silver/readings@1")
    then = graph.nodes[key(graph, "Trainer", "train-1")].created
    found = after(graph, [start], then)
    assert key(graph, "m-1") in found and key(graph, "gold/predictions@0") not in found


def test_a_walk_ends_in_a_store_that_goes_in_circles() -> None:
    nodes = {name: Node(name, "artifact", "x", name) for name in "abc"}
    graph = Graph.of(nodes, [Edge("a", "b", "of"), Edge("b", "c", "of"), Edge("c", "a", "of")])
    assert set(walk(graph, ["a", "gone"], Reach(steps=None)).nodes) == set("abc")


def test_runs_take_the_place_of_their_steps(graph: Graph) -> None:
    """What went from one run to another stays, what one run kept to itself does not."""
    part = by_run(walk(graph, [key(graph, "gold/predictions@0")], Reach(steps=None)))
    labels = {node.label for node in part.nodes.values()}
    assert {"in-1", "in-2", "train-1", "m-1", "silver/readings@1", "gold/predictions@0"} <= labels
    assert not {"t-1", "silver/readings@2", "Clean"} & labels
    run = part.nodes["rin-2"]
    assert (run.kind, run.state) == ("run", "COMPLETE") and "BulkInferrer" in run.type
    assert ("rin-2", key(graph, "gold/predictions@0")) in {(e.source, e.target) for e in part.edges}
