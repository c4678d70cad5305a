"""The picture and the figure of two distributions."""

import math
from typing import Any

import orjson
import pytest

from app.figures.distribution import comparison_figure, thumbnail
from lakehouse.validation.comparison import Compared
from lakehouse.validation.views import Bucket, FeatureView

NAMES = ("training", "week 2")


def numbers(low: float) -> FeatureView:
    step = 1.0
    buckets = tuple(Bucket(low + i * step, low + (i + 1) * step, 3) for i in range(10))
    return FeatureView("x", "FLOAT", 30, 0, 0, low, 1, low, low, low, buckets, buckets)


def text(**shares: int) -> FeatureView:
    top = tuple(shares.items())
    return FeatureView("t", "STRING", sum(shares.values()), 0, unique=len(top), top_values=top)


NUMBER = Compared("x", numbers(0), numbers(5), "Jensen-Shannon", 0.4)
TEXT = Compared("t", text(a=3, b=1), text(b=5), "L-infinity", 0.75, "a")


def traces(
    column: Compared, theme: str = "light", names: tuple[str, str] = NAMES
) -> list[dict[str, Any]]:
    figure = comparison_figure(column, names, theme)
    orjson.dumps(figure, option=orjson.OPT_SERIALIZE_NUMPY)
    found: list[dict[str, Any]] = figure["data"]
    return found


def ticks(column: Compared) -> dict[int, str]:
    """What stands at which place of the axis of values."""
    axis = comparison_figure(column, NAMES, "light")["layout"]["yaxis"]
    return dict(zip(axis["tickvals"], axis["ticktext"], strict=True))


def test_histograms_lie_over_each_other_with_deciles_below() -> None:
    """Each side once in the upper panel and once in the lower one."""
    upper = [trace for trace in traces(NUMBER) if "yaxis" not in trace]
    assert [trace["name"] for trace in upper] == list(NAMES)
    ticks = [trace for trace in traces(NUMBER) if trace.get("mode") == "markers"]
    assert [len(trace["x"]) for trace in ticks] == [11, 11]
    assert {trace["y"][0] for trace in ticks} == {0.0, 1.0}


def test_nothing_needs_webgl() -> None:
    """The policy on scripts forbids what it compiles."""
    for column in (NUMBER, TEXT):
        assert {trace["type"] for trace in traces(column)} <= {"bar", "scatter"}


def test_text_is_drawn_as_shares_of_its_values() -> None:
    left, right = traces(TEXT)
    assert ticks(TEXT) == {0: "b", 1: "a"}
    assert left["y"] == right["y"] == [0, 1] and left["x"] == [25.0, 75.0]
    assert right["x"] == [100.0, 0.0]


def test_what_came_in_a_file_is_drawn_as_it_is_written() -> None:
    """Neither a value nor a file's name becomes a link, and no value takes another's place."""
    link, entity = "<a href='https://x.example'>x</a>", "&lt;b&gt;"
    first, second = ("https://same.example/beginning/" + end for end in ("left", "right"))
    column = Compared("t", text(**dict.fromkeys((link, entity, first, second), 1)), None,
                      "L-infinity")  # fmt: skip
    left, right = traces(column, names=("<b>a</b>.csv", "b&amp;.csv"))
    drawn = [*ticks(column).values(), *left["hovertext"], left["name"], right["name"]]
    assert not any(sign in words for sign in "<>" for words in drawn)
    assert (left["name"], right["name"]) == ("&lt;b&gt;a&lt;/b&gt;.csv", "b&amp;amp;.csv")
    assert "&amp;lt;b&amp;gt;" in ticks(column).values()
    assert len(left["x"]) == len(set(left["y"])) == len(set(ticks(column).values())) == 4
    assert first in left["hovertext"] and second in left["hovertext"]


def test_a_side_that_is_not_there_is_not_drawn() -> None:
    alone = Compared("x", None, numbers(2))
    names = {trace.get("name") for trace in traces(alone)}
    assert NAMES[0] not in names and NAMES[1] in names


@pytest.mark.parametrize("column", [NUMBER, TEXT])
def test_the_picture_is_small_and_follows_the_theme(column: Compared) -> None:
    light, dark = thumbnail(column, "light"), thumbnail(column, "dark")
    assert light.startswith("data:image/svg+xml,") and light != dark
    assert len(light) < 2_500


def test_without_values_there_is_no_picture() -> None:
    nothing = FeatureView("x", "FLOAT", 0, 3)
    assert thumbnail(Compared("x", nothing, nothing), "light") == ""
    assert thumbnail(Compared("t", None, None, "L-infinity"), "light") == ""


def test_an_infinite_end_draws_no_deciles() -> None:
    odd = FeatureView("x", "FLOAT", 2, 0, quantiles=(Bucket(0, math.inf, 2),))
    assert traces(Compared("x", odd, None)) == []
