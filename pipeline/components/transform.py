"""Transform: fits regimes and health signals, and writes every flight's features."""

from dataclasses import dataclass, replace
from hashlib import sha256

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from lakehouse.profiles import Profile
from pipeline.models.course import FEATURES, TRUST, Rows, clock, course, trust
from pipeline.models.graph import Matrix, Signal, TransformGraph
from pipeline.models.normalise import (
    assign_regime,
    complete,
    listen,
    normalise,
    project,
    sanitise,
    thresholds,
)
from pipeline.models.regimes import find_regimes
from pipeline.models.signals import History, Projection, common_direction, latents, ridge

Floats = npt.NDArray[np.float64]

KEYS = ("fleet", "engine", "cycle")
ENGINE = ["fleet", "engine"]
# A sensor that takes fewer different values than this is a switch or a rounding, not a trend.
FEWEST_VALUES = 30
LEAST_SPREAD = 0.1
# The signals' thresholds are read off the last flights before a failure.
AT_FAILURE = 3
# Bounded functions of remaining life: exp(-remaining / this many cycles).
FADES = (20.0, 60.0)


class NothingToLearnError(ValueError):
    """No flight of a failed engine: there is nothing to fit."""


@dataclass(frozen=True)
class Lives:
    """Flights of failed engines up to their failure: all of them, or those of a sample of engines.

    Attributes:
        flights: with ``remaining``, sorted by key.
        engines: engines in it.
        failed: engines that failed.
        total: flights of all engines that failed.
    """

    flights: pl.DataFrame
    engines: int
    failed: int
    total: int

    @property
    def about(self) -> dict[str, int]:
        """What a run writes down of it."""
        return {"sampled_engines": self.engines, "failed_engines": self.failed}


def history(silver: Rows, failures: pl.DataFrame, most: int) -> Lives:
    """Flights of failed engines, collected: whole engines, by the order of their names' sha256.

    The order has nothing to do with how long an engine lived, so that the engines taken are a fair
    sample, and it is the same on every machine.

    Args:
        silver: fleet, engine, cycle and further columns.
        failures: fleet, engine, failure_cycle; one row an engine.
        most: no further engine is taken once so many flights are there.

    Raises:
        NothingToLearnError: there is no such flight.
    """
    counted = silver.group_by("fleet", "engine").agg(nw.len().alias("flights"))
    flown = failures.join(_collect(counted), on=ENGINE)
    named = [f"{fleet}/{engine}" for fleet, engine in flown.select(ENGINE).iter_rows()]
    order = pl.Series("order", [sha256(name.encode()).digest() for name in named], pl.Binary)
    drawn = flown.with_columns(order).sort("order")
    before = pl.col("flights").cum_sum() - pl.col("flights")
    taken = drawn.filter(before < most)
    wanted = nw.col("engine").is_in(taken["engine"].to_list())
    rows = _collect(silver.filter(wanted)).join(taken.select(*ENGINE, "failure_cycle"), on=ENGINE)
    flights = rows.filter(pl.col("cycle") <= pl.col("failure_cycle")).with_columns(
        remaining=pl.col("failure_cycle") - pl.col("cycle")
    )
    if flights.is_empty():
        raise NothingToLearnError("no flight of a failed engine")
    return Lives(flights.sort(KEYS), len(taken), len(flown), int(flown["flights"].sum()))


def fewer(flights: pl.DataFrame, most: int) -> pl.DataFrame:
    """Those of a fair sample of the engines, as :func:`history` gives and takes them."""
    if flights.height <= most:
        return flights
    failures = flights.select(*ENGINE, "failure_cycle").unique()
    return history(_lazy(flights.drop("failure_cycle", "remaining")), failures, most).flights


def fit(failed: pl.DataFrame, profile: Profile) -> TransformGraph:
    """Fit regimes, normalisation and health signals on the flights of failed engines.

    Args:
        failed: as :func:`history` gives them.
        profile: columns, scales, label and horizon.
    """
    graph = _fit_regimes(failed, profile)
    flown = _collect(assign_regime(graph, sanitise(graph, _lazy(failed))))
    graph = _fit_normalisation(graph, flown)
    flown = _collect(normalise(graph, _lazy(flown)))
    graph = _fit_kept(graph, flown)
    carried = _collect(complete(graph, listen(graph, _lazy(flown))))
    past = _history(graph, carried, failed["remaining"])
    return replace(graph, signals=_fit_signals(past, len(graph.centres), profile))


def featurise(graph: TransformGraph, silver: Rows) -> Rows:
    """Features of every flight, from that engine's flights up to it only.

    Returns:
        fleet, engine, cycle, regime (int64; -1 = never seen in training), ``norm_<sensor>``
        (float32, null where the reading is) and the features (float32, always finite).
    """
    rows = normalise(graph, assign_regime(graph, sanitise(graph, silver)))
    rows = clock(project(graph, complete(graph, listen(graph, rows))))
    norms = [f"norm_{sensor}" for sensor in graph.sensors]
    rows = rows.with_columns(*trust(), *(nw.col(name).cast(nw.Float32) for name in norms))
    rows = rows.drop(
        *graph.settings,
        *graph.sensors,
        *(f"{part}_{sensor}" for sensor in graph.kept for part in ("_z", "_vary")),
    )
    rows = course(rows, thresholds(graph.signals))
    return rows.select(*KEYS, "regime", *norms, *feature_names(graph))


