"""The learners trained by the tasks of a Spark cluster, in the same model format.

The rows, their labels and the settings are those of the training in one process; xgboost's workers
share the histograms, so every tree has seen all rows.

What repeats itself: a row goes to a task by the hash of its key and the rows of a task are sorted
by key, so the same flights with the same number of tasks and the same versions of Spark and xgboost
give the same bytes. What does not: another number of tasks, or another size of the Arrow batches
(``spark.sql.execution.arrow.maxRecordsPerBatch``), cuts the features at slightly other quantiles,
draws other rows for each tree and adds up in another order. That model is as good, but has other
bytes, and so does the one that is trained in one process.
"""

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import narwhals as nw
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import array
from xgboost.spark import SparkXGBRegressor

from lakehouse.parameters import Parameters
from pipeline.models.course import Rows
from pipeline.models.fitting import Cluster, Fitting, Teach
from pipeline.models.learners import Learner, Tick
from pipeline.models.lessons import TAUGHT, Lessons, Teaching

KEYS = ("fleet", "engine", "cycle")
INPUTS, LABEL, WEIGHT = "_inputs", "_label", "_weight"
# Executors that are still starting get so long; a local master has all its slots at once.
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.5

# Its news of every training would fill the worker's log.
logging.getLogger("XGBoost-PySpark").setLevel(logging.WARNING)


class TooFewSlotsError(RuntimeError):
    """Fewer tasks run at a time than one training needs; the message says what to set."""


class EmptyLessonError(ValueError):
    """No flight in the cluster teaches a learner."""


@contextmanager
def taught_by(
    cluster: Cluster, rows: Rows, inputs: tuple[str, ...], fitting: Fitting
) -> Iterator[Teach]:
    """Training in the cluster on rows that are kept there until the end of the block.

    Args:
        cluster: keeps the rows; says in how many tasks to train.
        rows: fleet, engine, cycle, remaining and ``inputs``.
        inputs: columns that the learners read, in order.
        fitting: which rows teach whom; is asked to go on while executors are waited for.

    Raises:
        TooFewSlotsError: fewer tasks can run at a time than there are to be; Spark would wait for
            them for ten minutes and then say less.
        EmptyLessonError: a learner would be shown no row at all.
    """
    lessons = fitting.lessons
    _check_slots(_native(rows).sparkSession, cluster.learners, fitting.steps.tick)
    with cluster.held(_dealt(rows, inputs, cluster.learners)) as kept:
        _check_lessons(kept, lessons)

        def teach(learner: Learner, parameters: Parameters) -> bytes:
            lesson = _lesson(kept, lessons.of(learner))
            return train(learner, lesson, parameters, cluster.learners)

        yield teach


def train(learner: Learner, lesson: Rows, parameters: Parameters, tasks: int) -> bytes:
    """Train one learner; the UBJSON is such as the training in one process gives.

    Args:
        learner: objective and settings.
        lesson: ``INPUTS`` (an array), ``LABEL`` and, where rows do not count alike, ``WEIGHT``; in
            as many partitions as there are tasks.
        parameters: of the training.
        tasks: that train together; the threads of each are ``spark.task.cpus``.
    """
    settings: dict[str, Any] = learner.settings(parameters)
    if WEIGHT in lesson.collect_schema().names():
        settings["weight_col"] = WEIGHT
    # The classifier would look through all labels first, to find that there are two.
    estimator = SparkXGBRegressor(
        features_col=INPUTS,
        label_col=LABEL,
        num_workers=tasks,
        n_estimators=learner.rounds(parameters),
        missing=math.nan,
        verbose=False,
        disable_default_eval_metric=True,
        **settings,
    )
    booster = estimator.fit(_native(lesson)).get_booster()
    return bytes(booster.save_raw("ubj"))


def _dealt(rows: Rows, inputs: tuple[str, ...], tasks: int) -> Rows:
    """Rows dealt out to the tasks by their keys, whoever computed them, and sorted.

    The inputs become one column: Spark plans and moves hundreds of them for twice the time.
    """
    packed = _native(rows).select(*KEYS, "remaining", array(*inputs).alias(INPUTS))
    return nw.from_native(packed.repartition(tasks, *KEYS).sortWithinPartitions(*KEYS))


def _lesson(rows: Rows, teaching: Teaching) -> Rows:
    columns = {LABEL: teaching.label}
    if teaching.weight is not None:
        columns[WEIGHT] = teaching.weight
    return rows.filter(teaching.rows).select(INPUTS, **columns)


def _check_lessons(rows: Rows, lessons: Lessons) -> None:
    """Also the moment at which the rows are worked out, in tasks that can be repeated singly."""
    counts = rows.select(
        **{learner.name: lessons.of(learner).rows.cast(nw.Int64).sum() for learner in TAUGHT}
    )
    for name, count in counts.collect("polars").to_dict(as_series=False).items():
        if not count[0]:
            raise EmptyLessonError(f"no flight of a failed engine teaches the learner {name!r}")


def _check_slots(spark: SparkSession, tasks: int, tick: Tick) -> None:
    local, master = spark.sparkContext._jsc.sc().isLocal(), spark.sparkContext.master
    deadline = time.monotonic() + (0.0 if local else PATIENCE_SECONDS)
    while (slots := _slots(spark)) < tasks:
        if time.monotonic() >= deadline:
            raise TooFewSlotsError(
                f"training in {tasks} tasks needs {tasks} slots at a time, and Spark at {master} "
                f"has {slots}: set spark.learners to {max(1, slots)} or less, or give it more cores"
            )
        tick()
        time.sleep(POLL_SECONDS)


def _slots(spark: SparkSession) -> int:
    """Tasks that all executors of now can run at a time."""
    scala = spark.sparkContext._jsc.sc()
    profile = scala.resourceProfileManager().resourceProfileFromId(0)
    return int(scala.maxNumConcurrentTasks(profile))


def _native(rows: Rows) -> DataFrame:
    native: DataFrame = nw.to_native(rows)
    return native
