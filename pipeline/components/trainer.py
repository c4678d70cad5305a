"""Trainer: measures the learners out of fold, then fits the model on every failed engine."""

import os
import resource
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

import narwhals as nw
import numpy as np
import polars as pl

from lakehouse.parameters import Parameters
from lakehouse.profiles import Profile
from pipeline.components.transform import (
    NothingToLearnError,
    feature_names,
    featurise,
    fit,
    history,
)
from pipeline.models.card import card, taught
from pipeline.models.course import TRUST, Rows
from pipeline.models.failure import Estimates, FailureModel, answer
from pipeline.models.fitting import Cluster, Fitting, Flights, Mask, Progress, Steps, Teach
from pipeline.models.graph import TransformGraph
from pipeline.models.learners import SPREAD, Inputs
from pipeline.models.lessons import Lessons
from pipeline.models.window import WindowTable, calibrate

FOLDS = 5

# Idle threads of the trees would otherwise spin and slow down whatever shares the machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@dataclass(frozen=True)
class Work:
    """How one training is to be done.

    Attributes:
        parameters: what makes the model what it is.
        profile: label, horizon, columns.
        threads: threads of the trees; they change no result.
        progress: is told how far it is.
        cluster: trains the estimators on the flights of all failed engines; None = they are
            trained here, on the sample that everything else is fitted on.
    """

    parameters: Parameters
    profile: Profile
    threads: int = 2
    progress: Progress = lambda _share, _message: None
    cluster: Cluster | None = None


@dataclass(frozen=True)
class Trained:
    """What one training brought.

    Attributes:
        model: fitted on every failed engine.
        out_of_fold: fleet, engine, cycle, remaining, fold and what :meth:`FailureModel.predict`
            returns; each flight said by learners and a transform that never saw its engine.
        resources: fit_seconds, peak_memory_mb (of the process), model_bytes.
        about: sampled_engines (looked at) of failed_engines; learner (local or distributed), and
            learners: the tasks of a distributed one.
    """

    model: FailureModel
    out_of_fold: pl.DataFrame
    resources: Mapping[str, float]
    about: Mapping[str, int | str]


def train(
    silver: Rows, failures: pl.DataFrame, features: Rows, graph: TransformGraph, work: Work
) -> Trained:
    """Measure out of fold, calibrate the window, fit the final model.

    Args:
        silver: fleet, engine, cycle, settings, sensors of one fleet.
        failures: fleet, engine, failure_cycle.
        features: what ``graph`` made of ``silver``.
        graph: the transform, fitted on all failed engines.
        work: parameters, profile, threads, progress, cluster.

    Raises:
        NothingToLearnError: the failed engines do not fill two folds.
        TooFewSlotsError: the cluster cannot run as many tasks at a time as it shall.
    """
    began = time.perf_counter()
    lives = history(silver, failures, work.parameters.sample)
    failed = with_fold(lives.flights)
    fitting = _fitting(failed, work)
    said = _folds(failed, fitting)
    sampled = failures.join(failed, on=["fleet", "engine"], how="semi")
    seen = history(features, sampled, work.parameters.sample)
    flights = flights_of(with_fold(seen.flights), graph)
    with _teacher(fitting, flights, graph) as teach:
        trees = fitting.estimators(teach, work.parameters.averaged, "all engines")
    rows = fitting.error_rows(flights)
    trees[SPREAD.name] = fitting.error(flights.at(rows), said.life[rows], "all engines")
    window = _calibrated(fitting, failed, said, np.ones(len(failed), dtype=np.bool_))
    training, about = taught(failed), lives.about | {"learner": "local"}
    if work.cluster is not None:
        training |= {"flights": work.cluster.total, "engines": lives.failed}
        about |= {"learner": "distributed", "learners": work.cluster.learners}
    model = FailureModel(card(_inputs(graph), flights, fitting, window, training), trees)
    resources = {
        "fit_seconds": time.perf_counter() - began,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "model_bytes": float(sum(len(content) for content in model.files.values())),
    }
    return Trained(model, _out_of_fold(failed, said, fitting), resources, about)