def features_of(graph: TransformGraph, transform_id: str, silver: pl.DataFrame) -> pl.DataFrame:
    """Rows of gold/features of whole engines' flights, where they lie in memory."""
    rows = _collect(featurise(graph, _lazy(silver)))
    return rows.with_columns(transform_id=pl.lit(transform_id))


def feature_names(graph: TransformGraph) -> tuple[str, ...]:
    """Columns that the model reads, in order: the course of each signal, then ``TRUST``."""
    return (*(f"{signal.name}_{name}" for signal in graph.signals for name in FEATURES), *TRUST)


def _lazy(frame: pl.DataFrame) -> Rows:
    return nw.from_native(frame.lazy())


def _collect(rows: Rows) -> pl.DataFrame:
    frame: pl.DataFrame = rows.collect(backend="polars").to_native()
    return frame


def _fit_regimes(failed: pl.DataFrame, profile: Profile) -> TransformGraph:
    sensors = tuple(name for name in profile.sensor_names if name in failed.columns)
    scaled = {
        name: scale
        for name, scale in zip(profile.setting_names, profile.setting_scales, strict=True)
        if name in failed.columns and failed[name].cast(pl.Float64).is_finite().any()
    }
    points = failed.select(
        pl.col(name).cast(pl.Float64) / scale for name, scale in scaled.items()
    ).to_numpy()
    points = points.reshape(len(failed), len(scaled)).astype(np.float64)
    centres, reach = find_regimes(points[np.isfinite(points).all(axis=1)])
    return TransformGraph(
        sensors=sensors,
        settings=tuple(scaled),
        scales=tuple(scaled.values()),
        centres=_nested(centres),
        reach=reach,
        means=(),
        deviations=(),
    )


def _fit_normalisation(graph: TransformGraph, flown: pl.DataFrame) -> TransformGraph:
    regime, values = flown["regime"].to_numpy(), flown.select(graph.sensors).to_numpy()
    moments = [_moments(values[regime == index]) for index in range(len(graph.centres))]
    means, deviations = zip(*moments, strict=True)
    return replace(graph, means=_nested(np.stack(means)), deviations=_nested(np.stack(deviations)))


def _moments(values: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation per column, 0 where nothing was seen or nothing varies."""
    seen = np.isfinite(values)
    count = np.maximum(seen.sum(axis=0), 1)
    filled = np.where(seen, values, 0.0)
    mean = filled.sum(axis=0) / count
    spread = np.sqrt((np.where(seen, values - mean, 0.0) ** 2).sum(axis=0) / count)
    return mean, np.where(spread > 1e-6 * np.maximum(np.abs(mean), 1e-6), spread, 0.0)


def _fit_kept(graph: TransformGraph, flown: pl.DataFrame) -> TransformGraph:
    kept = tuple(sensor for sensor in graph.sensors if _tells(flown[f"norm_{sensor}"]))
    z = flown.select(pl.col(f"norm_{sensor}").fill_null(0.0) for sensor in kept).to_numpy()
    direction = common_direction(z.reshape(len(flown), len(kept)))
    return replace(graph, kept=kept, common=tuple(float(value) for value in direction))


def _tells(z: pl.Series) -> bool:
    spread = z.std() or 0.0
    return float(str(spread)) > LEAST_SPREAD and z.drop_nulls().round(6).n_unique() > FEWEST_VALUES


def _fit_signals(past: History, regimes: int, profile: Profile) -> tuple[Signal, ...]:
    horizon = profile.horizon_cycles
    targets = np.column_stack(
        [np.minimum(past.remaining, horizon) / horizon]
        + [np.exp(-past.remaining / cycles) for cycles in FADES]
    )
    names = ["life", *(f"last{cycles:.0f}" for cycles in FADES)]
    signals = _signals(names, ridge(past, regimes, targets), past)
    states = latents(past, regimes)
    if states is None:
        return signals
    names = [f"state{index + 1}" for index in range(states.offsets.shape[1])]
    return signals + _signals(names, states, past)


def _signals(names: list[str], projection: Projection, past: History) -> tuple[Signal, ...]:
    """Turn every signal so that it falls towards the failure."""
    values = projection.of(past.z, past.regime)
    last = max(AT_FAILURE, past.remaining.min() + 1)
    final = values[past.remaining < last].mean(axis=0)
    sign = np.where(values.mean(axis=0) < final, -1.0, 1.0)
    return tuple(
        Signal(
            name,
            _nested(projection.weights[:, index] * sign[index]),
            tuple(float(value) for value in projection.offsets[:, index] * sign[index]),
            float(final[index] * sign[index]),
        )
        for index, name in enumerate(names)
    )


def _history(graph: TransformGraph, carried: pl.DataFrame, remaining: pl.Series) -> History:
    engines = carried.group_by("fleet", "engine", maintain_order=True).len()
    length = engines["len"].to_numpy().astype(np.int64)
    end = np.cumsum(length)
    z = carried.select(f"_z_{sensor}" for sensor in graph.kept).to_numpy()
    return History(
        z=z.reshape(len(carried), len(graph.kept)),
        regime=carried["_regime"].to_numpy().astype(np.int64),
        remaining=remaining.to_numpy().astype(np.float64),
        start=np.repeat(end - length, length),
        end=np.repeat(end, length),
    )


def _nested(matrix: Floats) -> Matrix:
    return tuple(tuple(float(value) for value in row) for row in matrix)
