"""What a model looks at: the share of its gain that each learner owes to each feature."""

from collections import Counter
from collections.abc import Mapping, Sequence

from pipeline.models.learners import FAR, LIFE, NEAR, SPREAD, gains

ESTIMATE = "estimate_of_life"
"""The last input of the learner of the expected error."""
DIGITS = 6


def importance(trees: Mapping[str, bytes], features: Sequence[str]) -> dict[str, dict[str, float]]:
    """By learner and feature a share from 0 to 1, the largest first.

    Args:
        trees: the learners as UBJSON, by name; several of one kind count together.
        features: their inputs, in order.
    """
    found = {}
    for learner in (NEAR, LIFE, FAR, SPREAD):
        names = [*features, ESTIMATE] if learner is SPREAD else features
        gained: Counter[str] = Counter()
        for name in sorted(trees):
            if name.partition("_")[0] == learner.name:
                gained.update(gains(trees[name], names))
        total = sum(gained.values()) or 1.0
        found[learner.name] = {
            name: round(gain / total, DIGITS) for name, gain in gained.most_common()
        }
    return found
