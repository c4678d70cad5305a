"""What of a home's records concerns the subject of a bundle."""

import json
from dataclasses import replace

from lakehouse.bundle.evidence import Evidence
from lakehouse.lineage import Graph, Node
from lakehouse.lineage.graph import Edge
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


def test_the_evaluation_is_the_one_that_the_verdict_rests_on() -> None:
    """Not that of a second training of the same model, which the gate had nothing to say to."""
    nodes, edges = {"model": Node("model", "artifact", "Model", "m")}, []
    for number, (run, reason) in enumerate([("one", "first_model: good"), ("two", ALREADY_LIVE)]):
        text = json.dumps({"model_id": "m", "reasons": json.dumps([reason])})
        made = [
            Node(f"{run}.{kind}", "artifact", kind, f"{run}.{kind}", created=number, text=text)
            for kind in ("ModelEvaluation", "ModelBlessing")
        ]
        # An evaluation has no reasons.
        made[0] = replace(made[0], text=json.dumps({"model_id": "m"}))
        nodes |= {node.key: node for node in (*made, Node(run, "execution", "Evaluator", run))}
        edges += [Edge(run, node.key, "output", "") for node in made]
    evidence = Evidence("model", "m", Graph.of(nodes, edges), model=nodes["model"])
    judged = evidence.about_model("ModelEvaluation")
    assert judged is not None and judged.key == "one.ModelEvaluation"
