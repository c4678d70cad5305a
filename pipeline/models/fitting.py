"""Which flights teach which learner, and the order in which the learners are fitted."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lakehouse.parameters import Parameters
from lakehouse.profiles import Profile
from pipeline.models.failure import Estimates, bounded, with_life
from pipeline.models.learners import (
    FAR,
    LIFE,
    NEAR,
    SPREAD,
    Floats,
    Inputs,
    Learner,
    Lesson,
    predict,
    train,
)

Progress = Callable[[float, str], None]
"""Takes the finished share and a sentence; it may raise to cancel the training."""
Mask = npt.NDArray[np.bool_]

# Flights this many label lengths before the failure teach in full what the last ones are not.
NEARBY = 3
# Errors of neighbouring flights are alike: every fourth is enough to learn their size.
ERROR_STRIDE = 4
SECONDS_BETWEEN_TICKS = 0.5


@dataclass(frozen=True)
class Flights:
    """Rows to learn from, in the order of their keys.

    Attributes:
        inputs: features of the learners (float32).
        trust: the columns of TRUST.
        remaining: cycles until the failure.
        cycle: of the engine.
        fold: of the engine.
    """

    inputs: Inputs
    trust: Inputs
    remaining: Floats
    cycle: npt.NDArray[np.int64]
    fold: npt.NDArray[np.int64]

    def at(self, rows: Mask) -> "Flights":
        """Some of the rows."""
        return Flights(
            self.inputs[rows],
            self.trust[rows],
            self.remaining[rows],
            self.cycle[rows],
            self.fold[rows],
        )

    def every(self, stride: int) -> Mask:
        """Every so many-th flight of each engine."""
        return np.asarray(self.cycle % stride == 0)


@dataclass
class Steps:
    """Counts finished steps and tells, not too often, how far the training is."""

    progress: Progress
    total: int
    done: int = 0
    message: str = ""
    _told: float = field(default=0.0, repr=False)

    def next(self, message: str) -> None:
        """A step begins."""
        self.message = message
        self._told = time.monotonic()
        self.progress(min(1.0, self.done / self.total), message)
        self.done += 1

    def tick(self) -> None:
        """Part of a step is done: a chance to cancel it."""
        if time.monotonic() - self._told >= SECONDS_BETWEEN_TICKS:
            self._told = time.monotonic()
            self.progress(min(1.0, (self.done - 0.5) / self.total), self.message)


@dataclass(frozen=True)
class Fitting:
    """What every fit of one training shares.

    Attributes:
        parameters: of the training.
        profile: label and horizon.
        threads: threads of the trees.
        far: cycles before a failure from which on nothing is told of remaining life: half of all
            engines do not live longer.
        stride: every so many-th flight is learnt from.
        steps: takes the progress.
    """

    parameters: Parameters
    profile: Profile
    threads: int
    far: float
    stride: int
    steps: Steps

    def estimators(self, flights: Flights, averaged: int, name: str) -> dict[str, bytes]:
        """Life (``averaged`` times, with other seeds), far and near, fitted on ``flights``."""
        thin = flights.at(flights.every(self.stride))
        thin = thin if len(thin.remaining) else flights
        capped = np.minimum(thin.remaining, self.profile.horizon_cycles)
        trees = {}
        for index in range(averaged):
            self.steps.next(f"{name}: remaining life {index + 1} of {averaged}")
            seeded = self.parameters.model_copy(update={"seed": self.parameters.seed + index})
            trees[f"{LIFE.name}_{index}"] = self._train(LIFE, Lesson(thin.inputs, capped), seeded)
        told = thin.at(thin.remaining < self.far)
        self.steps.next(f"{name}: remaining life without a cap")
        trees[FAR.name] = self._train(FAR, Lesson(told.inputs, told.remaining))
        self.steps.next(f"{name}: probability")
        trees[NEAR.name] = self._near(flights)
        return trees

    def error(self, flights: Flights, life: Floats, name: str) -> bytes:
        """The expected error of ``life``, estimated out of fold, from truncated lives."""
        self.steps.next(f"{name}: expected error")
        wrong = np.abs(life - np.minimum(flights.remaining, self.profile.horizon_cycles))
        return self._train(SPREAD, Lesson(with_life(flights.inputs, life), wrong))

    def error_rows(self, flights: Flights) -> Mask:
        """Flights that teach the expected error."""
        return flights.every(ERROR_STRIDE) & (flights.remaining < self.far)

    def estimate(self, trees: dict[str, bytes], inputs: Inputs) -> Estimates:
        """What one life, far and near say; the expected error is still to come."""
        life = predict(trees[f"{LIFE.name}_0"], inputs, self.threads)
        return Estimates(
            predict(trees[NEAR.name], inputs, self.threads),
            np.clip(life, 0, self.profile.horizon_cycles),
            predict(trees[FAR.name], inputs, self.threads),
            np.zeros(len(inputs)),
        )

    def expected_error(self, tree: bytes, inputs: Inputs, life: Floats) -> Floats:
        """The expected error of ``life`` in cycles."""
        return bounded(predict(tree, with_life(inputs, life), self.threads))

    def _near(self, flights: Flights) -> bytes:
        """All flights near the failure, a third of the usual ones before, weighted to match."""
        near = flights.remaining < NEARBY * self.profile.label_cycles
        dense, sparse = max(1, self.stride // 2), NEARBY * self.stride
        rows = np.where(near, flights.every(dense), flights.every(sparse))
        chosen, near = flights.at(rows), near[rows]
        label = (chosen.remaining < self.profile.label_cycles).astype(np.float64)
        weight = np.where(near, 1.0, sparse / dense)
        return self._train(NEAR, Lesson(chosen.inputs, label, weight))

    def _train(
        self, learner: Learner, lesson: Lesson, parameters: Parameters | None = None
    ) -> bytes:
        chosen = parameters or self.parameters
        return train(learner, lesson, chosen, self.threads, self.steps.tick)
