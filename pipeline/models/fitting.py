"""The order in which the learners of one training are fitted, here or in a cluster."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cache

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from lakehouse.parameters import Parameters
from lakehouse.profiles import Profile
from pipeline.models.course import Rows
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
from pipeline.models.lessons import Lessons

Progress = Callable[[float, str], None]
"""Takes the finished share and a sentence; it may raise to cancel the training."""
Teach = Callable[[Learner, Parameters], bytes]
"""Trains one learner on the flights that it stands for and gives its UBJSON."""
Mask = npt.NDArray[np.bool_]

# Errors of neighbouring flights are alike: every fourth is enough to learn their size.
ERROR_STRIDE = 4
SECONDS_BETWEEN_TICKS = 0.5


@dataclass(frozen=True)
class Cluster:
    """Where the flights lie when one machine's learner is too small for them.

    Attributes:
        flights: fleet, engine, cycle, settings, sensors and failure_cycle of all failed engines,
            as Spark has them.
        by_unit: what a function makes of whole engines' flights, in the order of their cycles,
            worked out where they lie; it must be one that can be sent there.
        held: a frame worked out once, however often it is used in the block.
        learners: tasks of one training; the cluster must run so many at a time.
        total: flights of all failed engines.
    """

    flights: Rows
    by_unit: Callable[[Rows, Callable[[pl.DataFrame], pl.DataFrame]], Rows]
    held: Callable[[Rows], AbstractContextManager[Rows]]
    learners: int
    total: int


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
        cluster: where life, far and near are trained; None = here.
    """

    parameters: Parameters
    profile: Profile
    threads: int
    far: float
    stride: int
    steps: Steps
    cluster: Cluster | None = None

    @property
    def lessons(self) -> Lessons:
        """Which flights teach which learner."""
        profile = self.profile
        return Lessons(profile.label_cycles, profile.horizon_cycles, self.far, self.stride)

    def estimators(self, teach: Teach, averaged: int, name: str) -> dict[str, bytes]:
        """Life (``averaged`` times, with other seeds), far and near, as ``teach`` trains them."""
        trees = {}
        for index in range(averaged):
            self.steps.next(f"{name}: remaining life {index + 1} of {averaged}")
            seeded = self.parameters.model_copy(update={"seed": self.parameters.seed + index})
            trees[f"{LIFE.name}_{index}"] = teach(LIFE, seeded)
        self.steps.next(f"{name}: remaining life without a cap")
        trees[FAR.name] = teach(FAR, self.parameters)
        self.steps.next(f"{name}: probability")
        trees[NEAR.name] = teach(NEAR, self.parameters)
        return trees

    def taught_by(self, flights: Flights) -> Teach:
        """Training in this process, on flights that lie in its memory."""

        @cache
        def lesson(learner: Learner) -> Lesson:
            return self._lesson(learner, flights)

        def teach(learner: Learner, parameters: Parameters) -> bytes:
            return self._train(learner, lesson(learner), parameters)

        return teach

    def error(self, flights: Flights, life: Floats, name: str) -> bytes:
        """The expected error of ``life``, estimated out of fold, from truncated lives."""
        self.steps.next(f"{name}: expected error")
        wrong = np.abs(life - np.minimum(flights.remaining, self.profile.horizon_cycles))
        lesson = Lesson(with_life(flights.inputs, life), wrong)
        return self._train(SPREAD, lesson, self.parameters)

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

    def _lesson(self, learner: Learner, flights: Flights) -> Lesson:
        labelled = nw.from_native(
            pl.DataFrame({"cycle": flights.cycle, "remaining": flights.remaining})
        )
        lessons = self.lessons
        if learner is not NEAR and not flights.every(self.stride).any():
            lessons = replace(lessons, stride=1)  # lives shorter than the stride
        teaching = lessons.of(learner)
        rows = labelled.select(rows=teaching.rows)["rows"].to_numpy()
        chosen = labelled.filter(teaching.rows)
        weight = teaching.weight
        return Lesson(
            flights.inputs[rows],
            chosen.select(label=teaching.label)["label"].to_numpy(),
            None if weight is None else chosen.select(weight=weight)["weight"].to_numpy(),
        )

    def _train(self, learner: Learner, lesson: Lesson, parameters: Parameters) -> bytes:
        return train(learner, lesson, parameters, self.threads, self.steps.tick)