def fold(fleet: str, life: int) -> int:
    """The fold of an engine: by total life, so that twins are never on both sides."""
    return int(sha256(f"{fleet}/{life}".encode()).hexdigest(), 16) % FOLDS


def with_fold(failed: pl.DataFrame) -> pl.DataFrame:
    """Add ``fold`` to the flights of failed engines."""
    lives = failed.select("fleet", "failure_cycle").unique(maintain_order=True)
    folds = [fold(fleet, life) for fleet, life in lives.iter_rows()]
    return failed.join(
        lives.with_columns(pl.Series("fold", folds, dtype=pl.Int64)),
        on=["fleet", "failure_cycle"],
        maintain_order="left",
    )


def flights_of(labelled: pl.DataFrame, graph: TransformGraph) -> Flights:
    """Features with ``remaining`` and ``fold`` as arrays."""
    return Flights(
        inputs=labelled.select(_inputs(graph)).to_numpy().astype(np.float32, copy=False),
        trust=labelled.select(TRUST).to_numpy(),
        remaining=labelled["remaining"].to_numpy().astype(np.float64),
        cycle=labelled["cycle"].to_numpy(),
        fold=labelled["fold"].to_numpy(),
    )


def lesson_rows(
    graph: TransformGraph, held: int | None, lessons: Lessons, flights: pl.DataFrame
) -> pl.DataFrame:
    """What a cluster makes of whole engines' flights: the rows that learners are taught by.

    Args:
        graph: the transform.
        held: the fold that must teach nothing; None = all teach.
        lessons: which flights are wanted.
        flights: fleet, engine, cycle, settings, sensors, failure_cycle; sorted, whole engines.

    Returns:
        fleet, engine, cycle, remaining and the inputs of the learners (float32), the same as
        :func:`flights_of` has them.
    """
    known = flights.filter(pl.col("cycle") <= pl.col("failure_cycle")).with_columns(
        remaining=pl.col("failure_cycle") - pl.col("cycle")
    )
    if held is not None:
        known = with_fold(known).filter(pl.col("fold") != held)
    made = featurise(graph, nw.from_native(known.lazy())).collect(backend="polars")
    features: pl.DataFrame = made.to_native()
    labels = known.select("fleet", "engine", "cycle", "remaining")
    wanted: pl.DataFrame = nw.from_native(labels).filter(lessons.taught).to_native()
    rows = wanted.join(features, on=["fleet", "engine", "cycle"], maintain_order="left")
    return rows.select(*labels.columns, *_inputs(graph))


def _inputs(graph: TransformGraph) -> tuple[str, ...]:
    """Columns that the learners read."""
    return tuple(name for name in feature_names(graph) if name not in TRUST)


@contextmanager
def _teacher(
    fitting: Fitting, flights: Flights, graph: TransformGraph, held: int | None = None
) -> Iterator[Teach]:
    """Trains learners on all folds but ``held``: on ``flights``, or on all that a cluster has."""
    cluster = fitting.cluster
    if cluster is None:
        yield fitting.taught_by(flights if held is None else flights.at(flights.fold != held))
        return
    from pipeline.models.distributed import taught_by

    function = partial(lesson_rows, graph, held, fitting.lessons)
    rows = cluster.by_unit(cluster.flights, function)
    with taught_by(cluster, rows, _inputs(graph), fitting) as teach:
        yield teach


def _fitting(failed: pl.DataFrame, work: Work) -> Fitting:
    used = failed["fold"].n_unique()
    if used < 2:
        raise NothingToLearnError("all failed engines lived equally long: no fold to measure on")
    lives = failed.select("fleet", "engine", "failure_cycle").unique()["failure_cycle"]
    steps = 5 * used + work.parameters.averaged + 3
    return Fitting(
        parameters=work.parameters,
        profile=work.profile,
        threads=work.threads,
        far=float(np.median(lives.to_numpy())),
        stride=_stride(failed, work),
        cluster=work.cluster,
        steps=Steps(work.progress, steps),
    )


