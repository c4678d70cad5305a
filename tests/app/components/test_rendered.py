"""Finished parts reach the browser as the same JSON that Dash would have written."""

import json

import numpy as np
import orjson
import pytest
from dash import dcc, html
from dash._utils import to_json

from app.components.rendered import packed, rendered


def test_a_finished_part_is_what_dash_would_have_sent() -> None:
    part = html.Div([html.B("a"), html.Img(src="data:x", alt="</script>")], className="c")
    assert json.loads(packed(part)) == json.loads(to_json(part))
    assert json.loads(to_json({"children": rendered(part)}))["children"] == json.loads(packed(part))


def test_holes_in_arrays_become_nulls() -> None:
    values = np.array([[1.0, np.nan], [3.0, 4.0]], dtype=np.float32)
    graph = dcc.Graph(figure={"data": [{"y": values[:, 1]}], "layout": {}})
    assert json.loads(packed(graph))["props"]["figure"]["data"][0]["y"] == [None, 4.0]


def test_what_cannot_be_sent_is_named() -> None:
    with pytest.raises(orjson.JSONEncodeError, match="not JSON serializable"):
        packed(html.Div(object()))  # type: ignore[arg-type]
