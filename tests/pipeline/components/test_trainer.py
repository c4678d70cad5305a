"""Trainer: measured on unseen engines, fitted on all of them, the same bytes every time."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from lakehouse.parameters import Parameters
from lakehouse.profiles.turbofan import PROFILE
from pipeline.components.evaluator import evaluate
from pipeline.components.trainer import FOLDS, Trained, Work, fold, train, with_fold
from pipeline.components.transform import NothingToLearnError, featurise, fit, history
from pipeline.models.fitting import Cluster
from pipeline.sources.files import discover
from pipeline.sources.parsing import parse
from tests.pipeline.models.fleets import MOST, failures, features_of, fleet, lazy, taught

if TYPE_CHECKING:
    from lakehouse.engines.spark import SparkEngine

SILVER = fleet(engines=14)
SMALL = Parameters(rounds=10, depth=3, averaged=1)


def trained(silver: pl.DataFrame, work: Work, failed: pl.DataFrame | None = None) -> Trained:
    known = failures(silver) if failed is None else failed
    graph = fit(history(lazy(silver), known, MOST).flights, PROFILE)
    return train(lazy(silver), known, featurise(graph, lazy(silver)), graph, work)


def test_the_fold_is_the_hash_of_fleet_and_life() -> None:
    expected = int(sha256(b"PHM08/190").hexdigest(), 16) % 5
    assert fold("PHM08", 190) == expected
    assert {fold("F", life) for life in range(100)} == set(range(FOLDS))


def test_twins_share_a_fold() -> None:
    twins = failures(SILVER).with_columns(pl.lit(60, dtype=pl.Int64).alias("failure_cycle"))
    flights = with_fold(history(lazy(SILVER), twins, MOST).flights)
    assert flights["fold"].n_unique() == 1


def test_every_flight_of_a_failed_engine_is_said_once_out_of_fold() -> None:
    said = taught()[1].out_of_fold
    keys = ["fleet", "engine", "cycle"]
    assert said.select(keys).equals(SILVER.select(keys))
    assert said.columns == [
        *keys,
        "remaining",
        "fold",
        "probability",
        "window_from",
        "window_to",
        "coverage",
        "rul",
    ]
    assert said.drop("window_to").null_count().sum_horizontal().item() == 0


def test_what_is_said_out_of_fold_does_not_know_the_engine() -> None:
    """An engine whose sensors lie is said by learners that never saw it: they cannot know."""
    liar = pl.col("engine") == "e-005"
    names = [name for name in PROFILE.sensor_names if int(name.split("_")[1]) % 5 != 1]
    lying = SILVER.with_columns(
        pl.when(liar)
        .then(pl.col(name).reverse().over("engine"))
        .otherwise(pl.col(name))
        .alias(name)
        for name in names
    )
    work = Work(Parameters(rounds=30, depth=4, averaged=1), PROFILE, threads=1)
    said = trained(lying, work).out_of_fold.filter(liar)
    assert said.sort("cycle")["probability"].tail(10).mean() < 0.5  # type: ignore[operator]


def test_engines_in_service_do_not_train_but_may_be_there() -> None:
    failed = failures(SILVER).head(12)
    result = trained(SILVER, Work(SMALL, PROFILE, threads=1), failed)
    only = SILVER.join(failed, on=["fleet", "engine"], how="semi")
    assert result.out_of_fold["engine"].n_unique() == 12
    assert result.model.files == trained(only, Work(SMALL, PROFILE, threads=1)).model.files


def test_the_same_content_gives_the_same_files_byte_for_byte() -> None:
    first = trained(SILVER, Work(SMALL, PROFILE, threads=1))
    shuffled = SILVER.sample(fraction=1, shuffle=True, seed=3)
    second = trained(shuffled, Work(SMALL, PROFILE, threads=2))
    assert second.model.files == first.model.files
    assert second.out_of_fold.equals(first.out_of_fold)


def test_parameters_and_seed_are_part_of_the_model() -> None:
    seeded = SMALL.model_copy(update={"seed": 7})
    first = trained(SILVER, Work(SMALL, PROFILE, threads=1)).model
    assert trained(SILVER, Work(seeded, PROFILE, threads=1)).model.files != first.files
    assert first.card.parameters["seed"] == 0


def test_progress_rises_to_the_end_and_names_what_is_done() -> None:
    told: list[tuple[float, str]] = []
    trained(SILVER, Work(SMALL, PROFILE, 1, lambda share, text: told.append((share, text))))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert 0.9 < shares[-1] <= 1
    assert any("fold 2 of 5" in text for _, text in told)


def test_progress_can_cancel() -> None:
    def cancel(share: float, _message: str) -> None:
        if share > 0.2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        trained(SILVER, Work(SMALL, PROFILE, 1, cancel))


def test_failures_reported_long_after_the_last_flight_can_be_learned_from() -> None:
    """No flight is positive: the model is fitted all the same, and the gate decides."""
    late = failures(SILVER).with_columns(pl.col("failure_cycle") + 40)
    result = trained(SILVER, Work(SMALL, PROFILE, threads=1), late)
    assert (result.out_of_fold["probability"] < 0.5).all()
    assert result.model.card.training["engines"] == 14


def test_sensors_that_say_nothing_can_be_trained_on() -> None:
    names = PROFILE.sensor_names
    dull = SILVER.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in names)
    result = trained(dull, Work(SMALL, PROFILE, threads=1))
    assert result.out_of_fold.drop("window_to").null_count().sum_horizontal().item() == 0
    graph = fit(history(lazy(dull), failures(dull), MOST).flights, PROFILE)
    for silver in (dull, SILVER):
        said = result.model.predict(features_of(graph, silver))
        assert said["rul"].is_finite().all()
        assert said["window_to"].null_count() == len(said)


def test_engines_that_all_lived_equally_long_cannot_be_measured() -> None:
    equal = failures(SILVER).with_columns(pl.lit(60, dtype=pl.Int64).alias("failure_cycle"))
    with pytest.raises(NothingToLearnError, match="equally long"):
        trained(SILVER, Work(SMALL, PROFILE, threads=1), equal)


def test_what_it_cost_is_told() -> None:
    resources = taught()[1].resources
    assert set(resources) == {"fit_seconds", "peak_memory_mb", "model_bytes"}
    assert all(value > 0 for value in resources.values())


@pytest.mark.spark
@pytest.mark.nasa
def test_the_distributed_learner_is_as_good_as_the_local_one(
    nasa: Path, spark_engine: "SparkEngine"
) -> None:
    """On FD001, out of fold, in two tasks: it draws other rows for each tree, as another seed does.

    The limits are half as much again as what five seeds of the local learner differ by with these
    rounds: F1, which holds precision and recall, from 0.951 to 0.959, errors in cycles by 2.9 %.
    """
    delivered = discover([nasa / "cmapss" / "train_FD001.txt.gz"]).deliveries[0]
    silver = parse(delivered, PROFILE).records.with_columns(pl.lit("FD001").alias("fleet"))
    flown = silver.join(failures(silver), on=["fleet", "engine"])
    cluster = Cluster(
        spark_engine.frame(flown),
        lambda rows, function: spark_engine.map_groups(
            rows, ("fleet", "engine"), "cycle", function
        ),
        spark_engine.held,
        2,
        len(flown),
    )
    work = Work(Parameters(rounds=30, averaged=1), PROFILE)
    here = trained(silver, work)
    there = trained(silver, replace(work, cluster=cluster))
    ours, theirs = (evaluate(t.out_of_fold, t.resources, PROFILE) for t in (here, there))
    for name in ("average_precision", "f1", "brier", "coverage"):
        apart = 0.012 if name == "f1" else 0.005
        assert theirs[name] == pytest.approx(ours[name], abs=apart), name
    for name in ("rmse_capped", "rmse"):
        assert theirs[name] == pytest.approx(ours[name], rel=0.044), name
    assert (here.about["learner"], there.about["learner"]) == ("local", "distributed")
    assert there.about["learners"] == 2
    assert set(there.model.files) == set(here.model.files)
    training = there.model.card.training
    assert (training["flights"], training["engines"]) == (len(flown), 100)
    assert "pyspark" in there.model.card.libraries
