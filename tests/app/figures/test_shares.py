"""Two distributions in common buckets."""

import numpy as np
import pytest

from app.figures.shares import deciles, overlaid, top_values
from lakehouse.validation.views import Bucket, FeatureView


def numbers(*buckets: tuple[float, float, float]) -> FeatureView:
    made = tuple(Bucket(*bucket) for bucket in buckets)
    return FeatureView("x", "FLOAT", 10, 0, histogram=made, quantiles=made)


def test_both_have_the_same_buckets_and_all_their_values_in_them() -> None:
    """Over the range of both together."""
    both = overlaid(numbers((0, 5, 10), (5, 10, 30)), numbers((10, 20, 7)), count=4)
    assert both.edges.tolist() == [0, 5, 10, 15, 20]
    assert both.left.tolist() == pytest.approx([0.25, 0.75, 0, 0])
    assert both.right.tolist() == pytest.approx([0, 0, 0.5, 0.5])
    assert both.most == pytest.approx(0.75)


def test_a_constant_stands_in_one_bucket() -> None:
    """Alone it gets room around it; beside others it falls where it belongs."""
    alone = overlaid(numbers((100, 100, 5)), numbers((100, 100, 9)))
    assert alone.left.sum() == alone.right.sum() == pytest.approx(1)
    assert np.count_nonzero(alone.left) == 1
    beside = overlaid(numbers((20, 20, 5)), numbers((0, 20, 9)), count=2)
    assert beside.left.tolist() == [0, 1]


def test_infinite_buckets_are_left_out() -> None:
    """No axis reaches them."""
    both = overlaid(numbers((-np.inf, -np.inf, 3), (0, 1, 3)), None, count=1)
    assert both.edges.tolist() == [0, 1]
    assert both.left.tolist() == [1]
    assert len(both.right) == 0


@pytest.mark.parametrize("view", [None, FeatureView("x", "FLOAT", 0, 5)])
def test_without_values_there_is_nothing(view: FeatureView | None) -> None:
    both = overlaid(view, None)
    assert len(both.edges) == 0 and both.most == 0
    assert deciles(view) == ()


def test_deciles_are_the_ends_of_equally_filled_buckets() -> None:
    assert deciles(numbers((0, 1, 1), (1, 4, 1))) == (0, 1, 4)


def test_frequent_values_stand_with_their_share_in_both() -> None:
    """The most frequent of either first."""
    left = FeatureView("t", "STRING", 4, 0, top_values=(("a", 3), ("b", 1)))
    right = FeatureView("t", "STRING", 10, 0, top_values=(("c", 10),))
    assert top_values(left, right) == {"c": (0, 1), "a": (0.75, 0), "b": (0.25, 0)}
    assert top_values(None, right) == {"c": (0, 1)}