def _stride(failed: pl.DataFrame, work: Work) -> int:
    """In a cluster all flights count, but every engine goes on teaching, whatever their number."""
    cluster, rows = work.cluster, work.parameters.rows
    if cluster is None:
        return max(1, round(len(failed) / rows))
    return max(1, min(round(cluster.total / rows), work.profile.label_cycles))


@dataclass(frozen=True)
class _Held:
    """One fold: what is said of its flights, and what teaches how wrong that may be."""

    name: str
    own: Mask
    said: Estimates
    inputs: Inputs
    others: Mask
    lessons: Flights


def _hold_out(failed: pl.DataFrame, held: int, name: str, fitting: Fitting) -> _Held:
    """Fit transform and learners on all other folds and ask them about this one."""
    fitting.steps.next(f"{name}: transform")
    graph, flights = _refitted(failed, held, fitting.profile)
    own = flights.fold == held
    with _teacher(fitting, flights, graph, held) as teach:
        trees = fitting.estimators(teach, 1, name)
    inputs = flights.inputs[own]
    others = fitting.error_rows(flights) & ~own
    return _Held(name, own, fitting.estimate(trees, inputs), inputs, others, flights.at(others))


def _folds(failed: pl.DataFrame, fitting: Fitting) -> Estimates:
    """Estimates and expected errors of every flight, from the other folds only."""
    folds = np.unique(failed["fold"].to_numpy())
    parts = [
        _hold_out(failed, int(held), f"fold {number} of {len(folds)}", fitting)
        for number, held in enumerate(folds, start=1)
    ]
    near, life, far, error = np.zeros((4, len(failed)))
    for part in parts:
        near[part.own], life[part.own] = part.said.probability, part.said.life
        far[part.own] = part.said.far
    for part in parts:
        tree = fitting.error(part.lessons, life[part.others], part.name)
        error[part.own] = fitting.expected_error(tree, part.inputs, life[part.own])
    return Estimates(near, life, far, error)


def _refitted(failed: pl.DataFrame, held: int, profile: Profile) -> tuple[TransformGraph, Flights]:
    graph = fit(failed.filter(pl.col("fold") != held), profile)
    features = featurise(graph, nw.from_native(failed.lazy())).collect(backend="polars")
    frame: pl.DataFrame = features.to_native()
    labels = failed.select("fleet", "engine", "cycle", "remaining", "fold")
    joined = labels.join(frame, on=["fleet", "engine", "cycle"], maintain_order="left")
    return graph, flights_of(joined, graph)


def _calibrated(fitting: Fitting, failed: pl.DataFrame, said: Estimates, rows: Mask) -> WindowTable:
    """The window table from lives cut off at any of their last ``far`` cycles."""
    remaining = failed["remaining"].to_numpy().astype(np.float64)
    chosen = rows & (remaining < fitting.far)
    engines = failed.filter(pl.Series(rows)).select("fleet", "engine").n_unique()
    limits = (fitting.parameters.coverage, float(fitting.profile.horizon_cycles))
    return calibrate(said.life[chosen], said.error[chosen], remaining[chosen], engines, limits)


def _out_of_fold(failed: pl.DataFrame, said: Estimates, fitting: Fitting) -> pl.DataFrame:
    folds = failed["fold"].to_numpy()
    parts = []
    for held in np.unique(folds):
        own = folds == held
        table = _calibrated(fitting, failed, said, ~own)
        here = Estimates(said.probability[own], said.life[own], said.far[own], said.error[own])
        keys = failed.filter(pl.Series(own))
        doubt = np.zeros(len(keys), dtype=np.bool_)
        parts.append(
            pl.concat(
                [
                    keys.select("fleet", "engine", "cycle", "remaining", "fold"),
                    answer(keys, here, table, doubt).drop("fleet", "engine", "cycle"),
                ],
                how="horizontal",
            )
        )
    return pl.concat(parts).sort("fleet", "engine", "cycle")
