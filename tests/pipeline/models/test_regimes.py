"""Regimes: as many as the settings have tight clusters."""

import numpy as np

from pipeline.models.regimes import MOST, find_regimes, nearest

random = np.random.default_rng(0)


def clusters(centres: list[list[float]], rows: int = 200) -> np.ndarray:
    points = [np.asarray(centre) + 0.001 * random.normal(size=(rows, 2)) for centre in centres]
    return np.concatenate(points)


def test_one_operating_point_is_one_regime() -> None:
    centres, reach = find_regimes(clusters([[0.3, 0.5]]))
    assert len(centres) == 1
    assert reach < 0.1


def test_every_operating_point_is_a_regime_of_its_own() -> None:
    points = [[0.0, 0.0], [0.24, 0.3], [0.48, 0.83], [0.6, 0.74], [0.83, 1.0], [1.0, 1.0]]
    centres, _ = find_regimes(clusters(points))
    assert np.allclose(centres, points, atol=0.01)


def test_the_order_of_the_rows_does_not_matter() -> None:
    points = clusters([[0.0, 0.0], [0.5, 0.5], [1.0, 0.0]])
    first, _ = find_regimes(points)
    second, _ = find_regimes(points[random.permutation(len(points))])
    assert np.allclose(first, second)


def test_single_wrong_rows_found_no_regime() -> None:
    points = np.vstack([clusters([[0.0, 0.0], [1.0, 1.0]]), [[50.0, 50.0]], [[-9.0, 3.0]]])
    centres, reach = find_regimes(points)
    assert len(centres) == 2
    assert nearest(points, centres)[1][-2] > reach


def test_settings_that_do_not_cluster_give_a_bounded_number() -> None:
    centres, _ = find_regimes(random.random((3000, 2)))
    assert 1 < len(centres) <= MOST


def test_no_settings_at_all_are_one_regime() -> None:
    assert find_regimes(np.zeros((0, 3)))[0].shape == (1, 3)
    assert find_regimes(np.zeros((50, 0)))[0].shape == (1, 0)
