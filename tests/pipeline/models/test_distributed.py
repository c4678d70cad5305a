"""Training in a cluster: the same trees from one task, as good ones from several, or a clear no."""

import threading
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from lakehouse.engines import JobCancelledError
from lakehouse.parameters import Parameters
from lakehouse.profiles.turbofan import PROFILE
from pipeline.components.trainer import flights_of, lesson_rows, with_fold
from pipeline.components.transform import fit, history
from pipeline.models.fitting import Cluster, Fitting, Flights, Steps, Teach
from pipeline.models.graph import TransformGraph
from pipeline.models.learners import LIFE, predict
from pipeline.models.lessons import TAUGHT
from tests.pipeline.models.fleets import MOST, failures, features_of, fleet, lazy

if TYPE_CHECKING:
    from lakehouse.engines.spark import SparkEngine

pytestmark = pytest.mark.spark
PARAMETERS = Parameters(rounds=10, depth=4)
SILVER = fleet(engines=14)
KEYS = ["fleet", "engine", "cycle"]


@cache
def known() -> tuple[TransformGraph, Flights]:
    """The transform of a made-up fleet and what it makes of it, in this process."""
    labelled = with_fold(history(lazy(SILVER), failures(SILVER), MOST).flights)
    graph = fit(labelled, PROFILE)
    labels = labelled.select(*KEYS, "remaining", "fold")
    joined = labels.join(features_of(graph, SILVER), on=KEYS, maintain_order="left")
    return graph, flights_of(joined, graph)


def fitting(stride: int = 1) -> Fitting:
    steps = Steps(lambda _share, _message: None, 1)
    return Fitting(PARAMETERS, PROFILE, threads=1, far=70.0, stride=stride, steps=steps)


def school(
    engine: "SparkEngine", tasks: int, silver: pl.DataFrame = SILVER, stride: int = 1
) -> AbstractContextManager[Teach]:
    """A block in which learners are taught the made-up fleet in the cluster."""
    from pipeline.models.distributed import taught_by

    flown = silver.join(failures(SILVER), on=["fleet", "engine"])
    where = Cluster(
        engine.frame(flown),
        lambda rows, function: engine.map_groups(rows, ("fleet", "engine"), "cycle", function),
        engine.held,
        tasks,
        len(flown),
    )
    function = partial(lesson_rows, known()[0], None, fitting(stride).lessons)
    rows = where.by_unit(where.flights, function)
    names = rows.collect_schema().names()
    inputs = tuple(name for name in names if name not in (*KEYS, "remaining"))
    return taught_by(where, rows, inputs, fitting(stride))


@pytest.mark.parametrize("stride", [1, 3])
def test_one_task_trains_the_very_trees_of_this_process(
    spark_engine: "SparkEngine", stride: int
) -> None:
    """Rows, labels, weights, settings and format are the same: so are the bytes."""
    here = fitting(stride).taught_by(known()[1])
    with school(spark_engine, 1, stride=stride) as teach:
        for learner in TAUGHT:
            assert teach(learner, PARAMETERS) == here(learner, PARAMETERS), learner.name


def test_two_tasks_train_the_same_trees_whatever_order_the_flights_come_in(
    spark_engine: "SparkEngine",
) -> None:
    shuffled = SILVER.sample(fraction=1, shuffle=True, seed=3)
    with school(spark_engine, 2) as teach:
        first = teach(LIFE, PARAMETERS)
    with school(spark_engine, 2, shuffled) as teach:
        assert teach(LIFE, PARAMETERS) == first


def test_when_each_tree_sees_all_rows_two_tasks_say_what_one_process_says(
    spark_engine: "SparkEngine",
) -> None:
    """Which rows a tree sees is drawn by their place in a task: the one thing that differs."""
    calm = replace(LIFE, sample=1.0)
    inputs = known()[1].inputs
    here = predict(fitting().taught_by(known()[1])(calm, PARAMETERS), inputs, 1)
    with school(spark_engine, 2) as teach:
        there = predict(teach(calm, PARAMETERS), inputs, 1)
    apart = float(np.sqrt(((here - there) ** 2).mean()))
    assert apart < 0.1 * here.std(), f"{apart:.2f} cycles of {here.std():.2f}"


def test_more_tasks_than_slots_are_refused_at_once_with_what_to_set(
    spark_engine: "SparkEngine",
) -> None:
    from pipeline.models.distributed import TooFewSlotsError

    began = time.monotonic()
    with (
        pytest.raises(TooFewSlotsError, match=r"3 slots.*has 2: set spark\.learners to 2"),
        school(spark_engine, 3),
    ):
        pass
    assert time.monotonic() - began < 30


def test_a_learner_that_would_be_shown_nothing_is_named(spark_engine: "SparkEngine") -> None:
    from pipeline.models.distributed import EmptyLessonError

    with pytest.raises(EmptyLessonError, match="'life'"), school(spark_engine, 2, stride=1000):
        pass


def test_a_cancelled_training_ends_and_the_next_one_works(spark_engine: "SparkEngine") -> None:
    endless = PARAMETERS.model_copy(update={"rounds": 2000, "depth": 10})
    asked = threading.Event()
    with (
        pytest.raises(JobCancelledError),
        spark_engine.job("endless", asked.is_set),
        school(spark_engine, 2) as teach,
    ):
        threading.Timer(2.0, asked.set).start()
        teach(LIFE, endless)
    with school(spark_engine, 2) as teach:
        assert teach(LIFE, PARAMETERS)
