"""What a model looks at, told without opening its trees."""

import json

import pytest

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
