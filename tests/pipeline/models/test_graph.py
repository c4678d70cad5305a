"""A transform graph is its text and nothing more."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.models.graph import Signal, TransformGraph

finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None)
@given(st.lists(finite, min_size=4, max_size=4))
def test_floats_come_back_to_the_last_bit(numbers: list[float]) -> None:
    a, b, c, d = numbers
    graph = TransformGraph(
        sensors=("s1",),
        settings=("x",),
        scales=(a,),
        centres=((b,),),
        reach=c,
        means=((d,),),
        deviations=((a,),),
        kept=("s1",),
        common=(b,),
        signals=(Signal("life", ((c,),), (d,), a),),
    )
    again = TransformGraph.from_json(graph.to_json())
    assert again == graph
    assert again.to_json() == graph.to_json()


@pytest.mark.parametrize("text", ["[]", "{}", json.dumps({"recipe": 99})])
def test_a_graph_of_another_recipe_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="recipe"):
        TransformGraph.from_json(text)
