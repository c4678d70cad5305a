"""What a store of others says in a name or a property is not taken for ours."""

import json

import pytest

from lakehouse.lineage.graph import Graph, Node, table_version
from lakehouse.lineage.openlineage import lines


@pytest.mark.parametrize("seconds", [1e300, 1e14, -5.0, 2.0])
def test_a_step_began_before_it_ended_whatever_seconds_mean(seconds: float) -> None:
    """And not before there were computers."""
    text = json.dumps({"seconds": seconds})
    step = Node("e1", "execution", "Trainer", "Trainer", "r", "COMPLETE", 10_000, text=text)
    told = [json.loads(line) for line in lines(Graph.of({"e1": step}, ()), [step], "ns")]
    began, ended = (event["eventTime"] for event in told)
    assert "1970-01-01" < began <= ended == "1970-01-01T00:00:10.000Z"


def test_a_name_with_thousands_of_digits_is_no_table_version() -> None:
    assert table_version(Node("a1", "artifact", "Model", f"a/b@{'9' * 5000}")) is None
    assert table_version(Node("a1", "artifact", "Examples", "silver/readings@12")) == (
        "silver/readings", 12,
    )  # fmt: skip
