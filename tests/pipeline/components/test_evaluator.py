"""Evaluator: metrics that can be worked out by hand, and a gate that says why."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score

from lakehouse.profiles.turbofan import PROFILE
from pipeline.components.evaluator import average_precision, bless, evaluate, refusal

LIFE = 100
COST = {"fit_seconds": 1.0, "peak_memory_mb": 2.0, "model_bytes": 3.0}


def said(engines: int = 20, noise: float = 0.3, seed: int = 0) -> pl.DataFrame:
    """Predictions of engines that all failed at cycle 100, more or less right."""
    random = np.random.default_rng(seed)
    remaining = np.tile(np.arange(LIFE)[::-1], engines)
    off = noise * random.normal(size=len(remaining))
    cycle = LIFE - remaining
    return pl.DataFrame(
        {
            "fleet": "F",
            "engine": np.repeat([f"e-{index:02d}" for index in range(engines)], LIFE),
            "cycle": cycle,
            "remaining": remaining,
            "fold": 0,
            "probability": 1 / (1 + np.exp((remaining - 19.5) / 3 + 3 * off)),
            "window_from": np.maximum(cycle, LIFE - 5),
            "window_to": np.full(len(cycle), LIFE + 5),
            "coverage": 0.9,
            "rul": np.maximum(remaining + 10 * off, 0),
        }
    )


def metrics(frame: pl.DataFrame) -> dict[str, float]:
    return evaluate(frame, COST, PROFILE)


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_is_scikit_learns(seed: int) -> None:
    random = np.random.default_rng(seed)
    positive = random.random(500) < 0.2
    score = np.round(random.random(500) + 0.3 * positive, 1).astype(np.float64)  # many ties
    expected = average_precision_score(positive, score)
    assert average_precision(positive, score) == pytest.approx(expected)


def test_average_precision_without_a_positive_is_0() -> None:
    assert average_precision(np.zeros(3, dtype=bool), np.arange(3.0)) == 0


def test_a_perfect_model_is_perfect() -> None:
    found = metrics(said(noise=0.0))
    assert found["average_precision"] == pytest.approx(1)
    assert found["f1"] == 1
    assert found["rmse"] == found["rmse_capped"] == 0
    assert found["coverage"] == 1
    assert found["alarms_missed"] == found["alarms_late"] == found["alarms_early"] == 0
    assert found["alarm_lead_p50"] == 17  # three flights in a row from 19 left on


def test_every_metric_of_the_contract_is_there() -> None:
    names = {
        "average_precision", "f1", "brier", "rmse_capped", "rmse", "coverage", "mean_width",
        "fit_seconds", "peak_memory_mb", "model_bytes",
    }  # fmt: skip
    found = metrics(said())
    assert names <= set(found)
    assert all(np.isfinite(value) for value in found.values())


def test_errors_beyond_the_horizon_count_only_uncapped() -> None:
    long = said(noise=0.0).with_columns(pl.col("remaining") + 200, pl.col("rul") + 260)
    found = metrics(long)
    assert found["rmse_capped"] == 0
    assert found["rmse"] == 60


def test_an_open_window_holds_late_failures_and_is_as_wide_as_the_horizon() -> None:
    opened = said(noise=0.0).with_columns(
        pl.col("cycle").alias("window_from"), pl.lit(None, dtype=pl.Int64).alias("window_to")
    )
    found = metrics(opened)
    assert found["coverage"] == 1
    assert found["mean_width"] == PROFILE.horizon_cycles
    late = opened.with_columns((pl.col("cycle") + 50).alias("window_from"))
    assert metrics(late)["coverage"] == pytest.approx(0.5)


def test_windows_are_held_to_what_they_promised() -> None:
    half = said(noise=0.0).with_columns((pl.col("cycle") + 50).alias("window_from"))
    half = half.with_columns(pl.lit(None, dtype=pl.Int64).alias("window_to"))
    modest = half.with_columns(pl.lit(0.5).alias("coverage"))
    assert not bless(metrics(half), half, None, PROFILE).blessed
    assert bless(metrics(modest), modest, None, PROFILE).blessed


def test_an_engine_without_an_alarm_is_missed() -> None:
    deaf = said().with_columns(
        pl.when(pl.col("engine") == "e-03").then(0.1).otherwise(pl.col("probability"))
        .alias("probability")
    )  # fmt: skip
    assert metrics(deaf)["alarms_missed"] == 1


def test_a_first_model_that_beats_the_base_rate_is_blessed() -> None:
    verdict = bless(metrics(said()), said(), None, PROFILE)
    assert verdict.blessed
    assert verdict.reasons[0].startswith("first_model: ")


def test_a_model_that_guesses_is_refused_with_every_reason() -> None:
    random = np.random.default_rng(1)
    guess = said().with_columns(
        pl.Series("probability", random.random(2000)),
        pl.lit(125.0).alias("rul"),
        pl.col("cycle").alias("window_to"),
        pl.col("cycle").alias("window_from"),
    )
    verdict = bless(metrics(guess), guess, None, PROFILE)
    assert not verdict.blessed
    assert [reason.split(":")[0] for reason in verdict.reasons] == [
        "probability_not_better_than_constant",
        "life_not_better_than_mean",
        "windows_too_often_wrong",
    ]


@pytest.mark.parametrize(
    ("ours", "theirs", "blessed", "code"),
    [
        (0.3, 0.3, False, "tie_with_live"),
        (0.1, 0.6, True, "better_than_live"),
        (0.6, 0.1, False, "worse_than_live"),
    ],
)
def test_the_live_model_stays_unless_it_is_beaten(
    ours: float, theirs: float, blessed: bool, code: str
) -> None:
    candidate = said(noise=ours, seed=1)
    verdict = bless(metrics(candidate), candidate, said(noise=theirs, seed=2), PROFILE)
    assert verdict.blessed is blessed
    assert verdict.reasons[0].startswith(f"{code}: ")


def test_a_model_is_a_tie_with_itself() -> None:
    verdict = bless(metrics(said()), said(), said(), PROFILE)
    assert verdict.reasons[0].startswith("tie_with_live")


def test_only_engines_that_both_predicted_are_compared() -> None:
    candidate = said(engines=30, noise=0.1)
    rival = said(engines=20, noise=0.6)
    assert "on 20 engines" in bless(metrics(candidate), candidate, rival, PROFILE).reasons[0]


def test_an_engine_that_failed_later_than_was_thought_is_not_compared() -> None:
    """Its truth has changed: what the live model was measured against no longer holds."""
    rival = said(noise=0.6).with_columns(
        pl.when(pl.col("engine") == "e-00").then(pl.col("remaining") + 7)
        .otherwise(pl.col("remaining")).alias("remaining")
    )  # fmt: skip
    candidate = said(noise=0.1)
    assert "on 19 engines" in bless(metrics(candidate), candidate, rival, PROFILE).reasons[0]


def test_a_live_model_without_common_engines_cannot_block() -> None:
    rival = said().with_columns(pl.lit("other").alias("engine"))
    verdict = bless(metrics(said()), said(), rival, PROFILE)
    assert verdict.blessed
    assert verdict.reasons[0].startswith("no_common_engines")


def failed(lives: list[int]) -> pl.DataFrame:
    engines = [f"e-{index}" for index in range(len(lives))]
    return pl.DataFrame({"fleet": "F", "engine": engines, "failure_cycle": lives})


def test_too_few_failures_are_refused_before_any_training() -> None:
    verdict = refusal(failed(list(range(100, 109))), PROFILE)
    assert verdict is not None
    assert verdict.reasons == ("too_few_failures: 9 failed engines, at least 10 are needed",)
    assert refusal(failed(list(range(100, 110))), PROFILE) is None


def test_engines_of_one_life_are_refused() -> None:
    verdict = refusal(failed([150] * 12), PROFILE)
    assert verdict is not None
    assert verdict.reasons[0].startswith("too_few_folds")
    assert refusal(failed([150] * 12), replace(PROFILE, minimum_failures=20)) is not None
