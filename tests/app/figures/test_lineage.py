"""A part of a graph as cytoscape draws it."""

from itertools import pairwise

from app.figures.lineage import elements, label, layers, positions, stylesheet
from lakehouse.lineage.graph import Edge, Node
from lakehouse.lineage.walk import Part

NODES = {
    "d": Node("d", "delivery", "in_service", "odd.csv", state="accepted"),
    "a": Node("a", "artifact", "Examples", "bronze/readings@1"),
    "e": Node("e", "execution", "t", "Clean", run="r", state="CACHED"),
    "f": Node("f", "execution", "t", "Trainer", run="r", state="FAILED"),
    "b": Node("b", "artifact", "Examples", "silver/readings@1"),
}
EDGES = (
    Edge("a", "e", "input"), Edge("e", "b", "output"), Edge("b", "f", "input"),
    Edge("d", "f", "delivered"),
)  # fmt: skip
PART = Part(NODES, EDGES, ("b",), {"a": 2})


def test_every_node_is_right_of_all_that_leads_to_it() -> None:
    assert layers(NODES, EDGES) == {"a": 0, "e": 1, "b": 2, "f": 3, "d": 0}


def test_what_nothing_leads_to_stands_beside_what_it_leads_to() -> None:
    where = positions(PART)
    assert where["d"][0] == where["b"][0] < where["f"][0]
    assert where["d"][1] != where["b"][1], "no two nodes stand in one place"


def test_a_circle_still_has_places() -> None:
    circle = (Edge("a", "e", "input"), Edge("e", "a", "output"), Edge("a", "a", "version"))
    found = layers({"a": NODES["a"], "e": NODES["e"]}, circle)
    assert set(found) == {"a", "e"} and found["a"] != found["e"]


def test_a_chain_of_thousands_needs_no_deep_stack() -> None:
    names = [f"n{number}" for number in range(5_000)]
    chain = [Edge(one, two, "of") for one, two in pairwise(names)]
    assert layers(reversed(names), chain)["n4999"] == 4_999


def test_start_cached_and_failed_are_told_by_more_than_colour() -> None:
    drawn = {one["data"]["id"]: one for one in elements(PART, dict.fromkeys(NODES, "/lineage"))}
    assert "start" in drawn["b"]["classes"] and "cached" in drawn["e"]["classes"]
    assert drawn["e"]["data"]["label"] == "Clean\ncached"
    assert drawn["f"]["data"]["label"] == "Trainer\n▲ failed"
    assert drawn["edge3"]["classes"] == "join" and drawn["b"]["data"]["href"] == "/lineage"
    styles = {rule["selector"]: rule["style"] for rule in stylesheet("dark")}
    assert styles[".cached"]["border-style"] == "dashed" and styles[".start"]["border-width"] == 3
    assert styles["node"] != stylesheet("light")[0]["style"]


def test_a_label_is_short_and_says_how_much_more_there_is() -> None:
    assert label(NODES["a"], 2) == "bronze/readings@1\nExamples +2"
    long = Node("x", "artifact", "t", "a-name-that-is-much-too-long@123")
    assert label(long).splitlines()[0] == "a-name-that…long@123"
