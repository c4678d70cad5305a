"""What a model looks at, told without opening its trees."""

import json

import numpy as np
import pytest
import xgboost

from pipeline.models.failure import IMPORTANCE
from pipeline.models.importance import ESTIMATE, importance
from tests.pipeline.models.test_failure import MODEL


def test_each_learners_shares_add_up_and_name_its_features() -> None:
    """The one of the expected error knows the estimate too; the largest share comes first."""
    told = json.loads(MODEL.files[IMPORTANCE])
    assert told == importance(MODEL.trees, MODEL.card.features)
    assert set(told) == {"near", "life", "far", "spread"}
    for learner, shares in told.items():
        known = {*MODEL.card.features, *([ESTIMATE] if learner == "spread" else [])}
        assert set(shares) <= known
        if shares:
            assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
            assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert told["near"] and told["life"]


@pytest.mark.parametrize(
    ("learner", "telling", "name"), [("near", 0, "a"), ("near", 1, "b"), ("spread", 2, ESTIMATE)]
)
def test_the_share_is_that_of_the_column_that_tells_anything(
    learner: str, telling: int, name: str
) -> None:
    """In the order in which the learner takes its features; the estimate stands last."""
    width = 3 if learner == "spread" else 2
    rows = np.random.default_rng(1).normal(size=(200, width))
    data = xgboost.DMatrix(rows, label=(rows[:, telling] > 0).astype(float))
    tree = xgboost.train({"max_depth": 1, "nthread": 1}, data, num_boost_round=1)
    trees = {f"{learner}_0": bytes(tree.save_raw("ubj"))}
    assert importance(trees, ["a", "b"])[learner] == {name: 1.0}
