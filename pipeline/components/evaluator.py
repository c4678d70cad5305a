"""Evaluator: measures a trained model out of fold and decides whether it may go live."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from lakehouse.profiles import Profile
from pipeline.components.trainer import fold

Floats = npt.NDArray[np.float64]

ENGINE = ["fleet", "engine"]
FLIGHT = [*ENGINE, "cycle"]
# An alarm is this many flights in a row that say "act": one flight alone is noise.
IN_A_ROW = 3
EARLY, LATE = 40, 5
# Differences smaller than this many standard errors over the engines are a tie.
CLEAR = 2.0
COVERAGE_SLACK = 0.1


@dataclass(frozen=True)
class Blessing:
    """Whether a model may go live, and why (not); each reason is ``code: words``."""

    blessed: bool
    reasons: tuple[str, ...]


def refusal(failures: pl.DataFrame, profile: Profile) -> Blessing | None:
    """Why a fleet cannot be trained at all, or None.

    Args:
        failures: fleet, engine, failure_cycle; one row an engine.
        profile: the fewest failures that teach something.
    """
    if len(failures) < profile.minimum_failures:
        words = f"{len(failures)} failed engines, at least {profile.minimum_failures} are needed"
        return Blessing(False, (f"too_few_failures: {words}",))
    lives = failures.select("fleet", "failure_cycle").unique()
    if len({fold(fleet, life) for fleet, life in lives.iter_rows()}) < 2:
        words = "the failed engines lived equally long, so none can be kept unseen"
        return Blessing(False, (f"too_few_folds: {words}",))
    return None


def evaluate(
    out_of_fold: pl.DataFrame, resources: Mapping[str, float], profile: Profile
) -> dict[str, float]:
    """Metrics of predictions that were made without having seen the engine.

    Args:
        out_of_fold: as :class:`pipeline.components.trainer.Trained` describes it.
        resources: what the training cost; handed through.
        profile: label, horizon, threshold.

    Returns:
        average_precision, f1, precision, recall (threshold ``act_probability``, pooled over the
        folds), brier, positives (share), rmse_capped (both sides at the horizon), rmse,
        rmse_of_mean (what guessing the mean gives, capped); nominal_coverage, coverage
        and mean_width of the windows over engines cut off at any of their last flights (no more
        of them than half of all engines ever live to see), widths counted up to the horizon;
        engines, flights; alarms_missed, alarms_late, alarms_early (engines) and alarm_lead_p05,
        alarm_lead_p50 (cycles before the failure); and the resources.
    """
    late = out_of_fold.filter(pl.col("remaining") < _median_life(out_of_fold))
    return {
        **_probability_metrics(out_of_fold, profile),
        **_life_metrics(out_of_fold, profile.horizon_cycles),
        **_window_metrics(late, profile.horizon_cycles),
        "flights": float(len(out_of_fold)),
        **_alarm_metrics(out_of_fold, profile.act_probability),
        **resources,
    }


def by_fold(out_of_fold: pl.DataFrame, profile: Profile) -> dict[str, dict[str, float]]:
    """The same metrics of each fold alone, as :func:`evaluate` gives them; by its number."""
    parts = out_of_fold.sort(FLIGHT).partition_by("fold", as_dict=True)
    return {str(key[0]): evaluate(parts[key], {}, profile) for key in sorted(parts)}


def bless(
    metrics: Mapping[str, float],
    out_of_fold: pl.DataFrame,
    live: pl.DataFrame | None,
    profile: Profile,
) -> Blessing:
    """Absolute bars first, then the comparison with the live model; a tie keeps the live one.

    Args:
        metrics: of the candidate.
        out_of_fold: the candidate's predictions of engines that it had not seen.
        live: the live model's, the same columns; None while no model is live.
        profile: label and horizon.
    """
    failed = _bars(metrics)
    if failed:
        return Blessing(False, failed)
    if live is None:
        return Blessing(True, ("first_model: it beats the base rate",))
    keys = [*FLIGHT, "remaining"]
    common = out_of_fold.join(live.select(keys), on=keys, how="semi").sort(FLIGHT)
    if common.is_empty():
        return Blessing(True, ("no_common_engines: the live model left nothing to compare with",))
    theirs = live.join(common.select(keys), on=keys, how="semi").sort(FLIGHT)
    return _compared(common, theirs, profile)


def average_precision(positive: npt.NDArray[np.bool_], score: Floats) -> float:
    """Area under precision over recall, in steps; ties count as one threshold."""
    if not positive.any():
        return 0.0
    order = np.argsort(-score, kind="stable")
    hit, ranked = np.cumsum(positive[order]), score[order]
    last = np.append(ranked[1:] != ranked[:-1], True)
    recall, precision = hit[last] / hit[-1], hit[last] / (np.flatnonzero(last) + 1)
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def _median_life(frame: pl.DataFrame) -> float:
    lives = frame.group_by(ENGINE).agg((pl.col("cycle") + pl.col("remaining")).max().alias("life"))
    return float(np.median(lives["life"].to_numpy()))


def _probability_metrics(frame: pl.DataFrame, profile: Profile) -> dict[str, float]:
    positive = frame["remaining"].to_numpy() < profile.label_cycles
    score = frame["probability"].to_numpy()
    called = score >= profile.act_probability
    hits = float((called & positive).sum())
    precision = hits / max(float(called.sum()), 1.0)
    recall = hits / max(float(positive.sum()), 1.0)
    return {
        "average_precision": average_precision(positive, score),
        "f1": 2 * hits / max(float(called.sum() + positive.sum()), 1.0),
        "precision": precision,
        "recall": recall,
        "brier": float(((score - positive) ** 2).mean()),
        "positives": float(positive.mean()),
    }


def _life_metrics(frame: pl.DataFrame, horizon: int) -> dict[str, float]:
    truth, rul = frame["remaining"].to_numpy(), frame["rul"].to_numpy()
    capped = np.minimum(truth, horizon)
    error = np.minimum(rul, horizon) - capped
    return {
        "rmse_capped": float(np.sqrt((error**2).mean())),
        "rmse": float(np.sqrt(((rul - truth) ** 2).mean())),
        "rmse_of_mean": float(capped.std()),
    }


def _window_metrics(frame: pl.DataFrame, horizon: int) -> dict[str, float]:
    failure = pl.col("cycle") + pl.col("remaining")
    end = pl.min_horizontal("window_to", pl.col("cycle") + horizon)
    held = (failure >= pl.col("window_from")) & (
        pl.col("window_to").is_null() | (failure <= pl.col("window_to"))
    )
    said = frame.select(held.alias("held"), (end - pl.col("window_from")).alias("width"))
    return {
        "coverage": float(said["held"].to_numpy().mean()),
        "nominal_coverage": float(frame["coverage"].to_numpy().mean()),
        "mean_width": float(said["width"].to_numpy().mean()),
    }


def _alarm_metrics(frame: pl.DataFrame, act: float) -> dict[str, float]:
    """What an operator would have heard: the first alarm of each engine."""
    running = (pl.col("probability") >= act).cast(pl.Int64).rolling_sum(IN_A_ROW).over(
        ENGINE
    ) == IN_A_ROW
    first = (
        frame.sort(FLIGHT)
        .filter(running.fill_null(False))
        .group_by(ENGINE)
        .agg(pl.col("remaining").max())
    )
    lead = first["remaining"].to_numpy().astype(np.float64)
    engines = frame.select(ENGINE).n_unique()
    heard = lead if len(lead) else np.zeros(1)
    return {
        "engines": float(engines),
        "alarms_missed": float(engines - len(lead)),
        "alarms_late": float((lead < LATE).sum()),
        "alarms_early": float((lead > EARLY).sum()),
        "alarm_lead_p05": float(np.quantile(heard, 0.05)),
        "alarm_lead_p50": float(np.quantile(heard, 0.5)),
    }


def _bars(metrics: Mapping[str, float]) -> tuple[str, ...]:
    """What a model must beat before it is compared with any other."""
    base = metrics["positives"]
    constant, promised = base * (1 - base), metrics["nominal_coverage"]
    bars = {
        "precision_not_above_base_rate": (
            metrics["average_precision"] > base,
            f"average precision {metrics['average_precision']:.3f}, always guessing {base:.3f}",
        ),
        "probability_not_better_than_constant": (
            metrics["brier"] < constant,
            f"Brier score {metrics['brier']:.4f}, a constant {constant:.4f}",
        ),
        "life_not_better_than_mean": (
            metrics["rmse_capped"] < metrics["rmse_of_mean"],
            f"RMSE {metrics['rmse_capped']:.1f} cycles, the mean {metrics['rmse_of_mean']:.1f}",
        ),
        "windows_too_often_wrong": (
            metrics["coverage"] >= promised - COVERAGE_SLACK,
            f"{metrics['coverage']:.0%} of the windows held, {promised:.0%} were promised",
        ),
    }
    return tuple(f"{code}: {words}" for code, (held, words) in bars.items() if not held)


def _compared(ours: pl.DataFrame, theirs: pl.DataFrame, profile: Profile) -> Blessing:
    """Loss by loss, paired by engine: one clear gain and no clear harm."""
    gains = {
        "probability": _gain(ours, theirs, lambda frame: _brier(frame, profile)),
        "remaining life": _gain(ours, theirs, lambda frame: _squares(frame, profile)),
    }
    engines = ours.select(ENGINE).n_unique()
    worse = [name for name, gain in gains.items() if gain < -CLEAR]
    better = [name for name, gain in gains.items() if gain > CLEAR]
    words = f"on {engines} engines that neither had seen"
    if worse:
        return Blessing(False, (f"worse_than_live: {' and '.join(worse)} {words}",))
    if not better:
        return Blessing(False, (f"tie_with_live: no clear difference {words}",))
    return Blessing(True, (f"better_than_live: {' and '.join(better)} {words}",))


def _brier(frame: pl.DataFrame, profile: Profile) -> Floats:
    positive = frame["remaining"].to_numpy() < profile.label_cycles
    return np.asarray((frame["probability"].to_numpy() - positive) ** 2)


def _squares(frame: pl.DataFrame, profile: Profile) -> Floats:
    horizon = profile.horizon_cycles
    error = frame["rul"].clip(upper_bound=horizon) - frame["remaining"].clip(upper_bound=horizon)
    return np.asarray(error.to_numpy() ** 2)


def _gain(
    ours: pl.DataFrame, theirs: pl.DataFrame, loss: Callable[[pl.DataFrame], Floats]
) -> float:
    """How much less we lose than they do, in standard errors over the engines."""
    less = ours.select(ENGINE).with_columns(pl.Series("less", loss(theirs) - loss(ours)))
    by_engine = less.group_by(ENGINE).agg(pl.col("less").mean())["less"].to_numpy()
    error = by_engine.std(ddof=1) / np.sqrt(len(by_engine)) if len(by_engine) > 1 else np.inf
    return float(by_engine.mean() / error) if error > 0 else 0.0
