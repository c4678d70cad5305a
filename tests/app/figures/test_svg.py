"""SVG texts: right numbers, nothing that an address could not carry."""

from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.figures import svg

POINTS = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(-9000, 9000)), min_size=1, max_size=50
)


@given(POINTS)
def test_a_path_leads_through_its_points(points: list[tuple[int, int]]) -> None:
    x, y = (np.array(values) for values in zip(*points, strict=True))
    text = svg.path(x, y)
    start, _, steps = text.removeprefix("M").partition("l")
    if len(points) == 1:
        assert text == f"M{x[0]},{y[0]}h0"
        return
    here = np.array([int(number) for number in start.split(",")])
    walked = [tuple(here.tolist())]
    numbers = [int(number) for number in steps.split(",")]
    for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
        here = here + np.array([dx, dy])
        walked.append(tuple(here.tolist()))
    assert walked == points


def test_a_picture_is_well_formed_and_needs_no_further_encoding() -> None:
    line = svg.path(np.array([1, 2, 3]), np.array([5, 4, 9]))
    address = svg.image(40, 200, svg.stroke(line, "#0f5e6b", 1.5), svg.filled(line, "#e9efee"))
    head, _, body = address.partition(",")
    assert head == "data:image/svg+xml"
    assert not set(body) & set('<>#" \n')
    root = ElementTree.fromstring(unquote(body))  # noqa: S314  (our own text)
    assert root.attrib["viewBox"] == "0 0 40 200"
    assert [child.attrib.get("stroke") for child in root] == ["#0f5e6b", None]


def test_an_area_goes_there_above_and_back_below() -> None:
    x = np.array([1, 2])
    assert svg.area(x, np.array([9, 8]), np.array([3, 2])) == "M1,3l1,-1,0,6,-1,1z"
