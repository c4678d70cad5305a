"""The boosted trees: what each one learns, from which flights, with which settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lakehouse.parameters import Parameters

if TYPE_CHECKING:
    from xgboost import Booster

Floats = npt.NDArray[np.float64]
Inputs = npt.NDArray[np.float32]
Tick = Callable[[], None]
"""Called after every boosting round; it may raise to stop the training."""

# Common to all: shallow bins and few columns a tree cost no quality here and halve the time.
COMMON: dict[str, Any] = {
    "tree_method": "hist",
    "max_bin": 64,
    "colsample_bytree": 0.3,
    "alpha": 0.1,
    "lambda": 1.0,
    "verbosity": 0,
}


@dataclass(frozen=True)
class Learner:
    """One kind of boosted trees.

    Attributes:
        name: also the file name of its model.
        objective: xgboost's name of the loss.
        share: its rounds, as a share of the parameter ``rounds``.
        travel: rounds times learning rate: more rounds take smaller steps.
        shallower: levels that its trees have less than the parameter ``depth``.
        leaf: least weight of a leaf.
        sample: share of the rows that each tree sees.
    """

    name: str
    objective: str
    share: float
    travel: float
    shallower: int
    leaf: int
    sample: float

    def rounds(self, parameters: Parameters) -> int:
        """Boosting rounds of this learner."""
        return max(1, round(parameters.rounds * self.share))

    def settings(self, parameters: Parameters) -> dict[str, Any]:
        """xgboost's settings of this learner."""
        rate = min(0.3, self.travel / self.rounds(parameters))
        return {
            **COMMON,
            "objective": self.objective,
            "eta": round(rate, 6),
            "max_depth": max(2, parameters.depth - self.shallower),
            "min_child_weight": self.leaf,
            "subsample": self.sample,
            "seed": parameters.seed,
        }


LIFE = Learner("life", "reg:squarederror", 1.0, 12.0, 0, 5, 0.5)
"""Remaining life up to the horizon: the sharp estimate."""
FAR = Learner("far", "reg:squarederror", 0.6, 10.0, 2, 5, 0.8)
"""Remaining life without a cap, learnt where it can be told at all."""
NEAR = Learner("near", "binary:logistic", 1.0, 12.0, 2, 10, 0.8)
"""Whether the flight is among the last ones."""
SPREAD = Learner("spread", "reg:squarederror", 0.3, 6.0, 2, 50, 0.8)
"""How wrong the estimate of remaining life is likely to be."""


@dataclass(frozen=True)
class Lesson:
    """What one learner is shown: inputs, label and weight of each row."""

    inputs: Inputs
    label: Floats
    weight: Floats | None = None


def train(
    learner: Learner,
    lesson: Lesson,
    parameters: Parameters,
    threads: int,
    tick: Tick = lambda: None,
) -> bytes:
    """Train one learner; the same rows in the same order give the same UBJSON bytes."""
    import xgboost

    class Ticking(xgboost.callback.TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
            tick()
            return False

    settings = {**learner.settings(parameters), "nthread": threads}
    data = xgboost.QuantileDMatrix(
        lesson.inputs,
        lesson.label,
        weight=lesson.weight,
        max_bin=COMMON["max_bin"],
        nthread=threads,
    )
    rounds = learner.rounds(parameters)
    booster = xgboost.train(settings, data, rounds, callbacks=[Ticking()])
    return bytes(booster.save_raw("ubj"))


def gains(model: bytes, names: Sequence[str]) -> dict[str, float]:
    """What the trees gained by each of their inputs; those that no tree asks are left out."""
    import xgboost

    booster: Booster = xgboost.Booster()
    booster.load_model(bytearray(model))
    booster.feature_names = list(names)
    told: dict[str, Any] = booster.get_score(importance_type="total_gain")
    return {name: float(gain) for name, gain in told.items()}


def predict(model: bytes, inputs: Inputs, threads: int) -> Floats:
    """What a trained learner says of each row."""
    import xgboost

    booster: Booster = xgboost.Booster({"nthread": threads})
    booster.load_model(bytearray(model))
    if len(inputs) == 0:
        return np.zeros(0)
    return np.asarray(booster.inplace_predict(inputs), dtype=np.float64)
