"""What of a home's records concerns the subject of a bundle."""

import json

from lakehouse.bundle.evidence import Evidence
from lakehouse.lineage import Graph, Node
from lakehouse.registry import ALREADY_LIVE


def test_the_verdict_that_counts_is_not_that_it_was_live_already() -> None:
    """A live model that is trained again keeps the word of the gate that let it pass."""

    def verdict(key: str, created: int, reason: str) -> Node:
        text = json.dumps({"model_id": "m", "reasons": json.dumps([reason])})
        return Node(key, "artifact", "ModelBlessing", f"{key}.blessing", created=created, text=text)

    first = verdict("one", 1, "first_model: it beats the base rate")
    again = verdict("two", 2, f"{ALREADY_LIVE}: this very model is live")
    model = Node("model", "artifact", "Model", "m")
    nodes = {node.key: node for node in (model, first, again)}
    evidence = Evidence("model", "m", Graph.of(nodes, ()), model=model)
    assert evidence.about_model("ModelBlessing") == first
